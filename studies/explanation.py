# SPDX-License-Identifier: MIT
"""What a study shows, in words, with the measured figures in the sentences."""

from dataclasses import dataclass

from definition import (BASE, CROWDS, RUNS, THRASHING, UNCROWDED, WALK_STEP, distinct_pages)


@dataclass(frozen=True)
class Explanation:
    brief: str              # two or three lines for the terminal
    paragraphs: tuple       # plain text, for the page


def base_cost(base):
    """How the faults beside the buffers were measured."""
    run = RUNS[BASE]
    touched, _ = run.faults()
    return (f"A process takes {base:,.0f} minor faults beside its buffer: program, C library, "
            f"stack, heap. Measured as `{run.processes[0].command}` in the same machine, which "
            f"touches about {touched:.0f} pages of its buffer; those are subtracted. It skips the "
            "pauses, which take no faults.")


def _random(measured, base):
    run = measured["1a"]
    busy, calm = run.run.processes
    first, last = _first_and_last(run)
    half = run.reached("minor", 0.5)
    return Explanation(
        f"Every fault is a page touched for the first time. {run.total('minor'):,} faults in "
        f"{run.seconds:.1f} s: the first two seconds\nbrought {first:,}, the last two {last:,}, "
        "as a random access ever more often meets a page that is there already.",
        ("Fresh memory is only a promise: the kernel provides a page when it is first touched, "
         "and that is a minor fault. A random access to P pages meets an untouched one with "
         "probability e^(−A/P) after A accesses, so A accesses touch P · (1 − e^(−A/P)) pages.",
         f"Each process owns 1024 MB, P = {busy.pages:,} pages. The one with "
         f"{calm.accesses:,} accesses an iteration ends at A/P = {_ratio(calm):.2f}: its line is "
         f"still nearly straight, {distinct_pages(calm.pages, calm.accesses * 20):,.0f} pages. The "
         f"one with {busy.accesses:,} ends at A/P = {_ratio(busy):.2f} and saturates: "
         f"{distinct_pages(busy.pages, busy.accesses * 20):,.0f} of its pages are there in the "
         f"end, and hardly any are left to fault on.",
         f"Measured: {run.total('minor'):,} minor faults, half of them in the first "
         f"{half:.1f} of {run.seconds:.1f} s; {first:,} in the first two seconds, {last:,} in the "
         "last two. The stairs are the iterations: a burst of accesses, then a second's pause.",
         _no_disk(run)))


def _local(measured, base):
    run, other = measured["1b"], measured["1a"]
    busy, local = run.run.processes
    saved = other.total("minor") - run.total("minor")
    first, last = _first_and_last(run)
    jumps = local.accesses * 20 * 2 // 10
    walks = local.accesses * 20 - jumps
    return Explanation(
        f"Same number of accesses as 1a but {saved:,} faults fewer: the local process steps "
        f"{WALK_STEP:.0f} bytes on from\nthe last place, mostly within a page that it has. "
        f"Steep first ({first:,} in two seconds), then flat ({last:,} in the last two).",
        (f"The second process makes {local.accesses * 20:,} accesses, as in 1a, but only "
         f"{jumps:,} of them are random. The other {walks:,} step {WALK_STEP:.0f} bytes on "
         f"average, so it takes 27 of them to leave a page. That is locality, and it is why "
         f"paging works at all: a page that was paid for once is used many times.",
         f"So it costs {distinct_pages(local.pages, jumps):,.0f} faults for the random accesses "
         f"and at most {walks * WALK_STEP / 4096:,.0f} for the walk, where 1a's costs "
         f"{distinct_pages(local.pages, local.accesses * 20):,.0f}. Measured: "
         f"{run.total('minor'):,} faults in all, {saved:,} fewer than in 1a.",
         f"The curve is steep at first, {first:,} faults in the first two seconds, while the "
         f"random process still meets untouched pages everywhere, and flat at the end, {last:,} "
         f"in the last two: the random process has nearly all its pages and the local one "
         "adds little.",
         f"Yet 1b took {run.completion:,} jiffies and 1a {other.completion:,}, nearly the same: "
         "a minor fault costs microseconds of CPU time, and the pauses hide them.",
         _no_disk(run)))


def _crowd(measured, base):
    runs = {number: measured[name] for number, name in CROWDS.items()}
    listed = _listed(f"{run.cpu_use:.1f} % for {number}" for number, run in runs.items())
    rates = _listed(f"{run.fault_rate:,.0f} faults/s for {number}" for number, run in runs.items())
    ends = _listed(f"{run.completion:,}" for run in runs.values())
    each = runs[11].total("minor") / 11
    return Explanation(
        f"Mean CPU use: {listed} processes. Each does the same work on memory of its own, so "
        f"N of them\nneed N times the CPU and take N times the faults, and nobody waits for "
        f"another: {ends} jiffies.",
        (f"Each process touches {each:,.0f} pages of its own 200 MB. N processes take N times the "
         f"faults, and each fault costs CPU time: mean CPU use was {listed} processes, and the "
         f"fault rate {rates}.",
         f"Completion hardly moves: {ends} jiffies for N = 1, 5, 11. All of their memory, up to "
         f"2.2 GB, fits into the machine's 4 GiB; a process is asleep in its pauses most of "
         "the time, and the CPUs have room for all.",
         "CPU use falls during a run: as the buffers fill, a random access finds its page ever "
         "more often and costs no fault. The rise at the very end is the processes' exit: giving "
         "the pages back costs CPU time as well."))


def _thrashing(measured, base):
    roomy, run = measured[UNCROWDED], measured[THRASHING]
    stretch = run.completion / roomy.completion
    return Explanation(
        f"11 x 200 MB do not fit into 1 GiB: {run.total('major'):,} major faults waited for the "
        f"disk. Mean CPU use fell from\n{roomy.cpu_use:.1f} to {run.cpu_use:.1f} % while "
        f"completion stretched {stretch:.1f} times: busy with waiting. That is thrashing.",
        ("The same 11 processes, once in a machine with 4 GiB and once in one with 1 GiB of memory "
         "and a swap disk. Together they touch about 2.2 GB. Once memory is full, every new page "
         "drives out another one, which goes to the disk and which some process soon needs again: "
         "a major fault, and the process sleeps until the disk has brought it.",
         f"Measured: {run.total('major'):,} major faults, against {roomy.total('major'):,} with "
         f"enough memory. The first thousandth of them came after "
         f"{run.reached('major', 0.001):.1f} s, when memory was full.",
         f"More processes do not use more CPU any more: mean CPU use is {run.cpu_use:.1f} % of "
         f"one CPU, where the same work took {roomy.cpu_use:.1f} %, and completion stretches from "
         f"{roomy.completion:,} to {run.completion:,} jiffies, {stretch:.1f} times. The CPUs "
         "idle because everyone waits for the disk. Starting yet another process would make it "
         "worse; the cure is fewer processes at a time, or more memory."))


_EXPLAIN = {"1a": _random, "1b": _local, "2": _crowd, "2t": _thrashing}


def explain(study, measured, base):
    """The Explanation of a study, given its runs as {name: Measured} and the base cost."""
    return _EXPLAIN[study.name](measured, base)


def _ratio(process):
    return process.accesses * 20 / process.pages


def _first_and_last(run, seconds=2):
    """Minor faults in the first and in the last two seconds."""
    curve = run.accumulated("minor")
    first = max(total for time, total in curve if time <= seconds)
    before = max(total for time, total in curve if time <= run.seconds - seconds)
    return first, run.total("minor") - before


def _no_disk(run):
    return (f"Major faults: {run.total('major'):,}. A major fault waits for a disk, and there "
            "is nothing to read from one: memory is enough, and the programs' own pages were "
            "read before the run.")


def _listed(words):
    *most, last = words
    return ", ".join(most) + " and " + last
