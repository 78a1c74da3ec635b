"use strict";
// G12: one request with every phase, and those that were answered in the same batch.
(() => {
  const { phases, state, set, element, number } = xenblk;
  const matesMax = 15;
  let ordered = { key: null, list: [], times: null };

  // The chosen times in order, without sorting the requests: numbers alone sort many times faster.
  function order(trace) {
    const { from, to, phase } = state;
    const key = `${xenblk.report.points.indexOf(xenblk.point())} ${from} ${to} ${phase}`;
    if (ordered.key !== key) {
      const list = xenblk.inRange(trace);
      ordered = { key, list, times: Float64Array.from(list, i => xenblk.chosenTime(trace, i)).sort() };
    }
    return ordered;
  }

  // A batch is what was answered at once, or, of one request alone, what was taken in the same turn.
  function mates(trace, chosen) {
    for (const stamp of [10, 4]) {
      const same = trace.stamps[stamp][chosen],
        found = [];
      for (let i = Math.max(0, chosen - 512); i < Math.min(trace.count, chosen + 512); i++)
        if (trace.stamps[stamp][i] === same && trace.queue[i] === trace.queue[chosen]) found.push(i);
      if (found.length > 1)
        return { found, word: stamp === 10 ? "answered at once with it" : "taken in the same turn" };
    }
    return { found: [chosen], word: "alone" };
  }

  function draw(trace) {
    const { list, times } = order(trace);
    const host = document.getElementById("fall"),
      buttons = document.getElementById("fall-choices");
    if (list.length === 0)
      return host.replaceChildren(element("p", { class: "note" }, "No request lies in this time range."));
    const at = part => {
      const wanted = times[Math.min(times.length - 1, Math.floor(part * times.length))];
      return list.find(i => xenblk.chosenTime(trace, i) === wanted);
    };
    const chosen =
      state.request !== null && state.request >= 0 && state.request < trace.count ? state.request : at(1);
    const step = by => set({ request: Math.min(trace.count - 1, Math.max(0, chosen + by)) });
    const choices = [
      ["Slowest", () => set({ request: at(1) })],
      ["p99", () => set({ request: at(0.99) })],
      ["Median", () => set({ request: at(0.5) })],
      ["Before", () => step(-1)],
      ["After", () => step(1)],
    ];
    const had = buttons.contains(document.activeElement)
      ? [...buttons.children].indexOf(document.activeElement)
      : -1;
    buttons.replaceChildren(
      ...choices.map(([label, act]) => element("button", { type: "button", onclick: act }, label))
    );
    if (had >= 0) buttons.children[had].focus();
    const { found, word } = mates(trace, chosen);
    const shown =
      found.length <= matesMax ? found : [...new Set([chosen, ...found.slice(0, matesMax)])].sort((a, b) => a - b);
    const from = Math.min(...shown.map(i => trace.stamps[0][i])),
      to = Math.max(...shown.map(i => trace.stamps[12][i]));
    const { text: time } = xenblk.unitFor(to - from);
    const rows = shown.map(i =>
      element(
        "div",
        { class: "row" + (i === chosen ? " chosen" : "") },
        element(
          "button",
          {
            type: "button",
            class: "name short",
            "aria-pressed": String(i === chosen),
            "aria-label": `request ${i}, ${time(xenblk.latency(trace, i))}`,
            onclick: () => set({ request: i }),
          },
          String(i)
        ),
        element(
          "div",
          { class: "track fall", "aria-hidden": "true" },
          ...phases
            .filter(p => xenblk.phase(trace, i, p.index) > 0)
            .map(p =>
              element("i", {
                class: "p" + p.index,
                title: `${p.label}: ${time(xenblk.phase(trace, i, p.index))}`,
                style:
                  `left:${((100 * (trace.stamps[p.index][i] - from)) / (to - from)).toFixed(3)}%;` +
                  `width:${((100 * xenblk.phase(trace, i, p.index)) / (to - from)).toFixed(3)}%`,
              })
            )
        ),
        element("span", { class: "value" }, time(xenblk.latency(trace, i)))
      )
    );
    const largest = phases.reduce((a, b) =>
      xenblk.phase(trace, chosen, b.index) > xenblk.phase(trace, chosen, a.index) ? b : a
    );
    host.replaceChildren(
      element(
        "p",
        { id: "fall-name" },
        `Request ${chosen}: ${xenblk.nameOf(trace, chosen)}, slot ${trace.slot[chosen]}, ` +
          `${time(xenblk.latency(trace, chosen))}, submitted at ${xenblk.time(trace.stamps[0][chosen])}. Most of it is ` +
          `${largest.label}: ${time(xenblk.phase(trace, chosen, largest.index))}. ` +
          (found.length > 1
            ? `${found.length - 1} others were ${word}` +
              (shown.length < found.length ? `; ${shown.length - 1} of them are shown.` : ".")
            : "It was alone in its batch.")
      ),
      element(
        "p",
        { class: "legend" },
        ...phases
          .filter(p => shown.some(i => xenblk.phase(trace, i, p.index) > (to - from) / 200))
          .map(p => element("span", {}, element("i", { class: "p" + p.index }), p.label))
      ),
      ...rows
    );
    xenblk.numbersUnder(
      document.getElementById("g12"),
      "the chosen request",
      ["phase", "ns", "ends at, ns from its start"],
      [
        ...phases.map(p => [
          p.label,
          number(xenblk.phase(trace, chosen, p.index), 0),
          number(trace.stamps[p.index + 1][chosen] - trace.stamps[0][chosen], 0),
        ]),
        ["together", number(xenblk.latency(trace, chosen), 0), ""],
      ]
    );
  }

  xenblk.views.push(trace => {
    if (trace) draw(trace);
  });
})();
