// SPDX-License-Identifier: MIT
// The quantities that are drawn, as steps: of each process, and of all of them together.

import { Steps, integrate } from "./steps.js";

const MIB = 1 << 20;

// unit: of the axis; total: the column holds totals, and rates of so many units are drawn
export const QUANTITIES = [
  { key: "minor", title: "Minor faults", unit: "faults/s", total: 1, none: "No minor faults" },
  { key: "major", title: "Major faults", unit: "faults/s", total: 1, none: "No major faults" },
  { key: "cpu", title: "CPU time", unit: "% of one CPU", total: 1e7, none: "No CPU time" },
  { key: "resident", title: "Resident memory", unit: "MiB", none: "No resident memory seen" },
  { key: "swapped", title: "Swapped out", unit: "MiB", none: "Nothing was swapped out" },
];

// Intervals shorter than this part of a period are joined: their rates would be noise, as a sample
// is taken a little after the time that it has.
const SHORTEST = 0.5;

// Which points of a process bound the intervals of its rates.
function bounds(process, time, shortest) {
  const last = process.at.length - 1;
  const kept = [0];
  for (let i = 1; i < last; i++)
    if (time[process.at[i]] - time[process.at[kept.at(-1)]] >= shortest)
      kept.push(i);
  if (last > 0) {
    if (kept.length > 1 && time[process.at[last]] - time[process.at[kept.at(-1)]] < shortest)
      kept.pop();
    kept.push(last);
  }
  return Uint32Array.from(kept);
}

function boundsOf(process, segment) {
  process.bounds ??= bounds(process, segment.time, SHORTEST * segment.period_s);
  return process.bounds;
}

function rateSteps(process, segment, quantity) {
  const kept = boundsOf(process, segment);
  const column = process.columns[quantity.key];
  const edges = Float64Array.from(kept, (i) => segment.time[process.at[i]]);
  const sums = Float64Array.from(kept, (i) => column[i] / quantity.total);
  const values = new Float64Array(Math.max(kept.length - 1, 0));
  for (let i = 0; i < values.length; i++)
    values[i] = Math.max((sums[i + 1] - sums[i]) / (edges[i + 1] - edges[i]), 0);
  return new Steps(edges, values, sums);
}

function memorySteps(process, segment, quantity) {
  const column = process.columns[quantity.key];
  const mib = segment.page_bytes / MIB;
  const edges = Float64Array.from(process.at, (at) => segment.time[at]);
  const values = new Float64Array(Math.max(edges.length - 1, 0));
  for (let i = 0; i < values.length; i++)
    values[i] = column[i] * mib;
  return new Steps(edges, values);
}

// Steps of a process; made when they are first asked for.
export function stepsOf(process, segment, quantity) {
  process.steps ??= {};
  process.steps[quantity.key] ??= quantity.total
    ? rateSteps(process, segment, quantity) : memorySteps(process, segment, quantity);
  return process.steps[quantity.key];
}

// Where the steps of a process begin and end, as indices of the segment's times.
function placesOf(process, segment, quantity) {
  if (!quantity.total)
    return process.at;
  return boundsOf(process, segment).map((i) => process.at[i]);
}

// The sum of all: at each time goes up by what begins there and down by what ends.
function sumSteps(segment, quantity) {
  const change = new Float64Array(segment.time.length);
  for (const process of segment.processes) {
    if (process.shares && !quantity.total)
      continue;
    const steps = stepsOf(process, segment, quantity);
    const places = placesOf(process, segment, quantity);
    for (let i = 0; i < steps.length; i++) {
      change[places[i]] += steps.values[i];
      change[places[i + 1]] -= steps.values[i];
    }
    if (!process.kept)
      delete process.steps[quantity.key];
  }
  const values = new Float64Array(Math.max(segment.time.length - 1, 0));
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    sum += change[i];
    values[i] = sum > 1e-6 ? sum : 0;
  }
  return new Steps(segment.time, values, integrate(segment.time, values));
}

export function totalOf(segment, quantity) {
  segment.totals ??= {};
  segment.totals[quantity.key] ??= sumSteps(segment, quantity);
  return segment.totals[quantity.key];
}

// Did any process ever have some?
export function everAny(segment, quantity) {
  const steps = totalOf(segment, quantity);
  return steps.length > 0 && steps.extremes(0, steps.length - 1)[1] > 0;
}
