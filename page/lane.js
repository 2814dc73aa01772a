// SPDX-License-Identifier: MIT
// The lane of marks below the plots: forks, execs and ends of all processes.

import uPlot from "uplot";

import { colour } from "./colours.js";
import { AXIS_WIDTH, FONT, TIME_HALF, cursor, pointed, selected, timeAxis, widthOf }
  from "./plots.js";
import { clean, element, moment, numberOf } from "./units.js";

const KINDS = ["end", "exec", "fork"];
const NEAR_PX = 4;
const SAID_MAX = 6;

// All that happened, in the order of time: what is there and who it is about.
function eventsOf(segment) {
  const events = [];
  for (const process of segment.processes) {
    if (process.forked)
      events.push({ t: process.first_s, row: 2, process, what: "fork" });
    if (process.ended)
      events.push({ t: process.last_s, row: 0, process, what: clean(process.how),
        bad: process.bad });
  }
  for (const { process, t, name } of segment.execs)
    events.push({ t, row: 1, process: segment.processes[process], what: `exec ${clean(name)}` });
  return events.sort((a, b) => a.t - b.t);
}

export class Lane {
  constructor(state, parent, says) {
    this.state = state;
    this.says = says;
    this.events = eventsOf(state.segment);
    this.box = element("figure", null, { class: "plot lane", id: "plot-marks" });
    const caption = element("figcaption");
    caption.append(element("b", "Forks, execs and ends"), element("span", "all processes"));
    this.place = element("div");
    this.box.append(caption, this.place);
    parent.append(this.box);
    this.build();
  }

  build() {
    this.plot?.destroy();
    this.place.setAttribute("role", "img");
    this.place.setAttribute("aria-label", `${this.events.length} forks, execs and ends over time`);
    const quiet = colour("quiet");
    this.plot = new uPlot({
      width: widthOf(this.place, this.state),
      height: 118,
      padding: [4, TIME_HALF, 0, 0],
      legend: { show: false },
      cursor: cursor(this.state),
      scales: { x: { time: false, auto: false }, y: { auto: false, range: [0, 3] } },
      axes: [
        timeAxis({ label: "time since the recording began", labelSize: 20, labelGap: 0,
          labelFont: FONT }),
        { stroke: quiet, size: AXIS_WIDTH, font: FONT, ticks: { show: false },
          grid: { show: false }, splits: [0.5, 1.5, 2.5], values: () => KINDS },
      ],
      series: [{}, { stroke: "transparent", width: 0, points: { show: false } }],
      hooks: {
        setSelect: [selected(this.state)],
        setCursor: [pointed(this.state)],
        draw: [(plot) => this.draw(plot)],
      },
    }, [[this.state.from, this.state.to], [null, null]], this.place);
    this.update();
  }

  // The first event that is not before a time.
  find(t) {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.events[middle].t < t)
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }

  // One mark for each pixel of each row, however many are there; bad ends are painted over others.
  draw(plot) {
    const { ctx, bbox } = plot;
    const size = devicePixelRatio;
    const row = bbox.height / KINDS.length;
    const painted = [new Set(), new Set(), new Set(), new Set()];
    const colours = ["end", "exec", "fork", "bad"].map((name) => colour(`mark-${name}`));
    ctx.save();
    for (let i = this.find(this.state.from); i < this.events.length; i++) {
      const event = this.events[i];
      if (event.t > this.state.to)
        break;
      const x = Math.round(plot.valToPos(event.t, "x", true));
      const kind = event.bad ? 3 : event.row;
      if (painted[kind].has(x) || (kind === 0 && painted[3].has(x)))
        continue;
      painted[kind].add(x);
      ctx.fillStyle = colours[kind];
      ctx.fillRect(x - size, bbox.top + (KINDS.length - 1 - event.row) * row + 3 * size, 2 * size,
        row - 6 * size);
    }
    ctx.restore();
  }

  update() {
    const { from, to } = this.state;
    this.plot.batch(() => {
      this.plot.setData([[from, to], [null, null]], false);
      this.plot.setScale("x", { min: from, max: to });
    });
  }

  // What happened at the cursor, in words.
  point(time) {
    this.says.replaceChildren();
    if (time === null)
      return;
    const near = NEAR_PX * (this.state.to - this.state.from) / this.plot.over.clientWidth;
    let i = this.find(time - near);
    let more = 0;
    for (let said = 0; i < this.events.length && this.events[i].t <= time + near; i++) {
      if (said++ >= SAID_MAX) {
        more++;
        continue;
      }
      const { t, process, what } = this.events[i];
      const line = element("span", `${moment(t, near)} ${what}: `);
      line.append(element("bdi", clean(process.name)), ` (${numberOf(process)})`);
      this.says.append(line);
    }
    if (more)
      this.says.append(element("span", `and ${more} more`));
  }

  resize() {
    const width = widthOf(this.place, this.state);
    if (width !== this.plot.width)
      this.plot.setSize({ width, height: this.plot.height });
  }
}
