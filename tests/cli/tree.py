# SPDX-License-Identifier: MIT
"""A copy of the sources to build in, so that tests leave the real build/ alone."""

import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PARTS = ("Makefile", "VERSION", "include", "kernel", "classic", "lib", "man",
         "packaging", "tool")
HEADER = "include/uapi/faultline_classic.h"


def copy_to(folder):
    folder.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part)
        else:
            shutil.copy2(ROOT / part, folder / part)


def make(folder, *words):
    """make, free of what a make around us has set; in haste, as what it builds hardly runs."""
    clean = {key: value for key, value in os.environ.items()
             if key not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "DESTDIR")}
    clean["CFLAGS"] = "-O0"
    return subprocess.run(["make", "-C", folder, "--no-print-directory", *words], text=True,
                          env=clean, capture_output=True, timeout=300)


def build_elsewhere(folder, proc):
    """The user programs, for a module whose proc file system is the folder proc, with no device."""
    copy_to(folder)
    header = folder / HEADER
    text, status = re.subn(r'"/proc/"', f'"{proc}/"', header.read_text())
    text, device = re.subn(r'"mp3_chrdev"', '"mp3_no_such_device"', text)
    if (status, device) != (1, 1):
        raise AssertionError(f"{HEADER} does not name the proc file and the device as it did")
    header.write_text(text)
    done = make(folder, "user")
    if done.returncode:
        raise AssertionError(done.stderr)
    return folder / "build"
