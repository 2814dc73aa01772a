# SPDX-License-Identifier: MIT
"""Was the guest healthy? Judged fail-closed: only what is known to be good is success."""

import re

# QEMU's status when the guest writes 5 to the exit device: (5 << 1) | 1.
EXIT_STATUS = 11
END_OF_LOG = "faultline-vm: end of log"
# Before this line of the log no module and no command of ours has run.
READY = "faultline-vm: ready"

# What a healthy kernel never says. "Call Trace" is for reports without a line of their own. Of data
# races only those that a module has a part in are ours to answer for.
BAD = re.compile(
    r"Kernel panic|\bOops\b|\bBUG\b(?!: KCSAN)|\bWARNING:|Call Trace|general protection|"
    r"unable to handle|\bKASAN\b|KCSAN: .*\[\w+\]|\bUBSAN\b|kmemleak: \d+ new|"
    r"INFO: task .* blocked|rcu: INFO|rcu_\w+ self-detected stall|soft lockup|hard LOCKUP|"
    r"possible recursive locking|possible circular locking|inconsistent lock state|"
    r"Out of memory|invoked oom-killer|refcount_t|list_(?:add|del) corruption|"
    r"double free|scheduling while atomic|sleeping function called|faultline-vm: cannot load|"
    r"faultline: disagrees|Unknown symbol|stack-protector|protection fault|corrupted stack")


# What the kernel says of an allocation that failed, and then shows the calls that led there.
SHORTAGE = re.compile(r"vmalloc error|page allocation failure")
SHORTAGE_LINES = 4


def complaint(log, shortage=False):
    """What the kernel said that a healthy one does not say, or None.

    With shortage, allocations fail on purpose: reports that they do are no complaint.
    """
    for number, line in enumerate(log):
        if BAD.search(line):
            before = log[max(0, number - SHORTAGE_LINES):number]
            if shortage and "Call Trace" in line and any(map(SHORTAGE.search, before)):
                continue
            return line.strip()
    return None


def judge(qemu_status, control, log, shortage=False):
    """Why the machine failed, in one line, or None if all was well.

    control: the lines of the control port, log: the lines of the kernel log; shortage: as above.
    """
    if complaint(log, shortage):
        return f"the kernel said: {complaint(log, shortage)}"
    for line in control:
        if line.startswith("fail "):
            return line[len("fail "):]
    if not any(line.startswith("start ") for line in control):
        return "the guest did not get as far as running the command"
    if not any(line.startswith("status ") for line in control):
        return "the guest ended before the command did"
    if control[-1] != "success":
        return "the guest ended before it said success"
    if not any(END_OF_LOG in line for line in log):
        return "the kernel log is not whole"
    if qemu_status != EXIT_STATUS:
        return f"QEMU ended with status {qemu_status}, not {EXIT_STATUS}"
    return None
