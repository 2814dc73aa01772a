# SPDX-License-Identifier: MIT
"""What the terminal sees: a line for each figure, and the table."""

from judgement import number
from readings import PEERS

HEADINGS = ("ours", "measured", "unit", "goal", "met", "committed", "change", "")
PEER_HEADINGS = ("peers", "measured", "unit", "times ours")


def _change(verdict):
    return "" if verdict.change is None else f"{100 * verdict.change:+.1f} %"


def line(verdict):
    """In the form that tests/run counts."""
    figure = verdict.figure
    if verdict.measured is None:
        return f"not ok bench: {figure.what}: {verdict.fault}"
    told = f"{figure.what}: {number(verdict.measured)} {figure.unit}"
    if verdict.committed is not None:
        beside = f"committed {number(verdict.committed)}"
        change = _change(verdict)
        told += f" ({beside}, {change})" if change else f" ({beside})"
    if figure.tolerance is None:
        told += ", not judged"
    return f"not ok bench: {told}: {verdict.fault}" if verdict.fault else f"ok bench: {told}"


def _row(verdict):
    figure = verdict.figure
    met = {None: "-", True: "yes", False: "NO"}[verdict.met]
    remark = ("FAILED" if verdict.fault else
              "not judged" if figure.tolerance is None else
              "better: accept it" if verdict.better else "")
    return [figure.what,
            "-" if verdict.measured is None else number(verdict.measured), figure.unit,
            "-" if figure.goal is None else f"{figure.goal:g}", met,
            "-" if verdict.committed is None else number(verdict.committed),
            _change(verdict), remark]


def _peer_row(peer, readings, ours):
    value = peer.value(readings)
    beside = ours.get(peer.ours)
    if value is None:
        return [peer.what, "-", "instructions", "-"]
    return [peer.what, number(value), "instructions",
            f"{value / beside:.1f}" if beside else "-"]


def _aligned(rows, right):
    """Columns beside each other; those in `right` are numbers."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) if column in right else cell.ljust(width)
                 for column, (cell, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def table(verdicts, readings):
    ours = {verdict.figure.name: verdict.measured for verdict in verdicts}
    return "\n\n".join((
        _aligned([list(HEADINGS)] + [_row(verdict) for verdict in verdicts], {1, 3, 5, 6}),
        _aligned([list(PEER_HEADINGS)] + [_peer_row(peer, readings, ours) for peer in PEERS],
                 {1, 3})))


def _count(number, one, many):
    return f"{number} {one if number == 1 else many}"


def verdict_line(verdicts):
    failed = [verdict for verdict in verdicts if verdict.fault]
    unmet = [verdict for verdict in verdicts if verdict.met is False]
    better = [verdict for verdict in verdicts if verdict.better]
    words = [f"{len(verdicts) - len(failed)} of {len(verdicts)} figures are as committed or better"]
    if unmet:
        words.append(_count(len(unmet), "goal is not met", "goals are not met"))
    if better:
        words.append(_count(len(better), "is", "are") + " better by so much that it is time for "
                     "`bench/run --accept`")
    return "; ".join(words)
