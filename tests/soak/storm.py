# SPDX-License-Identifier: MIT
"""Processes that register and die, as many a second as the machine can bear."""

from stage import Reader


def figures_of(figures, seconds):
    return (f"{figures['born']} processes, {figures['born'] / seconds:.0f} a second, "
            f"{figures['registered']} registered, {figures['left']} left, "
            f"{figures['too_late']} too late, {figures['bystanders']} bystanders; "
            f"{figures['minor']} minor and {figures['major']} major faults as wait4 has them")


def run(stage):
    with Reader() as reader:
        figures = stage.run("storm")
        reader.check_faults(figures)
    return figures_of(figures, stage.seconds)
