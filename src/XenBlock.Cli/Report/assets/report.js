"use strict";
(() => {
  const report = JSON.parse(document.getElementById("report").textContent);
  if (report.model || report.points.length === 0) return;

  const quantities = [
    { id: "bandwidth", label: "MB/s", of: p => p.megabytesPerSecond },
    { id: "cpu", label: "CPU us per MB", of: p => p.cpuMicrosecondsPerOperation * 1e6 / p.sizeBytes },
    { id: "hypercalls", label: "hypercalls per request", of: p => p.hypercallsPerRequest ?? null },
    { id: "latency", label: "p50 us", of: p => p.p50Microseconds },
  ];
  const unique = values => [...new Set(values)];
  const operations = unique(report.points.map(p => p.operation));
  const depths = unique(report.points.map(p => p.depth));
  const hasModes = unique(report.points.map(p => p.mode)).length > 1;
  const hasAccesses = unique(report.points.map(p => p.access)).length > 1;
  const wayOf = p => hasAccesses ? (hasModes ? p.mode + " " + p.access : p.access) : p.mode;
  const ways = unique(report.points.map(wayOf));
  const sizes = unique(report.points.map(p => p.sizeBytes)).sort((a, b) => a - b);
  const state = { operation: operations[0], depth: depths[0], quantity: quantities[0].id };
  let plot = null;

  const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const sizeText = bytes => bytes >= 1048576 && bytes % 1048576 === 0 ? bytes / 1048576 + " MiB"
    : bytes % 1024 === 0 ? bytes / 1024 + " KiB" : bytes + " B";

  function choices(id, values, key, label) {
    const host = document.getElementById(id);
    for (const value of values) {
      const element = document.createElement("label");
      const input = document.createElement("input");
      input.type = "radio";
      input.name = id;
      input.checked = state[key] === value;
      input.addEventListener("change", () => { state[key] = value; draw(); });
      element.append(input, " " + label(value));
      host.append(element);
    }
  }

  function seriesOf(quantity) {
    const list = ways.map((way, index) => ({
      label: way,
      stroke: color("--series-" + ["1", "2", "3", "6", "7"][index % 5]),
      values: sizes.map(size => {
        const point = report.points.find(p => p.operation === state.operation && p.depth === state.depth
          && wayOf(p) === way && p.sizeBytes === size);
        return point ? quantity.of(point) : null;
      }),
    }));
    const plain = report.baselines.filter(b => b.operation === state.operation && b.name === "plain");
    if (plain.length > 0)
      list.push({
        label: "plain file",
        stroke: color("--series-4"),
        dash: [6, 4],
        values: sizes.map(size => {
          const baseline = plain.find(b => b.sizeBytes === size);
          return baseline ? quantity.of(baseline) : null;
        }),
      });
    const large = report.baselines.find(b => b.operation === state.operation && b.name === "large");
    if (large)
      list.push({
        label: "256 pages at a time",
        stroke: color("--series-5"),
        dash: [2, 4],
        values: sizes.map(() => quantity.of(large)),
      });
    return list;
  }

  function draw() {
    const quantity = quantities.find(q => q.id === state.quantity);
    const host = document.getElementById("plot");
    const series = seriesOf(quantity);
    const axis = { stroke: color("--text"), grid: { stroke: color("--line") }, ticks: { stroke: color("--line") } };
    const options = {
      width: Math.max(320, host.clientWidth - 24),
      height: 420,
      padding: [16, 40, 0, 0],
      scales: { x: { time: false, distr: 3, log: 2 }, y: { range: (u, min, max) => [0, max * 1.05] } },
      axes: [
        {
          ...axis, size: 60, rotate: -30,
          splits: () => sizes, filter: (u, splits) => splits, values: (u, splits) => splits.map(sizeText),
        },
        { ...axis, label: quantity.label, size: 80 },
      ],
      series: [
        { label: "size", value: (u, value) => value === null ? "" : sizeText(value) },
        ...series.map(s => ({
          label: s.label, stroke: s.stroke, width: 2, dash: s.dash, spanGaps: true, points: { show: !s.dash, size: 7 },
          value: (u, value) => value === null ? "" : value.toLocaleString("en", { maximumFractionDigits: 1 }),
        })),
      ],
    };
    if (plot) plot.destroy();
    plot = new uPlot(options, [sizes, ...series.map(s => s.values)], host);
  }

  document.getElementById("graph").hidden = false;
  choices("operations", operations, "operation", value => value);
  choices("depths", depths, "depth", value => String(value));
  choices("quantities", quantities.map(q => q.id), "quantity", id => quantities.find(q => q.id === id).label);
  draw();
  window.addEventListener("resize", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
