# SPDX-License-Identifier: MIT
"""Readings that nobody made, for the tests, and the way to the modules under test."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "studies")]
sys.dont_write_bytecode = True

from readings import FIGURES, Readings  # noqa: E402

METHODS = {"full": 60, "read": 80, "ran": 1, "iterator": 800, "perf": 1600, "taskstats": 10000,
           "taskstats-process": 9000, "proc-kept": 11000, "proc-open": 28000}
CALL = 1000                 # instructions of a call, whomever it samples
LOADS = ("1-at-1000", "100-at-1000", "1000-at-1000", "1000-at-1000-ran", "5000-at-100",
         "1-at-10000")


def good_readings():
    """All that there are."""
    readings = Readings()
    for method, cost in METHODS.items():
        for many in (1, 10, 100, 1000, 5000):
            readings[f"{method}-processes-{many}"] = CALL + cost * many
        for many in (1, 2, 4, 8, 16, 32, 64):
            readings[f"{method}-threads-{many}"] = CALL + cost + 5 * (many - 1)
    for kind, cost in (("bare", 2000), ("loaded", 2000), ("others", 2030), ("others-ran", 2030),
                       ("followed", 2036), ("followed-ran", 2038), ("left", 2000)):
        readings[f"switch-{kind}"] = cost
    readings.update({"record-ours": 20, "record-perf": 50, "record-text": 5000})
    for load in LOADS:
        readings.update({f"late-95-{load}": 700, f"late-most-{load}": 1900, f"gaps-{load}": 0,
                         f"taken-{load}": 30e6})
    return readings


def good_values():
    """What is committed of them: {name: value}."""
    return {figure.name: figure.value(good_readings()) for figure in FIGURES}
