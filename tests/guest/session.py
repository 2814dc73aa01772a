# SPDX-License-Identifier: MIT
"""What the guest tests of sessions share: a client of the device, processes to look at.

The figures are written out again here on purpose: they are the contract, and a slip in the header
must not slip through.
"""

import contextlib
import errno
import fcntl
import mmap
import os
import socket
import struct
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from classic import READ, Faulter, wait_in_call, wait_until
from records import Exit, Reader, Sample, of
from test_access import as_nobody

DEVICE = "/dev/faultline"
REFERENCES = Path("/sys/module/faultline/refcnt")
VERSION, SETUP, ADD, REMOVE, START, STOP, SAMPLE, CONSUME = range(0xFA00, 0xFA08)
PROCESS, THREAD, TREE, CGROUP = 1, 2, 3, 4
MS = 1000000
PERIOD_MIN, PERIOD_MAX = 100000, 10000 * MS
RING_MIN, RING_MAX, RING_USUAL = 4096, 1 << 30, 1 << 20
SESSIONS_MAX = 16

VERSION_ARG = struct.Struct("4I32s")
SETUP_ARG = struct.Struct("2I4Q")
ADD_ARG = struct.Struct("3IiII")
REMOVE_ARG = struct.Struct("2I")
CONSUME_ARG = struct.Struct("2IQ")


def ioctl(fd, request, argument=0):
    """The request; an argument that is a bytearray is filled."""
    return fcntl.ioctl(fd, request, argument)


def ask(fd, request, form, *fields):
    """A request with a struct, whose size comes first; its fields as the kernel gave them back."""
    argument = bytearray(form.pack(form.size, *fields))
    ioctl(fd, request, argument)
    return form.unpack(argument)


def error_of(action, *arguments):
    """The name of the error that action meets, or None."""
    try:
        action(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]
    return None


def opened(flags=os.O_RDWR):
    return os.open(DEVICE, flags | os.O_CLOEXEC)


def opened_by_nobody():
    """A descriptor that an ordinary user opened and handed over."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        said = as_nobody(lambda: socket.send_fds(theirs, [b"x"], [opened()]))
        if said != "1":
            raise AssertionError(f"an ordinary user cannot open the device: {said}")
        return socket.recv_fds(ours, 1, 1)[1][0]


def set_up(fd, period=0, ring=0, flags=0, wake=0):
    """Returns the size of the mapping."""
    return ask(fd, SETUP, SETUP_ARG, flags, period, ring, wake, 0)[-1]


class Session:
    """A file of the device that is open, set up and mapped."""

    def __init__(self, period=0, ring=0, flags=0, wake=0, fd=None):
        self.fd = opened() if fd is None else fd
        try:
            self.bytes = set_up(self.fd, period, ring, flags, wake)
            self.reader = Reader(self.fd, self.bytes)
        except BaseException:
            os.close(self.fd)
            raise

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close_descriptor(self):
        """The mapping stays; records are read but not consumed any more."""
        if self.fd is not None:
            os.close(self.fd)
        self.fd = None

    def close(self):
        self.close_descriptor()
        if self.reader:
            self.reader.close()
        self.reader = None

    @property
    def header(self):
        return self.reader.header()

    @property
    def ring(self):
        return self.reader.ring()

    @property
    def records(self):
        """All that were read so far."""
        return self.reader.records

    def add(self, kind, number):
        """The id it got."""
        return ask(self.fd, ADD, ADD_ARG, 0, kind, number, 0, 0)[4]

    def process(self, pid):
        return self.add(PROCESS, pid)

    def thread(self, tid):
        return self.add(THREAD, tid)

    def tree(self, pid):
        return self.add(TREE, pid)

    def cgroup(self, folder):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            return self.add(CGROUP, fd)
        finally:
            os.close(fd)

    def remove(self, target):
        ask(self.fd, REMOVE, REMOVE_ARG, target)

    def start(self):
        ioctl(self.fd, START)

    def stop(self):
        ioctl(self.fd, STOP)

    def ask_for_one(self):
        """One pass now."""
        ioctl(self.fd, SAMPLE)

    def sample(self):
        """One pass now; its samples, by target."""
        self.ask_for_one()
        return {record.target: record for record in of(self.read(), Sample)}

    def counts(self, target):
        """Of one target, now."""
        return self.sample()[target].counts

    def consume(self, position=None):
        ask(self.fd, CONSUME, CONSUME_ARG, 0,
            self.reader.position if position is None else position)

    def read(self):
        """The new records, whose room is given back."""
        new = self.reader.read()
        if new and self.fd is not None and not self.reader.overwrites:
            self.consume()
        return new

    def find(self, kind, target=None):
        """Those that were read, or that wait."""
        self.read()
        return of(self.records, kind, target)

    def wait_for(self, kind, target=None, count=1):
        """Until there are so many records of a kind; all of them."""
        wait_until(lambda: len(self.find(kind, target)) >= count)
        return self.find(kind, target)

    def wait_for_targets(self, count):
        """Until so many are followed."""
        wait_until(lambda: self.header.targets == count)

    def exit_of(self, target):
        return self.wait_for(Exit, target)[0]


def own_faults(usage):
    return usage.ru_minflt, usage.ru_majflt


def faults(counts):
    return counts.minor, counts.major


def seconds(usage):
    return usage.ru_utime + usage.ru_stime


def stat_field(pid, number):
    """A field of /proc/PID/stat, numbered as proc(5) does."""
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[number - 3])


def status_field(pid, name):
    """A number in /proc/PID/status."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise AssertionError(f"{pid} has no {name}")


def children_of(pid):
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_clock(pid):
    """Nanoseconds that a process was on CPUs, up to this moment, as the kernel's own clock has."""
    return time.clock_gettime_ns((~pid << 3) | 2)


class Teller(Faulter):
    """A Faulter that is led step by step and tells things."""

    def __init__(self, mode, count, **options):
        super().__init__(mode, count, stdout=subprocess.PIPE, **options)
        self.step()

    def step(self):
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()

    def line(self):
        return self.process.stdout.readline().decode().strip()

    def usage(self):
        try:
            return super().usage()
        finally:
            self.process.stdin.close()
            self.process.stdout.close()

    def kill(self):
        if self.process.returncode is None:
            super().kill()
            self.process.stdout.close()


class Threads(Teller):
    """One with a second thread, tid: a step each, and it or then the first touches and ends."""

    def __init__(self, pages, **options):
        super().__init__("thread", pages, **options)
        self.tid = int(self.line())


def ballast(pages):
    """Fresh memory of ours, each page of which was touched."""
    memory = mmap.mmap(-1, pages * mmap.PAGESIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    for page in range(pages):
        memory[page * mmap.PAGESIZE] = 1
    return memory


def wait_asleep(pid):
    """Until a process waits for its input, off the CPU."""
    wait_in_call(pid, READ)


@contextlib.contextmanager
def cgroups():
    """The folder of the root of all cgroups."""
    root = Path(tempfile.mkdtemp(prefix="cgroup.", dir="/dev/shm"))
    subprocess.run(["mount", "-t", "cgroup2", "none", root], check=True)
    try:
        yield root
    finally:
        subprocess.run(["umount", root], check=True)
        root.rmdir()


def move(pid, folder):
    """Into another cgroup."""
    Path(folder, "cgroup.procs").write_text(str(pid))


@contextlib.contextmanager
def burner(**options):
    """The PID of a process that never waits, from when it does not wait for its program either."""
    def burnt():
        return sum(map(int, stat.read_text().rpartition(")")[2].split()[11:13]))

    with subprocess.Popen(["sh", "-c", "while :; do :; done"], **options) as process:
        stat = Path(f"/proc/{process.pid}/stat")
        before = burnt()
        try:
            wait_until(lambda: burnt() >= before + 5)
            yield process.pid
        finally:
            process.kill()


def references():
    """How many hold the module: open files and mappings."""
    return int(REFERENCES.read_text())


class SessionTest(unittest.TestCase):
    """When a test is over it holds the module no more than before."""

    def setUp(self):
        self.held = references()
        self.addCleanup(self.check_free)

    def check_free(self):
        wait_until(lambda: references() <= self.held)

    def session(self, *arguments, **options):
        session = Session(*arguments, **options)
        self.addCleanup(session.close)
        return session

    def descriptor(self, *arguments):
        """An open one that is closed at the end."""
        fd = opened(*arguments)
        self.addCleanup(os.close, fd)
        return fd

    def refused(self, name, action, *arguments):
        self.assertEqual(error_of(action, *arguments), name)
