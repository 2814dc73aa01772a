// SPDX-License-Identifier: MIT
// The table of all processes: sorted by any column, searched, and where is chosen who is drawn.

import { bytes, clean, count, duration, element, moment, numberOf } from "./units.js";

const ROWS = 50;
// Moments are no less exact than in a recording of so many seconds: 0.01 s.
const SPAN = 10;

const life = (process) => process.last_s - process.first_s;

function columnsOf(segment) {
  const memory = (pages) => (pages ? bytes(pages * segment.page_bytes) : "–");
  return [
    { name: "Process", by: (p) => clean(p.name).toLowerCase(), text: (p) => clean(p.name),
      up: true },
    { name: "PID", by: (p) => p.pid, text: numberOf, up: true },
    { name: "Parent", by: (p) => segment.processes[p.parent]?.pid ?? -1, up: true,
      text: (p) => (segment.processes[p.parent] ? numberOf(segment.processes[p.parent]) : "–") },
    { name: "Minor faults", by: (p) => p.minor, text: (p) => count(p.minor) },
    { name: "Major faults", by: (p) => p.major, text: (p) => count(p.major) },
    { name: "CPU time", by: (p) => p.cpu_s, text: (p) => duration(p.cpu_s) },
    { name: "in the kernel", by: (p) => p.system_s, text: (p) => duration(p.system_s) },
    { name: "Peak resident", by: (p) => p.peak_resident, text: (p) => memory(p.peak_resident) },
    { name: "Peak swapped", by: (p) => p.peak_swapped, text: (p) => memory(p.peak_swapped) },
    { name: "Switches", by: (p) => p.voluntary + p.involuntary,
      text: (p) => count(p.voluntary + p.involuntary) },
    { name: "Seen from", by: (p) => p.first_s, up: true,
      text: (p) => moment(p.first_s, Math.min(segment.elapsed_s, SPAN)) },
    { name: "Life", by: life, text: (p) => duration(life(p)) },
    { name: "End", by: (p) => p.how, text: (p) => clean(p.how), up: true },
  ];
}

export class Table {
  constructor(state) {
    this.state = state;
    this.columns = columnsOf(state.segment);
    this.order = { column: 3, down: true };
    this.rows = ROWS;
    this.head = document.querySelector("#table thead");
    this.body = document.querySelector("#table tbody");
    this.search = document.getElementById("search");
    this.more = document.getElementById("more");
    this.search.value = "";
    this.search.oninput = () => this.update();
    this.more.onclick = () => this.showMore();
    this.build();
  }

  build() {
    const line = element("tr");
    line.append(element("th", "Drawn", { scope: "col" }));
    this.columns.forEach((column, i) => line.append(this.heading(column, i)));
    this.head.replaceChildren(line);
    this.update();
  }

  heading(column, i) {
    const cell = element("th", null, { scope: "col", class: i ? "" : "text" });
    const button = element("button", column.name, { type: "button" });
    button.addEventListener("click", () => this.sort(i));
    cell.append(button);
    return cell;
  }

  sort(i) {
    const same = this.order.column === i;
    this.order = { column: i, down: same ? !this.order.down : !this.columns[i].up };
    this.update();
  }

  showMore() {
    this.rows *= 10;
    this.update();
  }

  wanted() {
    const word = this.search.value.trim().toLowerCase();
    if (!word)
      return [...this.state.segment.processes];
    return this.state.segment.processes.filter((process) =>
      clean(process.name).toLowerCase().includes(word) ||
      clean(process.first).toLowerCase().includes(word) || numberOf(process).includes(word));
  }

  // The first ones, as they are sorted and searched.
  first(number) {
    return this.sorted.slice(0, number);
  }

  update() {
    const { column, down } = this.order;
    const by = this.columns[column].by;
    const sign = down ? -1 : 1;
    this.sorted = this.wanted().sort((a, b) => {
      const [x, y] = [by(a), by(b)];
      return x < y ? -sign : x > y ? sign : a.index - b.index;
    });
    [...this.head.firstChild.children].slice(1).forEach((cell, i) => cell.setAttribute("aria-sort",
      i !== column ? "none" : down ? "descending" : "ascending"));
    this.shown = this.first(this.rows).map((process) => this.row(process));
    this.body.replaceChildren(...this.shown.map((row) => row.line));
    this.mark();
    document.getElementById("found").textContent =
      `${count(this.sorted.length)} of ${count(this.state.segment.processes.length)}`;
    this.more.hidden = this.sorted.length <= this.rows;
    const more = Math.min(this.rows * 9, this.sorted.length - this.rows);
    this.more.textContent = `Show ${count(more)} more`;
  }

  row(process) {
    const line = element("tr");
    const box = element("input", null, { type: "checkbox",
      "aria-label": `Draw ${clean(process.name)} ${numberOf(process)}` });
    const first = element("td");
    first.append(box);
    line.append(first);
    this.columns.forEach((column, i) => line.append(this.cell(column, i, process)));
    line.classList.toggle("bad", process.bad);
    line.addEventListener("click", () => this.state.choose(process, !this.state.isDrawn(process)));
    return { line, box, process };
  }

  // Tick who is drawn; rows stay, and so does what has the focus.
  mark() {
    for (const { line, box, process } of this.shown) {
      const one = this.state.drawn.find((drawn) => drawn.process === process);
      box.checked = Boolean(one);
      box.disabled = !one && this.state.full;
      line.title = box.disabled ? `${this.state.drawn.length} are drawn, which is the most` : "";
      line.style.setProperty("--mine", one ? `var(--line-${one.colour})` : "transparent");
    }
  }

  cell(column, i, process) {
    if (i)
      return element("td", column.text(process));
    const cell = element("th", null, { scope: "row", class: "text" });
    cell.append(element("bdi", column.text(process)));
    if (process.first !== process.name)
      cell.title = `began as ${clean(process.first)}`;
    return cell;
  }
}
