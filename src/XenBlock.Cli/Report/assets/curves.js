"use strict";
// Curves by uPlot: G2 (figures by size), G4 (how many are under way) and G11 (percentiles).
(() => {
  const { report, state, set, element, unique, color } = xenblk;
  if (report.model || report.points.length === 0) return;
  const plots = {};
  const palette = index => color("--series-" + ["1", "2", "3", "6", "7"][index % 5]);
  const dashes = [[], [8, 3], [2, 3]];

  function plot(id, options, data) {
    const host = document.getElementById(id);
    if (plots[id]) plots[id].destroy();
    const axis = { stroke: color("--text"), grid: { stroke: color("--line") }, ticks: { stroke: color("--line") } };
    plots[id] = new uPlot(
      {
        width: Math.max(240, host.clientWidth - 8),
        height: innerWidth < 600 ? 260 : 320,
        padding: [16, 48, 0, 0],
        ...options,
        axes: options.axes.map(one => ({ ...axis, ...one })),
      },
      data,
      host
    );
    plots[id].root.querySelectorAll("canvas").forEach(one => one.setAttribute("aria-hidden", "true"));
  }

  const quantities = [
    { id: "bandwidth", label: "MB/s", of: p => p.megabytesPerSecond },
    { id: "iops", label: "operations a second", of: p => p.operationsPerSecond },
    { id: "cpu", label: "CPU us per MB", of: p => (p.cpuMicrosecondsPerOperation * 1e6) / p.sizeBytes },
    { id: "hypercalls", label: "hypercalls per request", of: p => p.hypercallsPerRequest ?? null },
    { id: "latency", label: "p50 us", of: p => p.p50Microseconds },
  ];
  const ways = unique(report.points.map(xenblk.wayOf));
  const sizes = unique(report.points.map(p => p.sizeBytes)).sort((a, b) => a - b);
  const chooser = document.getElementById("quantity");
  for (const one of quantities) chooser.append(element("option", { value: one.id }, one.label));
  chooser.addEventListener("change", () => set({ quantity: chooser.value }));
  document.getElementById("graph").hidden = xenblk.isFollowed;

  function bySize() {
    const quantity = quantities.find(q => q.id === state.quantity) || quantities[0];
    chooser.value = quantity.id;
    const at = (way, size) =>
      report.points.find(
        p =>
          p.operation === state.operation &&
          p.depth === state.depth &&
          xenblk.wayOf(p) === way &&
          p.sizeBytes === size
      );
    const list = ways.map((way, index) => ({
      label: way,
      stroke: palette(index),
      dash: dashes[Math.floor(index / 5) % 3],
      width: way === state.way ? 3 : 1.5,
      points: { show: true, size: 7 },
      values: sizes.map(size => {
        const p = at(way, size);
        return p ? quantity.of(p) : null;
      }),
    }));
    const plain = report.baselines.filter(b => b.operation === state.operation && b.name === "plain");
    if (plain.length > 0)
      list.push({
        label: "plain file",
        stroke: color("--series-4"),
        dash: [6, 4],
        width: 2,
        points: { show: false },
        values: sizes.map(size => {
          const b = plain.find(one => one.sizeBytes === size);
          return b ? quantity.of(b) : null;
        }),
      });
    const large = report.baselines.find(b => b.operation === state.operation && b.name === "large");
    if (large)
      list.push({
        label: "256 pages at a time",
        stroke: color("--series-5"),
        dash: [2, 4],
        width: 2,
        points: { show: false },
        values: sizes.map(() => quantity.of(large)),
      });
    plot(
      "plot",
      {
        scales: {
          x: { time: false, distr: 3, log: 2 },
          y: { range: (u, min, max) => [0, max > 0 ? max * 1.05 : 1] },
        },
        axes: [
          {
            size: 60,
            rotate: -30,
            splits: () => sizes,
            filter: (u, splits) => splits,
            values: (u, splits) => splits.map(xenblk.sizeText),
          },
          { label: quantity.label, size: 70 },
        ],
        series: [
          { label: "size", value: (u, v) => (v === null ? "" : xenblk.sizeText(v)) },
          ...list.map(one => ({
            label: one.label,
            stroke: one.stroke,
            width: one.width,
            dash: one.dash,
            spanGaps: true,
            points: one.points,
            value: (u, v) => (v === null ? "" : xenblk.number(v)),
          })),
        ],
      },
      [sizes, ...list.map(one => one.values)]
    );
    document.querySelector("#plot .u-over").onclick = () => {
      const index = plots.plot.cursor.idx;
      if (index !== null && index !== undefined) set({ size: sizes[index] });
    };
    xenblk.numbersUnder(
      document.getElementById("graph"),
      `${quantity.label}, ${state.operation}, depth ${state.depth}`,
      ["size", ...list.map(one => one.label)],
      sizes.map((size, row) => [
        xenblk.sizeText(size),
        ...list.map(one => (one.values[row] === null ? "" : xenblk.number(one.values[row]))),
      ])
    );
  }

  // How many requests are between two stamps at each of a few hundred moments: what has begun less what has ended.
  const stages = [
    ["submitted, not finished", 0, 12, "1"],
    ["on the ring", 2, 10, "2"],
    ["in the store", 7, 8, "3"],
  ];
  function counts(trace, from, to, begin, end, steps) {
    const change = new Float64Array(steps + 1);
    let base = 0;
    const scale = steps / (to - from);
    for (let i = 0; i < trace.count; i++) {
      const a = trace.stamps[begin][i],
        b = trace.stamps[end][i];
      if (b < from || a > to) continue;
      if (a <= from) base++;
      else change[Math.min(steps, Math.ceil((a - from) * scale))]++;
      if (b <= to) change[Math.min(steps, Math.ceil((b - from) * scale))]--;
    }
    const values = [];
    for (let s = 0, now = base; s <= steps; s++) values.push((now += change[s]));
    return values;
  }
  xenblk.underWay = (trace, from, to, steps) => counts(trace, from, to, 0, 12, steps);

  function underWay(trace) {
    const { from, to } = xenblk.range(trace),
      steps = 400;
    const times = Array.from({ length: steps + 1 }, (_, s) => (from + ((to - from) * s) / steps) / 1000);
    const lines = stages.map(([, begin, end]) => counts(trace, from, to, begin, end, steps));
    plot(
      "flight",
      {
        scales: { x: { time: false }, y: { range: (u, min, max) => [0, Math.max(1, max * 1.1)] } },
        axes: [{ label: "us", size: 50 }, { size: 50 }],
        cursor: { drag: { setScale: false } },
        hooks: {
          setSelect: [
            u => {
              if (u.select.width > 4)
                set({
                  from: u.posToVal(u.select.left, "x") * 1000,
                  to: u.posToVal(u.select.left + u.select.width, "x") * 1000,
                });
            },
          ],
        },
        series: [
          { label: "us", value: (u, v) => (v === null ? "" : xenblk.number(v, 1)) },
          ...stages.map(([label, , , own]) => ({
            label,
            stroke: color("--series-" + own),
            width: 1.5,
            points: { show: false },
            paths: uPlot.paths.stepped({ align: 1 }),
          })),
        ],
      },
      [times, ...lines]
    );
    const window = to - from;
    xenblk.numbersUnder(
      document.getElementById("g4"),
      "requests under way; the most at 400 moments",
      ["stage", "mean", "most"],
      stages.map(([label, begin, end], index) => {
        let sum = 0;
        for (let i = 0; i < trace.count; i++)
          sum += Math.max(0, Math.min(to, trace.stamps[end][i]) - Math.max(from, trace.stamps[begin][i]));
        return [label, xenblk.number(sum / window, 2), String(Math.max(...lines[index]))];
      })
    );
  }

  function percentiles() {
    const list = report.points.filter(
      p =>
        p.trace &&
        p.trace.requestsKept > 0 &&
        p.operation === state.operation &&
        p.sizeBytes === state.size &&
        p.depth === state.depth
    );
    const grid = unique(list.flatMap(p => p.trace.percentiles.map(one => one.quantile)))
      .filter(q => q < 1)
      .sort((a, b) => a - b);
    const nines = quantile => -Math.log10(1 - quantile);
    const values = list.map(p =>
      grid.map(q => {
        const one = p.trace.percentiles.find(other => other.quantile === q);
        return one ? one.microseconds : null;
      })
    );
    const label = q => "p" + xenblk.number(q * 100, 2);
    plot(
      "tail",
      {
        scales: { x: { time: false }, y: { distr: 3 } },
        axes: [
          {
            size: 50,
            splits: () => [0.5, 0.9, 0.99, 0.999, 0.9999].filter(q => q <= grid[grid.length - 1]).map(nines),
            values: (u, splits) => splits.map(x => label(1 - 10 ** -x)),
          },
          { label: "us", size: 70, values: (u, splits) => splits.map(v => (v === null ? "" : xenblk.number(v))) },
        ],
        series: [
          { label: "percentile", value: (u, v) => (v === null ? "" : label(1 - 10 ** -v)) },
          ...list.map((p, index) => ({
            label: xenblk.wayOf(p),
            stroke: palette(index),
            width: xenblk.wayOf(p) === state.way ? 3 : 1.5,
            spanGaps: true,
            dash: dashes[Math.floor(index / 5) % 3],
            points: { show: false },
            value: (u, v) => (v === null ? "" : xenblk.number(v) + " us"),
          })),
        ],
      },
      [grid.map(nines), ...values]
    );
    xenblk.numbersUnder(
      document.getElementById("g11"),
      "latency by percentile, us",
      ["percentile", ...list.map(xenblk.wayOf)],
      [
        ...grid.map((q, row) => [
          label(q),
          ...values.map(one => (one[row] === null ? "" : xenblk.number(one[row]))),
        ]),
        [
          "slowest",
          ...list.map(p => xenblk.number(p.trace.percentiles[p.trace.percentiles.length - 1].microseconds)),
        ],
      ]
    );
  }

  // Events sent for what was published, over the chosen time; the counts come with the report.
  function events(trace) {
    const steps = xenblk.point().trace.notificationsOverTime;
    const section = document.getElementById("events");
    section.previousElementSibling.hidden = section.previousElementSibling.previousElementSibling.hidden = !steps;
    if (!steps) return;
    const { from, to } = xenblk.range(trace),
      length = steps.stepMicroseconds;
    const rows = steps.publishes
      .map((_, s) => ({
        at: (s + 0.5) * length,
        backend: [steps.backendNotified[s], steps.publishes[s]],
        frontend: [steps.frontendNotified[s], steps.responds[s]],
      }))
      .filter(row => row.at + length / 2 >= from / 1000 && row.at - length / 2 <= to / 1000);
    const part = ([sent, all]) => (all === 0 ? null : (100 * Math.min(sent, all)) / all);
    const series = [
      ["to the backend", "backend", "1"],
      ["to the frontend", "frontend", "3"],
    ];
    plot(
      "events",
      {
        height: 180,
        scales: { x: { time: false }, y: { range: () => [0, 105] } },
        axes: [{ label: "us", size: 50 }, { label: "% sent", size: 60 }],
        cursor: { drag: { setScale: false } },
        series: [
          { label: "us", value: (u, v) => (v === null ? "" : xenblk.number(v, 1)) },
          ...series.map(([label, , own], index) => ({
            label,
            stroke: color("--series-" + own),
            width: 1.5,
            dash: dashes[index],
            points: { show: rows.length < 30 },
            spanGaps: true,
            value: (u, v) => (v === null ? "" : xenblk.number(v, 0) + " %"),
          })),
        ],
      },
      [rows.map(row => row.at), ...series.map(([, key]) => rows.map(row => part(row[key])))]
    );
    const unit = xenblk.unitFor(length * 1000);
    const cell = ([sent, all]) => `${sent} of ${all}`;
    xenblk.numbersUnder(
      document.getElementById("events-numbers"),
      `events in steps of ${unit.text(length * 1000)}, sent of published`,
      ["from", ...series.map(([label]) => label)],
      rows.map(row => [unit.text((row.at - length / 2) * 1000), ...series.map(([, key]) => cell(row[key]))])
    );
  }

  xenblk.views.push(trace => {
    if (!xenblk.isFollowed) bySize();
    if (!trace) return;
    underWay(trace);
    percentiles();
    events(trace);
  });
})();
