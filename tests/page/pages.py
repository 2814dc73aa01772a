# SPDX-License-Identifier: MIT
"""Recordings of made-up processes, and the pages that the tool makes of them."""

import random
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/cli"))

import recordings  # noqa: E402

TOOL = ROOT / "build/faultline"
MS = recordings.MS
EVILS = ["<script>alert(", "</script><b>x", "<img src=x on", "--><!--<script", "\u202eevil"]


def report(recording, page):
    done = subprocess.run([TOOL, "report", f"--html={page}", recording], capture_output=True,
                          text=True, timeout=300)
    if done.returncode:
        raise AssertionError(f"{done.stderr}: was `make tool page` run?")
    return page


def sampled(processes, samples, seed=7):
    """Processes that fault in bursts, one sample each every millisecond; some end."""
    dice = random.Random(seed)
    blocks, records = [], recordings.Records()
    totals = [[0, 0, 0] for _ in range(processes)]
    for i in range(processes):
        records.fork(i * 100, i + 1, 1000 + i, f"worker-{i}", 1 if i else 0)
    for sample in range(samples):
        time_ns = (sample + 1) * MS
        for i, (minor, major, cpu) in enumerate(totals):
            minor += dice.randrange(400 if (sample // 50 + i) % 7 == 0 else 5)
            major += dice.random() < 0.02 * (i % 3)
            cpu += dice.randrange(MS)
            totals[i] = [minor, major, cpu]
            records.sample(time_ns, i + 1, minor, major, cpu, cpu // 3, 2000 + minor // 50, major)
        if records.count > 400:
            blocks.append(records)
            records = recordings.Records(seq=records.seq)
    for i in range(0, processes, 3):
        records.exit((samples + 1) * MS, i + 1, 9 if i % 2 else 0, *totals[i])
    blocks.append(records)
    end = (samples + 2) * MS
    return (recordings.segment_block(period_ns=MS) + b"".join(b.block() for b in blocks) +
            recordings.end_block(0, sum(b.count for b in blocks), recordings.START + end,
                                 own_cpu_ns=3 * MS, pass_ns=2 * MS, passes=samples))


def hostile():
    """Names and a command line that would be markup if they were let."""
    records = recordings.Records()
    for i, name in enumerate(EVILS):
        records.join(i, i + 1, 100 + i, name.encode()[:15])
    for step in range(1, 40):
        for i in range(len(EVILS)):
            records.sample(step * 10 * MS, i + 1, step * step * (i + 1), step, step * MS, 0, 500)
        if step == 20:
            records.missed(step * 10 * MS + 1, 3, 2)
            records.lost(step * 10 * MS + 2, 5, 1)
    records.exec(395 * MS, 1, EVILS[0])
    return recordings.whole(records, command="x </script><script>alert(1)</script>",
                            blind="<b>bold</b> things", node="<i>box")
