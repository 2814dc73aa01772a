# SPDX-License-Identifier: MIT
"""Random and hostile inputs to the proc file and the device: a million in a run of ten minutes."""

import os

from stage import BYTES, check, empty_list, mapped

# A tenth where the kernel looks for mistakes, which makes it ten times as slow.
INPUTS = 100000 if os.uname().release.endswith(("-debug", "-races")) else 1000000
SECONDS = 100  # of ten minutes


def run(stage):
    least = int(INPUTS * min(1, stage.seconds / SECONDS))
    prodder = stage.start("prodder")
    writes = stage.run("writer", least)
    calls = prodder.figures()
    empty_list()
    with mapped() as buffer:
        buffer[:] = b"\xff" * BYTES
    check(writes["inputs"] >= least, f"only {writes['inputs']} writes")
    check(calls["mapped"] and calls["touched"], f"the device was hardly used: {calls}")
    return (f"{writes['inputs']} writes, each answered as the contract says ({writes['commands']} "
            f"commands done, {writes['refused']} refused, {writes['faults']} bad addresses); "
            f"{calls['inputs']} calls on the device ({calls['mapped']} mappings, "
            f"{calls['touched']} accesses, {calls['signals']} signals); nobody stays registered")
