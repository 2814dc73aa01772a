// SPDX-License-Identifier: MIT
// STEPS are a quantity over time that is constant between edges: a rate between two samples, or
// memory from one sample to the next. However many there are, they can be cut into few slices
// quickly: a pyramid has the least and the most of each group of neighbours, and of each group of
// groups.

const GROUP = 8;

export class Steps {
  // edges: ascending, one more than values; sums: the integral up to each edge
  constructor(edges, values, sums) {
    this.edges = edges;
    this.values = values;
    this.sums = sums || integrate(edges, values);
    this.levels = null;
  }

  get length() {
    return this.values.length;
  }

  // The last edge that is not after x, from one on that is known to be so.
  find(x, from = 0) {
    const edges = this.edges;
    let low = from;
    let high = edges.length;
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if (edges[middle] <= x)
        low = middle;
      else
        high = middle;
    }
    return low;
  }

  integral(x, i) {
    if (x <= this.edges[0])
      return this.sums[0];
    if (i >= this.length)
      return this.sums[this.length];
    return this.sums[i] + this.values[i] * (x - this.edges[i]);
  }

  // The mean of what there is from..to; null if there is nothing.
  mean(from, to) {
    const begin = Math.max(from, this.edges[0]);
    const end = Math.min(to, this.edges[this.length]);
    if (!this.length || end <= begin)
      return null;
    const sum = this.integral(end, this.find(end)) - this.integral(begin, this.find(begin));
    return Math.max(sum / (end - begin), 0);
  }

  // The least and the most of the values first to last.
  extremes(first, last) {
    if (!this.levels)
      this.levels = pyramid(this.values);
    let low = Infinity;
    let high = -Infinity;
    let end = last + 1;
    for (const level of this.levels) {
      for (; first < end && first % GROUP; first++) {
        low = Math.min(low, level.low[first]);
        high = Math.max(high, level.high[first]);
      }
      for (; end > first && end % GROUP; end--) {
        low = Math.min(low, level.low[end - 1]);
        high = Math.max(high, level.high[end - 1]);
      }
      if (first >= end)
        break;
      first /= GROUP;
      end /= GROUP;
    }
    return [low, high];
  }

  // Cut from..to into count slices: of each its mean, least and most; null where there is nothing.
  // What covers a slice only in part counts as 0 in the rest, so that sums of means stay right.
  slices(from, to, count) {
    const mean = new Array(count).fill(null);
    const low = new Array(count).fill(null);
    const high = new Array(count).fill(null);
    const last = this.length;
    const width = (to - from) / count;
    if (!last)
      return { mean, low, high };
    let i = this.find(from);
    let before = this.integral(from, i);
    for (let slice = 0; slice < count; slice++) {
      const end = slice + 1 < count ? from + (slice + 1) * width : to;
      const j = this.find(end, i);
      const after = this.integral(end, j);
      if (end > this.edges[0] && end - width < this.edges[last]) {
        const final = Math.min(j > i && this.edges[j] >= end ? j - 1 : j, last - 1);
        const [least, most] = this.extremes(Math.min(i, final), final);
        mean[slice] = Math.max((after - before) / width, 0);
        low[slice] = Math.min(least, mean[slice]);
        high[slice] = Math.max(most, mean[slice]);
      }
      i = j;
      before = after;
    }
    return { mean, low, high };
  }
}

export function integrate(edges, values) {
  const sums = new Float64Array(edges.length);
  for (let i = 0; i < values.length; i++)
    sums[i + 1] = sums[i] + values[i] * (edges[i + 1] - edges[i]);
  return sums;
}

function pyramid(values) {
  const levels = [{ low: values, high: values }];
  while (levels.at(-1).low.length > 1) {
    const below = levels.at(-1);
    const length = Math.ceil(below.low.length / GROUP);
    const low = new Float64Array(length).fill(Infinity);
    const high = new Float64Array(length).fill(-Infinity);
    for (let i = 0; i < below.low.length; i++) {
      const group = (i / GROUP) | 0;
      if (below.low[i] < low[group])
        low[group] = below.low[i];
      if (below.high[i] > high[group])
        high[group] = below.high[i];
    }
    levels.push({ low, high });
  }
  return levels;
}
