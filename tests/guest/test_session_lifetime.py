# SPDX-License-Identifier: MIT
"""Sessions, targets, readers and the module end in every order."""

import os
import random
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from classic import WATCHFUL, Faulter, sleeper, wait_until
from records import OVERWRITE, RAN, Exit, Fork, Reader, Sample, of
from session import (DEVICE, MS, Session, SessionTest, Teller, burner, children_of, error_of,
                     faults, opened, own_faults, references, set_up)
from test_lifetime import load, unload

CPU_1 = Path("/sys/devices/system/cpu/cpu1/online")
MANY = 100 if WATCHFUL else 1000


class Module(SessionTest):
    def tearDown(self):
        if not os.path.exists(DEVICE):
            load()

    def refused_while(self, held):
        self.assertIn(unload(), ("EAGAIN", "EBUSY"), held)
        self.assertTrue(os.path.exists(DEVICE))

    def test_unload_while_a_session_is_open(self):
        fd = opened()
        self.refused_while("open")
        set_up(fd)
        self.refused_while("set up")
        os.close(fd)
        self.check_free()
        self.assertIsNone(unload())
        self.assertFalse(os.path.exists(DEVICE))
        self.assertNotIn("faultline", Path("/proc/misc").read_text())

    def test_unload_while_one_is_mapped(self):
        session = Session(period=10 * MS)
        with sleeper() as pid:
            session.process(pid)
            session.start()
            session.close_descriptor()
            self.refused_while("mapped")
            passes = session.header.passes
            wait_until(lambda: session.header.passes > passes + 2)
        session.close()
        self.check_free()
        self.assertIsNone(unload())

    def test_unload_after_the_holder_was_killed(self):
        """With everything in use: mapped, running, a tree, a poll under way."""
        held, go = os.pipe()
        child = os.fork()
        if not child:
            try:
                session = Session(period=MS, flags=OVERWRITE, wake=1 << 63)
                session.tree(os.getpid())
                session.start()
                os.write(go, b"x")
                while True:
                    session.read()
            finally:
                os._exit(1)
        os.read(held, 1)
        self.refused_while("held")
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        self.check_free()
        self.assertIsNone(unload())
        os.close(held)
        os.close(go)

    def test_unload_right_after_closing(self):
        for _ in range(3):
            with Session(period=MS) as session, burner() as pid:
                session.tree(pid)
                session.start()
                time.sleep(0.01)
            wait_until(lambda: unload() is None)
            load()


class Orders(SessionTest):
    def test_the_target_first(self):
        session = self.session(period=10 * MS)
        session.start()
        with sleeper() as pid:
            target = session.process(pid)
        session.exit_of(target)
        time.sleep(0.05)
        self.assertEqual(of(session.read(), Sample), [])
        self.assertEqual(session.header.targets, 0)

    def test_the_session_first(self):
        with sleeper() as pid:
            for flags in (0, RAN):
                with Session(period=MS, flags=flags) as session:
                    session.tree(pid)
                    session.start()
            self.check_free()
            os.kill(pid, 0)

    def test_the_opener(self):
        """Its descriptor was handed on: the session lives, with its rights."""
        ours, theirs = socket.socketpair()
        child = os.fork()
        if not child:
            try:
                socket.send_fds(theirs, [b"x"], [opened()])
            finally:
                os._exit(0)
        fd = socket.recv_fds(ours, 1, 1)[1][0]
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        ours.close()
        theirs.close()
        session = self.session(fd=fd, period=10 * MS)
        with sleeper() as pid:
            target = session.process(pid)
            session.start()
            session.wait_for(Sample, target, 2)
        session.exit_of(target)

    def test_a_reader_that_is_killed(self):
        session = self.session(period=5 * MS, ring=1 << 14, flags=OVERWRITE)
        session.process(os.getpid())
        session.start()
        for _ in range(3):
            child = os.fork()
            if not child:
                reader = Reader(session.fd, session.bytes)
                while True:
                    reader.read()
            time.sleep(0.03)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        passes = session.header.passes
        wait_until(lambda: session.header.passes > passes + 3)

    def test_it_follows_itself(self):
        """The session's owner is its target, and both end at once."""
        for kind in ("process", "thread", "tree"):
            child = os.fork()
            if not child:
                try:
                    session = Session(period=MS)
                    getattr(session, kind)(os.getpid())
                    session.start()
                    time.sleep(0.02)
                finally:
                    os._exit(0)
            os.waitpid(child, 0)
        self.check_free()

    def test_a_fork_has_it_too(self):
        session = Session(period=10 * MS)
        held, go = os.pipe()
        child = os.fork()
        if not child:
            os.close(go)
            os.read(held, 1)
            os._exit(0)
        session.close()
        time.sleep(0.05)
        self.assertEqual(references(), 1)
        os.close(go)
        os.close(held)
        os.waitpid(child, 0)

    def test_exec_closes_it(self):
        session = Session()
        child = subprocess.Popen(["sleep", "1000"], close_fds=False)
        wait_until(lambda: Path(f"/proc/{child.pid}/comm").read_text() == "sleep\n")
        session.close()
        self.check_free()
        child.kill()
        child.wait()


class Races(SessionTest):
    def test_exec_while_it_is_sampled(self):
        session = self.session(period=MS)
        session.start()
        script = f"n=0; while [ $n -lt {2 if WATCHFUL else 20} ]; do n=$((n+1)); /bin/true; done"
        root = session.tree(os.getpid())
        for _ in range(3):
            subprocess.run(["sh", "-c", script], check=True)
        session.remove(root)
        session.wait_for_targets(0)
        session.read()
        self.assertEqual(len(of(session.records, Fork)), len(of(session.records, Exit)))

    def test_added_while_they_die(self):
        """Either it is refused, or there is an end to it."""
        session = self.session()
        added = []
        for number in range(30 if WATCHFUL else 90):
            child = os.fork()
            if not child:
                if number % 3:
                    time.sleep(0.0005 * (number % 5))
                os._exit(0)
            if number % 2:
                os.kill(child, signal.SIGKILL)
            kind = ("process", "thread", "tree")[number % 3]
            error = error_of(lambda: added.append(getattr(session, kind)(child)))
            self.assertIn(error, (None, "ESRCH"))
            os.waitpid(child, 0)
        session.wait_for_targets(0)
        session.read()
        self.assertEqual({end.target for end in of(session.records, Exit)}, set(added))
        self.assertTrue(added)

    def test_requests_from_many_threads(self):
        session = self.session(period=MS, flags=OVERWRITE)
        stop = time.monotonic() + 1
        faulty = []

        def hammer(seed):
            dice = random.Random(seed)
            mine = []
            while time.monotonic() < stop:
                try:
                    action = dice.randrange(6)
                    if action == 0:
                        mine.append(session.process(dice.choice(pids)))
                    elif action == 1 and mine:
                        session.remove(mine.pop())
                    else:
                        (session.start, session.stop, session.ask_for_one)[dice.randrange(3)]()
                except FileExistsError:
                    pass
                except BaseException as error:
                    faulty.append(error)

        with sleeper() as one, sleeper() as two, burner() as three:
            pids = [one, two, three]
            threads = [threading.Thread(target=hammer, args=(seed,)) for seed in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(faulty, [])
        session.wait_for_targets(0)

    def test_many_sessions_over_one_process(self):
        sessions = [self.session(period=(5 + number) * MS, ring=1 << 16, flags=(0, RAN)[number % 2])
                    for number in range(20)]
        child = Faulter("threads", 100)
        targets = [session.tree(child.pid) for session in sessions]
        for session in sessions:
            session.start()
        child.go()
        usage = child.usage()
        for session, target in zip(sessions, targets):
            self.assertEqual(faults(session.exit_of(target).counts), own_faults(usage))

    def test_a_cpu_that_goes_and_comes(self):
        session = self.session(period=5 * MS, flags=RAN)
        self.addCleanup(CPU_1.write_text, "1")
        with burner() as pid, sleeper() as idle:
            target = session.process(pid)
            session.process(idle)
            session.start()
            for online in "010":
                CPU_1.write_text(online)
                count = len(of(session.records, Sample, target))
                session.wait_for(Sample, target, count + 3)


class Thousands(SessionTest):
    def test_of_targets(self):
        """Processes that wait, of one parent, all in one pass and all gone in the end."""
        session = self.session(period=1000 * MS, ring=1 << 21)
        parent = Teller("crowd", MANY)
        self.addCleanup(parent.kill)
        self.assertEqual(parent.line(), "ready")
        pids = children_of(parent.pid)
        ids = {session.process(pid) for pid in pids}
        self.assertEqual((len(ids), session.header.targets), (MANY, MANY))
        self.assertEqual(set(session.sample()), ids)
        session.remove(min(ids))
        parent.kill()
        wait_until(lambda: session.header.targets == 0, 60)
        session.read()
        self.assertEqual({end.target for end in of(session.records, Exit)}, ids - {min(ids)})
        self.assertEqual(session.ring.lost, 0)
