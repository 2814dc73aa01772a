// SPDX-License-Identifier: MIT
// The legend: who is drawn, with the figures at the cursor, or of the window if there is none.

import { missingBetween } from "./gaps.js";
import { clean, element, moment, numberOf, short } from "./units.js";

export class Readout {
  constructor(state, plots) {
    this.state = state;
    this.plots = plots;
    this.body = document.querySelector("#readout tbody");
    this.when = document.getElementById("readout-when");
    this.build();
  }

  build() {
    const { state } = this;
    const focus = [...this.body.querySelectorAll("button")].indexOf(document.activeElement);
    this.rows = [this.row(null, () => state.toggleSum())];
    for (const one of state.drawn)
      this.rows.push(this.row(one, () => state.toggle(one.process)));
    this.body.replaceChildren(...this.rows.map((row) => row.line));
    this.body.querySelectorAll("button")[focus]?.focus();
    this.update();
  }

  row(one, toggle) {
    const shown = one ? !this.state.hidden.has(one.process) : this.state.sum;
    const line = element("tr");
    const button = element("button", null, { type: "button", "aria-pressed": String(shown) });
    const swatch = element("span", null, { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = `var(--${one ? `line-${one.colour}` : "sum"})`;
    button.append(swatch, element("bdi", one ? clean(one.process.name) : "all processes"));
    if (one)
      button.append(element("small", numberOf(one.process)));
    button.title = `${shown ? "Hide" : "Show"} in the plots`;
    button.addEventListener("click", toggle);
    for (const event of ["mouseenter", "focusin"])
      line.addEventListener(event, () => this.bringOut(one));
    for (const event of ["mouseleave", "focusout"])
      line.addEventListener(event, () => this.bringOut());
    const head = element("th", null, { scope: "row" });
    head.append(button);
    const cells = this.plots.map(() => element("td"));
    line.append(head, ...cells);
    return { line, cells, one, shown };
  }

  // For who cannot tell its colour from the others', or finds no line among many.
  bringOut(one) {
    this.plots.forEach((plot) => plot.bringOut(one));
  }

  update() {
    const { state } = this;
    const visible = state.visible;
    for (const { cells, one, shown } of this.rows)
      cells.forEach((cell, i) => {
        const slices = one ? this.plots[i].slices.each[visible.indexOf(one)]
          : this.plots[i].slices.sum;
        const mean = slices && (shown || !one) ? this.plots[i].mean(slices) : null;
        cell.textContent = mean === null ? "–" : short(mean);
      });
    this.describe();
  }

  describe() {
    const { from, to, slice, segment } = this.state;
    const width = (to - from) / this.plots[0].slices.sum.mean.length;
    if (slice === null) {
      const lacks = missingBetween(segment, from, to);
      this.when.textContent = `Means while alive, from ${moment(from, to - from)} to ` +
        moment(to, to - from) + (lacks ? `; ${lacks}` : "");
      return null;
    }
    const begin = from + slice * width;
    const lacks = missingBetween(segment, begin, begin + width);
    this.when.textContent = `At ${moment(begin + width / 2, width * 50)}` +
      (lacks ? `: ${lacks}` : "");
    return begin + width / 2;
  }
}
