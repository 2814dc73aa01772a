# SPDX-License-Identifier: MIT
"""What each study must show: every check as measured, expected, tolerance, held or not."""

from dataclasses import dataclass

import definition
from definition import (CROWDS, ORIGINAL_COMPLETION, RUNS, STUDIES, THRASHING, UNCROWDED)


@dataclass(frozen=True)
class Check:
    """One figure beside its limits; a limit that is None does not bind."""

    what: str
    unit: str
    measured: float
    expected: str           # in words, with the figures
    tolerance: str
    least: float = None
    most: float = None
    digits: int = 0         # after the decimal point, in print

    @property
    def judged(self):
        return self.least is not None or self.most is not None

    @property
    def held(self):
        return not self.miss

    @property
    def miss(self):
        """How far outside its limits the figure lies, in its unit; 0 when it holds."""
        if self.least is not None and self.measured < self.least:
            return self.least - self.measured
        if self.most is not None and self.measured > self.most:
            return self.measured - self.most
        return 0


def percent(share):
    return f"{100 * share:g} %"


def within(what, unit, measured, low, high, share, digits=0):
    """Holds from `low` to `high`, with a tolerance of `share` of each end."""
    expected = f"{low:,.{digits}f}"
    if f"{high:,.{digits}f}" != expected:
        expected += f" to {high:,.{digits}f}"
    return Check(what, unit, measured, expected, percent(share),
                 low * (1 - share), high * (1 + share), digits)


def exactly(what, unit, measured, value):
    return Check(what, unit, measured, f"{value:,}", "none", value, value)


def noted(what, unit, measured, beside):
    """Printed beside a figure of the original, not judged."""
    return Check(what, unit, measured, beside, "not judged")


def _faults(measured, base):
    """Total minor faults against the arithmetic, and no major one."""
    low, high = measured.run.faults()
    beside = measured.number * base
    return [
        within("minor faults", "", measured.total("minor"), low + beside, high + beside,
               definition.FAULT_TOLERANCE),
        exactly("major faults", "", measured.total("major"), 0),
    ]


def _completion(measured, label="completion"):
    name = measured.run.name
    return noted(label, "jiffies", measured.completion,
                 f"the original: {ORIGINAL_COMPLETION[name]:,}")


def _random(measured, base):
    return _faults(measured["1a"], base) + [_completion(measured["1a"])]


def _local(measured, base):
    random, local = measured["1a"], measured["1b"]
    return _faults(local, base) + [
        _completion(local),
        within("completion beside 1a's", "jiffies", local.completion, random.completion,
               random.completion, definition.COMPLETION_TOLERANCE),
    ]


def _crowd(measured, base):
    checks = []
    alone = measured[CROWDS[1]]
    low, high = RUNS[CROWDS[1]].faults()
    for number, name in CROWDS.items():
        run, label = measured[name], f"N={number}: "
        checks.append(within(f"{label}minor faults a process", "", run.total("minor") / number,
                             low + base, high + base, definition.FAULT_TOLERANCE))
        checks.append(exactly(f"{label}major faults", "", run.total("major"), 0))
        if number > 1:
            checks.append(within(f"{label}fault rate", "faults/s", run.fault_rate,
                                 number * alone.fault_rate, number * alone.fault_rate,
                                 definition.RATE_TOLERANCE))
            checks.append(within(f"{label}CPU time", "s", run.cpu_seconds,
                                 number * alone.cpu_seconds, number * alone.cpu_seconds,
                                 definition.CPU_TOLERANCE, digits=2))
        checks.append(_completion(run, f"{label}completion"))
    return checks


def _thrashing(measured, base):
    roomy, cramped = measured[UNCROWDED], measured[THRASHING]
    use = definition.THRASHING_CPU * roomy.cpu_use
    stretch = definition.THRASHING_STRETCH * roomy.completion
    return [
        Check("major faults", "", cramped.total("major"),
              f"{definition.THRASHING_MAJORS:,} or more", "none",
              least=definition.THRASHING_MAJORS),
        Check("mean CPU use", "%", cramped.cpu_use,
              f"below {definition.THRASHING_CPU:g} x {roomy.cpu_use:.1f}", "none",
              most=use, digits=1),
        Check("completion", "jiffies", cramped.completion,
              f"above {definition.THRASHING_STRETCH:g} x {roomy.completion:,}", "none",
              least=stretch),
    ]


_JUDGES = {"1a": _random, "1b": _local, "2": _crowd, "2t": _thrashing}
assert _JUDGES.keys() == STUDIES.keys()


def judge(study, measured, base):
    """The checks of a study, given its runs as {name: Measured} and the base cost in faults."""
    return _JUDGES[study.name](measured, base) + [
        check for name in study.runs for check in _both(name, measured[name])]


def _both(name, run):
    """Both interfaces counted the same faults."""
    return [exactly(f"{what} faults of {name} recorded", "", run.recorded[what], run.total(what))
            for what in ("minor", "major")]
