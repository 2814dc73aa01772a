#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""faultline doctor: every finding, from machines that are made up of a few files."""

import gzip
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import tree

TOOL = tree.ROOT / "build/faultline"
KERNEL = "6.1.0-18-amd64"
ALL, NONE = "000001ffffffffff", "0000000000000000"
SECURE_BOOT = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
SIGN = (f"sudo /lib/modules/{KERNEL}/build/scripts/sign-file sha256 "
        "/var/lib/shim-signed/mok/MOK.priv /var/lib/shim-signed/mok/MOK.der "
        f"/lib/modules/{KERNEL}/updates/faultline.ko")
INSTALL = "make && sudo make install"
CONFIG = "CONFIG_TRACEPOINTS=y\nCONFIG_HIGH_RES_TIMERS=y\n"

# A machine on which everything is right but that its device is none.
GOOD = {
    "proc/sys/kernel/osrelease": KERNEL + "\n",
    "proc/modules": "faultline 65536 0 - Live 0x0\n",
    "proc/sys/kernel/modules_disabled": "0\n",
    "proc/sys/kernel/perf_event_paranoid": "1\n",
    "proc/sys/kernel/yama/ptrace_scope": "1\n",
    "proc/self/status": f"Name:\tfaultline\nCapEff:\t{NONE}\nSeccomp:\t0\n",
    "proc/self/limits": "Limit                     Soft Limit           Hard Limit    Units\n"
                        "Max locked memory         8388608              8388608       bytes\n",
    "proc/self/mounts": "proc /proc proc rw,nosuid 0 0\n",
    "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\n',
    f"boot/config-{KERNEL}": CONFIG,
    f"lib/modules/{KERNEL}/build/Makefile": "\n",
    f"lib/modules/{KERNEL}/updates/faultline.ko": "\n",
    "sys/kernel/security/lockdown": "[none] integrity confidentiality\n",
    "sys/module/module/parameters/sig_enforce": "N\n",
    "sys/module/faultline/version": "0.1.0\n",
    "dev/faultline": "",
}
UNLOADED = {"sys/module/faultline/version": None, "dev/faultline": None}


def os_release(text):
    return {**UNLOADED, "etc/os-release": text, f"lib/modules/{KERNEL}/build/Makefile": None}


def rights(capabilities):
    return {"proc/self/status": f"Name:\tx\nCapEff:\t{capabilities}\n"}


# What differs from GOOD, and what is found then: about, verdict, text, mend.
FINDINGS = [
    ({}, "kernel", "ok", KERNEL, ""),
    ({"proc/sys/kernel/osrelease": "5.10.0\n"}, "kernel", "ok", "5.10.0", ""),
    ({"proc/sys/kernel/osrelease": "7.2.12+deb14-amd64\n"}, "kernel", "ok", "7.2.12", ""),
    ({"proc/sys/kernel/osrelease": "5.9.1\n"}, "kernel", "WRONG",
     "5.9.1 is older than 5.10, the oldest that the module runs on", "make demo"),
    ({"proc/sys/kernel/osrelease": "4.19.0\n"}, "kernel", "WRONG", "older than 5.10", "make demo"),
    ({"proc/sys/kernel/osrelease": None}, "kernel", "WRONG", "/proc does not tell which it is",
     "sudo mount -t proc proc /proc"),
    ({".dockerenv": ""}, "container", "ok", "it was given the device", ""),
    ({".dockerenv": "", **UNLOADED}, "container", "note", "modules are loaded outside of it",
     "docker run --device /dev/faultline IMAGE"),
    ({"run/.containerenv": "", **UNLOADED}, "container", "note", "this is one", "docker run"),
    ({"run/systemd/container": "lxc", **UNLOADED}, "container", "note", "this is one", "docker"),
    ({"proc/1/environ": "A=1\0container=podman\0", **UNLOADED}, "container", "note", "this is one",
     "docker"),
    ({"proc/1/environ": "container=lxc\0", **UNLOADED}, "container", "note", "this is one", "doc"),
    ({}, "modules", "ok", "this kernel can load some", ""),
    ({"proc/modules": None}, "modules", "WRONG", "this kernel can load none (CONFIG_MODULES)",
     "make demo"),
    ({"proc/sys/kernel/modules_disabled": "1\n"}, "modules", "note", "kernel.modules_disabled",
     "sudo reboot"),
    ({"proc/sys/kernel/modules_disabled": "1\n", **UNLOADED}, "modules", "WRONG",
     "loading any more was forbidden until the next boot", "sudo reboot"),
    ({}, "configuration", "ok", "it has all that is needed", ""),
    ({f"boot/config-{KERNEL}": None}, "configuration", "note", "nowhere to be read", ""),
    ({f"boot/config-{KERNEL}": None, f"lib/modules/{KERNEL}/build/.config": CONFIG},
     "configuration", "ok", "it has all", ""),
    ({f"boot/config-{KERNEL}": None, "proc/config.gz": gzip.compress(CONFIG.encode())},
     "configuration", "ok", "it has all", ""),
    ({f"boot/config-{KERNEL}": "# CONFIG_TRACEPOINTS is not set\nCONFIG_HIGH_RES_TIMERS=y\n"},
     "configuration", "WRONG", "this kernel was built without CONFIG_TRACEPOINTS", "make demo"),
    ({f"boot/config-{KERNEL}": "CONFIG_TRACEPOINTS=y\nCONFIG_HIGH_RES_TIMERS_X=y\n"},
     "configuration", "WRONG", "this kernel was built without CONFIG_HIGH_RES_TIMERS", "make demo"),
    ({}, "headers", "ok", "those of this kernel are there", ""),
    ({f"lib/modules/{KERNEL}/build/Makefile": None}, "headers", "ok", "nor needed now", ""),
    (os_release("ID=debian\n"), "headers", "WRONG", "which building the module needs",
     f"sudo apt install linux-headers-{KERNEL}"),
    (os_release("ID=ubuntu\nID_LIKE=debian\n"), "headers", "WRONG", "",
     f"sudo apt install linux-headers-{KERNEL}"),
    (os_release('NAME="debian"\nID=linuxmint\nID_LIKE="ubuntu debian"\n'), "headers", "WRONG", "",
     f"sudo apt install linux-headers-{KERNEL}"),
    (os_release("ID=fedora\n"), "headers", "WRONG", "", f"sudo dnf install kernel-devel-{KERNEL}"),
    (os_release('ID="rocky"\nID_LIKE="rhel centos fedora"\n'), "headers", "WRONG", "",
     f"sudo dnf install kernel-devel-{KERNEL}"),
    (os_release("ID=arch\n"), "headers", "WRONG", "", "sudo pacman -S linux-headers"),
    ({**os_release("ID=arch\n"), "proc/sys/kernel/osrelease": "6.6.9-1-lts\n"}, "headers",
     "WRONG", "", "sudo pacman -S linux-lts-headers"),
    ({**os_release("ID=arch\n"), "proc/sys/kernel/osrelease": "6.7.0-zen1-1-zen\n"}, "headers",
     "WRONG", "", "sudo pacman -S linux-zen-headers"),
    (os_release('ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n'), "headers", "WRONG", "",
     "sudo zypper install kernel-default-devel"),
    (os_release('ID=archive\nNAME="not fedora"\nVARIANT_ID=debian\n'), "headers", "WRONG", "",
     "make demo"),
    (os_release(""), "headers", "WRONG", "", "make demo"),
    ({}, "signatures", "ok", "Secure Boot is off; modules need none", ""),
    ({SECURE_BOOT: b"\6\0\0\0\1"}, "signatures", "ok", "Secure Boot is on; modules need none", ""),
    ({SECURE_BOOT: b"\6\0\0\0\0"}, "signatures", "ok", "Secure Boot is off", ""),
    ({SECURE_BOOT: b"\6\0\0\0\1", **UNLOADED,
      "sys/kernel/security/lockdown": "none [integrity] confidentiality\n"}, "signatures", "WRONG",
     "Secure Boot is on; this kernel takes only modules that are signed", SIGN),
    ({"sys/module/module/parameters/sig_enforce": "Y\n", **UNLOADED}, "signatures", "WRONG",
     "Secure Boot is off; this kernel takes only modules that are signed", SIGN),
    ({"sys/module/module/parameters/sig_enforce": "Y\n"}, "signatures", "ok",
     "a key it knows, as the one that is loaded", ""),
    ({}, "installed", "ok", "for this kernel", ""),
    ({f"lib/modules/{KERNEL}/updates/faultline.ko": None}, "installed", "note",
     "is gone after the next boot", INSTALL),
    ({f"lib/modules/{KERNEL}/updates/faultline.ko": None,
      f"lib/modules/{KERNEL}/updates/dkms/faultline.ko.xz": ""}, "installed", "ok", "for this", ""),
    ({**UNLOADED, f"lib/modules/{KERNEL}/updates/faultline.ko": None,
      "lib/modules/6.1.0-17-amd64/extra/faultline.ko": ""}, "installed", "WRONG",
     "for another kernel, but not for this one", INSTALL),
    ({**UNLOADED, f"lib/modules/{KERNEL}/updates/faultline.ko": None}, "installed", "WRONG",
     "the module is not", INSTALL),
    ({}, "loaded", "ok", "version 0.1.0", ""),
    ({"sys/module/faultline/version": ""}, "loaded", "ok", "version unknown", ""),
    (UNLOADED, "loaded", "WRONG", "the module is not", "sudo modprobe faultline"),
    ({}, "device", "ok", "/dev/faultline can be opened", ""),
    ({"dev/faultline": None}, "device", "WRONG", "is loaded, but /dev/faultline is not there",
     "sudo mknod -m 666 /dev/faultline c 10 $(awk '$2 == \"faultline\" { print $1 }' /proc/misc)"),
    ({"dev/faultline": None, ".dockerenv": ""}, "device", "WRONG", "is not there",
     "docker run --device /dev/faultline IMAGE"),
    ({"dev/faultline": lambda path: os.symlink("faultline", path)}, "device", "WRONG",
     "/dev/faultline cannot be opened: Too many levels of symbolic links", ""),
    ({"dev/faultline": lambda path: os.mknod(path, 0o600 | 0o020000, os.makedev(10, 250))},
     "device", "WRONG", "", "sudo modprobe faultline"),
    ({}, "version", "WRONG", "what answers at /dev/faultline is not faultline",
     "sudo rm /dev/faultline; sudo rmmod faultline; sudo modprobe faultline"),
    ({}, "rights", "note", "only this user's processes may be followed", "sudo faultline top"),
    (rights("0000004000000000"), "rights", "ok", "any process may be followed", ""),
    (rights("0000000000080000"), "rights", "ok", "any process may be followed", ""),
    ({}, "locked memory", "ok", "up to 8.0 MiB", ""),
    ({"proc/self/limits": "Max locked memory         65536                65536           bytes"},
     "locked memory", "note", "at most 64 KiB: the module's ring is a small one",
     "sudo prlimit --pid $$ --memlock=8388608"),
    ({"proc/self/limits": "Max locked memory         32768                32768           bytes"},
     "locked memory", "WRONG", "at most 32 KiB, but a session needs 40 KiB",
     "sudo prlimit --pid $$ --memlock=8388608"),
    ({"proc/self/limits": "Max locked memory         unlimited            unlimited       bytes"},
     "locked memory", "ok", "no limit", ""),
    ({**rights("0000000000004000"), "proc/self/limits": "Max locked memory  1  1  bytes"},
     "locked memory", "ok", "no limit", ""),
    ({}, "perf", "ok", "may stand in for the module (perf_event_paranoid 1)", ""),
    ({"proc/sys/kernel/perf_event_paranoid": "-1\n"}, "perf", "ok", "(perf_event_paranoid -1)", ""),
    ({"proc/sys/kernel/perf_event_paranoid": "2\n"}, "perf", "note",
     "may not count what happens in the kernel (perf_event_paranoid 2)",
     "sudo sysctl kernel.perf_event_paranoid=1"),
    ({"proc/sys/kernel/perf_event_paranoid": "3\n"}, "perf", "note",
     "this user may not use it (perf_event_paranoid 3)",
     "sudo sysctl kernel.perf_event_paranoid=1"),
    ({"proc/sys/kernel/perf_event_paranoid": "4\n", **rights(ALL)}, "perf", "ok",
     "(perf_event_paranoid 4, with rights)", ""),
    ({"proc/sys/kernel/perf_event_paranoid": None}, "perf", "note",
     "this kernel has no perf events", ""),
    ({}, "/proc", "ok", "ptrace_scope is 1, which limits debuggers, not counting", ""),
    ({"proc/self/mounts": "proc /proc proc rw,hidepid=invisible 0 0\nx /x y rw 0 0\n"}, "/proc",
     "note", "it hides others' processes (hidepid)", "sudo mount -o remount,hidepid=0 /proc"),
    ({"proc/self/mounts": "proc /proc proc rw,hidepid=2 0 0\n", **rights(ALL)}, "/proc", "ok",
     "shows all processes", ""),
    ({"proc/self/mounts": "proc /proc proc rw 0 0\nx /chroot/proc proc rw,hidepid=2 0 0\n"},
     "/proc", "ok", "shows all processes", ""),
]

GOLDEN = f"""\
ok     kernel         {KERNEL}
ok     modules        this kernel can load some
ok     configuration  it has all that is needed
WRONG  headers        those of this kernel are not there, which building the module needs
                      mend: sudo apt install linux-headers-{KERNEL}
ok     signatures     Secure Boot is off; modules need none
ok     installed      for this kernel
WRONG  loaded         the module is not
                      mend: sudo modprobe faultline
note   rights         only this user's processes may be followed, others' as root
                      mend: sudo faultline top
ok     locked memory  up to 8.0 MiB
ok     perf           may stand in for the module (perf_event_paranoid 1)
ok     /proc          shows all processes; ptrace_scope is 1, which limits debuggers, not counting
"""


class Doctor(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def machine(self, number, **files):
        root = self.folder / str(number)
        for name, content in files.items():
            path = root / name
            if content is None:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            if callable(content):
                content(path)
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    def run_tool(self, *words, **more):
        more = {"stdout": subprocess.PIPE, **more}
        return subprocess.run([TOOL, "doctor", *words], stderr=subprocess.PIPE, text=True,
                              timeout=60, **more)

    def findings(self, text):
        """about: verdict, text, mend"""
        found = {}
        for line in text.splitlines():
            verdict, about, words = line[:5].strip(), line[7:20].strip(), line[22:]
            if verdict:
                self.assertNotIn(about, found)
                found[about] = [verdict, words, ""]
                last = about
            else:
                self.assertTrue(words.startswith("mend: "), line)
                found[last][2] = words.removeprefix("mend: ")
        return found

    def test_every_finding(self):
        self.all = ""
        for number, (over, about, verdict, text, mend) in enumerate(FINDINGS):
            with self.subTest(about=about, text=text, number=number):
                root = self.machine(number, **{**GOOD, **over})
                done = self.run_tool("--root", root)
                self.assertEqual((done.returncode, done.stderr), (1, ""))
                self.all += done.stdout
                found = self.findings(done.stdout)
                self.assertIn(about, found)
                self.assertEqual(found[about][0], verdict, found[about])
                self.assertIn(text, found[about][1])
                self.assertEqual(bool(found[about][2]), bool(mend), found[about])
                self.assertTrue(found[about][2].startswith(mend), found[about])

        self.every_text_was_seen()

    def every_text_was_seen(self):
        """So that a finding that is added is tested: here, or in test_checkup.c."""
        unit = (tree.ROOT / "tests/unit/test_checkup.c").read_text()
        unit = re.sub(r'"\s*"', "", unit)
        texts = 0
        for path in sorted(tree.ROOT.glob("tool/checkup_*.c")):
            code = re.sub(r"/\*.*?\*/|^#.*?$", "", path.read_text(), flags=re.S | re.M)
            code = re.sub(r'"\s*"', "", code)
            for literal in re.findall(r'"((?:[^"\\]|\\.)*)"', code):
                piece = max(re.split(r"%l?\w", literal.replace('\\"', '"')), key=len)
                if " " in piece.strip() and len(piece) > 12 and not piece.startswith("Max "):
                    texts += 1
                    self.assertTrue(piece in self.all or piece in unit, f"not tested: {piece}")
        self.assertGreater(texts, 40)

    def test_a_whole_page(self):
        root = self.machine("it", **{**GOOD, **UNLOADED,
                                     f"lib/modules/{KERNEL}/build/Makefile": None})
        self.assertEqual(self.run_tool(f"--root={root}").stdout, GOLDEN)

    def test_where_the_kernel_is_to_blame_no_other_mending_is_offered(self):
        root = self.machine("it", **{**GOOD, **UNLOADED, "proc/modules": None,
                                     f"lib/modules/{KERNEL}/build/Makefile": None})
        found = self.findings(self.run_tool("--root", root).stdout)
        self.assertEqual(found["modules"][2], "make demo")
        self.assertEqual({"headers", "installed", "loaded", "device"} & set(found), set())
        self.assertIn("perf", found)

    def test_an_empty_machine_is_no_crash(self):
        root = self.machine("it", **{"etc/os-release": ""})
        found = self.findings(self.run_tool("--root", root).stdout)
        self.assertEqual(found["kernel"][0], "WRONG")

    def test_mends_are_commands(self):
        """The shell at least can read them."""
        for _, _, _, _, mend in FINDINGS:
            done = subprocess.run(["bash", "-n", "-c", mend], stderr=subprocess.PIPE)
            self.assertEqual((done.returncode, done.stderr), (0, b""), mend)

    def test_this_machine_ends_with_the_source_that_is_used(self):
        done = self.run_tool()
        self.assertEqual(done.stderr, "")
        last = done.stdout.split("\n\n")[1]
        if done.returncode:
            self.assertRegex(last, r"\AThe stand-in (perf|proc) is used, which cannot see: [^\n]+\n"
                                   r"Nothing better is used, because [^\n]+\n\Z")
        else:
            self.assertEqual(last, "The module is used: it sees all.\n")

    def test_bad_command_lines_are_refused(self):
        for words, text in (("--root /no/such", "--root must be a folder: /no/such is none"),
                            ("--root /dev/null", "--root must be a folder: /dev/null is none"),
                            ("it", "takes no arguments: it looks at this machine")):
            done = self.run_tool(*words.split())
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertTrue(done.stderr.startswith(f"faultline doctor: {text}\n"), done.stderr)

    def test_a_page_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "w") as full:
            done = self.run_tool("--root", self.folder, stdout=full)
        self.assertEqual((done.returncode, done.stderr),
                         (1, "faultline doctor: cannot write the findings: No space left on "
                             "device\n"))


if __name__ == "__main__":
    unittest.main()
