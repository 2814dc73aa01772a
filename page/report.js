// SPDX-License-Identifier: MIT
// The page of `faultline report --html`.

import "uplot/dist/uPlot.min.css";
import "./report.css";

import { segmentChoice, tellAbout } from "./about.js";
import { themeButton } from "./colours.js";
import { read } from "./data.js";
import { prepareGaps } from "./gaps.js";
import { listen } from "./keys.js";
import { Lane } from "./lane.js";
import { SLICES_MAX, makePlots } from "./plots.js";
import { Readout } from "./readout.js";
import { State, TOP } from "./state.js";
import { Table } from "./table.js";
import { moment } from "./units.js";

// What it took, and what was drawn: for tests.
const figures = { slices_max: SLICES_MAX, redraws: 0 };

const get = (id) => document.getElementById(id);

class Page {
  constructor(report) {
    this.state = new State(report);
    themeButton(get("theme"), () => this.rebuild());
    this.open(0);
    this.state.addEventListener("window", () => this.soon("window"));
    this.state.addEventListener("drawn", () => this.drawn());
    this.state.addEventListener("cursor", () => this.soon("cursor"));
    get("as-lines").addEventListener("click", () => this.state.stack(false));
    get("as-stack").addEventListener("click", () => this.state.stack(true));
    get("choose-top").addEventListener("click", () => this.state.chooseOnly(this.table.first(TOP)));
    get("choose-none").addEventListener("click", () => this.state.chooseOnly([]));
    segmentChoice(report, (number) => this.open(number));
    listen(this.state, get("plots"));
    for (const [event, paper] of [["beforeprint", true], ["afterprint", false]])
      addEventListener(event, () => this.print(paper));
    new ResizeObserver(() => this.resize()).observe(get("plots"));
  }

  open(number) {
    this.state.open(number);
    prepareGaps(this.state.segment);
    get("report").hidden = false;
    get("plots").replaceChildren();
    get("gap-note").hidden = !this.state.segment.gaps.length;
    tellAbout(this.state);
    this.plots = makePlots(this.state, get("plots"));
    this.lane = new Lane(this.state, get("plots"), get("marks"));
    this.readout = new Readout(this.state, this.plots);
    this.table = new Table(this.state);
    this.tellWindow();
  }

  // However much happens until the next frame, it is drawn once.
  soon(what) {
    this.due ??= new Set();
    if (!this.due.size)
      requestAnimationFrame(() => {
        const { due } = this;
        this.due = new Set();
        if (due.has("window"))
          this.redraw();
        this.point();
      });
    this.due.add(what);
  }

  redraw() {
    const start = performance.now();
    this.plots.forEach((plot) => plot.update());
    this.lane.update();
    this.tellWindow();
    queueMicrotask(() => {
      figures.redraw_ms = performance.now() - start;
      figures.redraws++;
      this.measure();
    });
  }

  point() {
    this.readout.update();
    this.lane.point(this.readout.describe());
  }

  drawn() {
    get("as-lines").setAttribute("aria-pressed", String(!this.state.stacked));
    get("as-stack").setAttribute("aria-pressed", String(this.state.stacked));
    get("band-note").hidden = this.state.stacked;
    this.plots.forEach((plot) => plot.build());
    this.readout.build();
    this.table.mark();
    this.measure();
  }

  rebuild() {
    this.drawn();
    this.lane.build();
  }

  print(paper) {
    this.state.paper = paper;
    this.rebuild();
  }

  resize() {
    this.plots.forEach((plot) => plot.resize());
    this.lane.resize();
  }

  tellWindow() {
    const { from, to, start, end } = this.state;
    const all = from === start && to === end;
    get("window").textContent = `${moment(from, to - from)} to ${moment(to, to - from)}` +
      (all ? ", all of it" : "");
  }

  measure() {
    figures.points = Math.max(...this.plots.map((plot) => plot.points));
    figures.window = [this.state.from, this.state.to];
    figures.plots = this.plots.map(({ plot }) => [plot.scales.x.min, plot.scales.x.max]);
  }
}

async function start() {
  const page = new Page(await read(document));
  page.measure();
  requestAnimationFrame(() => setTimeout(() => {
    figures.first_paint_ms = performance.now();
    figures.ready = true;
  }));
}

globalThis.faultline = figures;
start().catch((error) => {
  get("trouble").hidden = false;
  get("trouble").textContent = `This page cannot be shown: ${error.message}`;
  throw error;
});
