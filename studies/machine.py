# SPDX-License-Identifier: MIT
"""Records runs in a virtual machine: starts `vm/run`, follows it, ends it whatever happens."""

import re
import subprocess
import threading
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import tool
from analysis import Clock, Measured, parse, tick_rate

ROOT = Path(__file__).resolve().parent.parent
VM = ROOT / "vm" / "run"
RECORD = ROOT / "studies" / "record"
BUILD = ROOT / "build"
PROGRAMS = ("work", "monitor", "faultline")
GRACE = 20                  # seconds that vm/run gets to take its machine down
LAST_WORDS = 8              # lines of standard error that a failure repeats


class Failed(Exception):
    """Nothing was measured; the text says why and what to do."""


@dataclass(frozen=True)
class Progress:
    run: str
    seconds: int
    iteration: int
    minor: int
    major: int
    cpu_use: int            # % of one CPU, over the last second or so


@dataclass
class Recording:
    """What a machine said about itself and the runs in it, and the samples."""

    release: str = ""
    cpus: int = 0
    memory: int = 0         # KiB
    swap: int = 0           # KiB
    acceleration: str = ""  # "kvm", "tcg", "icount", or "" where vm/run did not say
    clocks: list = field(default_factory=list)
    swapped: dict = field(default_factory=dict)     # run: (pages in, pages out)
    complete: bool = False
    runs: dict = field(default_factory=dict)        # run: Measured

    @property
    def hz(self):
        return tick_rate(self.clocks[0], self.clocks[-1])

    def heed(self, line):
        """Takes in a line of studies/record; Progress if it is about that, else None."""
        words = line.split()
        if words[:1] != ["study"]:
            return None
        match words[1:]:
            case ["machine", release, cpus, memory, swap]:
                self.release, self.cpus = release, int(cpus)
                self.memory, self.swap = int(memory), int(swap)
            case ["clock", nanoseconds, jiffies]:
                self.clocks.append(Clock(int(nanoseconds), int(jiffies)))
            case ["begin", run]:
                return Progress(run, 0, 0, 0, 0, 0)
            case ["progress", run, *figures] if len(figures) == 5:
                return Progress(run, *map(int, figures))
            case ["end", run, pages_in, pages_out]:
                self.swapped[run] = int(pages_in), int(pages_out)
            case ["complete"]:
                self.complete = True
            case _:
                raise ValueError(f"studies/record said something unknown: '{line.strip()}'")
        return None


def check_built():
    """Failed unless everything that the machine needs is there."""
    missing = [str(path.relative_to(ROOT)) for path in (VM, *(BUILD / name for name in PROGRAMS))
               if not path.is_file()]
    if missing:
        raise Failed(f"{' and '.join(missing)} missing: run `make` in {ROOT} first")


def plan(runs):
    """What studies/record is to do: a line a process."""
    return "".join(f"{run.name} {' '.join(process.arguments)}\n"
                   for run in runs for process in run.processes)


def record(machine, runs, folder, show):
    """Boots `machine`, records `runs` into `folder` and calls show(Progress) meanwhile.

    Failed, with the machine gone, if not every run was recorded whole; the same for exceptions
    that signal handlers raise.
    """
    folder = Path(folder)
    (folder / "plan").write_text(plan(runs), encoding="ascii")
    command = [VM, *machine.options(len(runs)), "--writable", folder, "--",
               RECORD, BUILD, folder]
    recording = Recording()
    errors = deque(maxlen=LAST_WORDS)
    # A session of its own: ^C reaches this process alone, which then ends the machine in order.
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace",
                          start_new_session=True) as child:
        listener = threading.Thread(target=_listen, args=(child.stderr, recording, errors),
                                    daemon=True)
        listener.start()
        try:
            for line in child.stdout:
                try:
                    progress = recording.heed(line)
                except ValueError as error:
                    raise Failed(str(error)) from error
                if progress:
                    show(progress)
            status = child.wait()
        finally:
            _end(child)
            listener.join(GRACE)
    if status or not recording.complete:
        said = "".join(f"\n    {line}" for line in errors)
        raise Failed(f"the {machine.memory} machine failed with status {status}; it said:{said}")
    _collect(recording, runs, folder)
    (folder / "plan").unlink()
    return recording


def _listen(stream, recording, errors):
    for line in stream:
        errors.append(line.rstrip())
        if line.startswith("vm: "):     # getting a kernel, trying KVM: what takes its time
            print(f"  {line.rstrip()}", flush=True)
        found = re.search(r"\((KVM|TCG|icount)\b", line)
        if found:
            recording.acceleration = found.group(1).lower()


def _end(child):
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _collect(recording, runs, folder):
    for run in runs:
        path = folder / f"{run.name}.data"
        try:
            samples = parse(path.read_text(encoding="ascii"), path.name)
            recorded = tool.recorded(folder / f"{run.name}.{tool.RECORDING}")
            recording.runs[run.name] = Measured(run, recording.hz, samples, recorded)
        except (OSError, ValueError, tool.Failed) as error:
            raise Failed(f"the samples of run {run.name} are unusable: {error}") from error
