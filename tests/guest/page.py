# SPDX-License-Identifier: MIT
"""docs/kernels.md, from what ran."""

HEAD = """\
# Kernels

What the guest tests said on each kernel of [`vm/kernels`](../vm/kernels). `make kernels` runs them
and writes this page; `make check` runs them and leaves the page alone. `icount` is the tests of the
clock, `failing` makes each allocation fail once on the debug kernel, `soak` is a short one.

| boot | release | tests passed | failed | time |
|---|---|---|---|---|
"""

TAIL = """
The time is that of the boot and all tests on emulated CPUs, {at_once} boots at a time: it says how
long to wait, nothing about faultline.
"""


def markdown(results, at_once):
    lines = [f"| {result.job.name} | {result.release or '-'} | {result.passed} | {result.failed} "
             f"| {result.seconds:.0f} s |\n" for result in results]
    return HEAD + "".join(sorted(lines, key=by_version)) + TAIL.format(at_once=at_once)


def by_version(line):
    """5.10 before 6.1, and what is no version last."""
    name = line.split()[1]
    numbers = name.split(".")
    if all(number.isdigit() for number in numbers):
        return (0, [int(number) for number in numbers], "")
    return (1, [], name)
