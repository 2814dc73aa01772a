# SPDX-License-Identifier: MIT
"""The system call fuzzer trinity as an ordinary user, with our files as its only victims."""

import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile

from stage import BYTES, DEVICE, NOBODY, SESSIONS, STATUS, Failure, check, empty_list, mapped

# Those that take a descriptor, a path or an address; not those that end or starve the machine.
CALLS = """read write pread64 pwrite64 readv writev preadv pwritev preadv2 pwritev2 lseek ioctl mmap
    munmap mremap mprotect pkey_mprotect madvise msync mincore mlock munlock remap_file_pages splice
    tee vmsplice sendfile copy_file_range fcntl flock fsync fdatasync ftruncate truncate fallocate
    fadvise64 readahead sync_file_range poll select epoll_ctl dup dup2 dup3 open openat openat2
    newstat newfstat statx fchmod fchown chmod fsetxattr fgetxattr flistxattr fremovexattr
    name_to_handle_at futex process_vm_readv process_vm_writev""".split()
MEMORY = 512 << 20  # of address space, each


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_NPROC, (64, 64))


def attack(victim, seconds, seed):
    """What trinity said."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        os.chmod(folder, 0o777)
        command = ["trinity", "-q", "-l", "off", "-C", "4", "-a64", "--enable-fds=pseudo",
                   "-s", str(seed), "-V", victim, *(f"-c{call}" for call in CALLS)]
        process = subprocess.Popen(command, cwd=folder, user=NOBODY, group=NOBODY,
                                   extra_groups=[], preexec_fn=limit, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            return process.communicate(timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=30)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            return process.communicate()[0]


def calls(victim, seconds, seed):
    """How many calls it made. On a slow machine it may take long to begin."""
    for longer in (1, 5, 25):
        said = attack(victim, longer * seconds, seed)
        found = re.search(r"Ran (\d+) syscalls", said)
        if found:
            return int(found[1])
    raise Failure(f"trinity did not run: {' / '.join(said.splitlines()[-3:])}")


def run(stage):
    check(shutil.which("trinity"), "trinity is missing: run `packaging/need check` as root")
    # Who opens the device to all, as here, wants it so.
    os.chmod(DEVICE, 0o666)
    done = {victim: calls(victim, stage.seconds / 3, stage.random.getrandbits(30))
            for victim in (STATUS, DEVICE, SESSIONS)}
    os.chmod(DEVICE, 0o600)
    empty_list()
    with mapped() as buffer:
        buffer[:] = b"\xff" * BYTES
    return ", ".join(f"{number} calls on {victim}" for victim, number in done.items())
