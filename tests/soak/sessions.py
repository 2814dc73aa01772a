# SPDX-License-Identifier: MIT
"""Hostile requests and mappings by root and by an ordinary user, while sessions must stay exact."""

import contextlib
import os
import subprocess
import tempfile
import time
from pathlib import Path

from records import RAN, Exit, Fork, Sample, of
from session import MS, Session, Teller, status_field, wait_asleep
from stage import NOBODY, PROGRAMS, Failure, check, wait_until

# For all that happens to a tree while its reader is held up.
RING = 1 << 25
SWAPPED = 1000  # pages
BATCH = 64 * os.cpu_count()


@contextlib.contextmanager
def cgroups():
    """The folder where version 2 is mounted."""
    folder = tempfile.mkdtemp(prefix="cgroup.", dir="/dev/shm")
    subprocess.run(["mount", "-t", "cgroup2", "none", folder], check=True)
    try:
        yield folder
    finally:
        # Whoever failed may have it open still.
        subprocess.run(["umount", "--lazy", folder], check=True)
        os.rmdir(folder)


def launch(program, *arguments):
    """A process that waits for a line, then runs the program: its PID, and a descriptor for it."""
    held, go = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            os.close(go)
            os.read(held, 1)
            status = subprocess.run([PROGRAMS / program, *map(str, arguments)],
                                    stdout=subprocess.DEVNULL).returncode
        finally:
            os._exit(status)
    os.close(held)
    return child, go


def follow(program, seed, seconds, session):
    """All it forks has a record of its end; together they are what wait4 says. How many?"""
    pid, go = launch(program, seed, int(seconds * 1000))
    root = session.tree(pid)
    session.start()
    os.close(go)
    while not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
        session.read()
        time.sleep(0.01)
    _, status, usage = os.wait4(pid, 0)
    check(status == 0, f"{program} ended with status {status:#x}")
    try:
        wait_until(lambda: session.header.targets == 0)
    except AssertionError:
        raise Failure(f"{session.header.targets} of {program} are still followed") from None
    session.read()
    ends, forks = of(session.records, Exit), of(session.records, Fork)
    check({end.target for end in ends} == {fork.target for fork in forks} | {root},
          f"{len(forks)} forks, {len(ends)} ends")
    counted = (sum(end.counts.minor for end in ends), sum(end.counts.major for end in ends))
    told = (usage.ru_minflt, usage.ru_majflt)
    check(counted == told, f"{program}: the records have {counted} faults, wait4 has {told}")
    check(not session.ring.lost and not session.header.unfollowed,
          f"{session.ring.lost} records lost, {session.header.unfollowed} not followed")
    return len(ends)


def check_swapped():
    """A sample has what is in the swap."""
    check(Path("/proc/swaps").read_text().count("\n") > 1, "the guest has no swap")
    child = Teller("swap", SWAPPED)
    with Session() as session:
        target = session.process(child.pid)
        child.line()
        wait_asleep(child.pid)
        counts = session.counts(target)
        there = status_field(child.pid, "VmSwap") * 1024 // session.header.page_bytes
        child.kill()
    check(there > SWAPPED / 2, f"only {there} pages were swapped out")
    check(abs(counts.swapped - there) <= BATCH, f"{counts.swapped} pages swapped, not {there}")
    return there


def run(stage):
    swapped = check_swapped()
    followed = rounds = samples = 0
    with cgroups() as folder:
        hostile = [stage.start("sessions", user, folder) for user in (0, NOBODY)]
        while stage.left() > 1 or rounds < 2:
            program = ("storm", "races")[rounds % 2]
            with Session(stage.random.choice((5, 20, 50)) * MS, RING,
                         stage.random.choice((0, RAN))) as session:
                followed += follow(program, stage.random.getrandbits(32),
                                   max(0.5, min(5, stage.left() / 2)), session)
                samples += len(of(session.records, Sample))
            rounds += 1
        figures = [program.figures() for program in hostile]
    for each in figures:
        check(all(each[name] for name in ("set_up", "added", "mapped", "walked")), f"idle: {each}")
    return (f"{sum(each['inputs'] for each in figures)} calls, "
            f"{sum(each['set_up'] for each in figures)} sessions set up, "
            f"{sum(each['added'] for each in figures)} targets, "
            f"{sum(each['mapped'] for each in figures)} mappings, "
            f"{sum(each['walked'] for each in figures)} records walked; beside them {followed} "
            f"processes followed from birth to end, {samples} samples, the faults as wait4 has "
            f"them; {swapped} pages in the swap")
