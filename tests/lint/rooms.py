# SPDX-License-Identifier: MIT
"""Reads the file `rooms` and tells who may include whom."""

import os
import re
from pathlib import Path

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Layout:
    """Which room each C file is in, and which rooms it sees."""

    def __init__(self):
        self.room = {}      # file: its room
        self.sees = {}      # room: the rooms it may include, itself among them
        self.faults = []    # what is wrong with the file `rooms` itself


def room_of(name, known):
    stem = str(Path(name).with_suffix(""))
    folder = f"{Path(name).parent}/*"
    return stem if stem in known else folder if folder in known else None


def read(path, files):
    layout = Layout()
    groups = {}
    group, outside = None, []
    for line in path.read_text().splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if begins := re.fullmatch(r"\[(.+)\](.*)", line):
            group = groups.setdefault(begins[1], [])
            outside = []
            for word in begins[2].split():
                outside += groups.get(word, [word])
        else:
            group.append(line)
            layout.sees[line] = {*outside, *group}
    for name in files:
        layout.room[name] = room_of(name, layout.sees)
        if not layout.room[name]:
            layout.faults.append(f"{name}: belongs to no room: add it to tests/lint/rooms")
    for room in layout.sees:
        if room not in layout.room.values():
            layout.faults.append(f"tests/lint/rooms: {room}: there are no such files")
        for seen in layout.sees[room] - set(layout.sees):
            layout.faults.append(f"tests/lint/rooms: {room} sees {seen}, which is no room")
    return layout


def headers_meant(layout, includer, quote, text):
    """The headers of ours that an include may mean; none if it is a header of the system."""
    beside = os.path.normpath(Path(includer).parent / text)
    if quote == '"' and beside in layout.room:
        return [beside]
    wanted = "/" + re.sub(r"^(\.\./)+", "", text)
    return [name for name in layout.room if f"/{name}".endswith(wanted)]


def wrong_includes(layout, lines):
    faults = []
    for where, line in lines:
        found = INCLUDE.match(line)
        includer = where.rpartition(":")[0]
        if not found or not layout.room[includer]:
            continue
        meant = headers_meant(layout, includer, *found.groups())
        if not meant and found[1] == '"':
            faults.append(f"{where}: there is no {found[2]}; one of the system's needs <>")
        seen = layout.sees[layout.room[includer]]
        if meant and not any(layout.room[name] in seen for name in meant):
            faults.append(f"{where}: {layout.room[includer]} must not include {meant[0]}")
    return faults
