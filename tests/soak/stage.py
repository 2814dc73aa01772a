# SPDX-License-Identifier: MIT
"""What the scenarios share: time, dice, programs, and holding the samples against wait4."""

import random
import shutil
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/guest"))

from classic import (BYTES, DEVICE, EMPTY, HZ, LONGS, MODULE, NOBODY, PERIOD,  # noqa: E402
                     STATUS, Faulter, listed, mapped, refusal, send, sleeper, sums, wait_until)
from session import DEVICE as SESSIONS, MS, Session, error_of, faults, own_faults  # noqa: E402
from test_access import as_nobody  # noqa: E402
from test_lifetime import load, unload  # noqa: E402

__all__ = ["BYTES", "DEVICE", "MODULE", "NOBODY", "PROGRAMS", "SESSIONS", "STATUS", "TOP",
           "Failure", "Program", "Reader", "Session", "Stage", "as_nobody", "check", "check_exact",
           "copy_programs", "empty_list", "error_of", "listed", "load", "mapped", "refusal", "send",
           "sleeper", "take", "unload", "wait_until"]

# Where an ordinary user gets at them, too, and no network file system is in the way.
PROGRAMS = Path("/dev/shm/soak")
SLOT = 32
RING = LONGS * 8


class Failure(Exception):
    """Why a scenario failed, in one line."""


def check(condition, text):
    if not condition:
        raise Failure(text)


def copy_programs():
    PROGRAMS.mkdir(mode=0o755, exist_ok=True)
    for path in (TOP / "build/tests/soak").iterdir():
        shutil.copy(path, PROGRAMS)


class Stage:
    """One scenario: how long, with which dice, and its programs."""

    def __init__(self, name, seconds, seed):
        self.name = name
        self.seconds = seconds
        self.random = random.Random(f"{seed} {name}")
        self.end = time.monotonic() + seconds

    def goes_on(self):
        return time.monotonic() < self.end

    def left(self):
        return max(0.0, self.end - time.monotonic())

    def pause(self, most):
        """Sleeps up to so many seconds."""
        time.sleep(self.random.uniform(0, most))

    def start(self, program, *arguments):
        """One of our C programs, from now to the end of the scenario."""
        return Program(program, str(self.random.getrandbits(32)), int(self.left() * 1000),
                       *arguments)

    def run(self, program, *arguments):
        return self.start(program, *arguments).figures()


class Program:
    """A program that prints one line of names and numbers at its end."""

    def __init__(self, program, *arguments):
        self.name = program
        self.process = subprocess.Popen([PROGRAMS / program, *map(str, arguments)], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def figures(self):
        """Waits for it; its numbers by name."""
        out, err = self.process.communicate()
        said = err.strip().splitlines()
        if self.process.returncode or said:
            raise Failure(said[0] if said else
                          f"{self.name}: ended with status {self.process.returncode}")
        words = out.split()
        return dict(zip(words[::2], map(int, words[1::2])))


def first_sample(whole):
    """Where in a copy of the buffer the first slot is that is not empty, or None."""
    at = (len(whole) - len(whole.lstrip(b"\xff"))) // SLOT * SLOT
    # A reader that was killed may have emptied a slot's first long and not the rest.
    while at < RING and whole[at:at + 8] == EMPTY:
        at += SLOT
    return at if at < RING else None


def take(buffer, note=lambda sample: None):
    """The samples that wait, as the protocol takes them; each is noted before it is consumed."""
    at = first_sample(buffer[:RING])
    samples = []
    while at is not None and buffer[at:at + 8] != EMPTY:
        sample = struct.unpack_from("=4q", buffer, at)
        note(sample)
        samples.append(sample)
        buffer[at:at + 8] = EMPTY
        buffer[at + 8:at + SLOT] = EMPTY * 3
        at = (at + SLOT) % RING
    return samples


class Reader:
    """Begins with an empty list and buffer, and empties the buffer all the while.

    idle: others empty it; only what they leave is read.
    """

    def __init__(self, idle=False):
        self.idle = idle
        self.samples = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.read, daemon=True)

    def __enter__(self):
        check(not listed(), f"at the start these are registered: {listed()}")
        time.sleep(2 * PERIOD)
        with mapped() as buffer:
            buffer[:] = b"\xff" * BYTES
        if not self.idle:
            self.thread.start()
        return self

    def read(self):
        with mapped() as buffer:
            while not self.stop.wait(1):
                self.samples += take(buffer)

    def close(self):
        self.stop.set()
        if not self.idle:
            self.thread.join()

    def __exit__(self, *error):
        self.close()

    def rest(self):
        """When everyone has left: the samples that wait still."""
        self.close()
        empty_list()
        with mapped() as buffer:
            # What lies over the buffer's end takes two goes.
            return take(buffer) + take(buffer)

    def finish(self):
        """When everyone has left: what was counted, as (minor, major, jiffies)."""
        self.samples += self.rest()
        return sums(self.samples)

    def check_faults(self, figures):
        """The samples hold what a program's wait4 told it."""
        minor, major, _ = self.finish()
        least, most = figures["minor"], figures["minor"] + figures.get("unsure", 0)
        check(least <= minor <= most and major == figures["major"],
              f"the samples have {minor} minor and {major} major faults, wait4 has {least} "
              f"(to {most}) and {figures['major']}")


def empty_list():
    """Waits until nobody is registered and the sample that closes the run is written."""
    try:
        wait_until(lambda: not listed(), 30)
    except AssertionError:
        raise Failure(f"these stay registered: {listed()}") from None
    time.sleep(3 * PERIOD)


def check_exact():
    """Whatever happened before: the module counts as wait4 does, and the list is empty again."""
    empty_list()
    with Reader() as reader, Session(20 * MS) as session:
        children = [Faulter("touch", 300), Faulter("kernel", 300), Faulter("threads", 30),
                    Faulter("exec", 30), Faulter("leader", 30), Faulter("cpu", 200)]
        send("".join(f"R {child.pid}\n" for child in children))
        targets = [session.tree(child.pid) for child in children]
        session.start()
        for child in children:
            child.go()
        usages = [child.usage() for child in children]
        minor, major, cpu = reader.finish()
        ends = [faults(session.exit_of(target).counts) for target in targets]
    check(ends == [own_faults(usage) for usage in usages],
          f"afterwards: a session has {ends}, wait4 has other faults")
    seconds = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    for what, counted, told in (("minor", minor, sum(usage.ru_minflt for usage in usages)),
                                ("major", major, sum(usage.ru_majflt for usage in usages))):
        check(counted == told, f"afterwards: {counted} {what} faults in the samples, {told} by "
              "wait4")
    check(abs(cpu - seconds * HZ) <= 1 + 0.1 * len(children) + 0.02 * seconds * HZ,
          f"afterwards: {cpu} jiffies of CPU time in the samples, {seconds * HZ:.1f} by wait4")
