# SPDX-License-Identifier: MIT
"""One boot of the guest: start it, pass on what it prints, watch over it, judge it."""

import codecs
import os
import selectors
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import verdict
from machine import command_line, stop

# The guest says "alive" every two seconds; a thrashing one may be late.
SILENCE_SECONDS = 120
# QEMU's TCG on a busy host sometimes does not get a guest past its first steps, or stalls one of
# its CPUs there. Before init says that it is ready nothing of ours has run: such a boot is tried
# again.
STUCK_SECONDS = 45
PANIC_SECONDS = 5  # for the rest of the report; not every panicked guest manages to reset itself
ATTEMPTS = 3
PORTS = ("out", "err", "control", "log")


class Ended(Exception):
    """A signal asked this process to end; its number is the argument."""


class Stuck(Exception):
    """The guest fell sick, as the argument says, before anything of ours ran in it."""


@dataclass(frozen=True)
class Terms:
    """What a guest has to keep to."""

    log: Path                           # where its kernel log is to go
    seconds: int = 600                  # in which it must end
    silence: int = SILENCE_SECONDS      # after which it is taken for hung
    shortage: bool = False              # allocations fail on purpose


def boot(machine, terms, say):
    """Run the guest. Returns (the command's status or None, why the machine failed or None)."""
    open(terms.log, "wb").close()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return boot_once(machine, terms)
        except Stuck as stuck:
            if attempt < ATTEMPTS:
                say(f"the guest did not get going, {stuck}: starting it again")
            reason = stuck
    return None, f"the guest did not get going in {ATTEMPTS} attempts: {reason}"


def boot_once(machine, terms):
    pipes = {name: os.pipe() for name in PORTS}
    command = command_line(machine, {name: pipe[1] for name, pipe in pipes.items()},
                           terms.seconds)
    try:
        qemu = subprocess.Popen(command, pass_fds=[pipe[1] for pipe in pipes.values()],
                                stdin=None if machine.shell else subprocess.DEVNULL,
                                stdout=None if machine.shell else subprocess.PIPE,
                                stderr=None if machine.shell else subprocess.STDOUT)
    finally:
        for pipe in pipes.values():
            os.close(pipe[1])
    watch = Watch(qemu, {name: pipe[0] for name, pipe in pipes.items()}, terms)
    try:
        return watch.follow()
    finally:
        stop(qemu)
        watch.close()


class Watch:
    """Reads the guest's ports until the last one closes or the guest is given up."""

    def __init__(self, qemu, ends, terms):
        self.terms = terms
        self.qemu = qemu
        self.ends = ends
        self.lines = {"control": Lines(), "log": Lines(), "qemu": Lines()}
        self.heard = time.monotonic()
        self.ready = False
        self.log_file = open(terms.log, "ab")
        self.selector = selectors.DefaultSelector()
        for name, end in ends.items():
            self.selector.register(end, selectors.EVENT_READ, name)
        if qemu.stdout:
            self.selector.register(qemu.stdout, selectors.EVENT_READ, "qemu")

    def close(self):
        self.selector.close()
        if self.qemu.stdout:
            self.qemu.stdout.close()
        for end in self.ends.values():
            os.close(end)
        self.log_file.close()

    def follow(self):
        terms = self.terms
        deadline = time.monotonic() + terms.seconds
        failure = None
        while self.selector.get_map() and failure is None:
            ready = self.selector.select(timeout=1)
            for key, _ in ready:
                self.take(key)
            now = time.monotonic()
            self.look_for_sickness(now)
            if now > deadline:
                failure = f"not finished after {terms.seconds} s (--timeout)"
            elif ready:
                continue  # silence is when there was nothing to read, not when nobody read on
            elif now > self.heard + PANIC_SECONDS and "Kernel panic" in self.lines["log"].text:
                failure = "the guest panicked and stopped"
            elif self.ready and now > self.heard + terms.silence:
                failure = f"the guest has been silent for {terms.silence} s: it hangs"
        control, log = (self.lines[name].whole() for name in ("control", "log"))
        complaint = verdict.complaint(log, terms.shortage)
        if failure and complaint:
            failure = f"{failure}: the kernel said: {complaint}"
        if failure is None:
            qemu_status = self.qemu.wait()
            failure = verdict.judge(qemu_status, control, log, terms.shortage)
            if not log:
                failure = f"QEMU did not start: {' '.join(self.lines['qemu'].whole()) or failure}"
        return status_in(control), failure

    def look_for_sickness(self, now):
        """Raises Stuck if the guest fell ill before it was ready."""
        if self.ready:
            return
        log, control = (self.lines[name].whole() for name in ("log", "control"))
        at = next((n for n, line in enumerate(log) if verdict.READY in line), None)
        # Should that line be lost, whatever is wrong counts as ours.
        self.ready = at is not None or any(line.startswith(("start ", "fail ")) for line in control)
        if self.ready and at is None:
            return
        complaint = verdict.complaint(log[:at])
        if complaint:
            raise Stuck(f"the kernel said: {complaint}")
        if not self.ready and now > self.heard + STUCK_SECONDS:
            raise Stuck(f"silent for {STUCK_SECONDS} s")

    def take(self, key):
        data = os.read(key.fd, 65536)
        self.heard = time.monotonic()
        if not data:
            self.selector.unregister(key.fd)
            return
        if key.data == "out":
            emit(sys.stdout.buffer, data)
        elif key.data == "err":
            emit(sys.stderr.buffer, data)
        else:
            self.lines[key.data].add(data)
            if key.data == "log":
                self.log_file.write(data)
                self.log_file.flush()


def emit(stream, data):
    stream.write(data)
    stream.flush()


def status_in(control):
    for line in control:
        if line.startswith("status "):
            return int(line.split()[1])
    return None


class Lines:
    """Bytes in, lines out."""

    def __init__(self):
        self.decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        self.text = ""

    def add(self, data):
        self.text += self.decode(data)

    def whole(self):
        return [line for line in self.text.replace("\r", "").split("\n") if line and
                line != "alive"]
