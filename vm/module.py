# SPDX-License-Identifier: MIT
"""faultline.ko for one kernel, by the same make rule as on a host."""

import shutil
import subprocess
from pathlib import Path

import cache
from cache import Problem

TOP = Path(__file__).resolve().parent.parent


def get(kernel):
    """The module built for kernel, rebuilt if its sources changed."""
    cache.plain(TOP, "clone into another folder")
    folder = TOP / "build/module" / kernel.release
    command = ["make", "-s", "-C", TOP, "module", f"KVER={kernel.release}",
               f"KDIR={kernel.headers}", f"MODULE_DIR={folder}"]
    if shutil.which("gcc-12"):
        command.append("MODULE_CC=gcc-12")
    folder.mkdir(parents=True, exist_ok=True)
    with cache.locked("module", TOP / "build"):
        done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace")
    if done.returncode:
        raise Problem(f"the module does not build for Linux {kernel.release}:\n{done.stdout}")
    if "warning" in done.stdout.lower():
        raise Problem(f"the module builds with warnings for {kernel.release}:\n{done.stdout}")
    return folder / "kernel/faultline.ko"
