"use strict";
// G1, the verdict, and G3, where the time goes: of all requests and around the percentiles, or of a time range.
(() => {
  const { phases, state, set, element, time, percent } = xenblk;
  const sides = { frontend: "in the frontend", backend: "in the backend", between: "between the two ends" };

  // Names are the doctor's words; all of it is text, never markup.
  function diagnosis(card, found) {
    card.append(element("p", { class: "cause" }, found.headline));
    for (const one of found.findings || []) {
      const sure = one.confidence === null || one.confidence === undefined ? "" : percent(one.confidence) + " sure";
      const gain = one.predictedGain
        ? "predicted: " + xenblk.number(one.predictedGain, 2) + " times the throughput"
        : "";
      card.append(
        element(
          "p",
          {},
          element("strong", {}, one.name + ". "),
          one.sentence + " ",
          element("span", { class: "dim" }, [one.rule, sure, gain].filter(Boolean).join(", ")),
          one.advice ? " What to try: " + one.advice : ""
        )
      );
      if (one.evidence && one.evidence.length > 0)
        card.append(element("ul", { class: "dim" }, ...one.evidence.map(line => element("li", {}, line))));
    }
  }

  function verdict(rows) {
    const card = document.getElementById("verdict");
    const point = xenblk.point();
    card.replaceChildren();
    if (point.diagnosis) diagnosis(card, point.diagnosis);
    if (!rows || rows.length === 0) return;
    const all = rows[0],
      order = phases.slice().sort((a, b) => all.phaseNs[b.index] - all.phaseNs[a.index]);
    const most = order[0];
    const name =
      point.operation +
      " of " +
      xenblk.sizeText(point.sizeBytes) +
      ", depth " +
      point.depth +
      ", " +
      xenblk.wayOf(point);
    if (!point.diagnosis)
      card.append(
        element(
          "p",
          { class: "cause" },
          element("i", { class: "p" + most.index }),
          `Most of the time is ${most.name}: ${percent(all.phaseNs[most.index] / all.latencyNs)} of a request's ` +
            time(all.latencyNs) +
            "."
        )
      );
    card.append(
      element(
        "p",
        {},
        `${most.name} is ${sides[most.side]}: ${most.meaning}. Then come ` +
          order
            .slice(1, 3)
            .map(p => `${p.name} ${percent(all.phaseNs[p.index] / all.latencyNs)}`)
            .join(" and ") +
          "."
      )
    );
    const tail = rows[rows.length - 1];
    if (rows.length > 2) {
      const grown = phases.reduce((one, other) =>
        tail.phaseNs[other.index] - all.phaseNs[other.index] > tail.phaseNs[one.index] - all.phaseNs[one.index]
          ? other
          : one
      );
      card.append(
        element(
          "p",
          {},
          `The slow ones (around ${tail.name}, ${time(tail.latencyNs)}) lose it to ` +
            `${grown.name}: ${time(tail.phaseNs[grown.index])} there, ${time(all.phaseNs[grown.index])} on average.`
        )
      );
    }
    card.append(
      element(
        "p",
        { class: "dim" },
        name +
          ": " +
          xenblk.number(point.megabytesPerSecond) +
          " MB/s, " +
          xenblk.number(point.operationsPerSecond, 0) +
          " operations a second."
      )
    );
  }

  // The rows come with the report; of a time range they are made here, in the same way.
  function rowsOf(trace) {
    const point = xenblk.point();
    if (state.from === null && state.to === null)
      return point.trace.breakdowns.map(b => ({
        name: b.name,
        requests: b.requests,
        latencyNs: b.meanMicroseconds * 1000,
        phaseNs: b.phaseMicroseconds.map(us => us * 1000),
      }));
    const byLatency = xenblk.inRange(trace).sort((a, b) => xenblk.latency(trace, a) - xenblk.latency(trace, b));
    const count = byLatency.length;
    return [
      ["mean", 0, 1],
      ["p50", 0.45, 0.55],
      ["p99", 0.985, 0.995],
      ["p99.9", 0.9985, 0.9995],
    ]
      .filter(([name, from, to]) => (name === "mean" ? count > 0 : count * (1 - (from + to) / 2) >= 10))
      .map(([name, from, to]) => {
        const first = Math.floor(from * count);
        const some = byLatency.slice(first, Math.max(first + 1, Math.ceil(to * count)));
        const mean = each => some.reduce((sum, i) => sum + each(i), 0) / some.length;
        return {
          name,
          requests: some.length,
          latencyNs: mean(i => xenblk.latency(trace, i)),
          phaseNs: phases.map(p => mean(i => xenblk.phase(trace, i, p.index))),
        };
      });
  }

  function breakdown(rows) {
    const host = document.getElementById("breakdown");
    const bars = host.querySelector(".bars");
    bars.replaceChildren(
      ...rows.map(row => {
        const said = phases
          .filter(p => row.phaseNs[p.index] >= row.latencyNs * 0.005)
          .map(p => `${p.name} ${percent(row.phaseNs[p.index] / row.latencyNs)}`)
          .join(", ");
        const label = row.name === "mean" ? "all" : "around " + row.name;
        return element(
          "div",
          { class: "row" },
          element("span", { class: "name" }, label),
          element(
            "div",
            { class: "bar full", role: "img", "aria-label": `${label}, ${time(row.latencyNs)}: ${said}` },
            ...phases
              .filter(p => row.phaseNs[p.index] > 0)
              .map(p =>
                element("i", {
                  class: "p" + p.index + (state.phase === p.index ? " chosen" : ""),
                  style: `width:${((100 * row.phaseNs[p.index]) / row.latencyNs).toFixed(2)}%`,
                  title: `${p.name}: ${time(row.phaseNs[p.index])}, ${percent(row.phaseNs[p.index] / row.latencyNs)}`,
                  onclick: () => set({ phase: state.phase === p.index ? null : p.index }),
                })
              )
          ),
          element("span", { class: "value" }, time(row.latencyNs))
        );
      })
    );
    const legend = host.querySelector(".legend");
    legend.replaceChildren(
      ...phases.map(p =>
        element(
          "button",
          {
            type: "button",
            title: p.meaning,
            "aria-pressed": String(state.phase === p.index),
            onclick: () => set({ phase: state.phase === p.index ? null : p.index }),
          },
          element("i", { class: "p" + p.index }),
          `${p.name} ${percent(rows[0].phaseNs[p.index] / rows[0].latencyNs)}`
        )
      )
    );
    xenblk.numbersUnder(
      host,
      "mean time of each phase",
      ["phase", "where", ...rows.map(row => row.name)],
      [
        ...phases.map(p => [p.name, p.side, ...rows.map(row => time(row.phaseNs[p.index]))]),
        ["together", "", ...rows.map(row => time(row.latencyNs))],
        ["requests", "", ...rows.map(row => xenblk.number(row.requests, 0))],
      ]
    );
  }

  xenblk.views.push(trace => {
    const rows = trace ? rowsOf(trace) : null;
    verdict(rows);
    if (rows && rows.length > 0) breakdown(rows);
  });
})();
