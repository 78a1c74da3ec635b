"use strict";
// Where the timeline opens, a few typical batches, and the strip above it: all of the run, and which part is shown.
(() => {
  const { color } = xenblk;
  const height = 40,
    left = 76, // as the timeline's
    marginMin = 24,
    middlePart = 0.02;

  // A request of about the median latency, of those the nearest to the middle of the run, and as much around it as two
  // of its latencies, or 24 requests, take: the first ones would be those that meet cold caches and an empty ring.
  xenblk.typical = trace => {
    if (trace.typical) return trace.typical;
    const starts = trace.stamps[0],
      ends = trace.stamps[12];
    const latencies = Float64Array.from(starts, (start, i) => ends[i] - start).sort();
    const at = part => latencies[Math.min(trace.count - 1, Math.floor(part * trace.count))];
    const low = at(0.5 - middlePart),
      high = at(0.5 + middlePart);
    let best = -1;
    for (let i = 0; i < trace.count; i++) {
      const latency = ends[i] - starts[i];
      if (latency < low || latency > high) continue;
      if (best < 0 || Math.abs(starts[i] - trace.end / 2) < Math.abs(starts[best] - trace.end / 2)) best = i;
    }
    const before = starts[Math.max(0, best - marginMin / 2)],
      after = starts[Math.min(trace.count - 1, best + marginMin / 2)];
    const span = Math.min(trace.end, Math.max(500, 2 * (ends[best] - starts[best]), after - before));
    const middle = (starts[best] + ends[best]) / 2;
    const from = Math.max(0, Math.min(trace.end - span, middle - span / 2));
    return (trace.typical = { from, to: from + span });
  };

  // Pauses as parts of the run, for the strip and for who looks for the next one.
  xenblk.pausesOf = trace =>
    (xenblk.point().trace.pauses || [])
      .map(one => ({ from: one.fromMicroseconds * 1000, to: one.toMicroseconds * 1000 }))
      .filter(one => one.to > 0 && one.from < trace.end);

  // look: moves the timeline to a middle.
  xenblk.overview = (trace, shown, look) => {
    const host = document.getElementById("overview");
    const words = `The timeline shows ${xenblk.percent((shown.to - shown.from) / trace.end)} of the run, from ` +
      `${xenblk.percent(shown.from / trace.end)} of it on.`;
    const { made, context, width } = xenblk.canvas(host, height, words);
    made.setAttribute("role", "img");
    made.removeAttribute("tabindex"); // the timeline's keys and buttons do what a click here does
    const wide = width - left,
      steps = Math.floor(wide / 2);
    if (!trace.strip || trace.strip.length !== steps + 1)
      trace.strip = xenblk.underWay(trace, 0, trace.end, steps);
    const most = Math.max(1, ...trace.strip),
      x = at => left + (at / trace.end) * wide;
    context.fillStyle = color("--series-1");
    context.globalAlpha = 0.55;
    trace.strip.forEach((value, s) =>
      context.fillRect(left + s * 2, 4 + 32 * (1 - value / most), 2, (32 * value) / most)
    );
    context.globalAlpha = 1;
    context.fillStyle = color("--stop");
    for (const one of xenblk.pausesOf(trace))
      context.fillRect(Math.max(left, x(one.from)), 0, Math.max(1.5, x(one.to) - Math.max(left, x(one.from))), height);
    // A part of a long run is thinner than a pixel: it is shown as no less than can be seen.
    const a = x(shown.from),
      b = Math.max(a + 5, x(shown.to));
    context.fillStyle = color("--back");
    context.globalAlpha = 0.55;
    context.fillRect(left, 0, a - left, height);
    context.fillRect(b, 0, width - b, height);
    context.globalAlpha = 1;
    context.strokeStyle = color("--text");
    context.lineWidth = 2;
    context.strokeRect(a, 1, b - a, height - 2);
    context.fillStyle = color("--text");
    context.textAlign = "right";
    context.fillText("whole run", left - 6, 24);
    let isDown = false;
    const go = event => {
      const box = made.getBoundingClientRect();
      const middle = ((event.clientX - box.left - left) / (box.width - left)) * trace.end;
      look(middle - (shown.to - shown.from) / 2, middle + (shown.to - shown.from) / 2);
    };
    made.onpointerdown = event => {
      isDown = true;
      go(event);
    };
    made.onpointermove = event => isDown && event.buttons && go(event);
    made.onpointerup = made.onpointerleave = () => {
      isDown = false;
    };
  };
})();
