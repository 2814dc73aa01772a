# SPDX-License-Identifier: MIT
"""How much of the module the guest tests ran: lines and branches, by lcov."""

import re
import shutil
import subprocess
from pathlib import Path

from cache import Problem

TOP = Path(__file__).resolve().parents[2]
FOLDER = TOP / "build/coverage"
UNREACHED = Path(__file__).with_name("unreached")
GOAL = 95  # % of lines
LCOV = ["--rc", "lcov_branch_coverage=1", "--gcov-tool", "gcov-12"]


def clear():
    """The next report tells of what is kept from now on."""
    shutil.rmtree(FOLDER, ignore_errors=True)


def keep(name, counts):
    """Keep the counts of a run, a folder of *.gcda files."""
    shutil.copytree(counts, FOLDER / "counts" / name)


def report(release):
    """Prints the lines of the report and writes build/coverage/html; whether it is good enough."""
    objects = TOP / "build/module" / release / "kernel"
    info = FOLDER / "info"
    runs = []
    for folder in (FOLDER / "counts").iterdir():
        for notes in objects.glob("*.gcno"):
            shutil.copy(notes, folder)
        runs += ["--add-tracefile", folder / "info"]
        run("lcov", "--quiet", *LCOV, "--capture", "--directory", folder,
            "--base-directory", objects, "--output-file", runs[-1])
    run("lcov", "--quiet", *LCOV, *runs, "--output-file", info)
    # Built from a copy of the sources; inline functions of the kernel are not ours.
    info.write_text(ours(info.read_text().replace(f"{objects}/", f"{TOP}/kernel/")))
    run("genhtml", "--quiet", "--branch-coverage", "--prefix", TOP, "--output-directory",
        FOLDER / "html", info)
    lines, hit, branches, taken, missed = read(info.read_text())
    part = 100 * hit / lines
    print(f"# coverage of kernel/: {part:.1f} % of {lines} lines, "
          f"{100 * taken / branches:.1f} % of {branches} branches; build/coverage/html/index.html")
    return explain(missed) and part >= GOAL


def run(*command):
    """Quiet, as lcov 1.16 has warnings about itself; they are shown if it fails."""
    done = subprocess.run([str(word) for word in command], stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise Problem(f"{command[0]} failed: {done.stderr.strip()}")


def ours(text):
    """The records of files in kernel/ alone."""
    records = text.split("end_of_record\n")
    return "".join(f"{record}end_of_record\n" for record in records
                   if f"SF:{TOP}/kernel/" in record)


def read(text):
    """(lines, lines hit, branches, branches taken, [(file, line) not hit])"""
    lines = hit = branches = taken = 0
    missed = []
    for line in text.splitlines():
        if line.startswith("SF:"):
            name = line[len(f"SF:{TOP}/"):]
        elif line.startswith("DA:"):
            number, count = map(int, line[3:].split(",")[:2])
            lines, hit = lines + 1, hit + (count > 0)
            if not count:
                missed.append((name, number))
        elif line.startswith("BRDA:"):
            branches, taken = branches + 1, taken + (not re.search(r",[-0]$", line))
    return lines, hit, branches, taken, missed


def function_at(lines, number):
    """The name of the function that a line is in, from its head to its brace."""
    head = next(line for line in lines[number - 1::-1] if re.match(r"\w.*\(", line))
    return re.search(r"(\w+)\(", head)[1]


def reason_for(name, number, rows):
    """The line, and why it may not be reached or None."""
    lines = (TOP / name).read_text().splitlines()
    code, function = lines[number - 1].strip(), function_at(lines, number)
    return code, next((why for file, where, piece, why in rows
                       if (file, where) == (name, function) and piece in code), None)


def explain(missed):
    """Names what was not reached; whether there is a reason for all of it."""
    rows = [line.split("\t") for line in UNREACHED.read_text().splitlines()
            if line and line[0] != "#"]
    good = True
    for name, number in missed:
        code, reason = reason_for(name, number, rows)
        print(f"# not reached: {name}:{number}: {code}: {reason or 'NO REASON GIVEN'}")
        good = good and reason is not None
    return good
