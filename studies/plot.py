# SPDX-License-Identifier: MIT
"""The pictures of the studies, drawn by gnuplot from scripts that carry their own data."""

from dataclasses import dataclass

import gnuplot
from definition import CROWDS, ITERATIONS, THRASHING, UNCROWDED

PNG = gnuplot.png(1000, 600)
SVG = gnuplot.svg(800, 480)

# Told apart by dash, width and lightness as well as by hue.
STYLES = (
    'linecolor rgb "#0b3c6f" linewidth 2.6 dashtype 1',
    'linecolor rgb "#d1661a" linewidth 1.8 dashtype (8,4)',
    'linecolor rgb "#7a9a3a" linewidth 1.8 dashtype (2,3)',
    'linecolor rgb "#555555" linewidth 1.2 dashtype (14,4,2,4)',
)


@dataclass(frozen=True)
class Curve:
    title: str
    points: list            # (seconds, value)
    style: int = 0          # which of STYLES


@dataclass(frozen=True)
class Plot:
    """One picture; `name` becomes NAME.gp, NAME.png and NAME.svg."""

    name: str
    title: str
    ylabel: str
    curves: tuple
    key: str = "bottom right"
    headroom: float = 1.08  # the y axis ends at this multiple of the largest value

    def top(self):
        largest = max((value for curve in self.curves for _, value in curve.points), default=0)
        return largest * self.headroom or 1


def _body(plot):
    lines = ["# SPDX-License-Identifier: MIT",
             f"# Draws {plot.name}.png and {plot.name}.svg: gnuplot {plot.name}.gp"]
    for number, curve in enumerate(plot.curves):
        lines.append(f"$curve{number} << END")
        lines += [f"{time:.3f} {value:.5g}" for time, value in curve.points]
        lines.append("END")
    lines += [f"set title {gnuplot.quoted(plot.title)}",
              'set xlabel "time (s)"',
              f"set ylabel {gnuplot.quoted(plot.ylabel)}",
              f"set yrange [0:{plot.top():.6g}]",
              "set xrange [0:*]",
              "set tics nomirror out",
              "set border 3",
              'set grid ytics linecolor rgb "#d0d0d0" linewidth 0.6 dashtype 1',
              f"set key {plot.key} Left reverse samplen 4 spacing 1.2"]
    return lines


def _command(plot):
    drawn = [f"$curve{number} using 1:2 with lines {STYLES[curve.style]} "
             f"title {gnuplot.quoted(curve.title)}" for number, curve in enumerate(plot.curves)]
    return "plot " + ", \\\n     ".join(drawn)


def script(plot):
    """The gnuplot script that draws both pictures into the folder where it is run."""
    lines = _body(plot)
    lines += [f"set terminal {PNG}", f'set output "{plot.name}.png"', _command(plot),
              f"set terminal {SVG}", f'set output "{plot.name}.svg"', "replot", "set output"]
    return "\n".join(lines) + "\n"


def terminal_script(plot):
    """The same for a text terminal, on standard output; there the y label is the title."""
    lines = [*_body(plot), f"set terminal {gnuplot.DUMB}",
             f"set title {gnuplot.quoted(plot.ylabel)}", "unset ylabel", _command(plot)]
    return "\n".join(lines) + "\n"


def draw(plot, folder):
    """Writes NAME.gp, NAME.png and NAME.svg into `folder`, a Path."""
    gnuplot.draw(plot.name, script(plot), folder)


def sketch(plot):
    """The plot as text for a terminal of 80 columns."""
    return gnuplot.sketch(terminal_script(plot))


def _thousands(curve):
    return [(time, value / 1000) for time, value in curve]


def _arithmetic(measured, base, end):
    """What the formulas say after each iteration; `end` picks the least (0) or the most (1).

    The accesses of an iteration come at its start, so the measured stairs stand on this curve.
    """
    step = measured.seconds / ITERATIONS
    beside = measured.number * base
    return [(k * step, beside + measured.run.faults(k)[end]) for k in range(ITERATIONS + 1)]


def _accumulated(title, measured, what="minor", style=0):
    return Curve(title, _thousands(measured.accumulated(what)), style)


def _random(measured, base):
    run = measured["1a"]
    return [Plot(
        "1a-faults", "Study 1a: two processes, random accesses", "minor faults so far (thousands)",
        (_accumulated("measured, both processes", run),
         Curve("arithmetic: sum of P (1 − exp(−A/P)), and the base cost",
               _thousands(_arithmetic(run, base, 0)), 1)))]


def _local(measured, base):
    run = measured["1b"]
    return [Plot(
        "1b-faults", "Study 1b: one process random, one local", "minor faults so far (thousands)",
        (_accumulated("measured 1b: one random, one local", run),
         Curve("arithmetic 1b: at least", _thousands(_arithmetic(run, base, 0)), 2),
         Curve("arithmetic 1b: at most", _thousands(_arithmetic(run, base, 1)), 3),
         _accumulated("measured 1a: both random", measured["1a"], style=1)))]


def _crowd(measured, base):
    runs = [(number, measured[name]) for number, name in reversed(CROWDS.items())]
    return [
        Plot("2-cpu", "Study 2: CPU use for N processes", "CPU use over 1 s (% of one CPU)",
             tuple(Curve(f"N = {number}", run.use(), style)
                   for style, (number, run) in enumerate(runs)),
             key="top right horizontal", headroom=1.25),
        Plot("2-faults", "Study 2: accumulated faults for N processes",
             "minor faults so far (thousands)",
             tuple(_accumulated(f"N = {number}", run, style=style)
                   for style, (number, run) in enumerate(runs)),
             key="top left", headroom=1.15),
    ]


def _thrashing(measured, base):
    roomy, cramped = measured[UNCROWDED], measured[THRASHING]
    return [
        Plot("2t-cpu", "Study 2t: CPU use of 11 processes, with and without enough memory",
             "CPU use over 1 s (% of one CPU)",
             (Curve("1 GiB and swap", cramped.use(), 0),
              Curve("4 GiB", roomy.use(), 1)), key="top right", headroom=1.15),
        Plot("2t-majors", "Study 2t: accumulated major faults",
             "major faults so far (thousands)",
             (_accumulated("1 GiB and swap", cramped, "major"),
              _accumulated("4 GiB", roomy, "major", 1)), key="top left", headroom=1.15),
    ]


_PLOTS = {"1a": _random, "1b": _local, "2": _crowd, "2t": _thrashing}


def plots(study, measured, base):
    """The pictures of a study, given its runs as {name: Measured} and the base cost in faults."""
    return _PLOTS[study.name](measured, base)
