// SPDX-License-Identifier: MIT
// What is not there: bands where deadlines were missed, visits shed or records lost.

import { colour } from "./colours.js";
import { many } from "./units.js";

// A gap is told of when it is over: it began with the last records before.
function begin(segment, gap) {
  const times = segment.time;
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < gap.t)
      low = middle + 1;
    else
      high = middle;
  }
  return Math.min(low ? times[low - 1] : 0, gap.t - gap.missed * segment.period_s);
}

export function prepareGaps(segment) {
  for (const gap of segment.gaps)
    gap.from = begin(segment, gap);
}

// Stripes, so that they are told from areas by those who see no colours.
function stripes(ctx) {
  const side = 8 * devicePixelRatio;
  const tile = new OffscreenCanvas(side, side);
  const paint = tile.getContext("2d");
  paint.fillStyle = colour("gap");
  paint.fillRect(0, 0, side, side);
  paint.strokeStyle = colour("gap-stripe");
  paint.lineWidth = side / 8;
  for (const shift of [-side, 0, side]) {
    paint.moveTo(shift, side);
    paint.lineTo(shift + side, 0);
  }
  paint.stroke();
  return ctx.createPattern(tile, "repeat");
}

export function drawGaps(plot, segment) {
  const { ctx, bbox } = plot;
  const { min, max } = plot.scales.x;
  let painted = -1;
  if (!segment.gaps.length)
    return;
  ctx.save();
  ctx.fillStyle = stripes(ctx);
  for (const gap of segment.gaps) {
    if (gap.t < min || gap.from > max)
      continue;
    const left = Math.max(plot.valToPos(Math.max(gap.from, min), "x", true), painted);
    const right = plot.valToPos(Math.min(gap.t, max), "x", true);
    const width = Math.max(right - left, left > painted ? 2 * devicePixelRatio : 0);
    ctx.fillRect(left, bbox.top, width, bbox.height);
    painted = Math.max(painted, left + width);
  }
  ctx.restore();
}

// What can be missing, one of it and more.
const WORDS = {
  missed: ["deadline missed", "deadlines missed"],
  shed: ["visit to a process shed", "visits to processes shed"],
  lost: ["record lost", "records lost"],
  unfollowed: ["process not followed", "processes not followed"],
};

// What is missing, in words; "" if nothing.
export function missing(figures) {
  return Object.keys(WORDS).filter((key) => figures[key])
    .map((key) => many(figures[key], ...WORDS[key])).join(", ");
}

export function missingBetween(segment, from, to) {
  const sum = { missed: 0, shed: 0, lost: 0, unfollowed: 0 };
  for (const gap of segment.gaps)
    if (gap.t >= from && gap.from <= to)
      for (const key of Object.keys(sum))
        sum[key] += gap[key];
  return missing(sum);
}
