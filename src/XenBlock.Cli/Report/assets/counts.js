"use strict";
// What is counted: G6 batches, G7 segments and sizes, G8 grant operations, G9 notifications, G18 the trace itself.
(() => {
  const { report, state, element, number, percent } = xenblk;

  // At most 16 bars: neighbours are put together, and named by their range.
  function binned(bars, word) {
    if (bars.length <= 16) return bars.map(bar => ({ label: word(bar.value), times: bar.times }));
    const bins = [];
    const per = Math.ceil(bars.length / 16);
    for (let i = 0; i < bars.length; i += per) {
      const some = bars.slice(i, i + per);
      bins.push({
        label:
          some.length === 1 ? word(some[0].value) : word(some[0].value) + "-" + word(some[some.length - 1].value),
        times: some.reduce((sum, bar) => sum + bar.times, 0),
      });
    }
    return bins;
  }

  function histogram(id, title, bars, word = String) {
    const host = document.getElementById(id);
    const all = bars.reduce((sum, bar) => sum + bar.times, 0);
    const mean = all === 0 ? 0 : bars.reduce((sum, bar) => sum + bar.value * bar.times, 0) / all;
    const list = binned(bars, word),
      most = Math.max(1, ...list.map(bin => bin.times));
    let drawing = host.querySelector(".columns");
    if (!drawing) host.append(element("h3", {}, title), (drawing = element("div", { class: "columns" })));
    drawing.replaceChildren(
      ...list.map(bin =>
        element(
          "div",
          { class: "row" },
          element("span", { class: "name short" }, bin.label),
          element(
            "div",
            { class: "track" },
            element("i", { style: `width:${((100 * bin.times) / most).toFixed(2)}%` })
          ),
          element("span", { class: "value" }, percent(all === 0 ? 0 : bin.times / all))
        )
      )
    );
    xenblk.numbersUnder(
      host,
      `${title}; mean ${word === String ? number(mean, 2) : xenblk.about(mean)}`,
      ["value", "times", "part"],
      bars.map(bar => [word(bar.value), number(bar.times, 0), percent(bar.times / all)])
    );
  }

  function grants() {
    const list = report.points.filter(
      p => p.operation === state.operation && p.sizeBytes === state.size && p.depth === state.depth
    );
    const kinds = [
      ["maps", p => p.mapCallsPerOperation],
      ["unmaps", p => p.unmapCallsPerOperation],
      ["copies", p => p.copyCallsPerOperation],
      ["events", p => p.notificationsPerOperation],
    ];
    const sum = p => kinds.reduce((all, [, of]) => all + of(p), 0);
    const most = Math.max(1e-9, ...list.map(sum));
    const host = document.getElementById("g8"),
      bars = host.querySelector(".bars");
    bars.replaceChildren(
      ...list.map(p =>
        element(
          "div",
          { class: "row" + (xenblk.wayOf(p) === state.way ? " chosen" : "") },
          element("span", { class: "name" }, xenblk.wayOf(p)),
          element(
            "div",
            { class: "track" },
            ...kinds.map(([name, of], index) =>
              element("i", {
                class: "k" + index,
                title: `${name}: ${number(of(p), 2)}`,
                style: `width:${((100 * of(p)) / most).toFixed(2)}%`,
              })
            )
          ),
          element("span", { class: "value" }, number(sum(p), 2))
        )
      )
    );
    pages(list);
    xenblk.numbersUnder(
      host,
      "calls of each kind, per operation",
      ["way", ...kinds.map(([name]) => name), "a second", "hypercalls per request"],
      list.map(p => [
        xenblk.wayOf(p),
        ...kinds.map(([, of]) => number(of(p), 2)),
        number(sum(p) * p.operationsPerSecond, 0),
        number(p.hypercallsPerRequest, 2),
      ])
    );
  }

  // What a call does, and for how many pages none was needed.
  function pages(list) {
    const known = value => value !== null && value !== undefined;
    const kinds = [
      ["pages a map", p => p.pagesPerMapCall, value => number(value, 1)],
      ["pages an unmap", p => p.pagesPerUnmapCall, value => number(value, 1)],
      ["pieces a copy", p => p.piecesPerCopyCall, value => number(value, 1)],
      ["kept pages found", p => p.persistentHitShare, percent],
    ].filter(([, of]) => list.some(p => known(of(p))));
    const rows = list
      .filter(p => kinds.some(([, of]) => known(of(p))))
      .map(p => [xenblk.wayOf(p), ...kinds.map(([, of, word]) => (known(of(p)) ? word(of(p)) : ""))]);
    const host = document.getElementById("g8-pages");
    host.replaceChildren();
    if (rows.length > 0)
      host.append(
        xenblk.table(
          "pages each call is for, and pages that were mapped already",
          ["way", ...kinds.map(([name]) => name)],
          rows
        )
      );
  }

  function notifications(trace) {
    const n = trace.notifications,
      requests = trace.requests;
    const rows = [
      ["to the backend", n.backendNotified, n.publishes],
      ["to the frontend", n.frontendNotified, n.responds],
    ];
    const host = document.getElementById("g9");
    host
      .querySelector(".bars")
      .replaceChildren(
        ...rows.map(([label, sent, all]) =>
          element(
            "div",
            { class: "row" },
            element("span", { class: "name" }, label),
            element(
              "div",
              { class: "track" },
              element("i", { class: "k3", style: `width:${((100 * sent) / Math.max(1, all)).toFixed(2)}%` })
            ),
            element("span", { class: "value" }, `${number(sent, 0)} of ${number(all, 0)}`)
          )
        )
      );
    xenblk.numbersUnder(
      host,
      "events by direction",
      ["direction", "sent", "spared", "sent per request"],
      rows.map(([label, sent, all]) => [
        label,
        number(sent, 0),
        number(Math.max(0, all - sent), 0),
        number(sent / Math.max(1, requests), 3),
      ])
    );
  }

  function health(point, kept) {
    const { trace, phases } = point;
    let inexact = 0;
    for (let i = 0; i < kept.count; i++) {
      let sum = 0;
      for (let p = 0; p < xenblk.phases.length; p++) {
        const one = xenblk.phase(kept, i, p);
        sum += one < 0 ? NaN : one;
      }
      if (sum !== xenblk.latency(kept, i)) inexact++;
    }
    const all = phases.requests + phases.incomplete;
    const tracedRate = trace.requests / (trace.durationMicroseconds / 1e6);
    const plainRate = point.operationsPerSecond * point.requestsPerOperation;
    const untraced = [
      "requests a second measured before, untraced",
      `${number(plainRate, 0)}; traced is ${percent(tracedRate / Math.max(1, plainRate))} of it`,
    ];
    const isGood =
      phases.recordsLost === 0 && inexact === 0 && phases.requests >= 1000 && phases.requests >= all * 0.99;
    const reasons = [
      phases.recordsLost > 0 ? "records were lost" : "",
      inexact > 0 ? "phases do not add up" : "",
      phases.requests < 1000 ? "fewer than 1,000 requests" : "",
      phases.requests < all * 0.99 ? "less than 99 % are whole" : "",
    ].filter(Boolean);
    const host = document.getElementById("g18");
    host.querySelector(".answer").textContent = isGood
      ? "Yes: nothing was lost, and every request adds up."
      : "With care: " + reasons.join(", ") + ".";
    const old = host.querySelector(".scroll");
    if (old) old.remove();
    host.append(
      xenblk.table(
        "what is known of the trace",
        ["fact", "value"],
        [
          [
            "requests traced whole",
            `${number(phases.requests, 0)} of ${number(all, 0)}, ${percent(phases.requests / Math.max(1, all))}`,
          ],
          ["records", number(trace.records, 0)],
          ["records lost", number(phases.recordsLost, 0)],
          ["requests on this page", `${number(trace.requestsKept, 0)}, the first of them`],
          ["phases that do not add up, of those", number(inexact, 0)],
          ["length", xenblk.time(trace.durationMicroseconds * 1000)],
          ["requests a second while traced", number(tracedRate, 0)],
          ...(xenblk.isFollowed ? [] : [untraced]),
          ["clock", report.clock || "one, of both ends: they ran in one process"],
        ]
      )
    );
  }

  xenblk.views.push(kept => {
    const point = xenblk.point();
    if (!xenblk.isFollowed) grants();
    if (!kept) return;
    const trace = point.trace;
    histogram("g6-turn", "Requests that a turn of the backend took", trace.requestsPerTurn);
    histogram("g6-take", "Responses that the frontend finished at once", trace.responsesPerTake);
    histogram("g6-publish", "Requests that were published at once", trace.requestsPerPublish);
    histogram("g7-segments", "Segments of a request", trace.segmentsPerRequest);
    histogram("g7-sizes", "Sizes on the ring", trace.requestSizes, xenblk.sizeText);
    if (!xenblk.isFollowed)
      document.getElementById("g7-ratio").textContent =
        `${state.operation} of ${xenblk.sizeText(state.size)}: ` +
        `requests on the ring for each: ${number(point.requestsPerOperation, 2)}.`;
    notifications(trace);
    health(point, kept);
  });
})();
