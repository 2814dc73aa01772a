# SPDX-License-Identifier: MIT
"""faultline.ko for one kernel, by the same make rule as on a host."""

import os
import shutil
import subprocess
from pathlib import Path

import cache
import chroot
from cache import Problem

TOP = Path(__file__).resolve().parent.parent


def get(kernel):
    """The module built for kernel, rebuilt if its sources changed."""
    cache.plain(TOP, "clone into another folder")
    folder = TOP / "build/module" / kernel.release
    folder.mkdir(parents=True, exist_ok=True)
    with cache.locked("module", TOP / "build"):
        done = subprocess.run(command(kernel, folder), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace",
                              env=environment())
    if done.returncode:
        raise Problem(f"the module does not build for Linux {kernel.release}:\n{done.stdout}")
    if "warning" in done.stdout.lower():
        raise Problem(f"the module builds with warnings for {kernel.release}:\n{done.stdout}")
    return folder / "kernel/faultline.ko"


def command(kernel, folder):
    """The words of a command that builds the module for kernel in folder."""
    words = ["make", "-s", "-C", str(TOP), "module", f"KVER={kernel.release}",
             f"KDIR={kernel.headers}", f"MODULE_DIR={folder}"]
    if not kernel.tools and shutil.which("gcc-12"):
        words.append("MODULE_CC=gcc-12")
    # Only kernels that are configured for it heed this.
    return inside(kernel, [*words, "MODULE_MAKE=GCOV_PROFILE=y"])


def kbuild(kernel, folder):
    """The words of a command that builds the modules in folder, which is below TOP."""
    words = ["make", "-s", "-C", str(kernel.headers), f"M={folder}", "modules"]
    if not kernel.tools and shutil.which("gcc-12"):
        words.append("CC=gcc-12")
    return inside(kernel, words)


def inside(kernel, words):
    return chroot.command(kernel.tools, words, TOP) if kernel.tools else words


def environment():
    """Ours, but for what a make around us wants of its own: a job server that is not for others."""
    return {name: value for name, value in os.environ.items()
            if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
