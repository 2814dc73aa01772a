# SPDX-License-Identifier: MIT
"""Makes recordings, byte by byte as faultline-recording(5) says, for the tests of the tool."""

import struct
import zlib

SEGMENT, RECORDS, END = 1, 2, 3
SAMPLE, TARGET, FORK, EXEC, EXIT, LEFT, MISSED, LOST = range(2, 10)
MODULE, PERF, PROC = 1, 2, 3

START = 5_000_000_000          # when segments begin, CLOCK_MONOTONIC
WALL = 1_700_000_000_000_000_000  # to be added for the time of day
MS = 1_000_000


def block(kind, segment, payload):
    head = struct.pack("<4sHHI", b"FLR\1", kind, segment, len(payload))
    return head + struct.pack("<I", zlib.crc32(head + payload)) + payload


def segment_block(number=0, **over):
    """A SEGMENT; what is not said is as below."""
    has = dict(source=MODULE, clock=1, flags=0, page_bytes=4096, cpus=2, period_ns=10 * MS,
               start_ns=START, wall_ns=WALL, node="box", machine="x86_64", kernel="6.1.0",
               source_version="0.1.0", blind="", command="faultline record -- ./job")
    has.update(over)
    texts, table = b"", b""
    for key in ("node", "machine", "kernel", "source_version", "blind", "command"):
        text = has[key].encode("utf-8", "surrogateescape")
        table += struct.pack("<II", 104 + len(texts) if text else 0, len(text))
        texts += text + b"\0"
    texts += b"\0" * (-len(texts) % 8)
    head = struct.pack("<IHHHHIIIIIQQq", 104, 1, 0, 1, 0, has["source"], has["clock"],
                       has["flags"], has["page_bytes"], has["cpus"], has["period_ns"],
                       has["start_ns"], has["wall_ns"])
    return block(SEGMENT, number, head + table + texts)


def end_block(number, records, end_ns, own_cpu_ns=0, pass_ns=0, passes=0, lost=0, missed=0, shed=0):
    return block(END, number, struct.pack("<II11Q", 96, 0, end_ns, records, own_cpu_ns, pass_ns,
                                          passes, lost, missed, shed, 0, 0, 0))


class Records:
    """Records in a row; times are ns from START."""

    def __init__(self, seq=0):
        self.bytes = b""
        self.count = 0
        self.seq = seq

    def add(self, kind, time_ns, payload):
        self.bytes += struct.pack("<HHIQ", kind, 16 + len(payload), self.seq, START + time_ns)
        self.bytes += payload
        self.seq += 1
        self.count += 1

    @staticmethod
    def name(name):
        raw = name if isinstance(name, bytes) else name.encode()
        return raw.ljust(16, b"\0")

    def join(self, time_ns, target, pid, name, parent=0, tid=0, kind=TARGET):
        self.add(kind, time_ns, struct.pack("<IIiiQ", target, parent, pid, tid,
                                            START + time_ns) + self.name(name))

    def fork(self, time_ns, target, pid, name, parent):
        self.join(time_ns, target, pid, name, parent, kind=FORK)

    def exec(self, time_ns, target, name):
        self.add(EXEC, time_ns, struct.pack("<II", target, 0) + self.name(name))

    def sample(self, time_ns, target, *counts):
        """minor, major, cpu_ns, system_ns, resident, swapped, voluntary, involuntary"""
        counts += (0,) * (8 - len(counts))
        self.add(SAMPLE, time_ns, struct.pack("<II8Q", target, 0, *counts))

    def exit(self, time_ns, target, status, *counts, peak=None):
        """Without a peak it is as long as the first version's."""
        counts += (0,) * (8 - len(counts))
        self.add(EXIT, time_ns, struct.pack("<Ii8Q", target, status, *counts) +
                 (b"" if peak is None else struct.pack("<Q", peak)))

    def left(self, time_ns, target, reason, *counts):
        counts += (0,) * (8 - len(counts))
        self.add(LEFT, time_ns, struct.pack("<II8Q", target, reason, *counts))

    def missed(self, time_ns, deadlines, shed):
        self.add(MISSED, time_ns, struct.pack("<QQ", deadlines, shed))

    def lost(self, time_ns, records, unfollowed):
        self.seq += records
        self.add(LOST, time_ns, struct.pack("<QQ", records, unfollowed))

    def block(self, segment=0):
        return block(RECORDS, segment, self.bytes)


def story():
    """All types of records: a shell that forks a job, one that is killed, one that leaves."""
    records = Records()
    records.join(0, 1, 100, "sh")
    records.sample(10 * MS, 1, 100, 1, 2 * MS, MS, 300, 0, 3, 1)
    records.fork(12 * MS, 2, 101, "sh", 1)
    records.exec(13 * MS, 2, 'job, "quoted"')
    records.sample(20 * MS, 1, 100, 1, 2 * MS, MS, 300, 0, 3, 1)
    records.sample(20 * MS, 2, 1000, 0, 7 * MS, 3 * MS, 1200, 5, 1, 2)
    records.missed(30 * MS, 1, 2)
    records.join(31 * MS, 3, 102, b"\xffbyte\n", tid=103)
    records.sample(40 * MS, 2, 5000, 2, 20 * MS, 5 * MS, 5000, 7, 1, 4)
    records.sample(40 * MS, 3, 10, 0, MS, 0, 20)
    records.lost(45 * MS, 4, 1)
    records.exit(50 * MS, 2, 9, 5050, 3, 27 * MS, 6 * MS, 0, 0, 2, 5)
    records.left(55 * MS, 3, 2)
    records.exit(60 * MS, 1, 3 << 8, 150, 1, 4 * MS, 2 * MS, 0, 0, 6, 2)
    return records


def whole(records=None, **over):
    """A recording of one segment that ended well."""
    records = records or story()
    return (segment_block(**over) + records.block() +
            end_block(0, records.count, START + 70 * MS, own_cpu_ns=MS, pass_ns=20_000, passes=6,
                      lost=4, missed=1, shed=2))
