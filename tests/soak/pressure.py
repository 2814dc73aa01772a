# SPDX-License-Identifier: MIT
"""More memory in use than there is: registered processes that are swapped out and in, and die."""

import contextlib
import os
import re
import signal
from pathlib import Path

from stage import Failure, Program, Reader, check

HOGS = 3
ROOM = 64    # MB of memory that are left to them
BEYOND = 70  # MB that they want more
HUGE_PAGES = Path("/proc/sys/vm/nr_hugepages")
HUGE_MB = 2
SWAPPINESS = Path("/proc/sys/vm/swappiness")


def megabytes(name):
    return int(re.search(rf"^{name}: *(\d+) kB", Path("/proc/meminfo").read_text(), re.M)[1]) >> 10


@contextlib.contextmanager
def small_memory():
    """Sets memory aside as huge pages, which nobody has to fill, and likes swapping."""
    swappiness = SWAPPINESS.read_text()
    # The programs' own pages come back over a slow network file system.
    SWAPPINESS.write_text("200")
    HUGE_PAGES.write_text(str(max(0, megabytes("MemAvailable") - ROOM) // HUGE_MB))
    try:
        yield
    finally:
        HUGE_PAGES.write_text("0")
        SWAPPINESS.write_text(swappiness)


class Hog(Program):
    """One that registers itself; with an odd seed it ends by SIGKILL while it faults."""

    def __init__(self, stage, seconds, odd):
        super().__init__("hog", stage.random.getrandbits(32) * 2 + odd, int(seconds * 1000),
                         (ROOM + BEYOND) // HOGS)

    def usage(self):
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        said = self.process.stderr.read().strip()
        if self.process.returncode not in (0, -signal.SIGKILL) or said:
            raise Failure(said or f"a hog ended with status {self.process.returncode}")
        return usage


def run(stage):
    check(megabytes("SwapFree") > 4 * BEYOND, "the guest has too little swap")
    figures = {"minor": 0, "major": 0}
    born = killed = 0
    with Reader() as reader, small_memory():
        while stage.goes_on():
            seconds = max(3, min(20, stage.left()))
            hogs = [Hog(stage, seconds, number == 0) for number in range(HOGS)]
            usages = [hog.usage() for hog in hogs]
            figures["minor"] += sum(usage.ru_minflt for usage in usages)
            figures["major"] += sum(usage.ru_majflt for usage in usages)
            born += HOGS
            killed += sum(hog.process.returncode != 0 for hog in hogs)
        reader.check_faults(figures)
    check(figures["major"], f"nothing was swapped in: {figures}")
    return (f"{born} processes, {killed} killed; {figures['minor']} minor and {figures['major']} "
            "major faults as wait4 has them")
