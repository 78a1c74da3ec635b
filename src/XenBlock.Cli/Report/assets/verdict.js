"use strict";
// G1, the verdict, and G3, where the time goes: of all requests and around the percentiles, or of a time range.
(() => {
  const { phases, state, set, element, time, percent } = xenblk;
  const labels = { mean: "all", p50: "typical (p50)", p99: "slow (p99)", "p99.9": "slowest (p99.9)" };
  const sides = { frontend: "in the frontend", backend: "in the backend", between: "between the two ends" };

  // What is found in the order in which somebody asks: what is it, what to do, what for, how sure. The words are the
  // doctor's; all of it is text, never markup.
  function diagnosis(card, found) {
    const causes = found.findings || [];
    if (causes.length === 0) return card.append(element("p", { class: "cause" }, found.headline));
    const line = (label, text) => element("p", {}, element("strong", {}, label + " "), text);
    causes.forEach((one, index) => {
      const times = one.predictedGain ? xenblk.number(one.predictedGain, one.predictedGain < 10 ? 1 : 0) : "";
      const gain = times ? `about ${times} times the throughput. That is a model's; nothing like it was run.` : "cannot be said.";
      card.append(
        index === 0
          ? element("p", { class: "cause" }, one.sentence)
          : element("h3", {}, "Besides: ", one.sentence),
        line("What to change:", one.advice),
        line("What that would gain:", gain),
        line("How sure:", `${percent(one.confidence)} that this is the cause (rule ${one.rule}, ${one.name}).`)
      );
      if (one.evidence && one.evidence.length > 0)
        card.append(element("ul", { class: "dim" }, ...one.evidence.map(text => element("li", {}, text))));
    });
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
    const name = xenblk.isFollowed
      ? `${point.operation === "all" ? "all operations" : point.operation}, ${xenblk.wayOf(point)}, ` +
        `${xenblk.about(point.sizeBytes)} a request, ${point.depth} under way on average`
      : `${point.operation} of ${xenblk.sizeText(point.sizeBytes)}, depth ${point.depth}, ${xenblk.wayOf(point)}`;
    const share = p => percent(all.phaseNs[p.index] / all.latencyNs);
    card.append(
      element(
        "p",
        { class: point.diagnosis ? false : "cause" },
        point.diagnosis ? element("strong", {}, "Where the time goes: ") : "",
        element("i", { class: "p" + most.index }),
        `the largest part of a request's ${time(all.latencyNs)} is ${most.name}, ${share(most)}`,
        point.diagnosis ? ` (${sides[most.side]}: ${most.meaning}). Then come ` : ".",
        point.diagnosis
          ? order
              .slice(1, 3)
              .map(p => `${p.name} ${share(p)}`)
              .join(" and ") + "."
          : "",
        // Or what is long here would look like what is dear.
        point.diagnosis && point.depth >= 4
          ? ` With ${xenblk.number(point.depth, 0)} under way it is also the waiting for others: what one request ` +
              "costs by itself is in the lines above."
          : ""
      )
    );
    if (!point.diagnosis)
      card.append(
        element(
          "p",
          {},
          `${most.name} is ${sides[most.side]}: ${most.meaning}. Then come ` +
            order
              .slice(1, 3)
              .map(p => `${p.name} ${share(p)}`)
              .join(" and ") +
            "."
        )
      );
    const tail = rows[rows.length - 1];
    if (rows.length > 2 && tail.latencyNs >= 1.25 * all.latencyNs) {
      const grown = phases.reduce((one, other) =>
        tail.phaseNs[other.index] - all.phaseNs[other.index] > tail.phaseNs[one.index] - all.phaseNs[one.index]
          ? other
          : one
      );
      card.append(
        element(
          "p",
          {},
          `The slow requests (around ${tail.name}, ${time(tail.latencyNs)}) lose most to ` +
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
          (xenblk.isFollowed ? " requests a second." : " operations a second.")
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
        const label = labels[row.name];
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
      ...phases
        .filter(p => rows.some(row => row.phaseNs[p.index] > 0) || state.phase === p.index)
        .map(p =>
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
    // What the large ones are, in words: a name alone says little to who sees it for the first time.
    host.querySelector(".meanings").replaceChildren(
      ...phases
        .filter(p => rows.some(row => row.phaseNs[p.index] >= 0.05 * row.latencyNs))
        .flatMap(p => [
          element("dt", {}, element("i", { class: "p" + p.index }), p.name),
          element("dd", {}, `${sides[p.side]}: ${p.meaning}`),
        ])
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
