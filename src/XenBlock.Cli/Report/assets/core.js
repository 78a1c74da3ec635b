"use strict";
// The page's one state, and what every view needs: the report, words for numbers, elements, tables, colours.
const xenblk = (() => {
  const report = JSON.parse(document.getElementById("report").textContent);
  // A disk that was followed while somebody used it, and no bench: operations, and no sizes and depths to choose.
  const isFollowed = report.schema === "xenblk.traced";
  // A name that is narrower than what its phase measures says the rest of it too, wherever there is room.
  const labels = document.body.dataset.labels.split("|");
  const phases = [
    ["grant", "frontend", "waiting for a slot and pages; granting them, or copying into granted ones"],
    ["slot wait", "frontend", "in its slot, waiting to be published with others"],
    ["notify", "frontend", "publishing, and sending the event"],
    ["wake", "between", "the backend slept, or was not given a processor, until its turn began"],
    ["batch wait", "backend", "behind others in the backend's turn"],
    ["map", "backend", "checking it, and mapping, finding or copying its pages"],
    ["store wait", "backend", "its pages are there; waiting for the store to be asked"],
    ["store", "backend", "the store itself: the file or disk behind"],
    ["unmap", "backend", "waiting for its batch; unmapping, or copying back"],
    ["respond", "backend", "writing the responses of the batch"],
    ["completion wake", "between", "the answer is there; the frontend sleeps, or is at something else"],
    ["finish", "frontend", "revoking or copying out, and telling the application"],
  ].map(([name, side, meaning], index) => ({ name, side, meaning, index, label: labels[index] }));
  // What a frontend alone cannot see stands where the completion wake does.
  const completion = { ...phases[10] };
  const elsewhere = {
    name: "elsewhere",
    label: "elsewhere",
    meaning: "all that the frontend alone cannot see: both wake-ups, the backend, and its store",
  };
  const namePhases = p => Object.assign(phases[10], p && p.ends === "frontend" ? elsewhere : completion);
  namePhases(report.points[0]);
  const unique = values => [...new Set(values)];
  const hasModes = unique(report.points.map(p => p.mode)).length > 1;
  const hasAccesses = !isFollowed && unique(report.points.map(p => p.access)).length > 1;
  const wayOf = p => (hasAccesses ? (hasModes ? p.mode + " " + p.access : p.access) : p.mode);
  const isTraced = report.points.some(p => p.trace && p.trace.requestsKept > 0);
  const views = [];
  let pending = 0;

  // operation, depth, size, way: the point. from, to: nanoseconds from its start, null for all of it. phase: an index,
  // null for the whole latency. request: its number in the point. cell: of the heat map, "column,row". whole: "yes" if
  // the timeline, too, shows all of the run where no time range is chosen, and not a few typical requests.
  const state = {
    operation: null,
    depth: null,
    size: null,
    way: null,
    from: null,
    to: null,
    phase: null,
    request: null,
    cell: null,
    whole: null,
    quantity: "bandwidth",
  };
  const numbers = ["depth", "size", "from", "to", "phase", "request"];

  // The point that the page begins with; BenchReport.cs says the headline of the same one.
  function first() {
    if (isFollowed) return report.points[report.firstPoint ?? 0];
    const traced = report.points.filter(p => p.trace && p.trace.requestsKept > 0);
    const list = traced.length > 0 ? traced : report.points;
    const deep = Math.max(...list.map(p => p.depth));
    const gain = p => {
      const causes = p.diagnosis ? p.diagnosis.findings : [];
      return causes.length > 0 ? (causes[0].predictedGain ?? 1) : 0;
    };
    return list
      .filter(p => p.depth === deep)
      .reduce((one, other) =>
        gain(other) > gain(one) || (gain(other) === gain(one) && other.sizeBytes < one.sizeBytes) ? other : one
      );
  }

  function point() {
    return (
      report.points.find(
        p =>
          p.operation === state.operation &&
          p.depth === state.depth &&
          p.sizeBytes === state.size &&
          wayOf(p) === state.way
      ) || null
    );
  }

  // What is chosen must exist: of points that agree with most of it, the first.
  function settle(wanted) {
    const score = p =>
      (p.operation === wanted.operation ? 8 : 0) +
      (p.sizeBytes === wanted.size ? 4 : 0) +
      (p.depth === wanted.depth ? 2 : 0) +
      (wayOf(p) === wanted.way ? 1 : 0);
    const best = report.points.reduce((one, other) => (score(other) > score(one) ? other : one));
    Object.assign(wanted, { operation: best.operation, depth: best.depth, size: best.sizeBytes, way: wayOf(best) });
  }

  function readAddress() {
    const start = first();
    Object.assign(state, {
      operation: start.operation,
      depth: start.depth,
      size: start.sizeBytes,
      way: wayOf(start),
      from: null,
      to: null,
      phase: null,
      request: null,
      cell: null,
      whole: null,
    });
    for (const [key, value] of new URLSearchParams(location.hash.slice(1))) {
      if (!(key in state)) continue;
      const known = numbers.includes(key) ? Number(value) : value;
      if (typeof known === "number" && !Number.isFinite(known)) continue;
      state[key] = known;
    }
    if (state.phase !== null && !phases[state.phase]) state.phase = null;
    settle(state);
  }

  function writeAddress() {
    const pairs = new URLSearchParams();
    for (const key of Object.keys(state)) if (state[key] !== null) pairs.set(key, state[key]);
    history.replaceState(null, "", "#" + pairs.toString());
  }

  // Choosing another point forgets what was chosen inside the old one.
  function set(changes) {
    const before = point();
    Object.assign(state, changes);
    settle(state);
    if (point() !== before) Object.assign(state, { from: null, to: null, request: null, cell: null, whole: null });
    if ("from" in changes || "phase" in changes) if (!("cell" in changes)) state.cell = null;
    writeAddress();
    draw();
  }

  function draw() {
    if (pending === 0)
      pending = requestAnimationFrame(async () => {
        pending = 0;
        namePhases(point());
        const trace = await xenblk.requestsOf(report.points.indexOf(point()));
        for (const view of views) view(trace);
        document.documentElement.dataset.drawn = String(Number(document.documentElement.dataset.drawn || 0) + 1);
      });
  }

  function start() {
    if (report.model || report.points.length === 0) return;
    readAddress();
    draw();
    addEventListener("hashchange", () => {
      readAddress();
      draw();
    });
    let width = innerWidth;
    addEventListener("resize", () => {
      if (innerWidth !== width) {
        width = innerWidth;
        draw();
      }
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  }

  // An element: element("p", { class: "note" }, "text", other).
  function element(name, attributes, ...content) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value === true) made.setAttribute(key, "");
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
    }
    made.append(...content);
    return made;
  }

  const number = (value, digits = 1) => value.toLocaleString("en", { maximumFractionDigits: digits });
  function time(ns) {
    const size = Math.abs(ns);
    if (size >= 1e9) return number(ns / 1e9, 2) + " s";
    if (size >= 1e6) return number(ns / 1e6, size >= 1e7 ? 1 : 2) + " ms";
    if (size >= 1e3) return number(ns / 1e3, size >= 1e5 ? 0 : size >= 1e4 ? 1 : 2) + " us";
    return number(ns, 0) + " ns";
  }
  // Everything in one view has the unit that suits its largest or widest time: numbers of two units cannot be compared
  // at a glance. Gives the unit's word, its length, and the function that writes a time in it.
  function unitFor(ns) {
    const size = Math.abs(ns);
    const [word, length] =
      size >= 1e10 ? ["s", 1e9] : size >= 1e7 ? ["ms", 1e6] : size >= 500 || size === 0 ? ["us", 1e3] : ["ns", 1];
    const text = (value, digits) => {
      const own = value / length;
      return number(own, digits ?? (own >= 100 ? 0 : own >= 10 ? 1 : own >= 0.1 ? 2 : 3)) + " " + word;
    };
    return { word, length, text };
  }

  // An axis: where round numbers lie, and each in words, all in the unit that suits the whole.
  function axis(from, to, count) {
    const unit = unitFor(to - from);
    const rough = (to - from) / count / unit.length,
      tens = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find(one => one * tens >= rough) * tens;
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const ticks = [];
    for (let n = Math.ceil(from / unit.length / step); n * step * unit.length <= to; n++)
      ticks.push({ at: n * step * unit.length, text: unit.text(n * step * unit.length, digits) });
    return { unit, digits, ticks, text: ns => unit.text(ns, digits + 1) };
  }

  const percent = part => number(part * 100, part >= 0.1 || part === 0 ? 0 : 1) + " %";
  const sizeText = bytes =>
    bytes >= 1048576 && bytes % 1048576 === 0
      ? bytes / 1048576 + " MiB"
      : bytes % 1024 === 0 && bytes > 0
        ? bytes / 1024 + " KiB"
        : bytes + " B";
  // A mean, which is hardly ever a whole number of units.
  const about = bytes =>
    bytes >= 1048576
      ? number(bytes / 1048576) + " MiB"
      : bytes >= 1024
        ? number(bytes / 1024) + " KiB"
        : number(bytes, 0) + " B";
  const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // A table that folds away under its graph; open ones stay open when it is drawn anew.
  function numbersUnder(host, caption, headings, rows) {
    let details = host.querySelector(":scope > details");
    if (!details) host.append((details = element("details", {}, element("summary", {}, "Numbers: " + caption))));
    while (details.children.length > 1) details.lastChild.remove();
    details.append(table(caption, headings, rows));
  }

  function table(caption, headings, rows) {
    const head = element("tr", {}, ...headings.map(one => element("th", { scope: "col" }, one)));
    const body = rows.map(row =>
      element(
        "tr",
        {},
        ...row.map((cell, column) =>
          element(column === 0 ? "th" : "td", column === 0 ? { scope: "row" } : {}, cell)
        )
      )
    );
    return element(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
      element(
        "table",
        {},
        element("caption", {}, caption),
        element("thead", {}, head),
        element("tbody", {}, ...body)
      )
    );
  }

  // A canvas of the host's width, sharp on any screen; gives its context in CSS pixels.
  function canvas(host, height, label) {
    let made = host.querySelector("canvas");
    if (!made) host.append((made = element("canvas", { tabindex: "0", role: "application" })));
    made.setAttribute("aria-label", label);
    const width = Math.max(200, host.clientWidth),
      ratio = devicePixelRatio || 1;
    if (made.width !== Math.round(width * ratio) || made.height !== Math.round(height * ratio)) {
      made.width = Math.round(width * ratio);
      made.height = Math.round(height * ratio);
      made.style.height = height + "px";
    }
    const context = made.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = "12px system-ui, sans-serif";
    return { made, context, width, height };
  }

  const say = text => {
    document.getElementById("said").textContent = text;
  };
  return {
    report,
    phases,
    state,
    views,
    unique,
    wayOf,
    isTraced,
    isFollowed,
    point,
    first,
    set,
    start,
    draw,
    element,
    number,
    time,
    unitFor,
    axis,
    percent,
    sizeText,
    about,
    color,
    numbersUnder,
    table,
    canvas,
    say,
  };
})();
