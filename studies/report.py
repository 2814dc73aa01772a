# SPDX-License-Identifier: MIT
"""What the terminal sees: progress, the table, the verdict."""

import sys
import textwrap
from time import monotonic

from definition import ITERATIONS

PLAIN_SECONDS = 5           # between two plain lines of progress
HEADINGS = ("study", "what", "measured", "expected", "tolerance", "held")


class Ticker:
    """Progress: one line that is rewritten, or a plain line every few seconds."""

    def __init__(self, rewrite, stream=None):
        self.rewrite = rewrite
        self.stream = stream or sys.stdout
        self.run = None
        self.shown = 0.0

    def __call__(self, progress):
        fresh = progress.run != self.run
        line = (f"{progress.run:<5} {progress.seconds:4d} s   "
                f"iteration {min(progress.iteration, ITERATIONS):2d} of {ITERATIONS}   "
                f"{progress.minor:9,} minor  {progress.major:9,} major   "
                f"CPU {progress.cpu_use:3d} %")
        if self.rewrite:
            if fresh and self.run:
                self.stream.write("\n")
            self.stream.write(f"\r{line}\033[K")
        elif fresh or monotonic() - self.shown >= PLAIN_SECONDS:
            self.stream.write(f"{line}\n")
            self.shown = monotonic()
        self.stream.flush()
        self.run = progress.run

    def rest(self):
        """Leaves the rewritten line as it is; the next output starts below it."""
        if self.rewrite and self.run:
            self.stream.write("\n")
            self.stream.flush()
        self.run = None


def figure(check):
    text = f"{check.measured:,.{check.digits}f}"
    return f"{text} {check.unit}".rstrip()


def held(check):
    if not check.judged:
        return "-"
    return "yes" if check.held else "NO"


def rows(outcomes):
    """The table without its headings: a list of strings a check."""
    return [[outcome.study.name, check.what, figure(check), check.expected, check.tolerance,
             held(check)] for outcome in outcomes for check in outcome.checks]


def table(outcomes):
    lines = [list(HEADINGS), *rows(outcomes)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join("  ".join(cell.ljust(width)
                               for cell, width in zip(line, widths)).rstrip() for line in lines)


def verdict(outcomes):
    """A line a study: it held, or which check missed and by how much."""
    lines = []
    for outcome in outcomes:
        name = f"study {outcome.study.name}"
        lines += [f"{name} did NOT hold: {check.what} is {figure(check)}, "
                  f"{_amount(check)} {'below' if _below(check) else 'above'} what is allowed"
                  for check in outcome.missed]
        if outcome.held:
            lines.append(f"{name} held")
    return "\n".join(lines)


def _below(check):
    return check.least is not None and check.measured < check.least


def _amount(check):
    # A miss that would print as 0 is shown as the next larger figure.
    amount = max(check.miss, 10 ** -check.digits)
    return f"{amount:,.{check.digits}f} {check.unit}".rstrip()


def brief(outcome):
    title = f"{outcome.study.name}: {outcome.study.title}"
    return title + "\n" + textwrap.indent(outcome.explanation.brief, "  ")
