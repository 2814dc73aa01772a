# SPDX-License-Identifier: MIT
"""An ordinary user tries everything that must be refused, in any order, over and over."""

import contextlib
import ctypes
import errno
import mmap
import os
import random
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from pathlib import Path

from stage import (DEVICE, MODULE, NOBODY, SESSIONS, STATUS, Session, as_nobody, check, listed,
                   refusal, send, sleeper)

LIBC = ctypes.CDLL(None, use_errno=True)
MOUNT, INIT_MODULE, DELETE_MODULE, FINIT_MODULE = 165, 175, 176, 313
CLONE_NEWUSER = 0x10000000
ANOTHER = 1234  # another ordinary user


def sampler():
    for path in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            if path.read_text() == "faultline/mp3\n":
                return int(path.parent.name)
    raise LookupError("the sampler's thread is not there")


def outcome(action):
    """The error's name, or None if it was not refused."""
    try:
        return action()
    except OSError as error:
        return errno.errorcode[error.errno]


def syscall(number, *arguments):
    if LIBC.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def opened(path, flags):
    os.close(os.open(path, flags))


def by_a_path_descriptor(path):
    fd = os.open(path, os.O_PATH)
    try:
        opened(f"/proc/self/fd/{fd}", os.O_RDWR)
    finally:
        os.close(fd)


def load_by_descriptor():
    with open(MODULE, "rb") as module:
        syscall(FINIT_MODULE, module.fileno(), b"", 0)


def map_status():
    with open(STATUS, "r+b", buffering=0) as status:
        if LIBC.mmap(None, 4096, mmap.PROT_READ, mmap.MAP_SHARED, status.fileno(), 0) == -1:
            raise OSError(ctypes.get_errno(), "refused")


def by_a_set_uid_program(program, text):
    """It runs as root, but writes through a file that the user opened."""
    with open(STATUS, "w") as status:
        done = subprocess.run([program], input=text, text=True, stdout=status,
                              stderr=subprocess.PIPE)
    return "EPERM" if done.returncode and "not permitted" in done.stderr else None


def in_a_user_namespace(action):
    """As root, but of a namespace of one's own."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) and "EPERM"
    refused = LIBC.unshare(CLONE_NEWUSER) or outcome(action) is not None
    os._exit(bool(refused))


def follow(kind, pid):
    with Session() as session:
        session.add(kind, pid)


def attempts(there):
    """What is tried: (what, action, the errors that are right)."""
    no, never = {"EPERM"}, {"EPERM", "EACCES"}
    root = f"R {there['root']}"
    for who in ("root", "registered", "another", "sampler", "init", "kthreadd"):
        for verb in "RU":
            text = f"{verb} {there[who]}"
            yield f"{verb} of {who}", lambda text=text: refusal(text), no
        for kind in (1, 2, 3):
            yield f"follow {who}, {kind}", lambda kind=kind, pid=there[who]: follow(kind, pid), no
    yield "a set-uid program", lambda: by_a_set_uid_program(there["program"], root), no
    for path in (DEVICE, STATUS, SESSIONS):
        yield f"chmod {path}", lambda path=path: os.chmod(path, 0o777), no
        yield f"chown {path}", lambda path=path: os.chown(path, NOBODY, NOBODY), no
        yield f"unlink {path}", lambda path=path: os.unlink(path), never
        yield f"rename {path}", lambda path=path: os.rename(path, path + "2"), never | {
            "ENOENT"}
        yield f"link {path}", lambda path=path: os.link(path, "/dev/shm/link"), never | {"EXDEV"}
        yield f"cover {path}", lambda path=path: syscall(MOUNT, b"/dev/null", path.encode(), b"",
                                                         4096, b""), no
        yield f"execute {path}", lambda path=path: os.execv(path, [path]), {"EACCES"}
        yield f"its own root: {path}", lambda path=path: in_a_user_namespace(
            lambda: os.chown(path, NOBODY, NOBODY)), no
    for flags in (os.O_RDWR, os.O_RDONLY, os.O_WRONLY):
        yield f"open the device, {flags}", lambda flags=flags: opened(DEVICE, flags), {"EACCES"}
    yield "reopen the device", lambda: by_a_path_descriptor(DEVICE), {"EACCES"}
    yield "a node of its own", lambda: os.mknod("/dev/shm/own", stat.S_IFCHR | 0o666,
                                                there["number"]), no
    yield "a file in /proc/mp3", lambda: opened("/proc/mp3/own", os.O_CREAT | os.O_WRONLY), (
        never | {"ENOENT"})
    yield "a folder in /proc/mp3", lambda: os.mkdir("/proc/mp3/own"), never | {"ENOENT"}
    yield "the folder for writing", lambda: opened("/proc/mp3", os.O_RDWR), {"EISDIR"}
    yield "map the file", map_status, {"EIO", "ENODEV"}
    yield "load", lambda: syscall(INIT_MODULE, b"x", 1, b""), no
    yield "load by a descriptor", load_by_descriptor, never
    yield "unload", lambda: syscall(DELETE_MODULE, b"faultline", os.O_NONBLOCK), no
    yield "unload by force", lambda: syscall(DELETE_MODULE, b"faultline", os.O_TRUNC), no
    yield "the parameter", lambda: opened("/sys/module/faultline/parameters/major",
                                          os.O_WRONLY), {"EACCES"}
    yield "kill the sampler", lambda: os.kill(there["sampler"], signal.SIGKILL), no
    yield "hold up the sampler", lambda: os.sched_setaffinity(there["sampler"], {0}), no
    yield "its own root: R", lambda: in_a_user_namespace(lambda: send(root)), no
    yield "its own root: follow", lambda: in_a_user_namespace(lambda: follow(1, there["root"])), no
    yield "its own root: unload", lambda: in_a_user_namespace(
        lambda: syscall(DELETE_MODULE, b"faultline", os.O_NONBLOCK)), no
    yield "its own root: open the device", lambda: in_a_user_namespace(
        lambda: opened(DEVICE, os.O_RDWR)), no


def try_all(there, seed):
    """As the ordinary user: what was not refused as it should be, or the number of attempts."""
    todo = list(attempts(there))
    random.Random(seed).shuffle(todo)
    for what, action, right in todo:
        got = outcome(action)
        if got not in right:
            return f"{what}: {got or 'not refused'}"
    return len(todo)


def by_a_file_handed_over(there):
    """Root writes through a file that the user opened and handed over."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        said = as_nobody(lambda: socket.send_fds(theirs, [b"x"], [os.open(STATUS, os.O_WRONLY)]))
        check(said == "1", f"handing over a file: {said}")
        _, fds, _, _ = socket.recv_fds(ours, 1, 1)
    got = outcome(lambda: os.write(fds[0], f"R {there['root']}".encode()))
    os.close(fds[0])
    check(got == "EPERM", f"a file handed over: {got or 'not refused'}")


def look(there):
    """From the outside all is as before."""
    check(listed() == [there["registered"]], f"registered are {listed()}")
    node = os.stat(DEVICE)
    check(stat.S_IMODE(node.st_mode) == 0o600 and node.st_uid == 0, "the device was changed")
    check(stat.S_IMODE(os.stat(STATUS).st_mode) == 0o666, "the file was changed")


def run(stage):
    tried = rounds = 0
    with contextlib.ExitStack() as stack:
        there = {who: stack.enter_context(sleeper()) for who in ("root", "registered")}
        there["another"] = stack.enter_context(sleeper(user=ANOTHER, group=ANOTHER,
                                                       extra_groups=[]))
        there |= {"sampler": sampler(), "init": 1, "kthreadd": 2,
                  "number": os.stat(DEVICE).st_rdev}
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm"))
        there["program"] = f"{folder}/privileged"
        shutil.copy("/bin/cat", there["program"])
        os.chmod(folder, 0o755)
        os.chmod(there["program"], 0o4755)
        send(f"R {there['registered']}")
        while stage.goes_on() or not rounds:
            seed = stage.random.getrandbits(32)
            said = as_nobody(lambda: try_all(there, seed))
            check(said.isdigit(), f"an ordinary user: {said}")
            by_a_file_handed_over(there)
            look(there)
            tried += int(said) + 1
            rounds += 1
        send(f"U {there['registered']}")
    return f"{tried} attempts, all refused, in {rounds} orders"
