// SPDX-License-Identifier: MIT
// Numbers for people, and text of others that is safe to show.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export const count = (number) => whole.format(number);

// "1 record lost", "2 records lost": the words for one and for more
export const many = (number, one, more) => `${count(number)} ${number === 1 ? one : more}`;

function digits(number) {
  const size = Math.abs(number);
  return number.toFixed(size >= 99.95 || size === 0 ? 0 : size >= 9.995 ? 1 : 2);
}

// Three digits: "987", "55.6k", "1.21M"
export function short(number) {
  for (const [unit, name] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]])
    if (Math.abs(number) >= unit * 0.9995)
      return digits(number / unit) + name;
  return digits(number);
}

// Of an axis: "2.5k", "0.005"; its marks are round, and digits cut off would make them wrong.
export function mark(number) {
  const [unit, name] = [[1e9, "G"], [1e6, "M"], [1e3, "k"]].find(([unit]) => number >= unit) ??
    [1, ""];
  return `${Number((number / unit).toPrecision(6))}${name}`;
}

export function bytes(number) {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  let i = 0;
  for (; number >= 1024 && i + 1 < names.length; i++)
    number /= 1024;
  return `${i ? digits(number) : number} ${names[i]}`;
}

export function duration(seconds) {
  if (seconds >= 60)
    return `${count(Math.floor(seconds / 60))} min ${Math.floor(seconds % 60)} s`;
  if (seconds >= 1 || seconds <= 0)
    return `${digits(seconds)} s`;
  if (seconds >= 1e-3)
    return `${digits(seconds * 1e3)} ms`;
  return `${digits(seconds * 1e6)} µs`;
}

export function percent(part, all) {
  const share = all > 0 ? part / all * 100 : 0;
  return `${share > 0 && share < 0.005 ? "< 0.01" : digits(share)} %`;
}

// A moment, as exact as what is shown is wide: "12.345 s"
export function moment(seconds, width) {
  const places = Math.min(Math.max(Math.ceil(-Math.log10(Math.max(width, 1e-9))) + 3, 0), 9);
  return `${seconds.toFixed(places)} s`;
}

// Others chose it: what cannot be seen, or turns the text around it, is shown as what it is.
export function clean(text) {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, "\ufffd");
}

export function numberOf(process) {
  return process.tid ? `${process.pid}/${process.tid}` : String(process.pid || "no PID");
}

// An element with text in it; never markup.
export function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined && text !== null)
    made.textContent = text;
  for (const [key, value] of Object.entries(attributes))
    made.setAttribute(key, value);
  return made;
}
