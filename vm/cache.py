# SPDX-License-Identifier: MIT
"""The cache folder: what is expensive to get and can always be got again.

$FAULTLINE_CACHE, else $XDG_CACHE_HOME/faultline, else ~/.cache/faultline. It can be deleted at any
time when nothing runs; every entry is put in place by a rename, so what is there is whole.
"""

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
from pathlib import Path


class Problem(Exception):
    """Something the user can act on; its text is one line that says what to do."""


def folder():
    """The cache folder, made if it is missing."""
    chosen = os.environ.get("FAULTLINE_CACHE")
    if not chosen:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        chosen = os.path.join(base, "faultline")
    path = plain(Path(chosen).resolve(), "set FAULTLINE_CACHE to another folder")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"cache folder {path}: {error.strerror}: "
                      "set FAULTLINE_CACHE to a folder that can be written") from error
    return path


def plain(path, advice):
    """The path, if make and the kernel's command line can carry it."""
    if re.search(r"[^\w/.,+=@%~-]", str(path)):
        raise Problem(f"{path}: blanks and special characters in this path do not work: {advice}")
    return path


@contextlib.contextmanager
def locked(name, where=None):
    """Only one process at a time works on what is called name; the others wait for it."""
    with open((where or folder()) / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def try_lock(path):
    """A descriptor that locks path until it is closed or this process ends; None if another has."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextlib.contextmanager
def filling(target):
    """A temporary folder that becomes target when the block ends well and vanishes otherwise.

    The caller has locked the target.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f".{target.name}.*"):  # by one that was killed
        shutil.rmtree(left, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield temporary
        if target.exists():
            shutil.rmtree(target)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
