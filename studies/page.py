# SPDX-License-Identifier: MIT
"""index.html: the studies on one page that needs nothing but itself."""

import base64
from html import escape

import report
from explanation import base_cost

STYLE = """
:root { color-scheme: light dark; --ink: #1c1f24; --paper: #ffffff; --line: #d4d8de;
  --faint: #5a6270; --yes: #1d6b34; --no: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --paper: #16181c; --line: #3a4048;
  --faint: #a0a8b4; --yes: #7fd195; --no: #ff8a80; } }
body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 76rem; }
h1, h2 { line-height: 1.2; }
h2 { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1.5rem; }
.faint { color: var(--faint); }
.study { display: grid; grid-template-columns: 3fr 2fr; gap: 2rem; align-items: start; }
@media (max-width: 60rem) { .study { grid-template-columns: 1fr; } }
figure { margin: 0 0 1rem; background: #fff; border: 1px solid var(--line); border-radius: 4px; }
figure img { display: block; width: 100%; height: auto; }
.words p:first-child { margin-top: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums;
  font-size: 0.93rem; }
th, td { text-align: left; padding: 0.35rem 0.9rem 0.35rem 0; white-space: nowrap;
  border-bottom: 1px solid var(--line); vertical-align: top; }
.yes { color: var(--yes); } .no { color: var(--no); font-weight: 700; }
code { font-size: 0.92em; }
"""


def html(results, folder):
    """The page; `folder`, a Path, holds the SVG pictures."""
    verdict = "Every study held." if results.held else "Not every study held."
    return "\n".join([
        "<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<title>faultline: case studies</title>", f"<style>{STYLE}</style>", "</head>", "<body>",
        "<h1>Case studies of page faults</h1>",
        f"<p>{escape(_machines(results))} {verdict}</p>",
        f"<p>{_marked(base_cost(results.base))} {escape(_sampling(results))}</p>",
        *(_study(outcome, folder) for outcome in results.outcomes),
        "<h2>The runs</h2>", _runs(results),
        '<p class="faint">Samples: NAME.data, as monitor prints them: jiffies, minor faults, '
        "major faults, CPU time in jiffies, each since the sample before. NAME.faultline is what "
        "<code>faultline record</code> recorded at the same time, NAME.html the page that "
        "<code>faultline report</code> made of it. The same figures for machines: "
        "results.json.</p>",
        "</body>", "</html>", ""])


def _marked(text):
    """Escaped, with `code` marked as such."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if number % 2 else piece
                   for number, piece in enumerate(pieces))


def _machines(results):
    said = []
    for recording in results.recordings.values():
        swap = f" and {recording.swap / 2**20:.1f} GiB of swap" if recording.swap else ""
        accel = f", {recording.acceleration.upper()}" if recording.acceleration else ""
        cpus = "1 CPU" if recording.cpus == 1 else f"{recording.cpus} CPUs"
        said.append(f"Linux {recording.release} in a virtual machine with {cpus}, "
                    f"{recording.memory / 2**20:.1f} GiB of usable memory{swap} "
                    f"({recording.hz} jiffies a second{accel})")
    text = "Measured on " + "; and on ".join(said) + "."
    if any(recording.acceleration == "icount" for recording in results.recordings.values()):
        text += (" ICOUNT: without hardware to help, the CPU was emulated, and its clock counts "
                 "instructions, one a nanosecond, and skips idle time. Its seconds are not the "
                 "host's, and the same run gives the same figures on a busy host.")
    return text


def _sampling(results):
    run = next(iter(results.measured.values()))
    return (f"The module took 20 samples a second; a jiffy is {1000 / run.hz:g} ms. "
            "CPU use counts one CPU as 100 %.")


def _study(outcome, folder):
    study = outcome.study
    mark = '<span class="yes">held</span>' if outcome.held else \
        '<span class="no">did not hold</span>'
    figures = "".join(_figure(picture, folder) for picture in outcome.plots)
    words = "".join(f"<p>{_marked(text)}</p>" for text in outcome.explanation.paragraphs)
    return (f'<h2 id="study-{escape(study.name)}">Study {escape(study.name)}: '
            f"{escape(study.title)} · {mark}</h2>\n"
            f'<div class="study"><div>{figures}</div><div class="words">{words}</div></div>\n'
            f"{_checks(outcome)}")


def _figure(picture, folder):
    svg = base64.b64encode((folder / f"{picture.name}.svg").read_bytes()).decode("ascii")
    return (f'<figure><img src="data:image/svg+xml;base64,{svg}" '
            f'alt="{escape(picture.title)}: {escape(picture.ylabel)} over time in seconds">'
            "</figure>")


def _checks(outcome):
    lines = [f"<tr>{''.join(f'<th>{heading}</th>' for heading in report.HEADINGS[1:])}</tr>"]
    for row in report.rows([outcome]):
        kind = {"yes": "yes", "NO": "no"}.get(row[-1], "faint")
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in row[1:-1])
        lines.append(f'<tr>{cells}<td class="{kind}">{escape(row[-1])}</td></tr>')
    return _table(lines)


def _runs(results):
    headings = ("run", "processes", "minor faults", "major faults", "CPU time", "mean CPU use",
                "completion", "samples", "recording")
    lines = [f"<tr>{''.join(f'<th>{heading}</th>' for heading in headings)}</tr>"]
    for name, run in results.measured.items():
        cells = (name, _commands(run.run), f"{run.total('minor'):,}", f"{run.total('major'):,}",
                 f"{run.cpu_seconds:.2f} s", f"{run.cpu_use:.1f} %",
                 f"{run.completion:,} jiffies", f"{len(run.samples):,} in {name}.data")
        report = f'<a href="{name}.html">{name}.html</a>'
        lines.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
                     + f"<td>{report}</td></tr>")
    return _table(lines)


def _commands(run):
    commands = [process.command for process in run.processes]
    return " + ".join(f"{commands.count(command)} × {command}" if commands.count(command) > 1
                      else command for command in dict.fromkeys(commands))


def _table(lines):
    return f'<div class="scroll"><table>{"".join(lines)}</table></div>'
