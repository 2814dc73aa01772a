#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""faultline export: what it writes, read by those it is for: sqlite3, jq, csv, json, protoc."""

import ast
import csv
import io
import json
import re
import subprocess
import unittest
from pathlib import Path

import recordings
from exporter import LOSSES, TOOL, Case
from recordings import MS, START, WALL, Records

HERE = Path(__file__).resolve().parent

SAMPLE_KEYS = ["minor_faults", "major_faults", "cpu_ns", "system_ns", "resident_bytes",
               "swapped_bytes", "voluntary_switches", "involuntary_switches"]


def parse_text(text):
    """A message in protobuf's text format: (name, value) pairs."""
    stack = [[]]
    for line in text.splitlines():
        line = line.strip()
        if line == "}":
            inner = stack.pop()
            name = stack[-1].pop()
            stack[-1].append((name, dict_of(inner)))
        elif line.endswith(" {"):
            stack[-1].append(line[:-2])
            stack.append([])
        else:
            name, value = line.split(": ", 1)
            if value.startswith('"'):
                value = ast.literal_eval(value).encode("latin-1").decode()
            stack[-1].append((name, value))
    return stack[0]


def dict_of(pairs):
    """Pairs as a dict; repeated fields are lists."""
    found = {}
    for name, value in pairs:
        if name in ("debug_annotations", "clocks"):
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


class Csv(Case):
    def setUp(self):
        super().setUp()
        self.write(recordings.whole())

    def rows(self, *words):
        return list(csv.DictReader(io.StringIO(
            self.export("--format", "csv", *words, says=LOSSES), newline="")))

    def test_a_row_a_sample_with_its_process(self):
        rows = self.rows()
        self.assertEqual(list(rows[0]), ["time_ns", "unix_ns", "segment", "target", "pid", "tid",
                                         "name", "event", *SAMPLE_KEYS])
        self.assertEqual([row["event"] for row in rows], ["sample"] * 5 + ["exit"] * 2)
        self.assertEqual([int(row["time_ns"]) - START for row in rows],
                         [at * MS for at in (10, 20, 20, 40, 40, 50, 60)])
        for row in rows:
            self.assertEqual(int(row["unix_ns"]) - int(row["time_ns"]), WALL)
        self.assertEqual([row["pid"] for row in rows],
                         ["100", "100", "101", "101", "102", "101", "100"])
        self.assertEqual([row["tid"] for row in rows], ["", "", "", "", "103", "", ""])
        self.assertEqual([int(rows[2][key]) for key in SAMPLE_KEYS],
                         [1000, 0, 7 * MS, 3 * MS, 1200 * 4096, 5 * 4096, 1, 2])

    def test_names_are_quoted_so_that_any_reader_gets_them_back(self):
        rows = self.rows()
        self.assertEqual(rows[2]["name"], 'job, "quoted"')
        self.assertEqual(rows[4]["name"], "\N{REPLACEMENT CHARACTER}byte\n")
        for name in (" begins", "ends ", '"', ",", "a\rb", "'", "plain"):
            records = Records()
            records.join(0, 1, 7, name)
            records.sample(0, 1)
            self.write(recordings.whole(records))
            text = self.export("-f", "csv")
            self.assertEqual(list(csv.DictReader(io.StringIO(text, newline="")))[0]["name"], name)
            self.assertEqual(f'"{name}"' in text, name not in ("'", "plain"), name)

    def test_bytes_that_are_no_text_are_replaced_and_text_stays(self):
        for raw, text in ((b"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7", "\u00e9\u20ac\U0001f427"),
                          (b"a\xc0\xafb", "a\ufffd\ufffdb"), (b"\xed\xa0\x80", "\ufffd" * 3),
                          (b"\xf4\x90\x80\x80", "\ufffd" * 4), (b"\xe2\x82", "\ufffd" * 2),
                          (b"\x80" * 15, "\ufffd" * 15), (b"\xff", "\ufffd")):
            records = Records()
            records.join(0, 1, 7, raw)
            records.sample(0, 1)
            self.write(recordings.whole(records))
            row = next(csv.DictReader(io.StringIO(self.export("-f", "csv"))))
            self.assertEqual(row["name"], text, raw)

    def test_sqlite_imports_it_and_counts(self):
        (self.folder / "table.csv").write_text(self.export("-f", "csv", says=LOSSES))
        done = subprocess.run(
            ["sqlite3", ":memory:", "-cmd", ".mode list", ".import --csv table.csv samples",
             "SELECT pid, name, max(CAST(minor_faults AS INT)), count(*) FROM samples "
             "GROUP BY segment, target ORDER BY 1"], cwd=self.folder, timeout=60,
            capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, '100|sh|150|3\n101|job, "quoted"|5050|3\n'
                                      "102|\N{REPLACEMENT CHARACTER}byte\n|10|1\n")

    def test_events_are_a_row_each(self):
        rows = self.rows("--events")
        filled = [{key: value for key, value in row.items() if value and key not in
                   ("unix_ns", "segment", "name", "birth_ns")} for row in rows]
        for row in filled:
            row["time_ns"] = (int(row["time_ns"]) - START) // MS
        self.assertEqual(filled, [
            dict(time_ns=0, event="begin"),
            dict(time_ns=0, event="target", target="1", pid="100"),
            dict(time_ns=12, event="fork", target="2", pid="101", parent="1"),
            dict(time_ns=13, event="exec", target="2", pid="101"),
            dict(time_ns=30, event="missed", missed_deadlines="1", shed_visits="2"),
            dict(time_ns=31, event="target", target="3", pid="102", tid="103"),
            dict(time_ns=45, event="lost", lost_records="4", unfollowed_processes="1"),
            dict(time_ns=50, event="exit", target="2", pid="101", signal="9"),
            dict(time_ns=55, event="left", target="3", pid="102", tid="103", reason="denied"),
            dict(time_ns=60, event="exit", target="1", pid="100", exit_code="3"),
            dict(time_ns=70, event="end")])
        self.assertEqual(rows[3]["name"], 'job, "quoted"')

    def test_an_exit_has_its_peak(self):
        records = Records()
        records.join(0, 1, 100, "sh")
        records.exit(MS, 1, 0, 5, peak=300)
        records.join(2 * MS, 2, 101, "sh")
        records.exit(3 * MS, 2, 0, 5, peak=0)
        self.write(recordings.whole(records))
        rows = csv.DictReader(io.StringIO(self.export("-f", "csv", "--events")))
        self.assertEqual([row["peak_resident_bytes"] for row in rows if row["event"] == "exit"],
                         [str(300 * 4096), ""])

    def test_every_row_has_every_column(self):
        for words in ((), ("--events",)):
            text = self.export("-f", "csv", *words, says=LOSSES)
            widths = {len(row) for row in csv.reader(io.StringIO(text, newline=""))}
            self.assertEqual(len(widths), 1, words)

    def test_segments_are_numbered_and_keep_processes_apart(self):
        second = Records()
        second.join(0, 1, 555, "again")
        second.sample(MS, 1, 7)
        self.write(recordings.whole() + recordings.segment_block(1) + second.block(1) +
                   recordings.end_block(1, 2, START + 2 * MS))
        last = self.rows()[-1]
        self.assertEqual((last["segment"], last["pid"], last["name"], last["minor_faults"]),
                         ("1", "555", "again", "7"))

    def test_who_was_never_told_of_has_no_name(self):
        records = Records()
        records.sample(0, 9, 5)
        self.write(recordings.whole(records))
        row = next(csv.DictReader(io.StringIO(self.export("-f", "csv"))))
        self.assertEqual((row["target"], row["pid"], row["name"]), ("9", "", ""))

    def test_a_name_that_does_not_end_has_its_bytes_and_no_more(self):
        records = Records()
        for target in range(1, 200):
            records.join(0, target, target, "0123456789abcdef")
            records.exec(1, target, "fedcba9876543210")
            records.sample(2, target, 5)
        self.write(recordings.whole(records))
        names = {row["name"] for row in csv.DictReader(io.StringIO(
            self.export("-f", "csv")))}
        self.assertEqual(names, {"fedcba9876543210"})


class Json(Case):
    def lines(self, data, says=LOSSES):
        self.write(data)
        text = self.export("--format=json", says=says)
        return [json.loads(line) for line in text.splitlines()]

    def test_an_exit_has_its_peak(self):
        records = Records()
        for target, peak in ((1, 300), (2, 0), (3, None)):
            records.join(0, target, 100, "sh")
            records.exit(MS, target, 0, 5, peak=peak)
        lines = self.lines(recordings.whole(records), says="")
        self.assertEqual([line.get("peak_resident_bytes") for line in lines
                          if line["type"] == "exit"], [300 * 4096, None, None])

    def test_nothing_is_lost(self):
        lines = self.lines(recordings.whole())
        self.assertEqual([line["type"] for line in lines],
                         ["segment", "target", "sample", "fork", "exec", "sample", "sample",
                          "missed", "target", "sample", "sample", "lost", "exit", "left", "exit",
                          "end", "state"])
        self.assertEqual(lines[0], {
            "type": "segment", "segment": 0, "source": "module", "source_version": "0.1.0",
            "blind": "", "command": "faultline record -- ./job", "node": "box",
            "machine": "x86_64", "kernel": "6.1.0", "cpus": 2, "page_bytes": 4096,
            "clock": "CLOCK_MONOTONIC", "period_ns": 10 * MS, "start_ns": START, "wall_ns": WALL,
            "ring_flags": 0})
        self.assertEqual(lines[3], {
            "type": "fork", "segment": 0, "seq": 2, "time_ns": START + 12 * MS, "target": 2,
            "pid": 101, "tid": 0, "name": "sh", "parent": 1, "birth_ns": START + 12 * MS})
        self.assertEqual(lines[12], {
            "type": "exit", "segment": 0, "seq": 15, "time_ns": START + 50 * MS, "target": 2,
            "pid": 101, "tid": 0, "name": 'job, "quoted"', "status": 9, "signal": 9,
            "core_dumped": False,
            **dict(zip(SAMPLE_KEYS, (5050, 3, 27 * MS, 6 * MS, 0, 0, 2, 5)))})
        self.assertEqual((lines[14]["exit_code"], lines[14]["status"]), (3, 768))
        self.assertEqual((lines[13]["reason"], lines[8]["tid"]), ("denied", 103))
        self.assertEqual((lines[7]["deadlines"], lines[7]["shed"]), (1, 2))
        self.assertEqual((lines[11]["records"], lines[11]["unfollowed"]), (4, 1))
        self.assertEqual(lines[15], {
            "type": "end", "segment": 0, "end_ns": START + 70 * MS, "records": 14,
            "own_cpu_ns": MS, "pass_ns": 20000, "passes": 6, "lost": 4, "missed": 1, "shed": 2,
            "overwritten": 0, "unfollowed": 0, "skipped": 0})
        self.assertEqual(lines[16], {"type": "state", "segments": 1, "unfinished": 0,
                                     "records": 14, "damaged": 0, "damaged_bytes": 0,
                                     "ignored_bytes": 0})

    def test_who_was_denied_has_no_totals(self):
        left = self.lines(recordings.whole())[13]
        self.assertNotIn("minor_faults", left)
        records = Records()
        records.join(0, 1, 7, "it")
        records.left(MS, 1, 3, 11, 2)
        left = self.lines(recordings.whole(records), says="")[2]
        self.assertEqual((left["reason"], left["minor_faults"], left["major_faults"]),
                         ("cgroup", 11, 2))

    def test_types_that_are_not_known_yet_keep_their_bytes(self):
        records = Records()
        records.add(77, 0, b"\1\2\3\4\xfe\xff\0\0")
        line = self.lines(recordings.whole(records), says="")[1]
        self.assertEqual((line["type"], line["number"]), ("unknown", 77))
        self.assertTrue(line["bytes"].endswith("01020304feff0000"), line)
        self.assertEqual(len(line["bytes"]), 48)

    def test_jq_reads_it(self):
        self.write(recordings.whole())
        done = subprocess.run(
            ["jq", "-r", 'select(.type == "exit") | [.pid, .name, .minor_faults] | @tsv'],
            input=self.run_tool("-f", "json").stdout, capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout, b'101\tjob, "quoted"\t5050\n100\tsh\t150\n')

    def test_what_is_cut_off_or_damaged_is_said_there_and_here(self):
        cut = "faultline export: faultline.data: cut off, or still being written: what is there " \
              "was exported\n"
        lines = self.lines(recordings.whole()[:-8], says=LOSSES + cut)
        self.assertEqual([line["type"] for line in lines[-2:]], ["cut", "state"])
        self.assertEqual(lines[-1]["unfinished"], 1)
        middle = bytearray(Records().block())
        middle[12] ^= 1
        data = recordings.segment_block() + bytes(middle) + recordings.whole()[
            len(recordings.segment_block()):]
        lines = self.lines(data, says=LOSSES + "faultline export: faultline.data: damaged: "
                                               "16 B were left out\n")
        self.assertEqual(lines[1], {"type": "damage", "bytes": 16})
        self.assertEqual((lines[-1]["damaged"], lines[-1]["damaged_bytes"]), (1, 16))

    def test_a_stand_in_says_what_it_could_not_see(self):
        self.write(recordings.whole(source=recordings.PROC, blind="short-lived children"))
        done = self.run_tool("-f", "json")
        self.assertIn(b"faultline.data: recorded by proc; cannot see: short-lived children\n",
                      done.stderr)
        self.assertEqual(json.loads(done.stdout.splitlines()[0])["source"], "proc")

    def test_what_is_said_of_a_recording_does_nothing_to_a_terminal(self):
        self.write(recordings.whole(blind="\x1b[2J\nall \u00b5"))
        done = self.run_tool("-f", "json")
        self.assertIn("cannot see: ?[2J?all \u00b5\n", done.stderr.decode())


class Perfetto(Case):
    def packets(self, data, says=LOSSES):
        self.write(data)
        done = self.run_tool("-f", "perfetto")
        self.assertEqual((done.returncode, done.stderr.decode()), (0, says))
        text = subprocess.run(["protoc", "--decode=trace.Trace", f"-I{HERE}", HERE / "trace.proto"],
                              input=done.stdout, capture_output=True, timeout=60)
        self.assertEqual((text.returncode, text.stderr), (0, b""))
        text = text.stdout.decode()
        self.assertIsNone(re.search(r"^\s*\d+[: ]", text, re.M), "a field of another number")
        found = [packet for name, packet in parse_text(text) if name == "packet"]
        for packet in found:
            self.assertEqual(packet["trusted_packet_sequence_id"], "1")
            self.assertEqual(len(packet), 3)
        return found

    def tracks(self, packets):
        """Tracks by their ids; none is described otherwise a second time."""
        found = {}
        for packet in packets:
            if track := packet.get("track_descriptor"):
                found.setdefault(track["uuid"], []).append(track)
        return found

    def events(self, packets, track):
        return [(int(packet["timestamp"]) - START, packet["track_event"]) for packet in packets
                if packet.get("track_event", {}).get("track_uuid") == track]

    def test_times_are_of_the_clock_that_the_first_packet_names(self):
        first = self.packets(recordings.whole())[0]
        self.assertEqual(first["clock_snapshot"], {
            "clocks": [{"clock_id": "3", "timestamp": str(START)},
                       {"clock_id": "1", "timestamp": str(START + WALL)}],
            "primary_trace_clock": "3"})

    def test_processes_and_threads_have_tracks_of_their_own(self):
        tracks = self.tracks(self.packets(recordings.whole()))
        of = {track["process"]["pid"]: track for named in tracks.values() for track in named
              if "process" in track}
        self.assertEqual(of["101"]["process"], {"pid": "101", "process_name": 'job, "quoted"',
                                                "start_timestamp_ns": str(START + 12 * MS)})
        threads = [named[0]["thread"] for named in tracks.values() if "thread" in named[0]]
        self.assertEqual([(thread["pid"], thread["tid"]) for thread in threads], [("102", "103")])
        for track in of.values():
            below = [named[0] for named in tracks.values()
                     if named[0].get("parent_uuid") == track["uuid"]]
            self.assertEqual([(it["name"], it["counter"].get("unit_name", it["counter"].get(
                "unit"))) for it in below], [
                    ("minor faults", "faults/s"), ("major faults", "faults/s"),
                    ("CPU", "% of a CPU"), ("CPU in the kernel", "% of a CPU"),
                    ("voluntary switches", "switches/s"), ("involuntary switches", "switches/s"),
                    ("resident", "UNIT_SIZE_BYTES"), ("swapped", "UNIT_SIZE_BYTES")])

    def test_every_event_is_on_a_track_that_was_described_before(self):
        known = set()
        for packet in self.packets(recordings.whole())[1:]:
            if "track_descriptor" in packet:
                known.add(packet["track_descriptor"]["uuid"])
            else:
                self.assertIn(packet["track_event"]["track_uuid"], known)

    def test_slices_begin_and_end_in_turn(self):
        for data, says in ((recordings.whole(), LOSSES),
                           (recordings.whole()[:len(recordings.segment_block())], None)):
            self.write(data)
            packets = self.packets(data, says or
                                   "faultline export: faultline.data: cut off, or still being "
                                   "written: what is there was exported\n")
            depth = {}
            for packet in packets:
                event = packet.get("track_event", {})
                step = {"TYPE_SLICE_BEGIN": 1, "TYPE_SLICE_END": -1}.get(event.get("type"), 0)
                if step:
                    track = event["track_uuid"]
                    depth[track] = depth.get(track, 0) + step
                    self.assertIn(depth[track], (0, 1))
            self.assertEqual(set(depth.values()), {0})

    def counter(self, packets, pid, name):
        tracks = self.tracks(packets)
        process = next(uuid for uuid, named in tracks.items()
                       if named[0].get("process", {}).get("pid") == pid)
        track = next(uuid for uuid, named in tracks.items()
                     if named[0].get("parent_uuid") == process and named[0]["name"] == name)
        return [(at // MS, float(event["double_counter_value"]))
                for at, event in self.events(packets, track)]

    def test_counters_are_rates_of_the_interval_that_follows(self):
        packets = self.packets(recordings.whole())
        self.assertEqual(self.counter(packets, "101", "minor faults"),
                         [(12, 125000), (20, 200000), (40, 5000), (50, 0)])
        self.assertEqual(self.counter(packets, "101", "CPU"),
                         [(12, 87.5), (20, 65), (40, 70), (50, 0)])
        self.assertEqual(self.counter(packets, "101", "resident"),
                         [(20, 1200 * 4096), (40, 5000 * 4096), (50, 0)])
        # Nothing is known of what 100 did before its first sample, and then it slept.
        self.assertEqual(self.counter(packets, "100", "minor faults"), [(20, 1250), (60, 0)])

    def test_programs_are_slices_and_ends_are_instants_with_totals(self):
        packets = self.packets(recordings.whole())
        track = next(uuid for uuid, named in self.tracks(packets).items()
                     if named[0].get("process", {}).get("pid") == "101")
        events = [(at // MS, event["type"].removeprefix("TYPE_"), event.get("name"))
                  for at, event in self.events(packets, track)]
        self.assertEqual(events, [
            (12, "SLICE_BEGIN", "sh"), (13, "SLICE_END", None),
            (13, "SLICE_BEGIN", 'job, "quoted"'), (13, "INSTANT", 'exec job, "quoted"'),
            (50, "INSTANT", "killed by SIGKILL"), (50, "SLICE_END", None)])
        totals = {it["name"]: it["uint_value"]
                  for it in self.events(packets, track)[-1][1]["debug_annotations"]}
        self.assertEqual(totals, {
            "minor faults": "5050", "major faults": "3", "CPU (ns)": str(27 * MS),
            "CPU in the kernel (ns)": str(6 * MS), "voluntary switches": "2",
            "involuntary switches": "5"})
        names = [packet["track_event"].get("name") for packet in packets
                 if packet.get("track_event", {}).get("type") == "TYPE_INSTANT"]
        self.assertEqual(sorted(names), sorted([
            "fork sh", 'exec job, "quoted"', "missed", "lost", "killed by SIGKILL", "left: denied",
            "exit 3"]))

    def test_signals_without_a_name_have_their_number(self):
        records = Records()
        records.join(0, 1, 100, "sh")
        records.exit(MS, 1, 40, 6)
        packets = self.packets(recordings.whole(records), says="")
        self.assertIn("killed by signal 40", [packet.get("track_event", {}).get("name")
                                              for packet in packets])

    def test_segments_of_another_boot_come_behind(self):
        later = 3600 * 1000 * MS
        second = Records()
        second.join(0, 1, 100, "sh")
        second.sample(MS, 1, 7)
        data = recordings.whole() + recordings.segment_block(
            1, start_ns=START, wall_ns=WALL + later) + second.block(1) + recordings.end_block(
                1, 2, START + 2 * MS)
        packets = self.packets(data)
        self.assertEqual(int(packets[-1]["timestamp"]), START + later + 2 * MS)
        self.assertEqual(sum("clock_snapshot" in packet for packet in packets), 1)

    def test_who_was_never_told_of_has_a_track_all_the_same(self):
        records = Records()
        records.sample(0, 9, 5)
        records.exit(MS, 9, 0, 6)
        packets = self.packets(recordings.whole(records), says="")
        known = self.tracks(packets)
        for packet in packets:
            if "track_event" in packet:
                self.assertIn(packet["track_event"]["track_uuid"], known)

    def test_a_very_long_command_line_is_cut(self):
        packets = self.packets(recordings.whole(command="x" * 100000))
        values = [it["string_value"] for packet in packets
                  for it in packet.get("track_event", {}).get("debug_annotations", [])
                  if it["name"] == "command"]
        self.assertEqual(values, ["x" * 1023])


class Real(Case):
    """What `faultline record` writes here, with a stand-in or the module."""

    def test_all_formats_agree_about_a_command_and_its_children(self):
        done = subprocess.run([TOOL, "record", "-I", "5ms", "--", "sh", "-c",
                               "ls -lR /usr/include >/dev/null; sleep 0.2; exit 3"],
                              cwd=self.folder, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 3, done.stderr)
        lines = [json.loads(line) for line in self.run_tool("-f", "json").stdout.splitlines()]
        exits = [line for line in lines if line["type"] == "exit"]
        # The shell's end may be told before that of its last child, which is as old.
        shell = [line for line in exits if line.get("exit_code") == 3]
        self.assertEqual(len(shell), 1, exits)
        self.assertGreater(shell[0]["minor_faults"], 20)
        rows = list(csv.DictReader(io.StringIO(self.run_tool("-f", "csv").stdout.decode())))
        self.assertEqual([[int(row[key]) for key in SAMPLE_KEYS] for row in rows
                          if row["event"] == "exit"],
                         [[line[key] for key in SAMPLE_KEYS] for line in exits])
        self.assertEqual(sum(row["event"] == "sample" for row in rows),
                         sum(line["type"] == "sample" for line in lines))
        text = subprocess.run(["protoc", "--decode=trace.Trace", f"-I{HERE}", HERE / "trace.proto"],
                              input=self.run_tool("-f", "perfetto").stdout, capture_output=True,
                              timeout=60).stdout.decode()
        self.assertIsNone(re.search(r"^\s*\d+[: ]", text, re.M))
        self.assertIn('"exit 3"', text)


if __name__ == "__main__":
    unittest.main()
