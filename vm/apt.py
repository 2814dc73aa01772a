# SPDX-License-Identifier: MIT
"""Debian packages of any suite, fetched with an apt of our own: nothing is installed.

Its lists lie in the cache. Where the packages come from is asked of the machine's own package
sources at run time, so any suite is found that lies beside theirs.
"""

import contextlib
import re
import subprocess
from pathlib import Path

import cache
from cache import Problem

KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
# What a kernel consists of. Its compiler and the tools that install it are none of it.
PART = re.compile(r"linux-(image|binary|modules|base|headers|kbuild)-\S*\d\S*$")


@contextlib.contextmanager
def suite(name):
    """The suite of that name as it is today, locked for as long as the block lasts."""
    with cache.locked(f"apt-{name}"):
        found = Suite(name)
        found.run("apt-get", "-q", "update")
        yield found


class Suite:
    """One suite, as bookworm or bookworm-security."""

    def __init__(self, name):
        self.name = name
        self.folder = cache.folder() / "apt" / name
        self.source = f"deb [signed-by={KEYS}] {base(name)} {name} main"
        self.configuration = self.folder / "apt.conf"
        for path in ("state/lists/partial", "cache/archives/partial"):
            (self.folder / path).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        (self.folder / "sources.list").write_text(self.source + "\n")
        self.configuration.write_text(
            f'Dir::Etc::sourcelist "{self.folder}/sources.list";\n'
            'Dir::Etc::sourceparts "/dev/null";\n'
            f'Dir::State "{self.folder}/state";\nDir::State::status "{self.folder}/status";\n'
            f'Dir::Cache "{self.folder}/cache";\nAPT::Sandbox::User "root";\n'
            # A suite that is no longer updated is still what it was.
            'Acquire::Check-Valid-Until "false";\nAcquire::Languages "none";\n')

    def field(self, package, name):
        """A field of the newest version of a package, or ""."""
        shown = self.run("apt-cache", "show", "--no-all-versions", package, may_fail=True)
        found = re.search(rf"^{name}: (.*)$", shown, re.M)
        return found[1] if found else ""

    def depends(self, package):
        """The names of the packages that it cannot be without, the first of alternatives."""
        listed = self.field(package, "Depends").split(",")
        return [each.split()[0] for each in listed if each.strip()]

    def parts(self, packages):
        """These packages of a kernel and those of the same kernel that they depend on."""
        found = list(packages)
        for package in found:
            found += [part for part in self.depends(package)
                      if PART.match(part) and part not in found]
        return found

    def unpack(self, packages, folder):
        """Put what is in these packages below a folder."""
        self.run("apt-get", "-q", "download", *packages, cwd=folder)
        for deb in sorted(Path(folder).glob("*.deb")):
            run(["dpkg-deb", "-x", deb, folder])
            deb.unlink()

    def run(self, *command, may_fail=False, **options):
        return run(["env", f"APT_CONFIG={self.configuration}", *command], may_fail, **options)


def base(suite):
    """The address that a suite lies below: that of a configured one of the same kind."""
    security = suite.endswith("-security")
    # Where it comes from is known once its lists were read, which they may not have been.
    for known in (["Origin: Debian"], []):
        listed = run(["apt-get", "indextargets", "--format", "$(CODENAME) $(SUITE) $(REPO_URI)",
                      "Created-By: Packages", *known])
        for line in listed.splitlines():
            *names, address = line.split()
            if "-updates" not in line and any("-security" in name for name in names) == security:
                return address
    raise Problem(f"the package sources of this machine name no Debian archive that can hold "
                  f"{suite}: see /etc/apt/sources.list.d")


def run(command, may_fail=False, **options):
    """Run it, silent unless it fails; returns what it printed."""
    command = [str(word) for word in command]
    done = subprocess.run(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, **options)
    if done.returncode and not may_fail:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        words = " ".join(word for word in command if not word.startswith(("env", "APT_CONFIG=")))
        raise Problem(f"{words[:60]} … failed: {last[0]}")
    return done.stdout.decode(errors="replace")
