# SPDX-License-Identifier: MIT
"""From what `monitor` printed to totals, rates and curves. Pure: no files, no clock."""

from dataclasses import dataclass, field
from typing import NamedTuple

from definition import PERIOD, Run

TICK_RATES = (100, 250, 300, 1000)      # what a Linux kernel for x86 can be configured to


class Sample(NamedTuple):
    """One line of `monitor`; the last three count since the sample before."""

    jiffies: int
    minor: int
    major: int
    cpu: int                # jiffies


class Clock(NamedTuple):
    """The kernel's two clocks, read together."""

    nanoseconds: int
    jiffies: int


def parse(text, name):
    """The samples in `text`; ValueError with the line of `name` that is not one."""
    samples = []
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{name}, line {number}"
        fields = line.split()
        if len(fields) != len(Sample._fields) or not all(f.isascii() and f.isdigit()
                                                         for f in fields):
            raise ValueError(f"{where}: expected four numbers, got '{line[:60]}'")
        sample = Sample(*map(int, fields))
        if samples and sample.jiffies < samples[-1].jiffies:
            raise ValueError(f"{where}: time runs backwards, from {samples[-1].jiffies} "
                             f"to {sample.jiffies} jiffies")
        samples.append(sample)
    if not samples:
        raise ValueError(f"{name}: holds no samples")
    return samples


def tick_rate(first, last):
    """HZ, from two readings of the clocks that lie some seconds apart."""
    elapsed = last.nanoseconds - first.nanoseconds
    if elapsed <= 0:
        raise ValueError("the machine's clock did not advance")
    seen = (last.jiffies - first.jiffies) * 1e9 / elapsed
    nearest = min(TICK_RATES, key=lambda rate: abs(rate - seen))
    if abs(nearest - seen) > 0.05 * nearest:
        raise ValueError(f"the machine ticked {seen:.1f} times a second, which is not near "
                         f"any of {', '.join(map(str, TICK_RATES))}")
    return nearest


@dataclass(frozen=True)
class Measured:
    """A run, the samples of the classic interface, the machine's HZ and what the tool recorded."""

    run: Run
    hz: int
    samples: list = field(repr=False)
    recorded: dict          # what `faultline record` saw of them: {"minor": sum, "major": sum}

    def total(self, what):
        """Sum of a field of the samples: faults, or jiffies of CPU time."""
        return sum(getattr(sample, what) for sample in self.samples)

    @property
    def number(self):
        """Processes."""
        return len(self.run.processes)

    @property
    def completion(self):
        """Jiffies from the first sample to the last."""
        return self.samples[-1].jiffies - self.samples[0].jiffies

    @property
    def seconds(self):
        """The time that the samples cover: the first one, too, looks back over a period."""
        return self.completion / self.hz + PERIOD

    @property
    def cpu_seconds(self):
        return self.total("cpu") / self.hz

    @property
    def cpu_use(self):
        """Mean CPU use over the run, in % of one CPU."""
        return 100 * self.cpu_seconds / self.seconds

    @property
    def fault_rate(self):
        """Mean minor faults a second."""
        return self.total("minor") / self.seconds

    def _time(self, sample):
        return (sample.jiffies - self.samples[0].jiffies) / self.hz + PERIOD

    def accumulated(self, what):
        """The curve [(seconds, sum so far)], from (0, 0)."""
        curve, total = [(0.0, 0)], 0
        for sample in self.samples:
            total += getattr(sample, what)
            curve.append((self._time(sample), total))
        return curve

    def use(self, window=1.0):
        """The curve [(seconds, CPU use in % of one CPU over the `window` seconds before)]."""
        spent = self.accumulated("cpu")
        curve, back = [], 0
        for time, total in spent[1:]:
            while back + 1 < len(spent) and spent[back + 1][0] <= time - window:
                back += 1
            since, before = spent[back]
            if time > since:
                curve.append((time, 100 * (total - before) / self.hz / (time - since)))
        return curve

    def reached(self, what, share):
        """Seconds until this share (0 to 1) of the field's total was reached."""
        goal = share * self.total(what)
        return next(time for time, total in self.accumulated(what) if total >= goal)
