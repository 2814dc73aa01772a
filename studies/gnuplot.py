# SPDX-License-Identifier: MIT
"""gnuplot, which draws the pictures of the studies and of the bench."""

import subprocess

GNUPLOT = "gnuplot"
SECONDS = 60                # that a drawing may take
DUMB = "dumb noenhanced size 79,22 nofeed mono"


class Failed(Exception):
    """gnuplot did not draw; the text says why and what to do."""


def png(width, height):
    """The terminal for a PNG of that many pixels."""
    return (f'pngcairo noenhanced size {width},{height} font "sans,13" linewidth 1.2 '
            'background "#ffffff"')


def svg(width, height):
    """The terminal for an SVG of that size."""
    return (f'svg noenhanced size {width},{height} dynamic font "sans-serif,14" '
            'background "#ffffff"')


def quoted(text):
    """A gnuplot string in which nothing has a meaning."""
    return "'" + text.replace("'", "''") + "'"


def run(text, folder=None):
    """What gnuplot prints when it is given a script in a folder."""
    try:
        done = subprocess.run([GNUPLOT, "-"], input=text, capture_output=True, text=True,
                              cwd=folder, timeout=SECONDS)
    except FileNotFoundError as error:
        raise Failed("gnuplot is missing: install the package gnuplot-nox") from error
    except subprocess.TimeoutExpired as error:
        raise Failed(f"gnuplot did not finish within {SECONDS} s") from error
    if done.returncode:
        raise Failed(f"gnuplot failed: {done.stderr.strip()}")
    return done.stdout


def draw(name, text, folder):
    """Writes the script as NAME.gp into `folder`, a Path, and has it drawn there."""
    (folder / f"{name}.gp").write_text(text, encoding="utf-8")
    run(text, folder)


def sketch(text):
    """What a script for a text terminal draws, without empty lines."""
    rows = [row.rstrip() for row in run(text).splitlines()]
    return "\n".join(row for row in rows if row)
