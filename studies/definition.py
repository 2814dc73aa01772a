# SPDX-License-Identifier: MIT
"""The case studies as data: what runs where, and which figures must come out.

Nothing here is fitted to a measurement. What a study expects follows from three sources: the
arithmetic of random accesses below, the figures that were seen on the original page profiler
(ORIGINAL_...), and tolerances that are written down here with their reason.
"""

import math
from dataclasses import dataclass

PAGE = 4096                 # bytes
MIB = 1 << 20               # bytes
ITERATIONS = 20             # of one `work` process
PERIOD = 0.05               # seconds between two samples: FL_CLASSIC_PERIOD_MS of the UAPI header

RANDOM_SHARE = 2 / 10       # of the accesses of `work MB L`, the rest walks
WALK_STEP = (0 + 299) / 2   # bytes, the mean step of that walk

FAULT_TOLERANCE = 0.02      # arithmetic is exact on average; chance and page tables stay far below
COMPLETION_TOLERANCE = 0.05
CPU_TOLERANCE = 0.40        # an emulated CPU shares the host's: its times are rough
RATE_TOLERANCE = 0.20       # faults a second carry the same roughness, diluted by the pauses
THRASHING_MAJORS = 1000     # "thousands": at least this many
THRASHING_CPU = 0.8         # mean CPU use at most this share of the same run with enough memory
THRASHING_STRETCH = 1.1     # completion at least this many times that run's

# Thrashing is waiting for a disk. An emulated CPU takes 10 to 50 times as long for a fault as a
# real one; beside it the host's disk would not be slow, and nobody would wait for it. This one is.
SWAP_IOPS = 1000

# Jiffies at HZ=250 from the first sample to the last, as seen on the original.
ORIGINAL_COMPLETION = {"1a": 5127, "1b": 5122, "2-1": 4992, "2-5": 5019, "2-11": 5032}


def distinct_pages(pages, accesses):
    """Pages touched at least once by uniformly random accesses, on average."""
    return pages * (1 - math.exp(-accesses / pages))


@dataclass(frozen=True)
class Process:
    """One `work MB MODE ACCESSES`; MODE is R (random) or L (local)."""

    mb: int
    mode: str
    accesses: int           # an iteration
    options: tuple = ()

    @property
    def arguments(self):
        return [*self.options, str(self.mb), self.mode, str(self.accesses)]

    @property
    def command(self):
        return " ".join(["work", *self.arguments])

    @property
    def pages(self):
        return self.mb * MIB // PAGE

    def faults(self, iterations=ITERATIONS):
        """Minor faults on its buffer after so many iterations: (least, most), on average."""
        accesses = self.accesses * iterations
        if self.mode == "R":
            touched = distinct_pages(self.pages, accesses)
            return touched, touched
        touched = distinct_pages(self.pages, accesses * RANDOM_SHARE)
        # The walk's own pages are fresh ones at most, touched already at least.
        walked = accesses * (1 - RANDOM_SHARE) * WALK_STEP / PAGE
        return touched, touched + walked


@dataclass(frozen=True)
class Run:
    """Processes that start at the same moment and are recorded together."""

    name: str               # also the name of its samples: NAME.data
    machine: str
    processes: tuple

    def faults(self, iterations=ITERATIONS):
        """Minor faults on all buffers, (least, most), on average."""
        each = [process.faults(iterations) for process in self.processes]
        return sum(low for low, _ in each), sum(high for _, high in each)


@dataclass(frozen=True)
class Machine:
    """A virtual machine to record in; memory and swap as `vm/run` takes them."""

    name: str
    memory: str
    swap: str
    accel: str              # "steady": CPU time that does not depend on the host's load
    warm_up: int            # seconds to boot and to fill the page cache, at the very most
    patience: int           # seconds a run may take at the very most

    def options(self, runs):
        limit = self.warm_up + self.patience * runs
        swap = ["--swap", self.swap, "--swap-iops", str(SWAP_IOPS)] if self.swap else []
        return ["--memory", self.memory, "--cpus", "2", *swap, "--accel", self.accel,
                "--timeout", str(limit)]


@dataclass(frozen=True)
class Study:
    """One question: the runs that it is about, and the runs of others it compares with."""

    name: str
    title: str
    runs: tuple
    compared: tuple = ()


def _crowd(number):
    return tuple(Process(200, "R", 10000) for _ in range(number))


MACHINES = {machine.name: machine for machine in (
    Machine("roomy", "4G", "", "steady", 120, 180),
    # A clock of counted instructions does not know how long a disk takes: these two keep real time.
    Machine("spacious", "4G", "", "auto", 120, 300),
    Machine("cramped", "1G", "4G", "auto", 120, 2400),
)}

# Every page that `work 1 R 1` touches beside its buffer is one that any `work` touches as well.
BASE = "base"
CROWDS = {1: "2-1", 5: "2-5", 11: "2-11"}
UNCROWDED, THRASHING = "2t-4G", "2t"

RUNS = {run.name: run for run in (
    Run(BASE, "roomy", (Process(1, "R", 1, ("--pause", "0")),)),
    Run("1a", "roomy", (Process(1024, "R", 50000), Process(1024, "R", 10000))),
    Run("1b", "roomy", (Process(1024, "R", 50000), Process(1024, "L", 10000))),
    Run("2-1", "roomy", _crowd(1)),
    Run("2-5", "roomy", _crowd(5)),
    Run("2-11", "roomy", _crowd(11)),
    Run(UNCROWDED, "spacious", _crowd(11)),
    Run(THRASHING, "cramped", _crowd(11)),
)}

STUDIES = {study.name: study for study in (
    Study("1a", "two processes, random accesses", ("1a",), (BASE,)),
    Study("1b", "one process random, one local", ("1b",), (BASE, "1a")),
    Study("2", "1, 5 and 11 processes, memory enough", ("2-1", "2-5", "2-11"), (BASE,)),
    Study("2t", "11 processes, memory too small: thrashing", (UNCROWDED, THRASHING)),
)}


def runs_of(studies):
    """The runs that these studies need, each once, in the order in which they are recorded."""
    needed = {name for study in studies for name in study.runs + study.compared}
    # The base run also shows that nothing is left to read from a disk: it leads in its machine.
    needed.add(BASE)
    return [run for run in RUNS.values() if run.name in needed]


def base_faults(total):
    """Faults of a process beside its buffer, from the total of the base run."""
    low, _ = RUNS[BASE].faults()
    return total - low
