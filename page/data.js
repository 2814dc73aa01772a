// SPDX-License-Identifier: MIT
// What tool/page_data.c wrote into the page: metadata as JSON, and numbers as differences, in
// variable lengths, deflated, in base64.

async function inflate(base64) {
  const text = atob(base64);
  const packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++)
    packed[i] = text.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Differences are signed: 0, -1, 1, -2, 2... as 0, 1, 2, 3, 4..., seven bits a byte, the
// low ones first.
export class Numbers {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  // Fill an array with what the differences add up to.
  fill(array) {
    const bytes = this.bytes;
    let at = this.at;
    let sum = 0;
    for (let i = 0; i < array.length; i++) {
      let byte = bytes[at++];
      let number = byte & 127;
      for (let unit = 128; byte > 127; unit *= 128) {
        byte = bytes[at++];
        number += (byte & 127) * unit;
      }
      sum += number % 2 ? -(number + 1) / 2 : number / 2;
      array[i] = sum;
    }
    if (at > bytes.length)
      throw new Error("the data of this page end too early");
    this.at = at;
    return array;
  }
}

function readProcess(process, index, numbers) {
  const column = () => numbers.fill(new Float64Array(process.points));
  process.index = index;
  process.at = numbers.fill(new Uint32Array(process.points));
  process.columns = {
    minor: column(), major: column(), cpu: column(), resident: column(), swapped: column(),
  };
}

// Times become seconds since the segment began.
function readSegment(segment, numbers) {
  segment.time = numbers.fill(new Float64Array(segment.times)).map((ns) => ns / 1e9);
  const seen = new Set();
  segment.processes.forEach((process, i) => {
    readProcess(process, i, numbers);
    // A thread's memory is that of its process, which counts once.
    process.shares = Boolean(process.tid) && seen.has(process.pid);
    seen.add(process.pid);
  });
}

export async function read(document) {
  const report = JSON.parse(document.getElementById("report-meta").textContent);
  const element = document.getElementById("report-data");
  const numbers = new Numbers(await inflate(element.textContent.trim()));
  element.remove();
  for (const segment of report.segments)
    readSegment(segment, numbers);
  return report;
}
