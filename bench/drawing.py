# SPDX-License-Identifier: MIT
"""The pictures of the bench: how cost grows with processes and threads, and beside the peers."""

from dataclasses import dataclass

import gnuplot

PNG = gnuplot.png(1000, 640)
SVG = gnuplot.svg(800, 512)

# Told apart by mark, dash, width and lightness as well as by hue; ours are dark and thick.
OURS = ('linecolor rgb "#0b3c6f" linewidth 3 dashtype 1 pointtype 7',
        'linecolor rgb "#0b3c6f" linewidth 3 dashtype (8,4) pointtype 6',
        'linecolor rgb "#0b3c6f" linewidth 3 dashtype (2,3) pointtype 9')
OTHERS = ('linecolor rgb "#d1661a" linewidth 1.8 dashtype 1 pointtype 5',
          'linecolor rgb "#7a9a3a" linewidth 1.8 dashtype (8,4) pointtype 4',
          'linecolor rgb "#555555" linewidth 1.4 dashtype (14,4,2,4) pointtype 11',
          'linecolor rgb "#a05080" linewidth 1.4 dashtype (2,3) pointtype 10',
          'linecolor rgb "#c08a00" linewidth 1.4 dashtype (4,4) pointtype 13')


@dataclass(frozen=True)
class Curve:
    title: str
    style: str
    points: list            # (how many, instructions)
    sketched: bool = True   # on a terminal as well, where there is room for few


@dataclass(frozen=True)
class Way:
    """A method of bench/samples and how its curve looks."""

    method: str
    title: str
    style: str
    sketched: bool = True


@dataclass(frozen=True)
class Picture:
    """Both axes are logarithmic; `name` becomes NAME.gp, NAME.png and NAME.svg."""

    name: str
    title: str
    xlabel: str
    ticks: tuple            # on the x axis
    curves: tuple
    ylabel: str = "instructions for all of them"


_WAYS = (
    Way("proc-open", "/proc/PID/stat, opened each time", OTHERS[4]),
    Way("proc-kept", "/proc/PID/stat, kept open", OTHERS[3], False),
    Way("taskstats", "taskstats, by thread", OTHERS[2], False),
    Way("perf", "perf, group reads", OTHERS[1], False),
    Way("iterator", "BPF task iterator", OTHERS[0]),
    Way("read", "faultline, sampled and read", OURS[0]),
    Way("full", "faultline, the pass alone", OURS[1]),
)
_RAN = Way("ran", "faultline, FL_SETUP_RAN, 1 % ran", OURS[2])


def _curves(readings, what, ways):
    return tuple(Curve(way.title, way.style, readings.points(way.method, what), way.sketched)
                 for way in ways)


def pictures(readings):
    """All of them but those that lack a curve."""
    drawn = (
        Picture("processes", "One sample of N sleeping processes", "processes (N)",
                (1, 10, 100, 1000, 5000), _curves(readings, "processes", (*_WAYS, _RAN))),
        Picture("threads", "One sample of a process with T sleeping threads", "threads (T)",
                (1, 2, 4, 8, 16, 32, 64), _curves(readings, "threads", _WAYS)),
    )
    return [picture for picture in drawn if all(curve.points for curve in picture.curves)]


def _body(picture):
    lines = ["# SPDX-License-Identifier: MIT",
             f"# Draws {picture.name}.png and {picture.name}.svg: gnuplot {picture.name}.gp"]
    for number, curve in enumerate(picture.curves):
        lines.append(f"$curve{number} << END")
        lines += [f"{many} {value:.6g}" for many, value in curve.points]
        lines.append("END")
    ticks = ", ".join(f"'{tick:,}' {tick}" for tick in picture.ticks)
    return lines + [
        f"set title {gnuplot.quoted(picture.title)}",
        f"set xlabel {gnuplot.quoted(picture.xlabel)}",
        f"set ylabel {gnuplot.quoted(picture.ylabel)}",
        "set logscale xy",
        f"set xrange [1:{picture.ticks[-1] * 1.1:g}]",
        'set format y "%.0s %c"',
        "set tics nomirror out",
        f"set xtics ({ticks})",
        "set border 3",
        'set grid ytics linecolor rgb "#b0b0b0" linewidth 0.8 dashtype 1',
        "set key outside bottom center horizontal Left reverse samplen 4 spacing 1.2 maxcols 2"]


def _command(picture, terminal=False):
    drawn = []
    for number, curve in enumerate(picture.curves):
        look = "lines" if terminal else f"linespoints {curve.style}"
        if curve.sketched or not terminal:
            title = gnuplot.quoted(curve.title)
            drawn.append(f"$curve{number} using 1:2 with {look} title {title}")
    return "plot " + ", \\\n     ".join(drawn)


def script(picture):
    """The gnuplot script that draws both files into the folder where it is run."""
    lines = _body(picture)
    lines += [f"set terminal {PNG}", f'set output "{picture.name}.png"', _command(picture),
              f"set terminal {SVG}", f'set output "{picture.name}.svg"', "replot", "set output"]
    return "\n".join(lines) + "\n"


def terminal_script(picture):
    """The same for a text terminal, on standard output; there the labels are the title."""
    lines = [*_body(picture), f"set terminal {gnuplot.DUMB}",
             f"set title {gnuplot.quoted(f'{picture.title}: instructions')}",
             "unset xlabel", "unset ylabel", _command(picture, True)]
    return "\n".join(lines) + "\n"


def draw(picture, folder):
    """Writes NAME.gp, NAME.png and NAME.svg into `folder`, a Path."""
    gnuplot.draw(picture.name, script(picture), folder)


def sketch(picture):
    """The picture as text for a terminal of 80 columns."""
    return gnuplot.sketch(terminal_script(picture))
