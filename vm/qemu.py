# SPDX-License-Identifier: MIT
"""Which QEMU runs the guest: the installed one, or a newer one unpacked into the cache.

Before 8.1 an emulated CPU translated code without locking its page. When the guest's kernel patched
that code meanwhile, as it does to switch a tracepoint, the CPU could keep the breakpoint that was
there for a moment, and hit it for ever: the guest fell silent.
"""

import re
import subprocess
import time

import apt
import cache
from cache import Problem

NAME = "qemu-system-x86_64"
CURED = (8, 1)
# Its libraries are those of the installed one, which is why there must be one.
SUITE = "bookworm-backports"
PACKAGES = ("qemu-system-x86", "qemu-system-data")
RETRY_SECONDS = 3600    # after which package sources that did not have it are asked again


def choose(accel, say):
    """The words that start a QEMU for accel, as machine has it.

    That is the installed one if it is cured, if the fault cannot show or if no other is to be had.
    """
    installed = version([NAME])
    # It takes two emulated CPUs at once. icount has one, and seems less exact under QEMU 10.
    if accel != "tcg" or installed >= CURED:
        return [NAME]
    try:
        return fetched(say)
    except Problem as problem:
        say(f"using QEMU {'.'.join(map(str, installed))}, in which a guest with several CPUs may "
            f"hang, as there is no newer one: {problem}")
        return [NAME]


def fetched(say):
    """The words that start the one in the cache, got if there is none."""
    target = cache.folder() / "qemu"
    missed = cache.folder() / "qemu-missed"
    words = [str(target / "usr/bin" / NAME), "-L", str(target / "usr/share/qemu")]
    with cache.locked("qemu"):
        if target.exists():
            return words
        if missed.exists() and time.time() < missed.stat().st_mtime + RETRY_SECONDS:
            raise Problem(missed.read_text().strip())
        try:
            fetch(target, say)
        except Problem as problem:
            missed.write_text(f"{problem}\n")
            raise
    return words


def fetch(target, say):
    """Fill target with the newest one of the suite, if it runs here."""
    with cache.filling(target) as folder, apt.suite(SUITE) as suite:
        say(f"getting a QEMU that does not hang from {SUITE} (once, into the cache)")
        suite.unpack(PACKAGES, folder)
        if version([folder / "usr/bin" / NAME]) < CURED:
            raise Problem(f"that of {SUITE} is too old or does not run here")


def version(words):
    """Its version as a tuple of numbers, (0,) if it does not say."""
    try:
        done = subprocess.run([*words, "--version"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, errors="replace")
    except OSError:
        return (0,)
    return parse(done.stdout)


def parse(text):
    """The version in what QEMU says of itself, which the distribution's may follow."""
    found = re.match(r"QEMU emulator version (\d+(?:\.\d+)+)", text)
    return tuple(map(int, found[1].split("."))) if found else (0,)
