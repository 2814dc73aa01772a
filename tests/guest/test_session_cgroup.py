# SPDX-License-Identifier: MIT
"""Following a cgroup: who is in it, who joins, who leaves, those below it, and what they fork."""

import signal
import subprocess
import unittest

from classic import Faulter, sleeper, wait_until
from records import LEFT_CGROUP, REMOVED, Exit, Fork, Left, Target, of
from session import SessionTest, cgroups, faults, move, opened_by_nobody, own_faults, wait_asleep
from test_access import nobodys

BORN = 20   # children of the faulter's


def setUpModule():
    global ROOT
    ROOT = unittest.enterModuleContext(cgroups())


class CgroupTest(SessionTest):
    def setUp(self):
        super().setUp()
        self.group = self.make(ROOT / "followed")

    def make(self, folder):
        folder.mkdir()
        self.addCleanup(self.unmake, folder)
        return folder

    @staticmethod
    def unmake(folder):
        """When everyone in it has been reaped."""
        if folder.exists():
            wait_until(lambda: not (folder / "cgroup.procs").read_text())
            folder.rmdir()


class Members(CgroupTest):
    def test_those_who_are_in_it(self):
        session = self.session()
        with sleeper() as one, sleeper() as two, sleeper() as outside:
            move(one, self.group)
            move(two, self.group)
            group = session.cgroup(self.group)
            records = session.read()
            self.assertEqual({record.pid for record in records}, {one, two})
            self.assertEqual([(type(record), record.parent, record.comm) for record in records],
                             [(Target, group, "sleep")] * 2)
            self.assertNotIn(group, {record.target for record in records})
            self.assertEqual(session.header.targets, 2)
            self.assertEqual(set(session.sample()), {record.target for record in records})
            self.assertIsNotNone(outside)
        for record in records:
            self.assertEqual(session.exit_of(record.target).status, signal.SIGKILL)

    def test_those_who_join(self):
        session = self.session()
        group = session.cgroup(self.group)
        self.assertEqual(session.read(), [])
        with sleeper() as pid:
            move(pid, self.group)
            [record] = session.wait_for(Target)
            self.assertEqual((record.parent, record.pid), (group, pid))
            self.assertIn(record.target, session.sample())

    def test_those_who_leave(self):
        session = self.session()
        with sleeper() as pid:
            move(pid, self.group)
            session.cgroup(self.group)
            [record] = session.read()
            counts = session.counts(record.target)
            move(pid, ROOT)
            [left] = session.wait_for(Left)
            self.assertEqual((left.target, left.reason), (record.target, LEFT_CGROUP))
            self.assertEqual(left.counts.minor, counts.minor)
            session.wait_for_targets(0)
            self.assertEqual(session.sample(), {})
            move(pid, self.group)
            again = session.wait_for(Target, count=2)[1]
            self.assertNotEqual(again.target, record.target)
            self.assertIn(again.target, session.sample())

    def test_those_below_it(self):
        below = self.make(self.group / "below")
        session = self.session()
        with sleeper() as one, sleeper() as two:
            move(one, below)
            session.cgroup(self.group)
            [record] = session.read()
            self.assertEqual(record.pid, one)
            # One that is made later, and deeper.
            deep = self.make(below / "deep")
            move(two, deep)
            self.assertEqual(session.wait_for(Target, count=2)[1].pid, two)
            # Within it nobody joins or leaves.
            move(one, deep)
            move(two, self.group)
            self.assertEqual(len(session.sample()), 2)
            self.assertEqual((session.find(Left), len(session.find(Target))), ([], 2))
            self.assertEqual(session.header.targets, 2)

    def test_those_above_it_are_not_followed(self):
        below = self.make(self.group / "below")
        session = self.session()
        with sleeper() as pid:
            move(pid, self.group)
            session.cgroup(below)
            self.assertEqual(session.sample(), {})
            self.assertEqual(session.read(), [])

    def test_those_who_are_forked_in_it(self):
        session = self.session()
        script = "read go; (exit 7); (exit 8); exit 9"
        with subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE) as shell:
            # Before that its exec may have yet to be told.
            wait_asleep(shell.pid)
            move(shell.pid, self.group)
            session.cgroup(self.group)
            [root] = session.read()
            shell.communicate(b"go\n")
            ends = session.wait_for(Exit, count=3)
            self.assertEqual([end.status >> 8 for end in ends], [7, 8, 9])
            forks = of(session.records, Fork)
            self.assertEqual([fork.parent for fork in forks], [root.target] * 2)
            self.assertEqual([fork.target for fork in forks], [end.target for end in ends[:2]])

    def test_a_child_that_leaves(self):
        """It joined by being born there."""
        session = self.session()
        script = f"read go; sleep 1000 & echo $! >{ROOT}/cgroup.procs; echo $!; read go; kill $!"
        with subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as shell:
            move(shell.pid, self.group)
            session.cgroup(self.group)
            shell.stdin.write(b"go\n")
            shell.stdin.flush()
            shell.stdout.readline()
            [left] = session.wait_for(Left)
            self.assertEqual(left.reason, LEFT_CGROUP)
            self.assertEqual([fork.target for fork in of(session.records, Fork)], [left.target])
            shell.communicate(b"go\n")

    def test_a_program_that_starts_in_it(self):
        """As a shell does it: the child moves itself there, then executes."""
        session = self.session()
        session.cgroup(self.group)
        script = f"echo $$ >{self.group}/cgroup.procs; exec /bin/true"
        subprocess.run(["sh", "-c", script], check=True)
        [end] = session.wait_for(Exit)
        self.assertEqual((end.status, len(of(session.records, Target))), (0, 1))


class Born(CgroupTest):
    """A child that clone3(2) puts into a cgroup has never been in its parent's."""

    def bear(self, child, folder):
        """Its children are born there; the faults of each and its own."""
        with child.process.stdout as out:
            child.go()
            lines = [tuple(map(int, line.split())) for line in out]
        usage = child.usage()
        self.assertEqual(len(lines), BORN, folder)
        own = tuple(whole - sum(part) for whole, part in zip(own_faults(usage), zip(*lines)))
        return lines, own

    def parent(self, folder):
        child = Faulter("born", folder, stdout=subprocess.PIPE)
        self.addCleanup(lambda: child.process.returncode is None and child.kill())
        return child

    def check_ends(self, session, expected):
        """So many have ended, by the order of their births, with exactly these faults."""
        ends = sorted(session.wait_for(Exit, count=len(expected)), key=lambda end: end.target)
        self.assertEqual([faults(end.counts) for end in ends], expected)
        session.wait_for_targets(0)
        self.assertEqual((session.header.unfollowed, session.ring.lost), (0, 0))
        return [end.target for end in ends]

    def test_in_it(self):
        """Of a parent who is outside, and not followed."""
        session = self.session()
        group = session.cgroup(self.group)
        lines, _ = self.bear(self.parent(self.group), self.group)
        ended = self.check_ends(session, lines)
        joined = of(session.records, Target)
        self.assertEqual([record.target for record in joined], ended)
        self.assertEqual({record.parent for record in joined}, {group})
        self.assertEqual(of(session.records, Fork) + of(session.records, Left), [])

    def test_below_it(self):
        """Of a parent who is in it."""
        below = self.make(self.group / "below")
        session = self.session()
        parent = self.parent(below)
        move(parent.pid, self.group)
        session.cgroup(self.group)
        lines, own = self.bear(parent, below)
        root, *ended = self.check_ends(session, [own, *lines])
        forks = of(session.records, Fork)
        self.assertEqual([fork.target for fork in forks], ended)
        self.assertEqual({fork.parent for fork in forks}, {root})

    def test_out_of_it(self):
        """Of a parent who is in it: they are not followed, as they never joined."""
        outside = self.make(ROOT / "outside")
        session = self.session()
        parent = self.parent(outside)
        move(parent.pid, self.group)
        session.cgroup(self.group)
        _, own = self.bear(parent, outside)
        self.check_ends(session, [own])
        self.assertEqual(of(session.records, Fork) + of(session.records, Left), [])

    def test_of_a_tree_they_are_that_s_children(self):
        """Into a cgroup that is followed or out of it: once, and they do not leave with it."""
        outside = self.make(ROOT / "outside")
        for born, parents in ((self.group, outside), (outside, self.group)):
            session = self.session()
            parent = self.parent(born)
            move(parent.pid, parents)
            root = session.tree(parent.pid)
            session.cgroup(self.group)
            lines, own = self.bear(parent, born)
            self.assertEqual(self.check_ends(session, [own, *lines])[0], root)
            forks = of(session.records, Fork)
            self.assertEqual([fork.parent for fork in forks], [root] * BORN)
            self.assertEqual((len(of(session.records, Target)), of(session.records, Left)), (1, []))

    def test_from_one_that_is_followed_into_another(self):
        other = self.make(ROOT / "other")
        session = self.session()
        parent = self.parent(other)
        move(parent.pid, self.group)
        session.cgroup(self.group)
        group = session.cgroup(other)
        lines, own = self.bear(parent, other)
        self.check_ends(session, [own, *lines])
        self.assertEqual(len(of(session.records, Fork)), BORN)
        self.refused("ENOENT", session.remove, of(session.records, Fork)[0].target)
        session.remove(group)

    def test_of_someone_else(self):
        """An ordinary user's session does not see root's."""
        session = self.session(fd=opened_by_nobody())
        session.cgroup(self.group)
        self.bear(self.parent(self.group), self.group)
        self.assertEqual(session.sample(), {})
        self.assertEqual((session.records, session.header.targets), ([], 0))


class Removal(CgroupTest):
    def test_all_it_brought_leave(self):
        session = self.session()
        with sleeper() as one, sleeper() as two, sleeper() as own:
            move(one, self.group)
            group = session.cgroup(self.group)
            move(two, self.group)
            session.wait_for(Target, count=2)
            target = session.process(own)
            session.remove(group)
            left = session.find(Left)
            self.assertEqual([record.reason for record in left], [REMOVED] * 2)
            self.assertEqual(session.header.targets, 1)
            self.assertEqual(set(session.sample()), {target})
            self.refused("ENOENT", session.remove, group)
            # Those who come later are not followed.
            move(two, ROOT)
            move(two, self.group)
            self.assertEqual(set(session.sample()), {target})

    def test_of_one_member(self):
        session = self.session()
        with sleeper() as pid:
            move(pid, self.group)
            session.cgroup(self.group)
            [record] = session.read()
            session.remove(record.target)
            self.assertEqual(session.sample(), {})

    def test_of_the_cgroup_itself(self):
        """It may be removed while it is followed; its descriptor is not needed any more."""
        session = self.session()
        group = session.cgroup(self.group)
        with sleeper() as pid:
            move(pid, self.group)
            session.wait_for(Target)
        session.wait_for(Exit)
        self.unmake(self.group)
        self.assertEqual(session.sample(), {})
        session.remove(group)


class Others(CgroupTest):
    def test_those_who_are_followed_already(self):
        session = self.session()
        with sleeper() as pid:
            target = session.process(pid)
            move(pid, self.group)
            group = session.cgroup(self.group)
            self.assertEqual(set(session.sample()), {target})
            self.assertEqual(len(of(session.records, Target)), 1)
            session.remove(group)
            self.assertEqual(set(session.sample()), {target}, "the cgroup did not bring it")

    def test_those_who_are_not_the_openers_to_look_at(self):
        session = self.session(fd=opened_by_nobody())
        with sleeper() as roots, nobodys() as own, sleeper() as later:
            move(roots, self.group)
            move(own, self.group)
            session.cgroup(self.group)
            move(later, self.group)
            self.assertEqual(len(session.sample()), 1)
            self.assertEqual([record.pid for record in session.find(Target)], [own])
            self.assertEqual(session.header.targets, 1)

    def test_two_sessions(self):
        one, two = self.session(), self.session()
        one.cgroup(self.group)
        two.cgroup(self.group)
        with sleeper() as pid:
            move(pid, self.group)
            for session in (one, two):
                self.assertEqual(session.wait_for(Target)[0].pid, pid)
            one.close()
            move(pid, ROOT)
            two.wait_for(Left)

    def test_more_than_a_session_takes(self):
        session = self.session()
        groups = [self.make(self.group / str(number)) for number in range(17)]
        ids = [session.cgroup(group) for group in groups[:16]]
        self.refused("ENOSPC", session.cgroup, groups[16])
        session.remove(ids[0])
        session.cgroup(groups[16])

    def test_a_cgroup_and_one_below_it(self):
        below = self.make(self.group / "below")
        session = self.session()
        ids = {session.cgroup(self.group), session.cgroup(below)}
        self.assertEqual(len(ids), 2)
        with sleeper() as pid:
            move(pid, below)
            session.wait_for(Target)
            self.assertEqual(len(session.sample()), 1)
            self.assertIn(of(session.records, Target)[0].parent, ids)
        session.wait_for(Exit)
        self.assertEqual(len(of(session.records, Target)), 1)
