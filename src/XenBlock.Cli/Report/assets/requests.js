"use strict";
// The requests of a traced point, unpacked when the point is chosen. The format is RequestColumns.cs's.
(() => {
  const stampCount = 13;
  let last = { index: -2, trace: null };

  // Of a disk that was followed one list has the requests of all operations.
  xenblk.requestsOf = async index => {
    if (last.index === index) return last.trace;
    const point = xenblk.report.points[index],
      source = point && point.requestsOf !== undefined ? point.requestsOf : index;
    const holder = document.getElementById("requests-" + source);
    let trace = holder ? read(await inflate(holder.textContent)) : null;
    if (trace && source !== index) trace = only(trace, point.operation);
    last = { index, trace };
    return trace;
  };

  function only(trace, operation) {
    const kept = [];
    for (let i = 0; i < trace.count; i++) if (operationOf(trace, i) === operation) kept.push(i);
    const some = column => Float64Array.from(kept, i => column[i]);
    return {
      count: kept.length,
      kind: some(trace.kind),
      queue: some(trace.queue),
      slot: some(trace.slot),
      sector: some(trace.sector),
      bytes: some(trace.bytes),
      stamps: trace.stamps.map(some),
      end: trace.end,
    };
  }

  async function inflate(text) {
    const packed = atob(text.trim());
    const bytes = new Uint8Array(packed.length);
    for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  function read(bytes) {
    let at = 0;
    function next() {
      let value = 0,
        scale = 1,
        one;
      do {
        one = bytes[at++];
        value += (one & 0x7f) * scale;
        scale *= 128;
      } while (one >= 0x80);
      return value;
    }
    const signed = value => (value % 2 === 1 ? -(value + 1) / 2 : value / 2);
    const count = next();
    const plain = () => {
      const values = new Float64Array(count);
      for (let i = 0; i < count; i++) values[i] = next();
      return values;
    };
    const byNeighbour = (first, isSigned) => {
      const values = new Float64Array(count);
      for (let i = 0, before = first; i < count; i++) {
        const value = next();
        values[i] = before += isSigned ? signed(value) : value;
      }
      return values;
    };
    const kind = plain(),
      queue = plain(),
      slot = plain(),
      sector = byNeighbour(0, true),
      bytesOf = plain();
    const stamps = [byNeighbour(0, false)];
    for (let s = 1; s < stampCount; s++) {
      if (bytes[at++] === 1) {
        stamps.push(byNeighbour(count > 0 ? stamps[0][0] : 0, true));
        continue;
      }
      const values = plain(),
        before = stamps[s - 1];
      for (let i = 0; i < count; i++) values[i] += before[i];
      stamps.push(values);
    }
    const end = stamps[stampCount - 1].reduce((most, one) => Math.max(most, one), 0);
    return { count, kind, queue, slot, sector, bytes: bytesOf, stamps, end: Math.max(1, end) };
  }

  const kinds = { 1: "read", 3: "flush", 4: "discard" };
  const operationOf = (trace, i) => kinds[trace.kind[i]] || "write";
  xenblk.nameOf = (trace, i) =>
    operationOf(trace, i) +
    " of " +
    xenblk.sizeText(trace.bytes[i]) +
    " at sector " +
    xenblk.number(trace.sector[i], 0);
  xenblk.latency = (trace, i) => trace.stamps[stampCount - 1][i] - trace.stamps[0][i];
  xenblk.phase = (trace, i, p) => trace.stamps[p + 1][i] - trace.stamps[p][i];

  // What the heat map and the waterfall sort by: the chosen phase, or the whole.
  xenblk.chosenTime = (trace, i) =>
    xenblk.state.phase === null ? xenblk.latency(trace, i) : xenblk.phase(trace, i, xenblk.state.phase);

  // The requests that overlap the chosen time range.
  xenblk.range = trace => ({
    from: xenblk.state.from === null ? 0 : Math.max(0, xenblk.state.from),
    to: xenblk.state.to === null ? trace.end : Math.min(trace.end, xenblk.state.to),
  });
  xenblk.inRange = trace => {
    const { from, to } = xenblk.range(trace);
    const found = [];
    for (let i = 0; i < trace.count; i++)
      if (trace.stamps[0][i] <= to && trace.stamps[stampCount - 1][i] >= from) found.push(i);
    return found;
  };
})();
