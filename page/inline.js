// SPDX-License-Identifier: MIT
// Puts script and style into the template: node inline.js TEMPLATE SCRIPT STYLE LICENCE >PAGE
// Only these two may run: the page's policy has their hashes.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const [template, script, style, licence] = process.argv.slice(2)
  .map((path) => readFileSync(path, "utf8"));

function check(text, end) {
  if (text.toLowerCase().includes(end))
    throw new Error(`what is to be inlined has ${end} in it`);
  return text.trim();
}

const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const parts = { SCRIPT: check(script, "</script"), STYLE: check(style, "</style") };
parts.LICENCE = `The plots are drawn by uPlot.\n${check(licence, "--")}\n`;
parts.POLICY = `default-src 'none'; script-src ${hash(parts.SCRIPT)}; ` +
  `style-src ${hash(parts.STYLE)}; img-src data:; base-uri 'none'; form-action 'none'`;
process.stdout.write(template.replace(/@(LICENCE|POLICY|STYLE|SCRIPT)@/g,
  (_, name) => parts[name]));
