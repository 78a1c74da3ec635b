"use strict";
// G10: time across, the latency (or one phase) upward on a log scale, how many requests by colour. A cell is chosen by
// a click or by the arrow keys and Enter; then its requests stand below and the first of them in the waterfall.
(() => {
  const { state, set, element, number, color } = xenblk;
  const rowsPerDecade = 8,
    left = 64,
    bottom = 22,
    height = 280;
  let grid = null,
    cursor = null;

  function gridOf(trace, width) {
    const { from, to } = xenblk.range(trace);
    const columns = innerWidth < 600 ? 40 : 80;
    const list = xenblk.inRange(trace).filter(i => trace.stamps[0][i] >= from);
    let low = Infinity,
      high = 1;
    for (const i of list) {
      const value = Math.max(10, xenblk.chosenTime(trace, i));
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    if (!Number.isFinite(low)) low = 10;
    const lowRow = Math.floor(Math.log10(low) * rowsPerDecade);
    const rows = Math.max(1, Math.floor(Math.log10(high) * rowsPerDecade) - lowRow + 1);
    const cells = Array.from({ length: columns * rows }, () => []);
    for (const i of list) {
      const column = Math.min(columns - 1, Math.floor(((trace.stamps[0][i] - from) / (to - from)) * columns));
      const row = Math.floor(Math.log10(Math.max(10, xenblk.chosenTime(trace, i))) * rowsPerDecade) - lowRow;
      cells[column * rows + Math.min(rows - 1, Math.max(0, row))].push(i);
    }
    // On a log scale from the fast to the slow: one unit that has neither many zeros nor many digits.
    const unit = xenblk.unitFor(Math.max(Math.sqrt(low * high), high / 10));
    return { from, to, columns, rows, lowRow, cells, width, unit, across: xenblk.axis(from, to, width < 500 ? 4 : 7) };
  }

  const time = ns => grid.unit.text(ns);
  const bounds = row => [
    10 ** ((grid.lowRow + row) / rowsPerDecade),
    10 ** ((grid.lowRow + row + 1) / rowsPerDecade),
  ];
  const cellOf = text => {
    const [column, row] = (text || "").split(",").map(Number);
    return column >= 0 && column < grid.columns && row >= 0 && row < grid.rows ? { column, row } : null;
  };
  const inside = cell => grid.cells[cell.column * grid.rows + cell.row];
  const words = cell => {
    const [low, high] = bounds(cell.row),
      step = (grid.to - grid.from) / grid.columns;
    return (
      `${number(inside(cell).length, 0)} requests of ${time(low)} to ${time(high)}, submitted from ` +
      `${grid.across.text(grid.from + step * cell.column)} on, for ${grid.across.unit.text(step)}`
    );
  };

  function paint() {
    const host = document.getElementById("heat");
    const what = state.phase === null ? "latency" : xenblk.phases[state.phase].name;
    const { made, context, width } = xenblk.canvas(
      host,
      height,
      `Heat map of the ${what}: arrow keys move, Enter chooses a cell. The numbers are below.`
    );
    const w = (width - left) / grid.columns,
      h = (height - bottom) / grid.rows;
    const most = Math.log(1 + grid.cells.reduce((max, one) => Math.max(max, one.length), 1));
    const shades = ["--heat-1", "--heat-2", "--heat-3", "--heat-4", "--heat-5", "--heat-6"].map(color);
    grid.cells.forEach((list, index) => {
      if (list.length === 0) return;
      const column = Math.floor(index / grid.rows),
        row = index % grid.rows;
      context.fillStyle = shades[Math.min(5, Math.floor((Math.log(1 + list.length) / most) * 5.99))];
      context.fillRect(
        left + column * w,
        height - bottom - (row + 1) * h,
        Math.max(1, w - 0.5),
        Math.max(1, h - 0.5)
      );
    });
    context.fillStyle = color("--text");
    context.textAlign = "right";
    for (let row = 0; row <= grid.rows; row++) {
      if (row % Math.ceil(grid.rows / 7) !== 0) continue;
      const labelAt = Math.max(12, height - bottom - row * h + 4);
      context.fillText(time(10 ** ((grid.lowRow + row) / rowsPerDecade)), left - 6, labelAt);
      context.fillStyle = color("--line");
      context.fillRect(left, height - bottom - row * h, width - left, 1);
      context.fillStyle = color("--text");
    }
    context.textAlign = "center";
    for (const { at, text } of grid.across.ticks) {
      const x = left + ((at - grid.from) / (grid.to - grid.from)) * (width - left),
        half = context.measureText(text).width / 2;
      context.fillText(text, Math.min(width - half, Math.max(left + half, x)), height - 6);
    }
    for (const [cell, style] of [
      [cellOf(state.cell), "--text"],
      [document.activeElement === made ? cursor : null, "--series-2"],
    ]) {
      if (!cell) continue;
      context.strokeStyle = color(style);
      context.lineWidth = 2;
      context.strokeRect(left + cell.column * w - 1, height - bottom - (cell.row + 1) * h - 1, w + 2, h + 2);
    }
    listen(made);
  }

  function choose(cell) {
    const list = inside(cell);
    xenblk.say(words(cell));
    if (list.length > 0) set({ cell: cell.column + "," + cell.row, request: list[0] });
  }

  function at(made, event) {
    const box = made.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left - left) / (box.width - left)) * grid.columns);
    const row = Math.floor(((box.height - bottom - (event.clientY - box.top)) / (box.height - bottom)) * grid.rows);
    return cellOf(column + "," + row);
  }

  let dragFrom = null;
  function listen(made) {
    if (made.dataset.listens) return;
    made.dataset.listens = "yes";
    made.addEventListener("pointerdown", event => {
      dragFrom = at(made, event);
    });
    made.addEventListener("pointerup", event => {
      const to = at(made, event),
        from = dragFrom;
      dragFrom = null;
      if (!from || !to) return;
      const step = (grid.to - grid.from) / grid.columns;
      if (Math.abs(to.column - from.column) < 2) choose(to);
      else
        set({
          from: grid.from + step * Math.min(from.column, to.column),
          to: grid.from + step * (Math.max(from.column, to.column) + 1),
        });
    });
    made.addEventListener("pointermove", event => {
      const cell = at(made, event);
      made.title = cell ? words(cell) : "";
    });
    for (const name of ["focus", "blur"])
      made.addEventListener(name, () => {
        if (!cursor) cursor = cellOf(state.cell) || densest();
        paint();
      });
    made.addEventListener("keydown", event => {
      const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (move && cursor) {
        cursor = cellOf(cursor.column + move[0] + "," + (cursor.row + move[1])) || cursor;
        xenblk.say(words(cursor));
        paint();
      } else if ((event.key === "Enter" || event.key === " ") && cursor) choose(cursor);
      else return;
      event.preventDefault();
    });
  }

  function densest() {
    const index = grid.cells.reduce((best, list, i) => (list.length > grid.cells[best].length ? i : best), 0);
    return { column: Math.floor(index / grid.rows), row: index % grid.rows };
  }

  function requests(trace) {
    const host = document.getElementById("cell"),
      cell = cellOf(state.cell);
    if (!cell) return host.replaceChildren(element("p", { class: "note" }, "No cell is chosen."));
    host.replaceChildren(
      element("p", {}, words(cell) + ":"),
      element(
        "div",
        { class: "choices" },
        ...inside(cell)
          .slice(0, 24)
          .map(i =>
            element(
              "button",
              {
                type: "button",
                "aria-pressed": String(state.request === i),
                onclick: () => set({ request: i }),
              },
              `${number(i, 0)}: ${time(xenblk.chosenTime(trace, i))}`
            )
          ),
        inside(cell).length > 24
          ? element("span", { class: "note" }, `and ${number(inside(cell).length - 24, 0)} more`)
          : ""
      )
    );
  }

  xenblk.views.push(trace => {
    if (!trace) return;
    grid = gridOf(trace, document.getElementById("heat").clientWidth);
    if (cursor && !cellOf(cursor.column + "," + cursor.row)) cursor = null;
    document.getElementById("heat-what").textContent =
      state.phase === null ? "the whole latency" : "phase " + xenblk.phases[state.phase].label;
    paint();
    requests(trace);
    xenblk.numbersUnder(
      document.getElementById("g10"),
      "requests by time taken",
      ["from", "to", "requests"],
      Array.from({ length: grid.rows }, (_, row) => [
        ...bounds(row).map(time),
        number(
          Array.from({ length: grid.columns }, (unused, column) => inside({ column, row }).length).reduce(
            (a, b) => a + b,
            0
          ),
          0
        ),
      ])
    );
  });
})();
