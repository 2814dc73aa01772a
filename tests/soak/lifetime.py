# SPDX-License-Identifier: MIT
"""Registrations, lists and mappings against a module that comes and goes."""

import os
import time

from stage import DEVICE, check, load, mapped, unload, wait_until


def gone():
    """Unloaded now; while somebody maps it, it cannot."""
    return unload() is None


def run(stage):
    hammer = stage.start("hammer")
    unloads = refused = 0
    longest = 0.0
    while stage.left() > 1 or unloads < 4:
        stage.pause(0.06)
        if unloads % 4 == 0:
            with mapped():
                check(not gone(), "it went though it was mapped")
        start = time.monotonic()
        while not gone():
            refused += 1
            check(time.monotonic() < start + 20, "the module does not unload")
        longest = max(longest, time.monotonic() - start)
        unloads += 1
        check(not os.path.exists("/proc/mp3") and not os.path.exists(DEVICE),
              "something stayed after unloading")
        stage.pause(0.01)
        load()
    figures = hammer.figures()
    check(all(figures[name] for name in ("written", "listed", "mapped", "followed")),
          f"idle: {figures}")
    # Nothing of what ran may have kept a hold on it.
    wait_until(gone)
    load()
    return (f"{unloads} unloads among {figures['written']} registrations, {figures['listed']} "
            f"lists, {figures['mapped']} mappings, {figures['followed']} sessions; {refused} "
            f"refused while in use, the longest took {longest * 1000:.0f} ms; "
            f"{figures['absent']} found no module")
