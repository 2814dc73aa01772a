# SPDX-License-Identifier: MIT
"""The storm with so few process numbers that each comes round all the time."""

from pathlib import Path

from stage import Reader, check

PID_MAX = Path("/proc/sys/kernel/pid_max")
LAST_PID = Path("/proc/sys/kernel/ns_last_pid")
RESERVED = 300  # lower numbers are not given again
FREE = 30


def small_pid_max():
    """The bound that leaves so many numbers free."""
    taken = {int(path.name) for path in Path("/proc").glob("[0-9]*/task/[0-9]*")}
    free = 0
    number = RESERVED
    while free < FREE:
        free += number not in taken
        number += 1
    return number


def run(stage):
    usual = PID_MAX.read_text()
    with Reader() as reader:
        PID_MAX.write_text(str(small_pid_max()))
        LAST_PID.write_text(str(RESERVED))
        try:
            figures = stage.run("storm")
        finally:
            PID_MAX.write_text(usual)
        reader.check_faults(figures)
    check(figures["reused"] > figures["born"] / 5 > 0, f"the numbers hardly came round: {figures}")
    return (f"{figures['born']} processes on {FREE} numbers, {figures['reused']} had one that a "
            f"registered one had before, {figures['listed_still']} of them within a period; "
            f"{figures['bystanders']} bystanders never hit; {figures['minor']} minor faults as "
            "wait4 has them")
