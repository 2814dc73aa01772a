# SPDX-License-Identifier: MIT
"""Following and no longer following: whom, how many, and who cannot be."""

import os
import resource
import subprocess
import time
from collections import Counter

from classic import NOBODY, WATCHFUL, Sleepers, sleeper, wait_until
from records import RAN, Fork, Lost, Missed, Sample, Target, of
from session import (PERIOD_MIN, SessionTest, Threads, cgroups, error_of, faults, move,
                     opened_by_nobody)
from test_access import nobodys

TARGETS_MAX = 2048  # of an ordinary user's session
ORDINARY = {"user": NOBODY, "group": NOBODY, "extra_groups": []}


class Add(SessionTest):
    def test_kinds(self):
        session = self.session()
        for kind in (0, 5, 6, 1 << 31, (1 << 32) - 1):
            self.refused("EINVAL", session.add, kind, os.getpid())

    def test_numbers(self):
        session = self.session()
        for kind in (1, 2, 3):
            for number in (0, -1, -2 ** 31):
                self.refused("EINVAL", session.add, kind, number)
            for number in (4194304, 2 ** 31 - 1):
                self.refused("ESRCH", session.add, kind, number)
        for number in (-1, -2 ** 31):
            self.refused("EINVAL", session.add, 4, number)
        self.assertEqual(session.header.targets, 0)

    def test_what_is_returned_is_in_the_records(self):
        session = self.session()
        with sleeper() as one, sleeper() as two:
            ids = [session.process(one), session.tree(two), session.thread(two)]
            self.assertEqual(session.header.targets, 3)
            self.assertEqual([record.target for record in session.read()], ids)
            self.assertEqual(len(set(ids)), 3)
            self.assertGreater(min(ids), 0)

    def test_twice(self):
        session, other = self.session(), self.session()
        with sleeper() as pid:
            for add in (session.process, session.thread):
                add(pid)
                self.refused("EEXIST", add, pid)
            self.refused("EEXIST", session.tree, pid)
            other.process(pid)
            self.assertEqual((session.header.targets, other.header.targets), (2, 1))

    def test_a_thread_by_the_name_of_a_process(self):
        """A number that is a thread's is no process's."""
        session = self.session()
        child = Threads(1)
        self.addCleanup(child.kill)
        self.refused("ESRCH", session.process, child.tid)
        self.refused("ESRCH", session.tree, child.tid)
        session.thread(child.tid)

    def test_one_that_is_dead(self):
        session = self.session()
        with sleeper() as pid:
            pass
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        # Its parent is told before it leaves its CPU.
        wait_until(lambda: error_of(self.session().process, child) == "ESRCH")
        for number in (pid, child):
            for kind in (1, 2, 3):
                self.refused("ESRCH", session.add, kind, number)
        os.waitpid(child, 0)

    def test_no_cgroup(self):
        session = self.session()
        folder = os.open("/", os.O_RDONLY)
        self.addCleanup(os.close, folder)
        with open("/dev/null") as null:
            for number in (null.fileno(), folder, session.fd, 1000, 2 ** 31 - 1):
                self.refused("EBADF", session.add, 4, number)
        self.assertEqual(session.header.targets, 0)


class Limits(SessionTest):
    """How many an ordinary user's session takes."""

    @classmethod
    def setUpClass(cls):
        # Of a kernel with little memory an ordinary user gets fewer threads.
        usual = resource.getrlimit(resource.RLIMIT_NPROC)
        cls.addClassCleanup(resource.setrlimit, resource.RLIMIT_NPROC, usual)
        resource.setrlimit(resource.RLIMIT_NPROC, (2 * TARGETS_MAX, 2 * TARGETS_MAX))
        child = Sleepers(TARGETS_MAX, **ORDINARY)
        cls.addClassCleanup(child.kill)
        cls.pid = child.pid
        cls.tids = child.tids

    def setUp(self):
        super().setUp()
        self.assertEqual(len(self.tids), TARGETS_MAX + 1)
        self.nobodys = self.session(fd=opened_by_nobody())

    def test_additions(self):
        """One that is refused can be followed when another has left."""
        first = self.nobodys.thread(self.tids[0])
        for tid in self.tids[1:-1]:
            self.nobodys.thread(tid)
        self.assertEqual(self.nobodys.header.targets, TARGETS_MAX)
        self.refused("ENOSPC", self.nobodys.thread, self.tids[-1])
        self.refused("ENOSPC", self.nobodys.process, self.pid)
        self.nobodys.remove(first)
        self.nobodys.thread(self.tids[-1])
        self.refused("ENOSPC", self.nobodys.thread, self.tids[0])

    def test_of_those_who_may_look_at_anyone(self):
        roots = self.session()
        for tid in self.tids:
            roots.thread(tid)
        self.assertEqual(roots.header.targets, TARGETS_MAX + 1)

    def test_a_process_of_as_many_threads(self):
        """It has what they have together, whoever runs or not."""
        session = self.session()
        whole = session.process(self.pid)
        threads = [session.thread(tid) for tid in self.tids]
        for _ in range(2):
            samples = session.sample()
            counts = [samples[thread].counts for thread in threads]
            self.assertEqual(faults(samples[whole].counts),
                             (sum(each.minor for each in counts),
                              sum(each.major for each in counts)))
            self.assertEqual(samples[whole].counts.cpu_ns, sum(each.cpu_ns for each in counts))

    def run_for_a_while(self, flags, shed=False):
        """All of them, and a period that is too short; shed: until some visits were."""
        session = self.session(PERIOD_MIN, 1 << 24, flags)
        # The first visit takes longest.
        targets = {session.process(self.pid), *map(session.thread, self.tids)}
        visits = Counter()

        def all_had_a_turn():
            """After one more short run, as the ring has room for those of a quick machine."""
            session.start()
            time.sleep(0.01)
            session.stop()
            visits.update(sample.target for sample in of(session.read(), Sample))
            return set(visits) == targets and (session.header.shed or not shed)

        wait_until(all_had_a_turn)
        self.assertEqual(session.ring.lost, 0)
        told = sum(record.shed for record in of(session.records, Missed))
        self.assertEqual(told, session.header.shed)
        return session, visits

    def test_shed_visits(self):
        """All have their turn; each visit was made or is counted as shed."""
        # Here a pass may take longer than the clock's tick; a quick one needs not end early.
        session, visits = self.run_for_a_while(0, shed=WATCHFUL)
        self.assertLessEqual(max(visits.values()) - min(visits.values()), 1)
        self.assertEqual(visits.total() + session.header.shed,
                         session.header.passes * (len(self.tids) + 1))

    def test_shed_visits_of_those_that_ran(self):
        """They are made later, once."""
        _, visits = self.run_for_a_while(RAN)
        self.assertEqual(set(visits.values()), {1})

    def test_children(self):
        """Those for whom there is no room are counted and told."""
        with subprocess.Popen(["sh", "-c", "read go; (exit 1); sleep 0 & sleep 0 & sleep 0 & wait"],
                              stdin=subprocess.PIPE, **ORDINARY) as shell:
            session = self.nobodys
            root = session.tree(shell.pid)
            for tid in self.tids[:TARGETS_MAX - 1]:
                session.thread(tid)
            self.assertEqual(session.header.targets, TARGETS_MAX)
            shell.communicate(b"go\n")
        session.exit_of(root)
        self.assertEqual((session.header.unfollowed, session.ring.lost), (4, 0))
        self.assertEqual(of(session.records, Fork), [])
        told = of(session.records, Lost)
        self.assertEqual(sum(record.unfollowed for record in told), 4)
        self.assertEqual({record.records for record in told}, {0})
        session.wait_for_targets(TARGETS_MAX - 1)

    def test_members_of_a_cgroup(self):
        """They are no reason to refuse it; who comes when there is room is followed."""
        session = self.nobodys
        first, *_ = [session.thread(tid) for tid in self.tids[:TARGETS_MAX]]
        group = self.enterContext(cgroups()) / "full"
        group.mkdir()
        self.addCleanup(group.rmdir)
        with nobodys() as own, nobodys() as later:
            move(own, group)
            brought = session.cgroup(group)
            self.assertEqual((session.header.targets, session.header.unfollowed), (TARGETS_MAX, 1))
            session.remove(first)
            self.assertEqual([lost.unfollowed for lost in session.find(Lost)], [1])
            move(later, group)
            wait_until(lambda: session.header.targets == TARGETS_MAX)
            self.assertEqual([(record.pid, record.parent) for record in session.find(Target)
                              if record.parent], [(later, brought)])
        wait_until(lambda: not (group / "cgroup.procs").read_text())


class Remove(SessionTest):
    def test_unknown_ids(self):
        session, other = self.session(), self.session()
        with sleeper() as pid:
            target = session.process(pid)
            for number in (0, target + 1, (1 << 32) - 1):
                self.refused("ENOENT", session.remove, number)
            self.refused("ENOENT", other.remove, target)
            session.remove(target)
            self.refused("ENOENT", session.remove, target)
            self.assertEqual(session.header.targets, 0)

    def test_one_that_has_ended(self):
        session = self.session()
        with sleeper() as pid:
            target = session.process(pid)
        session.exit_of(target)
        self.refused("ENOENT", session.remove, target)

    def test_ids_are_never_given_again(self):
        """Nor is anything left of them, also where they are listed as having run; one stays."""
        for flags in (0, RAN):
            session = self.session(flags=flags)
            stays = session.process(os.getpid())
            seen = set()
            with sleeper() as pid:
                for _ in range(1100):
                    target = session.process(pid)
                    session.remove(target)
                    seen.add(target)
                self.assertEqual(len(seen), 1100)
                self.assertNotIn(stays, seen)
                self.assertEqual(set(session.sample()), {stays})
                last = session.process(pid)
                self.assertEqual(set(session.sample()), {stays, last})
