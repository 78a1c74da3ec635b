"use strict";
// The timeline's slices, a lane a thread and a slot of the ring, and a pyramid over each: level n has half as many
// slices as level n-1, each with the time of two and the phase that fills most of them. A level is drawn whose slices
// are about as many as the pixels, so a frame costs the same however long the trace is.
xenblk.lanes = trace => {
  const frontendWorks = 12,
    backendWorks = 13; // what threads do, beside the phases 0 to 11

  function pyramid(name, starts, ends, kinds, requests) {
    const levels = [{ starts, ends, kinds }];
    let level = { starts, ends, kinds, weights: ends.map((end, i) => end - starts[i]) };
    while (level.starts.length > 64) {
      const count = Math.ceil(level.starts.length / 2);
      const next = {
        starts: new Float64Array(count),
        ends: new Float64Array(count),
        kinds: new Uint8Array(count),
        weights: new Float64Array(count),
      };
      for (let i = 0; i < count; i++) {
        const a = 2 * i,
          b = Math.min(level.starts.length - 1, a + 1);
        const longer = level.weights[b] > level.weights[a] ? b : a;
        next.starts[i] = level.starts[a];
        next.ends[i] = level.ends[b];
        next.kinds[i] = level.kinds[longer];
        next.weights[i] =
          a !== b && level.kinds[a] === level.kinds[b]
            ? level.weights[a] + level.weights[b]
            : level.weights[longer];
      }
      levels.push(next);
      level = next;
    }
    return { name, levels, requests };
  }

  // Intervals that overlap are one: a thread's work on a whole batch.
  function merged(intervals) {
    intervals.sort((a, b) => a[0] - b[0]);
    const all = [];
    for (const [start, end] of intervals) add(all, start, end);
    return all;
  }

  function add(all, start, end) {
    const last = all[all.length - 1];
    if (end <= start) return;
    if (last && start <= last[1] && start >= last[0]) last[1] = Math.max(last[1], end);
    else all.push([start, end]);
  }

  function thread(name, intervals, kind) {
    const all = merged(intervals);
    return pyramid(
      name,
      Float64Array.from(all, one => one[0]),
      Float64Array.from(all, one => one[1]),
      new Uint8Array(all.length).fill(kind),
      null
    );
  }

  function slot(name, list) {
    const most = list.length * xenblk.phases.length;
    const starts = new Float64Array(most),
      ends = new Float64Array(most),
      kinds = new Uint8Array(most),
      requests = new Uint32Array(most);
    let count = 0,
      before = 0;
    for (const i of list) {
      for (let p = 0; p < xenblk.phases.length; p++) {
        const start = Math.max(before, trace.stamps[p][i]),
          end = trace.stamps[p + 1][i];
        if (end <= start) continue;
        starts[count] = start;
        ends[count] = end;
        kinds[count] = p;
        requests[count++] = i;
        before = end;
      }
    }
    return pyramid(
      name,
      starts.subarray(0, count),
      ends.subarray(0, count),
      kinds.subarray(0, count),
      requests.subarray(0, count)
    );
  }

  const queues = xenblk.unique(trace.queue).sort((a, b) => a - b);
  const lanes = [];
  for (const queue of queues) {
    const granting = [],
      publishing = [],
      finishing = [],
      back = [],
      slots = new Map();
    const suffix = queues.length > 1 ? " " + queue : "";
    for (let i = 0; i < trace.count; i++) {
      if (trace.queue[i] !== queue) continue;
      const t = trace.stamps;
      add(granting, t[0][i], t[1][i]);
      add(publishing, t[2][i], t[3][i]);
      add(finishing, t[11][i], t[12][i]);
      add(back, t[4][i], t[10][i]);
      const lane = trace.slot[i];
      if (!slots.has(lane)) slots.set(lane, []);
      slots.get(lane).push(i);
    }
    // An end that was not traced has no lane: an empty one would look like a thread that sleeps.
    const ends = xenblk.point().ends || "whole";
    if (ends !== "backend")
      lanes.push(thread("frontend" + suffix, [...granting, ...publishing, ...finishing], frontendWorks));
    if (ends !== "frontend") lanes.push(thread("backend" + suffix, back, backendWorks));
    for (const [number, list] of [...slots].sort((a, b) => a[0] - b[0]))
      lanes.push(slot("slot " + number + suffix, list));
  }
  return lanes;
};

// The first slice that ends after a time.
xenblk.firstAfter = (ends, time) => {
  let low = 0,
    high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle] > time) high = middle;
    else low = middle + 1;
  }
  return low;
};
