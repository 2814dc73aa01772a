# SPDX-License-Identifier: MIT
"""Made-up samples for the tests, and the way to the modules under test."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
STUDIES = ROOT / "studies"
sys.path.insert(0, str(STUDIES))
sys.dont_write_bytecode = True

from analysis import Measured, Sample  # noqa: E402
from definition import RUNS, base_faults  # noqa: E402

HZ = 250
START = 4_300_000_000
BASE = base_faults(150)


def measured(name, minor, major=0, cpu=100, completion=5000):
    """A run whose totals are these, in 101 samples that are evenly apart, all at the start."""
    samples = [Sample(START + completion * k // 100, 0, 0, 0) for k in range(101)]
    samples[0] = Sample(START, minor - minor // 2, major - major // 2, cpu - cpu // 2)
    samples[1] = samples[1]._replace(minor=minor // 2, major=major // 2, cpu=cpu // 2)
    return Measured(RUNS[name], HZ, samples, {"minor": minor, "major": major})


def good_runs():
    """Every run with figures with which every study holds."""
    runs = {"base": measured("base", 150, completion=10)}
    for name, cpu in (("1a", 900), ("1b", 700), ("2-1", 100), ("2-5", 500), ("2-11", 1100)):
        run = RUNS[name]
        low, high = run.faults()
        minor = round((low + high) / 2 + len(run.processes) * BASE)
        runs[name] = measured(name, minor, cpu=cpu)
    runs["2t-4G"] = measured("2t-4G", 550_000, cpu=1100)
    runs["2t"] = measured("2t", 600_000, major=90_000, cpu=1500, completion=20_000)
    return runs
