# SPDX-License-Identifier: MIT
"""Readers that are killed at random points while samples flow: no sample is lost."""

import ctypes
import fcntl
import mmap
import os
import signal
import struct
import tempfile
from pathlib import Path

from stage import BYTES, DEVICE, TOP, Failure, Reader, check, mapped, take

MONITOR = str(TOP / "build/monitor")
RECORD = struct.Struct("=4q")
PR_SET_PDEATHSIG = 1
LONGEST = 10  # seconds


def monitor(folder):
    """Ours, which prints before it consumes."""
    out, _ = tempfile.mkstemp(".txt", dir=folder)
    try:
        return os.posix_spawn(MONITOR, [MONITOR, DEVICE], os.environ,
                              file_actions=[(os.POSIX_SPAWN_DUP2, out, 1)])
    finally:
        os.close(out)


def consumer(folder):
    """A reader of somebody's own: notes a sample, then consumes it."""
    out, _ = tempfile.mkstemp(".raw", dir=folder)
    device = os.open(DEVICE, os.O_RDWR)
    buffer = mmap.mmap(device, BYTES)
    while True:
        fcntl.flock(device, fcntl.LOCK_EX)
        take(buffer, lambda sample: os.write(out, RECORD.pack(*sample)))
        fcntl.flock(device, fcntl.LOCK_UN)


def onlooker(_folder):
    """Maps half of it, has a child with the same mapping, and consumes nothing."""
    with mapped(length=BYTES // 2) as buffer:
        if not os.fork():
            die_with_parent()
        while True:
            buffer[:]


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def start(reader, folder):
    """The reader's PID. All but the monitor are forks of this process."""
    if reader is monitor:
        return monitor(folder)
    child = os.fork()
    if not child:
        try:
            reader(folder)
        finally:
            os._exit(1)
    return child


def any_noted(folder):
    return any(path.stat().st_size for path in Path(folder).iterdir())


def printed(folder):
    """All samples that the dead readers noted. One cut short was not consumed either."""
    samples = set()
    for path in Path(folder).glob("*.raw"):
        data = path.read_bytes()
        samples.update(RECORD.iter_unpack(data[:len(data) // RECORD.size * RECORD.size]))
    for path in Path(folder).glob("*.txt"):
        for line in path.read_text().split("\n")[:-1]:
            words = line.split()
            if len(words) != 4:
                raise Failure(f"a monitor printed {line!r}")
            samples.add(tuple(map(int, words)))
    return samples


def run(stage):
    kinds = (monitor, monitor, consumer, onlooker)
    killed = ended = 0
    # How long they live at most: on a slow machine longer, so that some get to the samples.
    life = 0.1
    with Reader(idle=True) as reader, tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        storm = stage.start("storm")
        while stage.goes_on() or killed < 10 or (not any_noted(folder) and life < LONGEST):
            pids = [start(stage.random.choice(kinds), folder)
                    for _ in range(stage.random.randint(1, 3))]
            stage.pause(life)
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            for pid in pids:
                how = os.waitpid(pid, 0)[1]
                killed += os.WIFSIGNALED(how)
                ended += os.WIFEXITED(how)
            if not any_noted(folder):
                life = min(LONGEST, life * 1.5)
        figures = storm.figures()
        noted = printed(folder)
        # The set: what was noted may be in the buffer still, and be noted by two.
        reader.samples = list(noted | set(reader.rest()))
        reader.check_faults(figures)
    check(noted, "no sample was read by those who were killed")
    return (f"{killed} readers killed, {ended} ended before; {len(noted)} samples read by them, "
            f"{len(reader.samples) - len(noted)} left; none lost: {figures['minor']} minor faults "
            "as wait4 has them")
