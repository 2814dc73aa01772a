# SPDX-License-Identifier: MIT
"""What the programs of the bench say, and the figures that are worked out of it."""

import re
from dataclasses import dataclass

READING = re.compile(r"bench ([\w-]+) (-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$")
MANY = 1000                 # processes, where costs are told for one of many


class Missing(Exception):
    """A reading that a figure is made of is not there; the text is its name."""


class Readings(dict):
    """Value by name."""

    def __missing__(self, name):
        raise Missing(name)

    @classmethod
    def parse(cls, text):
        """Of the lines "bench NAME VALUE"; others are not ours. ValueError if one comes twice."""
        readings = cls()
        for line in text.splitlines():
            found = READING.match(line.strip())
            if not found:
                if line.startswith("bench "):
                    raise ValueError(f"not a reading: '{line.strip()}'")
                continue
            name, value = found.groups()
            if name in readings:
                raise ValueError(f"{name} was read twice")
            readings[name] = float(value)
        return readings

    def text(self):
        return "".join(f"bench {name} {value:.10g}\n" for name, value in self.items())

    def points(self, method, what):
        """(how many, instructions) of all that was read of a method; what is "processes" or so."""
        start = f"{method}-{what}-"
        return sorted((int(name.removeprefix(start)), value) for name, value in self.items()
                      if name.startswith(start))

    def each(self, method, number=MANY):
        """Instructions for one of so many processes."""
        return self[f"{method}-processes-{number}"] / number

    def further(self, method, what, low, high):
        """Instructions that one more costs between two numbers of them."""
        return (self[f"{method}-{what}-{high}"] - self[f"{method}-{what}-{low}"]) / (high - low)

    def added(self, kind):
        """Instructions added to a context switch."""
        return self[f"switch-{kind}"] - self["switch-bare"]


def _value(what, readings):
    try:
        return what.work_out(readings)
    except Missing:
        return None


@dataclass(frozen=True)
class Figure:
    """Less is better in all of them."""

    name: str
    what: str
    unit: str
    goal: float             # at most; None where there is none
    work_out: object        # a function of Readings
    # So much worse than committed, as a share, is no failure yet, or so much in its unit, if that
    # is more. None: differs from boot to boot, is told and not judged.
    tolerance: float = 0.03
    slack: float = 0

    def value(self, readings):
        """None if it was not measured."""
        return _value(self, readings)


INSTRUCTIONS = "instructions"
A_SECOND = "M instructions/s"
NANOSECONDS = "ns"
RECORDS = "records"


def _sampling():
    return [
        Figure("sample.process", "a pass, for each further process", INSTRUCTIONS, 70,
               lambda r: r.further("full", "processes", 100, 1000)),
        Figure("sample.process-of-5000", "a pass, for each beyond 1,000", INSTRUCTIONS, 70,
               lambda r: r.further("full", "processes", 1000, 5000)),
        Figure("sample.thread", "a pass, for each further thread of one", INSTRUCTIONS, 9,
               lambda r: r.further("full", "threads", 1, 16)),
        Figure("sample.thread-of-many", "a pass, for each beyond 16, read apart", INSTRUCTIONS, 9,
               lambda r: r.further("full", "threads", 32, 64)),
        Figure("sample.alone", "a pass over one process, the call included", INSTRUCTIONS, None,
               lambda r: r["full-processes-1"]),
        Figure("sample.ran", "a pass, FL_SETUP_RAN, 1 % ran, for each", INSTRUCTIONS, 1,
               lambda r: r.further("ran", "processes", 100, 1000)),
        Figure("sample.read", "a process of 1,000, sampled and read", INSTRUCTIONS, None,
               lambda r: r.each("read")),
        Figure("record", "a record, read through the mapping and added up", INSTRUCTIONS, 21,
               lambda r: r["record-ours"]),
    ]


def _switching():
    kinds = {
        "loaded": ("no session yet", 0),
        "others": ("of others than those followed", 40),
        "others-ran": ("of others, FL_SETUP_RAN", 40),
        "followed": ("of those followed", 40),
        "followed-ran": ("of those followed, FL_SETUP_RAN", 40),
        "left": ("no session any more", 0),
    }
    # A switch costs thousands, so what is added to it is not known to a hundredth.
    return [Figure(f"switch.{kind}", f"added to a switch: {what}", INSTRUCTIONS, goal,
                   lambda r, kind=kind: r.added(kind), slack=1)
            for kind, (what, goal) in kinds.items()]


def _clock():
    figures = []
    for load, what, goal in (("1-at-1000", "1 process at 1 kHz", 2000),
                             ("100-at-1000", "100 at 1 kHz", 2000),
                             ("1000-at-1000", "1,000 at 1 kHz", 2000),
                             ("5000-at-100", "5,000 at 100 Hz", None),
                             ("1-at-10000", "1 at 10 kHz", None)):
        figures += [
            # Not 99: at 10 kHz one pass in 40 comes right behind a tick of the guest's, or none.
            Figure(f"late.{load}", f"late, {what}: 95 of 100 passes", NANOSECONDS, goal,
                   lambda r, load=load: r[f"late-95-{load}"], slack=100),
            # One pass of thousands, which met whatever else the guest was at.
            Figure(f"latest.{load}", f"late, {what}: the latest pass", NANOSECONDS, goal,
                   lambda r, load=load: r[f"late-most-{load}"], tolerance=None),
        ]
    return figures


def _share():
    loads = {
        "1-at-1000": ("1 process at 1 kHz", None),
        "100-at-1000": ("100 at 1 kHz", None),
        "1000-at-1000": ("1,000 at 1 kHz", 40),
        "1000-at-1000-ran": ("1,000 asleep, 1 kHz, RAN", 40),
        "5000-at-100": ("5,000 at 100 Hz", None),
        "1-at-10000": ("1 at 10 kHz", None),
    }
    # What a wake-up takes differs by where it falls between the guest's own ticks.
    return [Figure(f"taken.{load}", f"taken of the CPU: {what}", A_SECOND, goal,
                   lambda r, load=load: r[f"taken-{load}"] / 1e6, slack=0.5)
            for load, (what, goal) in loads.items()] + [
        Figure(f"gaps.{load}", f"lost, missed or shed: {what}", RECORDS, 0,
               lambda r, load=load: r[f"gaps-{load}"])
        for load, (what, _) in loads.items()]


FIGURES = tuple(_sampling() + _switching() + _clock() + _share())


@dataclass(frozen=True)
class Peer:
    """How others do what one of our figures tells the cost of."""

    what: str
    ours: str               # the figure beside it
    work_out: object

    def value(self, readings):
        """None if it was not measured."""
        return _value(self, readings)


def _way(method):
    return lambda r: r.each(method)


PEERS = (
    Peer("BPF task iterator", "sample.read", _way("iterator")),
    Peer("perf, a group read", "sample.read", _way("perf")),
    Peer("taskstats of a process (without faults)", "sample.read", _way("taskstats-process")),
    Peer("taskstats of a thread", "sample.read", _way("taskstats")),
    Peer("/proc/PID/stat, kept open", "sample.read", _way("proc-kept")),
    Peer("/proc/PID/stat, opened each time", "sample.read", _way("proc-open")),
    Peer("perf's ring, a record", "record", lambda r: r["record-perf"]),
    Peer("text from trace_pipe, a line", "record", lambda r: r["record-text"]),
)
