# SPDX-License-Identifier: MIT
"""A kernel's own compiler: newer headers bring tools that do not run on this machine's C library.

A tree with the compiler, make and the headers of one suite. Commands run in it by chroot, with the
project's folder at its own path.
"""

import os
import subprocess

from apt import run
from cache import Problem


def make(suite, folder, headers):
    """Fill folder with what builds modules against the package headers."""
    need_root()
    run(["mmdebstrap", "--variant=apt", f"--include=gcc,make,{headers}",
         '--aptopt=APT::Install-Recommends "false"', '--aptopt=Acquire::Check-Valid-Until "false"',
         # A hook of the kernel's packages would need a boot loader.
         "--setup-hook=mkdir -p $1/boot", suite.name, folder, suite.source])


def command(root, words, folder):
    """The words of a command that runs these words in root, where folder is writable."""
    need_root()
    script = ('set -e; root=$1; folder=$2; shift 2; mkdir -p "$root$folder"; '
              'mount --bind "$folder" "$root$folder"; mount -t proc proc "$root/proc"; '
              'exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root '
              'LANG=C "$@"')
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh",
            str(root), str(folder), *words]


def need_root():
    if os.geteuid():
        raise Problem("this kernel's module builds in a chroot, which takes root: use sudo, or "
                      "another --kernel")
    if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL).returncode:
        raise Problem("this kernel's module builds in a chroot, which needs a mount namespace, "
                      "and this machine allows none: use another --kernel")
