// SPDX-License-Identifier: MIT
// What is looked at: the segment, the window of time, and which processes are drawn. Views listen.

export const COLOURS = 10;
export const TOP = 10;
const DRAWN_MAX = 30;

export class State extends EventTarget {
  constructor(report) {
    super();
    this.report = report;
    this.stacked = false;
    this.paper = false;
    this.open(0);
  }

  open(number) {
    this.segment = this.report.segments[number];
    const times = this.segment.time;
    this.start = Math.min(times[0] ?? 0, 0);
    this.end = Math.max(times.at(-1) ?? 0, this.segment.elapsed_s, this.start + 1e-3);
    this.from = this.start;
    this.to = this.end;
    this.drawn = [];
    this.hidden = new Set();
    this.sum = true;
    this.slice = null;
    this.addTop();
  }

  tell(what) {
    this.dispatchEvent(new Event(what));
  }

  // So far can be zoomed in: some intervals stay to be seen.
  get narrowest() {
    return Math.min(Math.max(this.segment.period_s * 4, 2e-5), (this.end - this.start) / 2);
  }

  look(from, to) {
    const width = Math.min(Math.max(to - from, this.narrowest), this.end - this.start);
    from = Math.min(Math.max((from + to - width) / 2, this.start), this.end - width);
    if (from === this.from && from + width === this.to)
      return;
    this.from = from;
    this.to = from + width;
    this.tell("window");
  }

  lookAll() {
    this.look(this.start, this.end);
  }

  // Zoom by a factor around a place, 0 to 1 of the window; by 1 it only moves.
  zoom(factor, place = 0.5) {
    const width = this.to - this.from;
    const kept = this.from + width * place;
    this.look(kept - width * factor * place, kept + width * factor * (1 - place));
  }

  move(part) {
    const width = this.to - this.from;
    const by = Math.min(Math.max(part * width, this.start - this.from), this.end - this.to);
    this.look(this.from + by, this.to + by);
  }

  isDrawn(process) {
    return this.drawn.some((one) => one.process === process);
  }

  get full() {
    return this.drawn.length >= DRAWN_MAX;
  }

  // One more is drawn, in the colour that is used least.
  add(process) {
    if (this.isDrawn(process) || this.full)
      return;
    const used = new Array(COLOURS).fill(0);
    this.drawn.forEach((one) => used[one.colour]++);
    this.drawn.push({ process, colour: used.indexOf(Math.min(...used)) });
    process.kept = true;
  }

  addTop() {
    const faults = (process) => process.minor + process.major;
    const ranked = [...this.segment.processes].sort((a, b) => faults(b) - faults(a));
    ranked.slice(0, TOP).forEach((process) => this.add(process));
  }

  choose(process, wanted) {
    if (wanted)
      this.add(process);
    else
      this.drawn = this.drawn.filter((one) => one.process !== process);
    this.hidden.delete(process);
    this.tell("drawn");
  }

  chooseOnly(processes) {
    this.drawn = [];
    this.hidden.clear();
    processes.forEach((process) => this.add(process));
    this.tell("drawn");
  }

  // In the legend: shown or not for now.
  toggle(process) {
    if (!this.hidden.delete(process))
      this.hidden.add(process);
    this.tell("drawn");
  }

  toggleSum() {
    this.sum = !this.sum;
    this.tell("drawn");
  }

  stack(stacked) {
    this.stacked = stacked;
    this.tell("drawn");
  }

  point(slice) {
    if (slice === this.slice)
      return;
    this.slice = slice;
    this.tell("cursor");
  }

  get visible() {
    return this.drawn.filter((one) => !this.hidden.has(one.process));
  }
}
