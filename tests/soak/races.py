# SPDX-License-Identifier: MIT
"""SIGKILL, exec and exit at random moments, from all threads."""

from stage import Reader, check


def run(stage):
    with Reader() as reader:
        figures = stage.run("races")
        reader.check_faults(figures)
    check(figures["execs"] and figures["threads"] and figures["killed"], f"no race: {figures}")
    return (f"{figures['born']} processes, {figures['killed']} killed, {figures['execs']} execs, "
            f"{figures['threads']} threads, {figures['too_late']} registered too late; "
            f"{figures['minor']} minor and {figures['major']} major faults as wait4 has them")
