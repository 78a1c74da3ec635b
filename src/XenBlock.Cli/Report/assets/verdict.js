"use strict";
// G1, the verdict, and G3, where the time goes: of all requests and around the percentiles, or of a time range.
(() => {
  const { phases, state, set, element, percent } = xenblk;
  const labels = { mean: "all", p50: "typical (p50)", p99: "slow (p99)", "p99.9": "slowest (p99.9)" };
  const sides = { frontend: "in the frontend", backend: "in the backend", between: "between the two ends" };

  const said = document.querySelector(".headline").textContent;

  // Of a followed disk all operations have one diagnosis; it stands with all of them.
  const diagnosisOf = point => (xenblk.isFollowed ? xenblk.report.points[point.requestsOf] : point).diagnosis;

  // The sentence itself is the page's headline, and stands there alone. Without scripts it is that of the first point.
  function headline(point) {
    const host = document.querySelector(".headline"),
      found = diagnosisOf(point);
    if (xenblk.isFollowed || !found || point === xenblk.first()) return (host.textContent = said);
    const cause = found.findings[0] ? found.findings[0].sentence : found.headline;
    host.textContent = `${point.operation} of ${xenblk.sizeText(point.sizeBytes)} at depth ${point.depth} ` +
      `(${xenblk.wayOf(point)}): ${cause}`;
  }

  // What is measured beside what the gain would make of it.
  function paces({ rule, now, then, isBound }) {
    const most = isBound ? "at most " : "about ",
      least = isBound ? "at least " : "about ";
    const row = (what, one, other, text, word) => [what, text(one), word + text(other)];
    const round = value => Number(value.toPrecision(value >= 1000 ? 3 : 2));
    const rows = [
      row("requests a second", now.requestsPerSecond, round(then.requestsPerSecond), v => xenblk.number(v, 0), most),
      row("MB/s", now.megabytesPerSecond, round(then.megabytesPerSecond), v => xenblk.number(v), most),
      row("latency, mean", now.meanMicroseconds, round(then.meanMicroseconds), unitOf(now), least),
    ].filter(([, one]) => one !== "0");
    return xenblk.table(`Measured now, and then as predicted by ${rule}`, ["of the disk", "now", "then"], rows);
  }

  function unitOf(now) {
    const unit = xenblk.unitFor(now.meanMicroseconds * 1000);
    return us => unit.text(us * 1000);
  }

  // What is found in the order in which somebody asks: what to do, what for, how sure, by what. The words are the
  // doctor's; all of it is text, never markup.
  function diagnosis(card, found) {
    const causes = found.findings || [];
    // What is typed, an option and its value, stays in one piece.
    const typed = text =>
      text.split(/(--[a-z-]+(?: [a-z0-9-]+)?)/).map((part, i) => (i % 2 === 1 ? element("code", {}, part) : part));
    const line = (label, text) => element("p", {}, element("strong", {}, label + " "), ...typed(text));
    causes.forEach((one, index) => {
      if (index > 0) card.append(element("h3", {}, "Besides: ", one.sentence));
      const gain = one.gainWords ? one.gainWords + ". That is a model's; nothing like it was run." : "cannot be said.";
      card.append(line("What to change:", one.advice), line("What that would gain:", gain));
      if (one.now && one.then && one.predictedGain > 1.005) card.append(paces(one));
      card.append(
        line("How sure:", `${percent(one.confidence)} that this is the cause (rule ${one.rule}, ${one.name}).`)
      );
      if (one.evidence && one.evidence.length > 0)
        card.append(
          element("p", {}, element("strong", {}, "What says so:")),
          element("ul", { class: "dim" }, ...one.evidence.map(text => element("li", {}, text)))
        );
    });
  }

  function verdict(rows) {
    const card = document.getElementById("verdict");
    const point = xenblk.point();
    const found = diagnosisOf(point);
    card.replaceChildren();
    headline(point);
    if (found) diagnosis(card, found);
    if (found && found.findings.length > 0 && !point.diagnosis)
      card.append(element("p", { class: "dim" }, "All of this is of all operations together."));
    if (!rows || rows.length === 0) return;
    const all = rows[0],
      order = phases.slice().sort((a, b) => all.phaseNs[b.index] - all.phaseNs[a.index]);
    const most = order[0];
    const name = xenblk.isFollowed
      ? `${point.operation === "all" ? "all operations" : point.operation}, ${xenblk.wayOf(point)}, ` +
        `${xenblk.about(point.sizeBytes)} a request, ${point.depth} under way on average`
      : `${point.operation} of ${xenblk.sizeText(point.sizeBytes)}, depth ${point.depth}, ${xenblk.wayOf(point)}`;
    const { text: time } = xenblk.unitFor(all.latencyNs);
    const share = p => percent(all.phaseNs[p.index] / all.latencyNs);
    card.append(
      element(
        "p",
        { class: found ? false : "cause" },
        found ? element("strong", {}, "Where the time goes: ") : "",
        element("i", { class: "p" + most.index }),
        `the largest part of a request's ${time(all.latencyNs)} is ${most.label}, ${share(most)}`,
        found ? ` (${sides[most.side]}: ${most.meaning}). Then come ` : ".",
        found
          ? order
              .slice(1, 3)
              .map(p => `${p.label} ${share(p)}`)
              .join(" and ") + "."
          : "",
        // Or what is long here would look like what is dear.
        found && point.depth >= 4
          ? ` With ${xenblk.number(point.depth, 0)} under way it is also the waiting for others` +
              (found.findings.length > 0 ? ": what one request costs by itself is in the lines above." : ".")
          : ""
      )
    );
    if (!found)
      card.append(
        element(
          "p",
          {},
          `${most.label} is ${sides[most.side]}: ${most.meaning}. Then come ` +
            order
              .slice(1, 3)
              .map(p => `${p.label} ${share(p)}`)
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
            `${grown.label}: ${time(tail.phaseNs[grown.index])} there, ${time(all.phaseNs[grown.index])} on average.`
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

  // Where the slowest are many times slower, the parts of the others are seen only by themselves.
  let isStretched = false;
  const stretch = element(
    "button",
    {
      type: "button",
      id: "stretch",
      onclick: () => {
        isStretched = !isStretched;
        xenblk.draw();
      },
    },
    "Each as wide as the others"
  );
  document.getElementById("bars-choices").append(stretch);

  function breakdown(rows) {
    const host = document.getElementById("breakdown");
    const bars = host.querySelector(".bars");
    const longest = Math.max(...rows.map(row => row.latencyNs));
    // Of the mean: what every bar is read against, and the table under them.
    const { text: time } = xenblk.unitFor(rows[0].latencyNs);
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
            {
              class: "bar full",
              role: "img",
              style: isStretched ? false : `--part:${(row.latencyNs / longest).toFixed(4)}`,
              "aria-label": `${label}, ${time(row.latencyNs)}: ${said}`,
            },
            ...phases
              .filter(p => row.phaseNs[p.index] > 0)
              .map(p =>
                element("i", {
                  class: "p" + p.index + (state.phase === p.index ? " chosen" : ""),
                  style: `width:${((100 * row.phaseNs[p.index]) / row.latencyNs).toFixed(2)}%`,
                  title: `${p.label}: ${time(row.phaseNs[p.index])}, ${percent(row.phaseNs[p.index] / row.latencyNs)}`,
                  onclick: () => set({ phase: state.phase === p.index ? null : p.index }),
                })
              )
          ),
          element("span", { class: "value" }, time(row.latencyNs))
        );
      })
    );
    host.querySelector("#bars-note").textContent = isStretched
      ? "Each bar is drawn as wide as the others, whatever its latency: it shows parts."
      : "All bars have one scale: a bar is as long as its latency.";
    stretch.setAttribute("aria-pressed", String(isStretched));
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
            `${p.label} ${percent(rows[0].phaseNs[p.index] / rows[0].latencyNs)}`
          )
        )
    );
    // What the large ones are, in words: a name alone says little to who sees it for the first time.
    host.querySelector(".meanings").replaceChildren(
      ...phases
        .filter(p => rows.some(row => row.phaseNs[p.index] >= 0.05 * row.latencyNs))
        .flatMap(p => [
          element("dt", {}, element("i", { class: "p" + p.index }), p.label),
          element("dd", {}, `${sides[p.side]}: ${p.meaning}`),
        ])
    );
    xenblk.numbersUnder(
      host,
      "mean time of each phase",
      ["phase", "where", ...rows.map(row => row.name)],
      [
        ...phases.map(p => [p.label, p.side, ...rows.map(row => time(row.phaseNs[p.index]))]),
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
