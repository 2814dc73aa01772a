# SPDX-License-Identifier: MIT
"""Reads recordings, block by block as faultline-recording(5) says; none may be damaged."""

import struct
import zlib
from collections import namedtuple
from pathlib import Path

from records import KINDS, Exit, Fork, Sample, Target, of, parsed

SEGMENT, RECORDS, END = 1, 2, 3
MODULE, PERF, PROC = 1, 2, 3
HEAD = struct.Struct("<4sHHII")
SEGMENT_TABLE = struct.Struct("<IHHHHIIIIIQQq12I")
END_TABLE = struct.Struct("<2I11Q")

End = namedtuple("End", "end_ns records own_cpu_ns pass_ns passes lost missed shed overwritten "
                 "unfollowed skipped")


class Segment:
    """source, period_ns, start_ns, strings, records, and end, which is None if there is none."""

    def __init__(self, payload):
        table = SEGMENT_TABLE.unpack_from(payload)
        self.source, self.page_bytes = table[5], table[8]
        self.period_ns, self.start_ns = table[10], table[11]
        pairs = zip(table[13::2], table[14::2])
        (self.node, self.machine, self.kernel, self.version, self.blind, self.command) = (
            payload[at:at + length].decode() for at, length in pairs)
        self.records = []
        self.end = None

    def add(self, payload):
        while payload:
            kind, size = struct.unpack_from("<2H", payload)
            self.records.append(parsed(KINDS[kind], payload[:size]))
            payload = payload[size:]

    def targets(self):
        """Who was followed, by id."""
        return {record.target: record for record in self.records
                if isinstance(record, (Target, Fork))}

    def exit_of(self, pid):
        """The last record of a process."""
        ids = [target for target, record in self.targets().items() if record.pid == pid]
        exits = [record for target in ids for record in of(self.records, Exit, target)]
        if len(exits) != 1:
            raise AssertionError(f"{len(exits)} ends of process {pid}")
        return exits[0]

    def samples_of(self, pid):
        ids = {target for target, record in self.targets().items() if record.pid == pid}
        return [record for record in of(self.records, Sample) if record.target in ids]


def read(path, growing=False):
    """The segments of a whole recording, or of one that is being written as far as it is whole."""
    data = Path(path).read_bytes()
    segments = []
    while len(data) >= HEAD.size or (data and not growing):
        magic, kind, number, length, crc = HEAD.unpack_from(data)
        payload = data[HEAD.size:HEAD.size + length]
        if growing and len(payload) < length:
            break
        if (magic, len(payload)) != (b"FLR\1", length) or crc != zlib.crc32(payload, zlib.crc32(
                data[:12])):
            raise AssertionError(f"{path}: a block is damaged or not whole")
        data = data[HEAD.size + length:]
        if kind == SEGMENT:
            segments.append(Segment(payload))
        if number != len(segments) - 1:
            raise AssertionError(f"{path}: a block of segment {number} in {len(segments) - 1}")
        if kind == RECORDS:
            segments[-1].add(payload)
        if kind == END:
            segments[-1].end = End(*END_TABLE.unpack_from(payload)[2:])
    return segments


def read_one(path):
    """The only segment of a recording that ended well."""
    segments = read(path)
    if len(segments) != 1 or not segments[0].end:
        raise AssertionError(f"{path}: {len(segments)} segments, or it has not ended")
    return segments[0]
