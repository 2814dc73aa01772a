# SPDX-License-Identifier: MIT
"""What the studies gave, as one value; as results.json; and its way into the results folder."""

import json
import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import datetime, timezone

import definition
import gnuplot
import plot
import tool
from explanation import explain
from judgement import judge
from machine import ROOT

FORMAT = 1                  # of results.json: goes up when a field changes its meaning
DOCUMENT = "results.json"
PAGE = "index.html"


@dataclass(frozen=True)
class Outcome:
    """One study: its checks, its pictures and what they say."""

    study: definition.Study
    checks: list
    plots: list
    explanation: object

    @property
    def held(self):
        return all(check.held for check in self.checks)

    @property
    def missed(self):
        return [check for check in self.checks if not check.held]


@dataclass(frozen=True)
class Results:
    """All that was measured in one go."""

    recordings: dict        # machine name: machine.Recording
    base: float             # minor faults of a process beside its buffer
    outcomes: list

    @property
    def held(self):
        return all(outcome.held for outcome in self.outcomes)

    @property
    def measured(self):
        return _all_runs(self.recordings)


def _all_runs(recordings):
    return {name: run for recording in recordings.values()
            for name, run in recording.runs.items()}


def evaluate(studies, recordings):
    """Judges and explains what was recorded."""
    measured = _all_runs(recordings)
    base = definition.base_faults(measured[definition.BASE].total("minor"))
    outcomes = [Outcome(study, judge(study, measured, base), plot.plots(study, measured, base),
                        explain(study, measured, base)) for study in studies]
    return Results(recordings, base, outcomes)


def versions():
    """Of everything that has a hand in the figures and the pictures, except the guest's kernel."""
    said = subprocess.run([gnuplot.GNUPLOT, "--version"], capture_output=True, text=True)
    return {"faultline": (ROOT / "VERSION").read_text(encoding="ascii").strip(),
            "python": platform.python_version(),
            "gnuplot": said.stdout.strip().removeprefix("gnuplot ")}


def document(results):
    """results.json: every figure with its unit in its name."""
    return {
        "format": FORMAT,
        "recorded": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "versions": versions(),
        "sample_period_s": definition.PERIOD,
        "base_minor_faults_per_process": round(results.base, 1),
        "machines": {name: _machine(recording)
                     for name, recording in results.recordings.items()},
        "runs": {name: _run(name, results) for name in results.measured},
        "studies": {outcome.study.name: _study(outcome) for outcome in results.outcomes},
        "held": results.held,
    }


def _machine(recording):
    entry = {"kernel": recording.release, "cpus": recording.cpus, "hz": recording.hz,
             "memory_kib": recording.memory, "swap_kib": recording.swap}
    if recording.acceleration:
        entry["acceleration"] = recording.acceleration
    return entry


def _run(name, results):
    measured = results.measured[name]
    recording = results.recordings[measured.run.machine]
    pages_in, pages_out = recording.swapped[name]
    return {
        "machine": measured.run.machine,
        "processes": [{"command": process.command, "mb": process.mb, "mode": process.mode,
                       "accesses_per_iteration": process.accesses, "pages": process.pages}
                      for process in measured.run.processes],
        "samples_file": f"{name}.data",
        "recording_file": f"{name}.{tool.RECORDING}",
        "report_file": f"{name}.html",
        "samples": len(measured.samples),
        "hz": measured.hz,
        "minor_faults": measured.total("minor"),
        "major_faults": measured.total("major"),
        "cpu_time_jiffies": measured.total("cpu"),
        "completion_jiffies": measured.completion,
        "mean_cpu_use_percent": round(measured.cpu_use, 2),
        "mean_minor_faults_per_s": round(measured.fault_rate, 1),
        "pages_swapped_in": pages_in,
        "pages_swapped_out": pages_out,
        "minor_faults_recorded": measured.recorded["minor"],
        "major_faults_recorded": measured.recorded["major"],
    }


def _study(outcome):
    return {
        "title": outcome.study.title,
        "runs": list(outcome.study.runs),
        "compared_with": list(outcome.study.compared),
        "held": outcome.held,
        "checks": [{"what": check.what, "unit": check.unit, "measured": check.measured,
                    "expected": check.expected, "tolerance": check.tolerance,
                    "least": check.least, "most": check.most,
                    "held": check.held if check.judged else None}
                   for check in outcome.checks],
        "plots": [f"{picture.name}.{kind}" for picture in outcome.plots
                  for kind in ("png", "svg", "gp")],
    }


def write(results, html, folder):
    """Everything into `folder`, a Path, beside the samples that are there already."""
    for outcome in results.outcomes:
        for picture in outcome.plots:
            plot.draw(picture, folder)
    (folder / PAGE).write_text(html(folder), encoding="utf-8")
    text = json.dumps(document(results), indent=2, ensure_ascii=False)
    (folder / DOCUMENT).write_text(text + "\n", encoding="utf-8")


def publish(folder, target):
    """Moves the finished files from `folder` into `target`, beside it; each appears whole.

    results.json goes first out and comes last in: where it is, the files that it names are.
    """
    target.mkdir(exist_ok=True)
    (target / DOCUMENT).unlink(missing_ok=True)
    for path in sorted(folder.iterdir(), key=lambda path: path.name == DOCUMENT):
        os.replace(path, target / path.name)
