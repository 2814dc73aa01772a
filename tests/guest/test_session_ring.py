# SPDX-License-Identifier: MIT
"""The ring: what is lost or makes way when it is full, consuming, and being woken."""

import os
import signal
import threading
import time

from classic import sleeper
from records import OVERWRITE, Exit, Lost, Reader, Sample, Target, of
from session import RING_MIN, SessionTest, ballast

JOIN, SAMPLE, LOST, MOST = 56, 88, 32, 256
# What a ring that fills up has for samples: all but a quarter, before which other records may fit.
FOR_SAMPLES = RING_MIN - RING_MIN // 4


class RingTest(SessionTest):
    """A session with one target that sleeps."""

    def sleeping(self, **options):
        session = self.session(**options)
        process = sleeper()
        pid = process.__enter__()
        self.addCleanup(process.__exit__, None, None, None)
        self.target = session.process(pid)
        return session

    @staticmethod
    def passes(session, count):
        """They are not read."""
        for _ in range(count):
            session.ask_for_one()


class Full(RingTest):
    """The newest are lost."""

    def fill(self, session):
        """Until the first sample is lost; how many there are."""
        while not session.ring.lost:
            self.passes(session, 1)
        return session.ring.records - 1

    def test_lost_ones_are_counted(self):
        session = self.sleeping(ring=RING_MIN)
        room = self.fill(session)
        self.assertEqual(session.ring.head, JOIN + room * SAMPLE)
        self.assertLessEqual(session.ring.head, FOR_SAMPLES)
        self.assertGreater(session.ring.head, FOR_SAMPLES - SAMPLE - LOST - MOST)
        self.passes(session, 9)
        ring = session.ring
        self.assertEqual((ring.tail, ring.lost, ring.overwritten), (0, 10, 0))
        self.assertEqual((ring.records, session.header.passes), (1 + room, room + 10))
        # What was there is whole.
        records = session.reader.read()
        self.assertEqual([record.seq for record in records], list(range(1 + room)))
        self.assertEqual(len(of(records, Sample)), room)
        # Reading alone makes no room, consuming does.
        self.passes(session, 5)
        self.assertEqual(session.ring.lost, 15)
        session.consume()
        self.assertEqual(session.ring.tail, session.reader.position)
        self.passes(session, 1)
        lost, sample = session.read()
        self.assertEqual(lost, (1 + room + 15, lost.time, 15, 0))
        self.assertEqual((type(sample), sample.seq), (Sample, lost.seq + 1))
        self.assertEqual(session.ring.lost, 15)

    def test_samples_are_lost_first(self):
        """There is room still for what is said only once."""
        session = self.sleeping(ring=RING_MIN)
        room = self.fill(session)
        self.passes(session, 50)
        samples_lost = session.ring.lost
        with sleeper() as pid:
            target = session.process(pid)
            self.passes(session, 1)
        session.wait_for_targets(1)
        self.assertEqual(session.ring.lost, samples_lost + 2)
        records = session.read()[1 + room:]
        self.assertEqual([type(record) for record in records], [Lost, Target, Lost, Exit])
        self.assertEqual([record.records for record in of(records, Lost)], [samples_lost, 2])
        self.assertEqual(session.exit_of(target).status, signal.SIGKILL)

    def test_that_room_ends_too(self):
        session = self.sleeping(ring=RING_MIN)
        self.fill(session)
        samples_lost = session.ring.lost
        for _ in range(30):
            session.remove(session.thread(os.getpid()))
        lost = session.ring.lost - samples_lost
        self.assertTrue(20 < lost < 60, lost)
        self.assertGreater(session.ring.head, RING_MIN - LOST - SAMPLE - MOST)
        self.assertLessEqual(session.ring.head, RING_MIN)
        session.read()
        self.passes(session, 1)
        session.read()
        told = sum(record.records for record in of(session.records, Lost))
        self.assertEqual(told, samples_lost + lost)

    def test_counters_are_cumulative(self):
        """A sample after a loss has it all."""
        session = self.session(ring=RING_MIN)
        target = session.process(os.getpid())
        self.passes(session, 60)
        first = of(session.read(), Sample, target)[-1]
        with ballast(500):
            self.passes(session, 60)
        last = of(session.read(), Sample, target)[-1]
        self.assertGreater(session.ring.lost, 20)
        self.assertGreaterEqual(last.counts.minor, first.counts.minor + 500)

    def test_many_times(self):
        """The gaps are as wide as the losses told and counted; the reader checks each."""
        session = self.sleeping(ring=RING_MIN)
        for number in range(40):
            self.passes(session, 1 + number * 7 % 100)
            session.read()
        self.passes(session, 1)
        session.read()
        told = sum(record.records for record in of(session.records, Lost))
        self.assertGreater(told, 100)
        self.assertEqual(told, session.ring.lost)
        self.assertEqual(session.ring.records, len(session.records))
        self.assertEqual(session.reader.expected, session.ring.records + told)
        self.assertGreater(session.reader.pads, 10)

    def test_a_part_is_consumed(self):
        session = self.sleeping(ring=RING_MIN)
        self.passes(session, 60)
        session.consume(JOIN)
        self.assertEqual((session.ring.consumed, session.ring.tail), (JOIN, JOIN))
        lost = session.ring.lost
        self.passes(session, 1)
        self.assertEqual(session.ring.lost, lost + 1, "a loss and a sample need more room")
        session.consume(JOIN + 20 * SAMPLE)
        self.passes(session, 2)
        self.assertEqual(session.ring.lost, lost + 1)

    def test_consuming_does_not_go_back(self):
        session = self.sleeping(ring=RING_MIN)
        self.passes(session, 5)
        session.read()
        for position in (0, JOIN, session.ring.head - 8, session.ring.head + 8):
            self.refused("EINVAL", session.consume, position)


class Overwriting(RingTest):
    """The oldest make way."""

    def test_the_newest_are_there(self):
        session = self.sleeping(ring=RING_MIN, flags=OVERWRITE)
        self.passes(session, 500)
        ring = session.ring
        self.assertEqual((ring.records, ring.lost, ring.consumed), (501, 0, 0))
        self.assertGreater(ring.tail, 0)
        self.assertLessEqual(ring.head - ring.tail, RING_MIN)
        self.assertGreater(ring.head - ring.tail, RING_MIN // 2)
        reader = Reader(session.fd, session.bytes)
        self.addCleanup(reader.close)
        records = reader.read()
        self.assertEqual(records[-1].seq, 500)
        self.assertEqual(ring.overwritten, 501 - len(records))
        self.assertEqual(of(records, Lost), [])

    def test_a_reader_that_was_left_behind(self):
        session = self.sleeping(ring=RING_MIN, flags=OVERWRITE)
        self.passes(session, 10)
        first = session.read()
        self.assertEqual(len(first), 11)
        self.passes(session, 200)
        later = session.read()
        self.assertTrue(session.reader.jumped)
        self.assertEqual(later[-1].seq, 210)
        self.assertGreater(later[0].seq, 11)
        self.assertGreater(len(later), 20)

    def test_one_that_keeps_up_misses_nothing(self):
        session = self.sleeping(ring=RING_MIN, flags=OVERWRITE)
        for _ in range(30):
            self.passes(session, 20)
            session.read()
        self.assertFalse(session.reader.jumped)
        self.assertEqual(len(session.records), 601)
        self.assertGreater(session.reader.pads, 5)

    def test_what_was_consumed_is_not_counted(self):
        session = self.sleeping(ring=RING_MIN, flags=OVERWRITE)
        self.passes(session, 40)
        session.read()
        session.consume()
        consumed = session.ring.records
        self.passes(session, 20)
        self.assertGreater(session.ring.tail, 0)
        self.assertEqual(session.ring.overwritten, 0)
        self.passes(session, 100)
        ring = session.ring
        reader = Reader(session.fd, session.bytes)
        self.addCleanup(reader.close)
        self.assertEqual(ring.overwritten, ring.records - consumed - len(reader.read()))

    def test_consuming_what_is_gone(self):
        """Between the consumed position and the tail: nothing to be refused."""
        session = self.sleeping(ring=RING_MIN, flags=OVERWRITE)
        self.passes(session, 200)
        session.consume(JOIN)
        self.assertEqual(session.ring.consumed, JOIN)
        session.consume(session.ring.head)
        self.refused("EINVAL", session.consume, JOIN)

    def test_reading_while_it_is_written(self):
        """A reader that copies, then looks at the tail again, never takes a torn record."""
        session = self.sleeping(ring=RING_MIN, flags=OVERWRITE)
        stop = threading.Event()

        def write():
            while not stop.is_set():
                session.ask_for_one()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            end = time.monotonic() + 1
            while time.monotonic() < end:
                session.read()
        finally:
            stop.set()
            writer.join()
        session.read()
        self.assertGreater(len(session.records), 100)
        self.assertEqual(session.records[-1].seq + 1, session.ring.records)
        samples = of(session.records, Sample)
        self.assertEqual({sample.counts for sample in samples}, {samples[0].counts})


class Sizes(RingTest):
    def test_pads_of_all_lengths(self):
        """At every distance from the ring's end."""
        for flags in (0, OVERWRITE):
            session = self.sleeping(ring=RING_MIN, flags=flags)
            lengths = set()
            for additions in range(12):
                for _ in range(additions):
                    session.remove(session.thread(os.getpid()))
                before = session.ring.head
                while session.ring.head // RING_MIN == before // RING_MIN:
                    session.read()
                    before = session.ring.head
                    self.passes(session, 1)
                lengths.add(session.ring.head - before - SAMPLE)
                session.read()
            self.assertEqual(lengths, set(range(0, SAMPLE, 8)))
            self.assertEqual((session.reader.pads, session.ring.lost), (11, 0))
            self.assertFalse(session.reader.jumped)

    def test_a_large_one(self):
        session = self.sleeping(ring=1 << 26)
        self.passes(session, 100)
        self.assertEqual(len(session.read()), 101)
