"use strict";
// What is chosen: operation, size, depth, way, phase and time range, above all views.
(() => {
  const { report, state, set, element, unique } = xenblk;
  if (report.model || report.points.length === 0) return;
  const host = document.getElementById("controls");
  host.hidden = false;
  // Where there is one of a kind there is nothing to choose.
  const fields = [
    ["operation", "Operation", unique(report.points.map(p => p.operation)), value => value],
    ["size", "Size", unique(report.points.map(p => p.sizeBytes)).sort((a, b) => a - b), xenblk.sizeText],
    ["depth", "Depth", unique(report.points.map(p => p.depth)).sort((a, b) => a - b), String],
    ["way", xenblk.isFollowed ? "Traced" : "Way", unique(report.points.map(xenblk.wayOf)), value => value],
  ].filter(([key, , values]) => values.length > 1 && !(xenblk.isFollowed && (key === "size" || key === "depth")));
  if (xenblk.isTraced)
    fields.push([
      "phase",
      "Phase",
      [null, ...xenblk.phases.map(p => p.index)],
      value => (value === null ? "whole latency" : xenblk.phases[value].label),
    ]);
  const selects = fields.map(([key, label, values, word]) => {
    const select = element(
      "select",
      { id: "choose-" + key, onchange: () => set({ [key]: values[select.selectedIndex] }) },
      ...values.map(value => element("option", {}, word(value)))
    );
    host.append(element("label", {}, label + " ", select));
    return () => {
      select.selectedIndex = values.indexOf(state[key]);
    };
  });

  let range = null;
  if (xenblk.isTraced) {
    const box = key =>
      element("input", {
        type: "number",
        id: "choose-" + key,
        step: "any",
        min: "0",
        onchange: event => set({ [key]: event.target.value === "" ? null : Number(event.target.value) * 1000 }),
      });
    range = { from: box("from"), to: box("to") };
    host.append(
      element("label", {}, "From ", range.from, " us"),
      element("label", {}, "to ", range.to, " us"),
      element(
        "button",
        { type: "button", id: "all-time", onclick: () => set({ from: null, to: null, whole: "yes" }) },
        "All the time"
      )
    );
  }
  // Which operation is shown, and that another can be: all of them together hide what each does.
  const operations = fields.find(([key]) => key === "operation");
  const note = element("p", { id: "operation-note", class: "note" });
  if (xenblk.isFollowed && operations) host.append(note);
  function sayOperation() {
    const own = report.points.filter(p => xenblk.wayOf(p) === state.way && p.operation !== "all");
    const timeOf = p => p.trace.requests * p.phases.meanMicroseconds;
    const whole = own.reduce((sum, p) => sum + timeOf(p), 0),
      most = own.reduce((a, b) => (timeOf(b) > timeOf(a) ? b : a));
    note.textContent =
      state.operation === "all"
        ? "All operations together: what each does is mixed. "
        : `Only ${state.operation} requests, ${xenblk.percent(timeOf(xenblk.point()) / whole)} of the time of all ` +
          "requests. ";
    note.textContent +=
      state.operation === most.operation
        ? 'The page begins with the operation that has most of it; "all" shows them together.'
        : `Most of it is of ${most.operation}.`;
  }

  host.addEventListener("submit", event => event.preventDefault());

  xenblk.views.push(trace => {
    for (const update of selects) update();
    if (note.isConnected) sayOperation();
    if (!range) return;
    const shown = trace ? xenblk.range(trace) : { from: 0, to: 0 };
    range.from.value = (shown.from / 1000).toFixed(1);
    range.to.value = (shown.to / 1000).toFixed(1);
    document.getElementById("all-time").disabled = state.from === null && state.to === null;
    for (const one of document.querySelectorAll(".traced")) one.hidden = trace === null;
    document.getElementById("untraced").hidden = trace !== null;
  });
})();
