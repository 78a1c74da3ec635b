"use strict";
// G13: how many are under way, then the threads and the slots of the ring over time. The picture is made of one pixel
// row a lane, and stretched; so a million slices draw as fast as a thousand.
(() => {
  const { state, set, element, color } = xenblk;
  const left = 76,
    top = 44,
    bottom = 20,
    arrowsMax = 400;
  let known = { trace: null, lanes: null, threads: 2 },
    window_ = { from: 0, to: 1 },
    settle = 0;
  const raster = document.createElement("canvas");

  function palette() {
    const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    probe.canvas.width = probe.canvas.height = 1;
    return [...xenblk.phases.map(p => "--p" + p.index), "--front", "--back-works"].map(name => {
      probe.fillStyle = color(name);
      probe.fillRect(0, 0, 1, 1);
      const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
      return (255 << 24) | (b << 16) | (g << 8) | r;
    });
  }

  // A lane into a row of pixels. A slice narrower than a pixel counts by its width; the widest has the pixel.
  function row(lane, pixels, weights, colors, width) {
    const { from, to } = window_,
      scale = width / (to - from);
    let level = 0;
    for (; level < lane.levels.length - 1; level++) {
      const { starts, ends } = lane.levels[level];
      if (xenblk.firstAfter(starts, to) - xenblk.firstAfter(ends, from) <= 2 * width) break;
    }
    const { starts, ends, kinds } = lane.levels[level];
    weights.fill(0);
    for (let i = xenblk.firstAfter(ends, from); i < starts.length && starts[i] < to; i++) {
      const a = Math.max(0, (starts[i] - from) * scale),
        b = Math.min(width, (ends[i] - from) * scale);
      const end = Math.min(width - 1, Math.floor(b));
      for (let x = Math.floor(a); x <= end; x++) {
        const weight = Math.min(b, x + 1) - Math.max(a, x);
        if (weight <= weights[x]) continue;
        weights[x] = weight;
        pixels[x] = colors[kinds[i]];
      }
    }
  }

  function paint() {
    const { trace, lanes } = known;
    if (!trace) return;
    const host = document.getElementById("timeline");
    const laneHeight = innerWidth < 600 ? 8 : 11,
      height = top + rowsOf(lanes.length) * laneHeight + bottom;
    const scale = xenblk.axis(window_.from, window_.to, innerWidth < 600 ? 4 : 7);
    const shown = `${scale.text(window_.from)} to ${scale.text(window_.to)}`;
    const { made, context, width } = xenblk.canvas(
      host,
      height,
      `Timeline of ${lanes.length} lanes, ${shown}: arrow keys move, plus and minus zoom, Enter chooses a request. ` +
        "The waterfall has it in words."
    );
    const wide = Math.max(1, Math.floor((width - left) * (devicePixelRatio || 1)));
    const rows = rowsOf(lanes.length);
    if (raster.width !== wide || raster.height !== rows) Object.assign(raster, { width: wide, height: rows });
    const drawing = raster.getContext("2d"),
      image = drawing.createImageData(wide, rows);
    const pixels = new Uint32Array(image.data.buffer),
      weights = new Float32Array(wide),
      colors = palette();
    lanes.forEach((lane, index) => {
      const first = pixels.subarray(rowsOf(index) * wide, (rowsOf(index) + 1) * wide);
      row(lane, first, weights, colors, wide);
      if (index < known.threads) pixels.set(first, (rowsOf(index) + 1) * wide);
    });
    drawing.putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(raster, left, top, width - left, rows * laneHeight);
    const stops = pauses(context, width, rows * laneHeight);
    frame(context, width, height, laneHeight, scale);
    counter(context, width);
    const arrows = !isOneEnd() && links(context, width, laneHeight);
    document.getElementById("timeline-note").textContent =
      `${shown}. ` +
      (isOneEnd()
        ? "The other end was not traced, so who wakes whom is not seen."
        : arrows
          ? "Arrows: an event wakes the backend; an answer wakes the frontend."
          : "Zoom in to see who wakes whom.") +
      stops;
    listen(made, laneHeight);
    xenblk.overview(trace, window_, look);
  }

  const isOneEnd = () => (xenblk.point().ends || "whole") !== "whole";

  // The threads of the first queue have two rows each, all else one.
  const rowsOf = lane => lane + Math.min(lane, known.threads);
  const middleOf = (lane, laneHeight) => top + ((rowsOf(lane) + rowsOf(lane + 1)) / 2) * laneHeight;

  const xOf = (at, width) => left + ((at - window_.from) / (window_.to - window_.from)) * (width - left);

  function frame(context, width, height, laneHeight, scale) {
    context.fillStyle = color("--back");
    for (let i = 0; i <= known.lanes.length; i++)
      context.fillRect(left, top + rowsOf(i) * laneHeight - 0.5, width - left, 1);
    context.fillStyle = color("--text");
    context.textAlign = "right";
    const every = Math.ceil(12 / laneHeight);
    known.lanes.forEach((lane, index) => {
      const slot = index - known.threads;
      if (slot < 0 || (slot % every === 0 && slot > 0))
        context.fillText(lane.name, left - 6, middleOf(index, laneHeight) + 4);
    });
    for (const { at, text } of scale.ticks) {
      const x = xOf(at, width),
        half = context.measureText(text).width / 2;
      context.textAlign = "center";
      context.fillText(text, Math.min(width - half, Math.max(left + half, x)), height - 5);
      context.fillRect(x - 0.5, height - bottom, 1, 5);
    }
    if (state.request !== null && state.request < known.trace.count) {
      const x = xOf(known.trace.stamps[0][state.request], width),
        end = xOf(known.trace.stamps[12][state.request], width);
      const lane = laneOf(state.request);
      context.strokeStyle = color("--text");
      context.lineWidth = 2;
      if (end >= left && lane >= 0)
        context.strokeRect(
          Math.max(left, x) - 1,
          top + rowsOf(lane) * laneHeight - 1,
          Math.max(3, end - Math.max(left, x)) + 2,
          laneHeight + 2
        );
    }
  }

  // Bands over all lanes where the runtime of this process had stopped every thread.
  function pauses(context, width, height) {
    const all = xenblk.point().trace.pauses;
    if (!all) return "";
    const { text } = xenblk.unitFor(window_.to - window_.from);
    let count = 0,
      sum = 0;
    context.save();
    context.fillStyle = context.strokeStyle = color("--stop");
    for (const { fromMicroseconds, toMicroseconds } of all) {
      const x = Math.max(left, xOf(fromMicroseconds * 1000, width)),
        end = Math.min(width, xOf(toMicroseconds * 1000, width));
      if (end <= left || x >= width || end < x) continue;
      count++;
      sum += Math.min(window_.to, toMicroseconds * 1000) - Math.max(window_.from, fromMicroseconds * 1000);
      // So faint that the phases under it keep their colours; its edges say where it is.
      context.globalAlpha = 0.25;
      context.fillRect(x, top, Math.max(1.5, end - x), height);
      context.globalAlpha = 1;
      for (const edge of [x, end]) context.fillRect(edge - 0.5, top, 1, height);
      context.fillRect(x, top - 5, Math.max(3, end - x), 4);
    }
    context.restore();
    return count === 0
      ? " No garbage collection stopped the threads here."
      : ` Red: all threads stood still for ${count === 1 ? "a garbage collection" : count + " garbage collections"}, ` +
          text(sum) +
          (count === 1 ? "." : " together in what is shown.");
  }

  const laneOf = request =>
    known.lanes.findIndex(
      lane =>
        lane.requests &&
        lane.name.split(" ")[1] === String(known.trace.slot[request]) &&
        (lane.name.split(" ")[2] || String(known.trace.queue[request])) === String(known.trace.queue[request])
    );

  function counter(context, width) {
    const steps = Math.floor((width - left) / 2);
    const values = xenblk.underWay(known.trace, window_.from, window_.to, steps),
      most = Math.max(1, ...values);
    context.fillStyle = color("--series-1");
    values.forEach((value, s) =>
      context.fillRect(left + s * 2, 4 + (top - 10) * (1 - value / most), 2, ((top - 10) * value) / most)
    );
    context.fillStyle = color("--text");
    context.textAlign = "right";
    context.fillText("under way", left - 6, 16);
    context.fillText("up to " + most, left - 6, 32);
  }

  // From the event to the turn that it began, and from the answer to its taking: each once a batch.
  function links(context, width, laneHeight) {
    const { trace } = known,
      t = trace.stamps,
      found = [];
    for (let i = 0; i < trace.count && found.length <= arrowsMax; i++) {
      if (t[12][i] < window_.from || t[0][i] > window_.to) continue;
      if (i === 0 || t[4][i] !== t[4][i - 1]) if (t[3][i] > t[2][i]) found.push([t[3][i], 0, t[4][i], 1]);
      if (i === 0 || t[11][i] !== t[11][i - 1]) found.push([t[10][i], 1, t[11][i], 0]);
    }
    if (found.length > arrowsMax) return false;
    context.lineWidth = 1.2;
    for (const [from, lane, to, other] of found) {
      const x = xOf(from, width),
        end = xOf(to, width),
        y = middleOf(lane, laneHeight),
        yEnd = middleOf(other, laneHeight);
      if (Math.max(x, end) < left) continue;
      context.strokeStyle = context.fillStyle = color(lane === 0 ? "--series-2" : "--series-3");
      context.beginPath();
      context.moveTo(Math.max(left, x), y);
      context.lineTo(Math.max(left, end), yEnd);
      context.stroke();
      context.beginPath();
      context.arc(Math.max(left, end), yEnd, 2.5, 0, 7);
      context.fill();
    }
    return true;
  }

  // What the window shows is what every other view follows, once it stands still.
  function look(from, to) {
    const span = Math.max(500, Math.min(known.trace.end, to - from));
    const start = Math.max(0, Math.min(known.trace.end - span, from));
    window_ = { from: start, to: start + span };
    requestAnimationFrame(paint);
    clearTimeout(settle);
    settle = setTimeout(
      () => set(span >= known.trace.end ? { from: null, to: null, whole: "yes" } : { ...window_, whole: null }),
      250
    );
  }
  const zoom = (factor, at = (window_.from + window_.to) / 2) =>
    look(at - (at - window_.from) * factor, at + (window_.to - at) * factor);
  const move = part =>
    look(window_.from + (window_.to - window_.from) * part, window_.to + (window_.to - window_.from) * part);

  function pick(made, laneHeight, x, y) {
    const box = made.getBoundingClientRect();
    const at_ = Math.floor((y - box.top - top) / laneHeight);
    const lane = known.lanes[at_ < 2 * known.threads ? Math.floor(at_ / 2) : at_ - known.threads];
    if (!lane || !lane.requests) return null;
    const at = window_.from + ((x - box.left - left) / (box.width - left)) * (window_.to - window_.from);
    const { starts, ends } = lane.levels[0],
      index = xenblk.firstAfter(ends, at);
    return index < starts.length && starts[index] <= at
      ? { request: lane.requests[index], slice: lane.levels[0].kinds[index] }
      : null;
  }

  let drag = null;
  function listen(made, laneHeight) {
    made.onwheel = event => {
      // The page scrolls until the timeline has the focus.
      if (!event.ctrlKey && !event.shiftKey && document.activeElement !== made) return;
      event.preventDefault();
      const box = made.getBoundingClientRect();
      zoom(
        event.deltaY > 0 ? 1.25 : 0.8,
        window_.from + ((event.clientX - box.left - left) / (box.width - left)) * (window_.to - window_.from)
      );
    };
    made.onpointerdown = event => {
      drag = { x: event.clientX, ...window_, moved: false };
    };
    made.onpointermove = event => {
      if (drag && Math.abs(event.clientX - drag.x) > 4) {
        drag.moved = true;
        const by = ((drag.x - event.clientX) / (made.clientWidth - left)) * (drag.to - drag.from);
        look(drag.from + by, drag.to + by);
      } else if (!drag) {
        const hit = pick(made, laneHeight, event.clientX, event.clientY);
        const { text } = xenblk.unitFor(window_.to - window_.from);
        made.title = hit
          ? `request ${hit.request}, ${xenblk.phases[hit.slice].label}: ` +
            text(xenblk.phase(known.trace, hit.request, hit.slice))
          : "";
      }
    };
    made.onpointerup = event => {
      const hit = drag && !drag.moved ? pick(made, laneHeight, event.clientX, event.clientY) : null;
      drag = null;
      if (hit) set({ request: hit.request });
    };
    made.onpointerleave = () => {
      drag = null;
    };
    made.onkeydown = event => {
      const act = {
        ArrowLeft: () => move(-0.25),
        ArrowRight: () => move(0.25),
        "+": () => zoom(0.5),
        "=": () => zoom(0.5),
        "-": () => zoom(2),
        Home: () => look(0, known.trace.end),
        Enter: () => middle(),
      }[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
  }

  function middle() {
    const at = (window_.from + window_.to) / 2;
    const list = xenblk.inRange(known.trace);
    if (list.length > 0)
      set({
        request: list.reduce((a, b) =>
          Math.abs(known.trace.stamps[0][b] - at) < Math.abs(known.trace.stamps[0][a] - at) ? b : a
        ),
      });
  }

  const buttons = document.getElementById("timeline-buttons");
  for (const [label, act] of [
    ["Zoom in", () => zoom(0.5)],
    ["Zoom out", () => zoom(2)],
    ["Earlier", () => move(-0.5)],
    ["Later", () => move(0.5)],
    ["To the request", () => follow()],
    ["Whole run", () => set({ from: null, to: null, whole: "yes" })],
    ["Typical requests", () => set({ from: null, to: null, whole: null })],
    ["Next garbage collection", () => nextPause()],
  ])
    buttons.append(
      element("button", { type: "button", id: idOf(label), onclick: act }, label)
    );

  function idOf(label) {
    return "timeline-" + label.toLowerCase().replaceAll(" ", "-");
  }

  // From the middle of what is shown on; from the last one to the first again.
  function nextPause() {
    const all = xenblk.pausesOf(known.trace),
      middle = (window_.from + window_.to) / 2;
    const one = all.find(({ from, to }) => (from + to) / 2 > middle + 1) || all[0];
    const length = Math.max(2000, one.to - one.from);
    look(one.from - length, one.to + length);
  }

  // Without a chosen time range every other view is of the whole run, and this one of what can be told apart.
  function open(trace) {
    const isWhole = state.from === null && state.to === null;
    window_ = isWhole && !state.whole ? xenblk.typical(trace) : xenblk.range(trace);
    const isTypical = isWhole && !state.whole;
    document.getElementById("timeline-what").textContent = isTypical
      ? "A few typical requests, around the median of the latency; every other view is of the whole run until this " +
        "one is moved."
      : "What it shows is the time range that every other view follows.";
    document.getElementById("timeline-whole-run").disabled = isWhole && !isTypical;
    document.getElementById("timeline-typical-requests").disabled = isTypical;
    document.getElementById("timeline-next-garbage-collection").hidden = xenblk.pausesOf(trace).length === 0;
  }

  function follow() {
    const i = state.request;
    if (i === null || i >= known.trace.count) return xenblk.say("No request is chosen.");
    const length = Math.max(2000, xenblk.latency(known.trace, i));
    look(known.trace.stamps[0][i] - length / 2, known.trace.stamps[12][i] + length / 2);
  }

  // The colours of this point, in the order of a request's way.
  function legend() {
    const mean = xenblk.point().trace.breakdowns[0];
    const shown = xenblk.phases.filter(p => mean && mean.phaseMicroseconds[p.index] >= 0.01 * mean.meanMicroseconds);
    const ends = xenblk.point().ends || "whole";
    const entry = (style, word) => element("span", {}, element("i", style), word);
    document.getElementById("timeline-legend").replaceChildren(
      ...(ends === "backend" ? [] : [entry({ class: "front" }, "frontend at work")]),
      ...(ends === "frontend" ? [] : [entry({ class: "back-works" }, "backend at work")]),
      ...shown.map(p => entry({ class: "p" + p.index }, p.label))
    );
  }

  // For measuring how long a frame takes, the whole of it.
  xenblk.paintTimeline = (from, to) => {
    window_ = { from: from * known.trace.end, to: to * known.trace.end };
    const started = performance.now();
    paint();
    return performance.now() - started;
  };

  xenblk.views.push(trace => {
    if (!trace) return;
    if (known.trace !== trace) known = { trace, lanes: xenblk.lanes(trace), threads: isOneEnd() ? 1 : 2 };
    open(trace);
    legend();
    paint();
  });
})();
