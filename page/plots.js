// SPDX-License-Identifier: MIT
// The plots of the quantities. All show the same slices of the same window; what one is told with
// the mouse, all do.

import uPlot from "uplot";

import { colour } from "./colours.js";
import { drawGaps } from "./gaps.js";
import { QUANTITIES, everAny, stepsOf, totalOf } from "./series.js";
import { element, mark, short } from "./units.js";

// So many slices a plot has at most, and a line as many points.
export const SLICES_MAX = 1200;
const HEIGHT = 168;
const HEIGHT_EMPTY = 84;
export const FONT = "11px system-ui, sans-serif";
const LABEL = 18;
export const AXIS_WIDTH = 74;
// Half of the widest mark of time: one may stand at the very end.
export const TIME_HALF = 26;
const PAPER_WIDTH = 700;
// How much is left of the others when one is brought out.
const FADED = 0.12;
// Peaks this many times higher than the highest mean leave the plot at its top.
const PEAKS = 3;

// As few places as a step needs, so that its multiples are not rounded.
function placesOf(step) {
  let places = 0;
  while (places < 6 && Math.abs(step - Number(step.toFixed(places))) > step * 1e-6)
    places++;
  return places;
}

// Marks of the axis of time: "12.5 s".
function timeMarks(_plot, marks) {
  const step = marks.length > 1 ? marks[1] - marks[0] : 1;
  const [unit, name] = step >= 0.001 ? [1, "s"] : [1e-3, "ms"];
  const places = placesOf(step / unit);
  return marks.map((mark) => `${(mark / unit).toFixed(places)} ${name}`);
}

export function timeAxis(more = {}) {
  return {
    stroke: colour("quiet"), grid: { stroke: colour("grid"), width: 1 }, values: timeMarks,
    ticks: { show: false }, font: FONT, size: 24, gap: 4, space: 76, ...more,
  };
}

// As wide as its place, or as paper is, which the style sheet fits it to.
export function widthOf(place, state) {
  return state.paper ? PAPER_WIDTH : Math.max(place.clientWidth, 200);
}

// What all plots do with the mouse.
export function cursor(state) {
  return {
    y: false,
    drag: { x: true, y: false, setScale: false, dist: 4 },
    points: { show: false },
    bind: { dblclick: () => () => state.lookAll() },
    sync: { key: "faultline", setSeries: false, scales: ["x", null] },
  };
}

export function selected(state) {
  return (plot) => {
    const { left, width } = plot.select;
    if (width < 4)
      return;
    const from = plot.posToVal(left, "x");
    const to = plot.posToVal(left + width, "x");
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    requestAnimationFrame(() => state.look(from, to));
  };
}

export function pointed(state) {
  return (plot) => {
    if (plot.cursor.event || plot.cursor.idx === null)
      state.point(plot.cursor.left < 0 ? null : plot.cursor.idx);
  };
}

// Slices of a quantity in the window: of the sum, and of each that is visible.
function slicesOf(state, quantity, count) {
  const cut = (steps) => ({ ...steps.slices(state.from, state.to, count),
    whole: steps.mean(state.from, state.to) });
  return {
    sum: cut(totalOf(state.segment, quantity)),
    each: state.visible.map((one) => cut(stepsOf(one.process, state.segment, quantity))),
  };
}

const most = (values) => values.reduce((top, value) => (value > top ? value : top), 0);

// The highest mean and the highest value of what is shown.
function topsOf(slices, state) {
  const shown = state.stacked || state.sum ? [slices.sum, ...slices.each] : slices.each;
  const mean = Math.max(0, ...shown.map((one) => most(one.mean)));
  return { mean, peak: Math.max(mean, ...shown.map((one) => most(one.high))) };
}

// From the top of the pile down, so that each is painted over what is above it.
function pile(slices, count) {
  const under = new Array(count).fill(0);
  const piled = slices.each.map((one) => one.mean.map((mean, i) => (under[i] += mean ?? 0)));
  const whole = slices.sum.mean.map((mean, i) => Math.max(mean ?? 0, under[i]));
  return [whole, ...piled.reverse()];
}

class Plot {
  constructor(state, quantity, parent) {
    this.state = state;
    this.quantity = quantity;
    this.box = element("figure", null, { class: "plot", id: `plot-${quantity.key}` });
    const caption = element("figcaption");
    caption.append(element("b", quantity.title), element("span", quantity.unit));
    this.top = element("span", null, { class: "top-value" });
    caption.append(this.top);
    this.place = element("div");
    this.box.append(caption, this.place);
    parent.append(this.box);
    this.build();
  }

  get any() {
    return everAny(this.state.segment, this.quantity);
  }

  build() {
    this.plot?.destroy();
    this.box.classList.toggle("none", !this.any);
    this.box.dataset.none = this.quantity.none;
    this.plot = new uPlot(this.options(), null, this.place);
    this.update();
  }

  options() {
    const stacked = this.state.stacked;
    return {
      width: widthOf(this.place, this.state),
      height: this.any ? HEIGHT : HEIGHT_EMPTY,
      padding: [6, TIME_HALF, 0, 0],
      legend: { show: false },
      cursor: cursor(this.state),
      scales: { x: { time: false, auto: false }, y: { auto: false } },
      axes: [timeAxis(), this.valueAxis()],
      focus: { alpha: FADED },
      series: [{}, ...(stacked ? this.piledSeries() : this.lineSeries())],
      bands: stacked ? [] : this.bands(),
      hooks: {
        setSelect: [selected(this.state)],
        setCursor: [pointed(this.state)],
        drawClear: [(plot) => drawGaps(plot, this.state.segment)],
      },
    };
  }

  valueAxis() {
    return {
      stroke: colour("quiet"), grid: { stroke: colour("grid"), width: 1 }, ticks: { show: false },
      font: FONT, size: AXIS_WIDTH - LABEL, space: 30, label: this.any ? this.quantity.unit : " ",
      labelSize: LABEL, labelFont: FONT, labelGap: 0,
      values: (_plot, marks) => marks.map(mark),
    };
  }

  // The first ones are painted last, over the others.
  get painted() {
    return [...this.state.visible].reverse();
  }

  lineSeries() {
    const edge = { stroke: "transparent", width: 0, points: { show: false } };
    const line = (stroke, more) => [
      { stroke, width: 1.5, points: { show: false }, ...more }, edge, edge];
    const sum = this.state.sum
      ? line(colour("sum"), { width: 1, fill: colour("sum-fill") }) : [];
    return [...sum, ...this.painted.flatMap((one) => line(colour(`line-${one.colour}`)))];
  }

  bands() {
    const shown = this.painted.map((one) => colour(`line-${one.colour}`));
    if (this.state.sum)
      shown.unshift(colour("sum"));
    return shown.map((fill, i) => ({ series: [i * 3 + 3, i * 3 + 2], fill: `${fill}33` }));
  }

  piledSeries() {
    const area = (stroke, fill) => ({ stroke, fill, width: 1, points: { show: false } });
    const each = this.state.visible.map((one) => {
      const stroke = colour(`line-${one.colour}`);
      return area(stroke, stroke);
    });
    return [area(colour("sum"), colour("pile")), ...each.reverse()];
  }

  // A line is brought out, and the others fade; null: that of the sum; undefined: none. Not in a
  // pile, where one is painted over the other.
  bringOut(one) {
    const { stacked, sum } = this.state;
    const place = one ? this.painted.indexOf(one) + (sum ? 1 : 0) : 0;
    const there = one ? this.painted.includes(one) : one === null && sum;
    this.plot.setSeries(there && !stacked ? place * 3 + 1 : null, { focus: true });
  }

  get count() {
    return Math.max(Math.min(Math.floor(this.plot.bbox.width / devicePixelRatio), SLICES_MAX), 2);
  }

  // Cut the window anew and draw it.
  update() {
    const { state, plot, count } = this;
    const width = (state.to - state.from) / count;
    const x = Float64Array.from({ length: count }, (_, i) => state.from + (i + 0.5) * width);
    this.slices = slicesOf(state, this.quantity, count);
    const three = ({ mean, low, high }) => [[...mean], low, high];
    const each = [...this.slices.each].reverse();
    const shown = state.sum ? [this.slices.sum, ...each] : each;
    const columns = state.stacked ? pile(this.slices, count) : shown.flatMap(three);
    if (!this.any)
      columns.forEach((column) => column.fill(null));
    const { mean, peak } = topsOf(this.slices, state);
    const top = state.stacked ? mean : Math.min(peak, mean * PEAKS);
    this.top.textContent = peak > 0 ? `up to ${short(peak)}` : "";
    plot.batch(() => {
      plot.setData([x, ...columns], false);
      plot.setScale("x", { min: state.from, max: state.to });
      plot.setScale("y", { min: 0, max: top > 0 ? top * 1.08 : 1 });
    });
    this.describe(peak);
  }

  describe(peak) {
    const { title, unit } = this.quantity;
    this.place.setAttribute("role", "img");
    this.place.setAttribute("aria-label", `${title} over time, ${this.state.visible.length} ` +
      `processes drawn; in this window up to ${short(peak)} ${unit}`);
  }

  resize() {
    const width = widthOf(this.place, this.state);
    if (width === this.plot.width)
      return;
    this.plot.setSize({ width, height: this.plot.height });
    this.update();
  }

  // The mean of a slice, or of the whole window while there was something.
  mean(slices) {
    const at = this.state.slice;
    if (at !== null && at < slices.mean.length)
      return slices.mean[at];
    return slices.whole;
  }

  get points() {
    return this.plot.data.reduce((points, column) => Math.max(points, column.length), 0);
  }
}

export function makePlots(state, parent) {
  return QUANTITIES.map((quantity) => new Plot(state, quantity, parent));
}
