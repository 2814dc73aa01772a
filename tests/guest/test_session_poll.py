# SPDX-License-Identifier: MIT
"""Who waits for records: when poll says that there are some, and who is woken."""

import os
import select
import subprocess
import threading
import time

from classic import sleeper
from records import OVERWRITE, Target, of
from session import MS, RING_MIN
from test_session_ring import JOIN, SAMPLE, RingTest


class Poll(RingTest):
    def ready(self, session):
        """What poll says at once."""
        poll = select.poll()
        poll.register(session.fd, select.POLLIN)
        return dict(poll.poll(0)).get(session.fd, 0)

    @staticmethod
    def woken(session):
        """What poll says when it is woken; 0 if it is not, whatever there is then."""
        poll = select.poll()
        poll.register(session.fd, select.POLLIN)
        start = time.monotonic()
        said = dict(poll.poll(60000)).get(session.fd, 0)
        return said if time.monotonic() - start < 50 else 0

    def test_any_record(self):
        session = self.session()
        self.assertEqual(self.ready(session), 0)
        session.process(os.getpid())
        self.assertTrue(self.ready(session) & select.POLLIN)
        session.consume(session.ring.head)
        self.assertEqual(self.ready(session), 0)
        self.passes(session, 1)
        self.assertTrue(self.ready(session) & select.POLLIN)

    def test_so_many_bytes(self):
        wake = JOIN + 10 * SAMPLE
        for more, passes in ((0, 10), (1, 11), (-1, 10)):
            session = self.sleeping(wake=wake + more)
            self.passes(session, passes - 1)
            self.assertEqual(self.ready(session), 0)
            self.passes(session, 1)
            self.assertTrue(self.ready(session) & select.POLLIN)
            session.consume(JOIN + 2 * SAMPLE)
            self.assertEqual(self.ready(session), 0)

    def test_half_the_ring(self):
        """Who waits for more than that is not let wait until the ring is full."""
        for wake in (RING_MIN // 2 + 1, RING_MIN, (1 << 64) - 1):
            session = self.sleeping(ring=RING_MIN, wake=wake)
            self.passes(session, 22)
            self.assertLess(session.ring.head, RING_MIN // 2)
            self.assertEqual(self.ready(session), 0)
            self.passes(session, 1)
            self.assertTrue(self.ready(session) & select.POLLIN)

    def test_when_overwriting(self):
        session = self.sleeping(ring=RING_MIN, flags=OVERWRITE, wake=RING_MIN // 2)
        self.passes(session, 300)
        self.assertTrue(self.ready(session) & select.POLLIN)
        session.consume(session.ring.head)
        self.assertEqual(self.ready(session), 0)
        self.passes(session, 10)
        self.assertEqual(self.ready(session), 0)
        self.passes(session, 20)
        self.assertTrue(self.ready(session) & select.POLLIN)

    def test_time_out(self):
        session = self.session(period=10000 * MS)
        session.start()
        poll = select.poll()
        poll.register(session.fd, select.POLLIN)
        start = time.monotonic()
        self.assertEqual(poll.poll(100), [])
        self.assertGreater(time.monotonic() - start, 0.09)

    def test_a_pass_wakes(self):
        session = self.sleeping(period=20 * MS)
        session.consume(session.ring.head)
        session.start()
        self.assertTrue(self.woken(session) & select.POLLIN)
        self.assertEqual(session.read()[-1].target, self.target)

    def test_enough_passes_wake(self):
        session = self.sleeping(period=10 * MS, wake=JOIN + 8 * SAMPLE)
        session.start()
        self.assertTrue(self.woken(session) & select.POLLIN)
        self.assertGreaterEqual(len(session.read()), 9)

    def test_a_fork_wakes(self):
        """Though no pass is made and nobody ends."""
        session = self.session()
        session.tree(os.getpid())
        session.consume(session.ring.head)
        children = []
        forker = threading.Timer(0.2, lambda: children.append(subprocess.Popen(["sleep", "9"])))
        forker.start()
        self.assertTrue(self.woken(session) & select.POLLIN)
        forker.join()
        children[0].kill()
        children[0].wait()

    def test_an_exit_wakes(self):
        session = self.session()
        with sleeper() as pid:
            target = session.process(pid)
            session.read()
            killer = threading.Timer(0.1, os.kill, (pid, 9))
            killer.start()
            self.assertTrue(self.woken(session) & select.POLLIN)
            killer.join()
        self.assertEqual(session.exit_of(target).status, 9)

    def test_an_addition_wakes(self):
        session = self.session()
        with sleeper() as pid:
            later = threading.Timer(0.1, session.process, (pid,))
            later.start()
            self.assertTrue(self.woken(session) & select.POLLIN)
            later.join()
            self.assertEqual(len(of(session.read(), Target)), 1)

    def test_all_who_wait_are_woken(self):
        session = self.session()
        seen = []
        waiting = [threading.Thread(target=lambda: seen.append(self.woken(session)))
                   for _ in range(3)]
        for thread in waiting:
            thread.start()
        time.sleep(0.1)
        session.process(os.getpid())
        for thread in waiting:
            thread.join()
        self.assertEqual([bits & select.POLLIN for bits in seen], [select.POLLIN] * 3)

    def test_by_epoll(self):
        session = self.sleeping()
        with select.epoll() as epoll:
            epoll.register(session.fd, select.EPOLLIN | select.EPOLLET)
            self.assertEqual(len(epoll.poll(1)), 1)
            self.assertEqual(epoll.poll(0), [])
            self.passes(session, 1)
            self.assertEqual(len(epoll.poll(1)), 1)

    def test_closed_meanwhile(self):
        session = self.session()
        fd = session.fd
        seen = []

        def wait():
            poll = select.poll()
            poll.register(fd, select.POLLIN)
            seen.append(poll.poll(500))

        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.1)
        session.close()
        waiting.join()
        self.assertEqual(len(seen), 1)
