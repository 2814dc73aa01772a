# SPDX-License-Identifier: MIT
"""The second CPU goes and comes back while processes run and are counted."""

from pathlib import Path

from stage import Reader, check
from storm import figures_of

CPU_1 = Path("/sys/devices/system/cpu/cpu1/online")


def run(stage):
    check(CPU_1.exists(), "there is no second CPU that can be unplugged")
    times = 0
    with Reader() as reader:
        storm = stage.start("storm")
        try:
            while stage.goes_on() or not times:
                stage.pause(0.3)
                CPU_1.write_text("0")
                stage.pause(0.3)
                CPU_1.write_text("1")
                times += 1
        finally:
            CPU_1.write_text("1")
        figures = storm.figures()
        reader.check_faults(figures)
    return f"CPU 1 unplugged {times} times; {figures_of(figures, stage.seconds)}"
