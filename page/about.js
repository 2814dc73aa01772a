// SPDX-License-Identifier: MIT
// What is said in words: whose recording it is, its figures, what stands out, and what it lacks.

import { missing } from "./gaps.js";
import { bytes, clean, count, duration, element, many, percent } from "./units.js";

const SOURCES = { module: "the kernel module", perf: "perf_event_open(2) and /proc",
  proc: "/proc alone", unknown: "a source that this page does not know" };

const INSIGHTS = 4;

function place(id, ...children) {
  document.getElementById(id).replaceChildren(...children);
}

// CPU time of recording: that of passes comes on top only if the module makes them.
function cost(segment) {
  return segment.own_cpu_s + (segment.source === "module" ? segment.pass_s : 0);
}

// A command of several lines is one of words here.
const commandOf = (segment) => clean(segment.command.replace(/\s+/g, " "));

function header(report, segment) {
  const began = new Date(segment.began_ms)
    .toLocaleString("en-GB", { dateStyle: "long", timeStyle: "medium" });
  place("version", report.version);
  const title = commandOf(segment) || clean(report.recording);
  place("title", element("bdi", title));
  document.title = `${title} – faultline`;
  const where = [`${segment.node}, Linux ${segment.kernel} ${segment.machine}`,
    `${segment.cpus} CPUs`, began, duration(segment.elapsed_s)];
  place("where", clean(where.join(" · ")));
}

function card(name, value, note) {
  const box = element("div");
  box.append(element("dt", name), element("dd", value));
  if (note)
    box.append(element("dd", note, { class: "quiet" }));
  return box;
}

function cards(segment) {
  const memory = (pages) => (pages === null ? "unknown" : bytes(pages * segment.page_bytes));
  const ended = segment.processes.filter((process) => process.ended).length;
  place("cards",
    card("Processes", count(segment.processes.length), `${count(ended)} of them ended`),
    card("Minor faults", count(segment.minor), "served without I/O"),
    card("Major faults", count(segment.major), "waited for I/O"),
    card("CPU time", duration(segment.cpu_s), `${duration(segment.system_s)} in the kernel`),
    card("Peak resident", memory(segment.peak_resident), "all at one time"),
    card("Peak swapped", memory(segment.peak_swapped), "all at one time"),
    card("Recording cost", segment.ended ? percent(cost(segment), segment.elapsed_s) : "unknown",
      segment.ended ? `${duration(cost(segment))} of one CPU` : "it did not end well"));
}

// What a finding is about can be looked at.
function insight(state, found) {
  const line = element("li", null, { class: found.kind });
  line.append(element("b", found.title), element("p", clean(found.text)));
  const process = state.segment.processes[found.process];
  if (!process && found.to <= found.from)
    return line;
  const button = element("button", "Show", { type: "button" });
  button.setAttribute("aria-label", `Show in the plots: ${found.title}`);
  button.addEventListener("click", () => {
    const margin = (found.to - found.from) / 4;
    if (process)
      state.choose(process, true);
    if (found.to > found.from)
      state.look(found.from - margin, found.to + margin);
    document.getElementById("plots").scrollIntoView({ block: "start" });
  });
  line.append(button);
  return line;
}

// The first ones, and a button for the rest.
function insights(state) {
  const found = state.segment.insights.map((one) => insight(state, one));
  const more = document.getElementById("all-insights");
  if (!found.length)
    found.push(element("li", "Nothing stands out.", { class: "calm" }));
  more.hidden = found.length <= INSIGHTS;
  more.textContent = `Show all ${found.length} findings`;
  more.onclick = () => {
    more.hidden = true;
    found.forEach((line) => line.classList.remove("rest"));
  };
  found.slice(INSIGHTS).forEach((line) => line.classList.add("rest"));
  place("insights", ...found);
}

function lacks(report, segment) {
  const damaged = report.damaged_bytes + report.ignored_bytes;
  const words = [missing(segment)].filter(Boolean);
  if (damaged)
    words.push(`${bytes(damaged)} of the file damaged or cut off`);
  if (!segment.ended)
    words.push("the recording did not end well: what came last may not be there");
  return words.join("; ");
}

function about(report, segment) {
  const version = segment.source_version ? ` ${segment.source_version}` : "";
  const lacking = lacks(report, segment);
  const rows = [
    ["Command", commandOf(segment) || "unknown"],
    ["Source", `${SOURCES[segment.source]}${version}`],
    ["Cannot see", segment.blind || "nothing is hidden from it"],
    ["Lost or missed", lacking || "nothing"],
    ["Sampled", `${segment.period_s > 0 ? `every ${duration(segment.period_s)}` : "when asked"}, ` +
      many(segment.samples, "sample", "samples")],
    ["Cost of recording", segment.ended ? `${duration(segment.own_cpu_s)} of CPU time of the ` +
      `recorder and ${duration(segment.pass_s)} in ${count(segment.passes)} passes` +
      `${segment.source === "module" ? "" : ", which are part of it"}, in ` +
      `${duration(segment.elapsed_s)}` : "unknown, as it did not end well"],
    ["Recording", report.recording],
  ];
  place("about", ...rows.flatMap(([name, text]) => [element("dt", name),
    element("dd", clean(text), name === "Lost or missed" && lacking ? { class: "bad" } : {})]));
}

export function tellAbout(state) {
  const { report, segment } = state;
  header(report, segment);
  cards(segment);
  insights(state);
  about(report, segment);
}

export function segmentChoice(report, chosen) {
  const select = document.getElementById("segment");
  report.segments.forEach((segment, i) => select.append(element("option",
    `${i + 1}: ${new Date(segment.began_ms).toLocaleString("en-GB")}`, { value: i })));
  document.getElementById("segment-choice").hidden = report.segments.length < 2;
  select.addEventListener("change", () => chosen(Number(select.value)));
}
