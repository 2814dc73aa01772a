# SPDX-License-Identifier: MIT
"""What the guest tests share: the proc file, a reader of the buffer, processes with a history.

The figures are written out again here on purpose: they are the contract, and a slip in the header
must not slip through.
"""

import contextlib
import errno
import mmap
import os
import shutil
import struct
import subprocess
import time
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
STATUS = "/proc/mp3/status"
DEVICE = "/dev/mp3_chrdev"
# A copy that an ordinary user may run too: the project may lie in a folder that only root enters.
FAULTER = shutil.copy(TOP / "build/tests/faulter", "/dev/shm/faulter")
MODULE = os.environ["FAULTLINE_MODULE"]
BYTES = 128 * 4096
LONGS = 48000
PERIOD = 0.05
HZ = 250  # Debian's kernels; test_sampling holds it against the clock
NOBODY = 65534
# Numbers of system calls
READ = 0
PAUSE = 34
CLOCK_NANOSLEEP = 230
# A kernel that watches over itself takes several times as long for everything: it gets less to do.
WATCHFUL = Path("/sys/kernel/debug/kmemleak").exists()
EMPTY = struct.pack("=q", -1)


def send(text):
    """One write(2) of text; returns how many bytes the kernel took."""
    data = text if isinstance(text, bytes) else text.encode()
    fd = os.open(STATUS, os.O_WRONLY)
    try:
        return os.write(fd, data)
    finally:
        os.close(fd)


def refusal(text):
    """The name of the error that the write meets, or None."""
    try:
        send(text)
    except OSError as error:
        return errno.errorcode[error.errno]
    return None


def listed():
    return [int(line) for line in Path(STATUS).read_text().splitlines()]


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not so after {seconds} s: {condition}")
        time.sleep(0.01)


def wait_in_call(task, number):
    """Until who is called so under /proc waits in this system call, off the CPU."""
    call = Path(f"/proc/{task}/syscall")
    wait_until(lambda: call.read_text().startswith(f"{number} "))


def settle():
    """Until nobody is registered and the sample that closes the run is written."""
    wait_until(lambda: not listed())
    time.sleep(3 * PERIOD)


@contextlib.contextmanager
def mapped(path=DEVICE, length=BYTES, **options):
    fd = os.open(path, os.O_RDWR)
    try:
        with mmap.mmap(fd, length, **options) as buffer:
            yield buffer
    finally:
        os.close(fd)


def drain(buffer):
    """The original monitor's protocol, long by long: the samples as tuples of four."""
    at = 0
    samples = []
    while at < LONGS and buffer[at * 8:at * 8 + 8] == EMPTY:
        at += 1
    if at == LONGS:
        return samples
    while buffer[at * 8:at * 8 + 8] != EMPTY:
        samples.append(struct.unpack_from("=4q", buffer, at * 8))
        buffer[at * 8:at * 8 + 32] = EMPTY * 4
        at = (at + 4) % LONGS
    return samples


def drain_all():
    """Everything that is in the buffer, also what lies round its end."""
    samples = []
    with mapped() as buffer:
        while True:
            more = drain(buffer)
            if not more:
                return samples
            samples += more


def sums(samples):
    """(minor faults, major faults, jiffies of CPU time)"""
    return tuple(sum(sample[field] for sample in samples) for field in (1, 2, 3))


class Faulter:
    """A process that waits, with a history to come."""

    def __init__(self, mode, count, **options):
        self.process = subprocess.Popen([FAULTER, mode, str(count)], stdin=subprocess.PIPE,
                                        **options)
        self.pid = self.process.pid

    def go(self):
        self.process.stdin.write(b"go\n")
        self.process.stdin.close()

    def usage(self):
        """Wait for its end; its resource usage as the kernel tells its parent."""
        _, status, usage = os.wait4(self.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return usage

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()


def wait_for_zombies(children):
    """Until all have ended; none is buried."""
    for child in children:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)


class Sleepers(Faulter):
    """A process with so many threads more, once all of them sleep: none of them faults again."""

    def __init__(self, count, **options):
        super().__init__("sleepers", count, stdout=subprocess.PIPE, **options)
        self.go()
        self.process.stdout.readline()
        self.tids = sorted(map(int, os.listdir(f"/proc/{self.pid}/task")))
        # The line comes when they were made; each has yet to touch its stack on its way.
        try:
            for tid in self.tids:
                wait_in_call(f"{self.pid}/task/{tid}", PAUSE)
        except AssertionError:
            self.kill()
            raise

    def kill(self):
        super().kill()
        self.process.stdout.close()


@contextlib.contextmanager
def sleeper(**options):
    """The PID of a process that does nothing, ended at the end."""
    process = subprocess.Popen(["sleep", "1000"], **options)
    try:
        # Before that it may still be a copy of this process, with its rights, or be starting.
        wait_in_call(process.pid, CLOCK_NANOSLEEP)
        yield process.pid
    finally:
        process.kill()
        process.wait()


class ClassicTest(unittest.TestCase):
    """Every test starts with nobody registered and an empty buffer, and must leave nobody."""

    def setUp(self):
        self.assertEqual(listed(), [])
        time.sleep(2 * PERIOD)
        drain_all()

    def tearDown(self):
        settle()
