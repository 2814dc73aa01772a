# SPDX-License-Identifier: MIT
"""What is counted is what the kernel tells by other ways: to the fault, and in nanoseconds."""

import mmap
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from classic import (NOBODY, WATCHFUL, Faulter, drain_all, send, settle, sleeper, sums,
                     wait_for_zombies)
from records import Exit, Fork, Sample, Target, of
from session import (MS, SessionTest, Teller, Threads, ballast, cpu_clock, faults,
                     own_faults, seconds, stat_field, status_field, wait_asleep)

# An account by ticks of 4 ms, and what runs after the last reading of it.
TICKS_NS = 12 * MS
# Between two readings of one clock on two CPUs.
CLOCK_NS = MS // 10
# What the kernel keeps back of a process's pages: some tens for each CPU.
BATCH = 64 * os.cpu_count()


def resident(pid):
    """Pages in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1])


class ClockTeller:
    """A process that runs all the time and tells what its own clock says."""

    def __init__(self, cpu):
        self.cpu = cpu

    def __enter__(self):
        self.page = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")
        self.pid = os.fork()
        if not self.pid:
            try:
                os.sched_setaffinity(0, {self.cpu})
                while True:
                    self.page[0] = time.thread_time_ns()
            finally:
                os._exit(1)
        self.read_later()
        return self

    def read(self):
        return self.page[0]

    def read_later(self):
        """What it read after this was called."""
        for _ in range(2):
            seen = self.read()
            while self.read() == seen:
                pass
        return self.read()

    def __exit__(self, *error):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


class Ends(SessionTest):
    """The last record of a process has what wait4 reports to the parent."""

    def check(self, children, pages_each=0, kind="process", major=False, period=0):
        session = self.session(period)
        targets = [getattr(session, kind)(child.pid) for child in children]
        if period:
            session.start()
        for child in children:
            child.go()
        wait_for_zombies(children)
        # They are off their CPUs for good: what wait4 reports from now on is all.
        ends = [session.exit_of(target) for target in targets]
        usages = [child.usage() for child in children]
        for ended, usage in zip(ends, usages):
            counts = ended.counts
            self.assertEqual(faults(counts), own_faults(usage))
            self.assertEqual(ended.peak * mmap.PAGESIZE // 1024, usage.ru_maxrss)
            self.assertEqual(counts.voluntary, usage.ru_nvcsw)
            self.assertEqual(counts.involuntary, usage.ru_nivcsw)
            self.assertGreaterEqual(counts.minor, pages_each)
            self.check_cpu(counts, usage)
            if major:
                self.assertGreater(counts.major, 100)
        session.wait_for_targets(0)
        return session

    def check_cpu(self, counts, usage):
        self.assertAlmostEqual(counts.cpu_ns, seconds(usage) * 1e9,
                               delta=TICKS_NS / 10 + 0.02 * counts.cpu_ns)
        self.assertLessEqual(counts.system_ns, counts.cpu_ns)

    def test_one(self):
        self.check([Faulter("touch", 3000)], 3000)

    def test_many(self):
        self.check([Faulter("touch", 20 * number) for number in range(1, 10 if WATCHFUL else 25)])

    def test_while_they_are_sampled(self):
        session = self.check([Faulter("touch", 4000), Faulter("kernel", 4000),
                              Faulter("threads", 300)], 2400, period=5 * MS)
        self.assertGreater(len(of(session.records, Sample)), 2)

    def test_faults_in_kernel_mode(self):
        self.check([Faulter("kernel", 3000)], 3000)

    def test_threads_that_come_and_go(self):
        self.check([Faulter("threads", 300)], 8 * 300)

    def test_a_leader_that_ends_before_its_threads(self):
        self.check([Faulter("leader", 1000)], 1000)

    def test_exec_from_a_thread(self):
        self.check([Faulter("exec", 300)], 600)

    def test_an_ordinary_users(self):
        self.check([Faulter("kernel", 1000, user=NOBODY, group=NOBODY, extra_groups=[])], 1000)

    def test_major_faults(self):
        with tempfile.NamedTemporaryFile(dir=os.environ["FAULTLINE_DISK"]) as file:
            file.write(os.urandom(1 << 20))
            file.flush()
            os.fsync(file.fileno())
            self.check([Faulter("file", file.name)], major=True)

    def test_cpu_time(self):
        self.check([Faulter("cpu", 300), Faulter("cpu", 100)])

    def test_the_root_of_a_tree(self):
        for mode, pages in (("touch", 1000), ("threads", 100), ("exec", 100)):
            self.check([Faulter(mode, pages)], pages, kind="tree")

    def test_without_its_children(self):
        for kind in ("process", "tree"):
            session = self.session()
            child = Faulter("children", 500, stdout=subprocess.PIPE)
            target = getattr(session, kind)(child.pid)
            child.go()
            with child.process.stdout as out:
                childrens = int(out.read())
            usage = child.usage()
            self.assertGreater(childrens, 2000)
            self.assertEqual(session.exit_of(target).counts.minor, usage.ru_minflt - childrens)
            if kind == "tree":
                ends = session.wait_for(Exit, count=5)
                self.assertEqual(sum(end.counts.minor for end in ends), usage.ru_minflt)

    def test_its_threads_are_its_parts(self):
        session = self.session()
        child = Threads(200)
        whole, first, second = (session.process(child.pid), session.thread(child.pid),
                                session.thread(child.tid))
        child.step()
        one = session.exit_of(second).counts
        child.step()
        usage = child.usage()
        both, other = session.exit_of(whole).counts, session.exit_of(first).counts
        self.assertGreater(min(one.minor, other.minor), 200)
        self.assertEqual(faults(both), own_faults(usage))
        self.assertEqual((one.minor + other.minor, one.major + other.major), faults(both))
        # What a thread does after the kernel let go of it, a switch or some, is not its process's.
        self.assertIn(one.voluntary + other.voluntary - both.voluntary, range(5))
        self.assertIn(one.involuntary + other.involuntary - both.involuntary, range(5))
        self.assertAlmostEqual(one.cpu_ns + other.cpu_ns, both.cpu_ns, delta=TICKS_NS)


class Storms(SessionTest):
    """Children, and theirs, that live a millisecond."""

    COUNT = 60 if WATCHFUL else 300

    def statuses(self):
        """As live_briefly() of faulter.c makes them."""
        own = [0 if n % 16 == 3 else 9 if n % 5 == 4 else (n % 100) << 8 for n in range(self.COUNT)]
        return Counter(own + [0 for n in range(self.COUNT) if n % 4 == 1])

    def check(self, period):
        session = self.session(period, ring=1 << 23)
        child = Faulter("storm", self.COUNT, stdout=subprocess.PIPE)
        root = session.tree(child.pid)
        if period:
            session.start()
        child.go()
        with child.process.stdout as out:
            minor, major = map(int, out.read().split())
        usage = child.usage()
        own = session.exit_of(root).counts
        self.assertEqual(faults(own), (usage.ru_minflt - minor, usage.ru_majflt - major))
        expected = self.statuses()
        ends = session.wait_for(Exit, count=1 + expected.total())
        forks = of(session.records, Fork)
        self.assertEqual(len(ends), 1 + len(forks))
        childrens = [end for end in ends if end.target != root]
        self.assertEqual({end.target for end in childrens}, {fork.target for fork in forks})
        self.assertEqual(Counter(end.status for end in childrens), expected)
        self.assertEqual(sum(end.counts.minor for end in childrens), minor)
        self.assertEqual(sum(end.counts.major for end in childrens), major)
        self.assertEqual((session.ring.lost, session.header.unfollowed), (0, 0))

    def test_of_children(self):
        self.check(0)

    def test_of_children_that_are_sampled(self):
        self.check(4 * MS)


class Moments(SessionTest):
    """A sample says what the kernel's own ways of asking say at that moment."""

    def test_of_a_sleeper(self):
        session = self.session()
        child = Teller("steps", 5)
        self.addCleanup(child.kill)
        target = session.process(child.pid)
        for _ in range(3):
            child.line()
            wait_asleep(child.pid)
            counts = session.counts(target)
            pid = child.pid
            self.assertEqual(faults(counts), (stat_field(pid, 10), stat_field(pid, 12)))
            self.assertEqual((counts.voluntary, counts.involuntary),
                             (status_field(pid, "voluntary_ctxt_switches"),
                              status_field(pid, "nonvoluntary_ctxt_switches")))
            self.assertEqual(counts.cpu_ns, cpu_clock(pid))
            self.assertAlmostEqual(counts.resident, resident(pid), delta=BATCH)
            self.assertEqual(counts.swapped, status_field(pid, "VmSwap"))
            child.step()

    def test_of_memory(self):
        """It grows as it is touched."""
        session = self.session()
        with sleeper() as pid:
            small, big = session.process(pid), session.process(os.getpid())
            for target, number in ((small, pid), (big, os.getpid())):
                self.assertAlmostEqual(session.counts(target).resident, resident(number),
                                       delta=BATCH)
            before = session.counts(big).resident
            with ballast(2048):
                self.assertAlmostEqual(session.counts(big).resident, before + 2048,
                                       delta=2 * BATCH)
            self.assertAlmostEqual(session.counts(big).resident, resident(os.getpid()),
                                   delta=BATCH)

    def test_of_one_that_runs(self):
        """Between what it read of its own clock before and after: no tick is waited for."""
        session = self.session()
        cpus = sorted(os.sched_getaffinity(0))
        self.addCleanup(os.sched_setaffinity, 0, cpus)
        with ClockTeller(cpus[-1]) as clock:
            os.sched_setaffinity(0, cpus[:1])
            target = session.process(clock.pid)
            for _ in range(30):
                before = clock.read()
                sample = session.counts(target).cpu_ns
                after = clock.read_later()
                self.assertTrue(before - CLOCK_NS <= sample <= after + CLOCK_NS,
                                (before, sample, after))

    def test_of_one_whose_threads_run(self):
        """Our own. The kernel's clock of a process has one thread up to date, others by ticks."""
        session = self.session()
        stop = threading.Event()
        other = threading.Thread(target=lambda: [None for _ in iter(stop.is_set, True)])
        other.start()
        target = session.process(os.getpid())
        for _ in range(20):
            before = time.process_time_ns()
            sample = session.counts(target).cpu_ns
            self.assertTrue(before - CLOCK_NS <= sample <= time.process_time_ns() + TICKS_NS)
        stop.set()
        other.join()

    def test_of_a_thread_that_runs(self):
        """This one."""
        session = self.session()
        target = session.thread(threading.get_native_id())
        for _ in range(20):
            before = time.thread_time_ns()
            sample = session.counts(target).cpu_ns
            self.assertTrue(before <= sample + CLOCK_NS and sample <= time.thread_time_ns()
                            + CLOCK_NS)

    def test_of_a_kernel_thread(self):
        """It has no memory."""
        session = self.session()
        target = session.process(2)
        self.assertEqual(session.read()[0].comm, "kthreadd")
        counts = session.counts(target)
        self.assertEqual((counts.minor, counts.resident, counts.swapped), (0, 0, 0))
        self.assertGreater(counts.voluntary, 0)

    def test_of_a_fault_that_was_served(self):
        """Our own: the next sample has it."""
        session = self.session()
        target = session.process(os.getpid())
        before = session.counts(target).minor
        with ballast(500):
            after = session.counts(target).minor
        self.assertTrue(500 <= after - before < 600, after - before)


class Others(SessionTest):
    def test_perf(self):
        """perf counts from where it was let go; so does the difference to a sample then."""
        session = self.session()
        child = Faulter("touch", 2000)
        target = session.process(child.pid)
        wait_asleep(child.pid)
        control, ack = os.pipe(), os.pipe()
        with tempfile.NamedTemporaryFile("r", dir="/dev/shm") as out:
            perf = subprocess.Popen(
                ["perf", "stat", "-x", ",", "-e", "minor-faults,major-faults", "-D", "-1",
                 "--control", f"fd:{control[0]},{ack[1]}", "-o", out.name, "-p", str(child.pid)],
                pass_fds=(control[0], ack[1]), stderr=subprocess.DEVNULL)
            before = session.counts(target)
            os.write(control[1], b"enable\n")
            self.assertEqual(os.read(ack[0], 4), b"ack\n")
            child.go()
            child.usage()
            self.assertEqual(perf.wait(), 0)
            rows = [line.split(",") for line in out.read().splitlines() if "faults" in line]
        for fd in control + ack:
            os.close(fd)
        counts = session.exit_of(target).counts
        self.assertEqual({row[2].split(":")[0]: int(row[0]) for row in rows},
                         {"minor-faults": counts.minor - before.minor,
                          "major-faults": counts.major - before.major})

    def test_the_classic_interface(self):
        """Both at once, on the same processes."""
        drain_all()
        session = self.session(20 * MS)
        children = [Faulter("touch", 2000), Faulter("threads", 200), Faulter("kernel", 1000),
                    Faulter("exec", 100)]
        targets = [session.process(child.pid) for child in children]
        send("".join(f"R {child.pid}\n" for child in children))
        session.start()
        for child in children:
            child.go()
        usages = [child.usage() for child in children]
        ends = [session.exit_of(target).counts for target in targets]
        settle()
        minor, major, _ = sums(drain_all())
        self.assertEqual((minor, major), (sum(end.minor for end in ends),
                                          sum(end.major for end in ends)))
        self.assertEqual(minor, sum(usage.ru_minflt for usage in usages))

    def test_several_sessions(self):
        sessions = [self.session(period) for period in (0, 5 * MS, 20 * MS)]
        child = Faulter("threads", 300)
        targets = [session.process(child.pid) for session in sessions]
        for session in sessions[1:]:
            session.start()
        child.go()
        usage = child.usage()
        for session, target in zip(sessions, targets):
            self.assertEqual(faults(session.exit_of(target).counts), own_faults(usage))
        self.assertEqual(of(sessions[0].records, Sample), [])
        self.assertEqual(len(of(sessions[0].records, Target)), 1)
