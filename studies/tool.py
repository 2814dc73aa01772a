# SPDX-License-Identifier: MIT
"""The tool `faultline`: what it recorded of a run, and its report of that."""

import json
import subprocess
from pathlib import Path

TOOL = Path(__file__).resolve().parent.parent / "build" / "faultline"
TEMPLATE = TOOL.with_name("report.html")
RECORDING = "faultline"     # how the name of a recording of a run ends


class Failed(Exception):
    """The tool did not do what it was told; the text is what it said."""


def _run(*words):
    done = subprocess.run([TOOL, *words], capture_output=True, text=True)
    if done.returncode:
        raise Failed(done.stderr.strip() or f"{TOOL.name} ended with status {done.returncode}")
    return done.stdout


def recorded(path):
    """What the processes of `work` came to in a recording: {field of analysis.Sample: sum}."""
    lines = _run("export", "--format", "json", path).splitlines()
    ends = [record for record in map(json.loads, lines) if record["type"] == "exit"
            and record["name"] == "work"]
    return {"minor": sum(end["minor_faults"] for end in ends),
            "major": sum(end["major_faults"] for end in ends)}


def explained(path):
    """The report of a recording, as text for a terminal."""
    return _run("report", path)


def report(path):
    """Writes the page of a recording beside it, as NAME.html, if `make page` made it possible."""
    if TEMPLATE.exists():
        _run("report", "--html", path.with_suffix(".html"), path)
