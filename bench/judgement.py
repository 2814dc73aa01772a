# SPDX-License-Identifier: MIT
"""The figures beside those that are committed: which got worse."""

import math
from dataclasses import dataclass

from readings import FIGURES

HEADING = """\
# What the last accepted run of the bench measured: written by `bench/run --accept`, docs/bench.md.
# figure\tvalue\tunit\tgoal
"""


class Malformed(Exception):
    """The file of figures is of no use; the text says why and what to do."""


@dataclass(frozen=True)
class Verdict:
    """One figure. A value that is None is not there."""

    figure: object
    measured: float
    committed: float

    @property
    def change(self):
        """How much more than committed, as a share of it; None if that cannot be said."""
        if self.measured is None or not self.committed:
            return None
        return self.measured / self.committed - 1

    @property
    def leeway(self):
        """How far it may be off before it is worse, or better, than committed."""
        if self.figure.tolerance is None:
            return math.inf
        return max(abs(self.committed) * self.figure.tolerance, self.figure.slack)

    @property
    def fault(self):
        """Why it failed, or ""."""
        if self.measured is None:
            return "not measured"
        if self.committed is None:
            return "not among the committed figures: `bench/run --accept`"
        if self.measured > self.committed + self.leeway:
            return f"worse than committed by more than {number(self.leeway)}"
        return ""

    @property
    def better(self):
        """Worth to be accepted: else it might get worse again unnoticed."""
        return not self.fault and self.measured < self.committed - self.leeway

    @property
    def met(self):
        """Whether the goal is; None where there is none, or nothing was measured."""
        if self.figure.goal is None or self.measured is None:
            return None
        return self.measured <= self.figure.goal


def number(value):
    """As it is committed: four digits, more before the point."""
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"


def _goal(figure):
    return "-" if figure.goal is None else f"<= {figure.goal:g}"


def written(values):
    """The text of the file, of {name: value}."""
    return HEADING + "".join(
        f"{figure.name}\t{number(values[figure.name])}\t{figure.unit}\t{_goal(figure)}\n"
        for figure in FIGURES)


def _line(line, known):
    cells = line.split("\t")
    if len(cells) != 4:
        raise Malformed("not four columns with tabs between them")
    name, value, unit, goal = cells
    figure = known.get(name)
    if not figure:
        raise Malformed(f"no figure is called {name}")
    if (unit, goal) != (figure.unit, _goal(figure)):
        raise Malformed(f"{name} is in {figure.unit}, its goal {_goal(figure)}")
    try:
        value = float(value)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise Malformed(f"{cells[1]} is no number")
    return name, value


def committed(text, name="the file of figures"):
    """{name: value} of such a text. Malformed, also if a figure stands there twice."""
    known = {figure.name: figure for figure in FIGURES}
    values = {}
    for at, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        try:
            figure, value = _line(line, known)
            if figure in values:
                raise Malformed(f"{figure} stands here twice")
        except Malformed as fault:
            raise Malformed(f"{name}:{at}: {fault}: mend it, or write it anew with "
                            "`bench/run --accept`") from None
        values[figure] = value
    return values


def judge(readings, values):
    """A Verdict for each figure."""
    return [Verdict(figure, figure.value(readings), values.get(figure.name))
            for figure in FIGURES]
