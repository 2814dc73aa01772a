# SPDX-License-Identifier: MIT
"""A kernel from Debian's packages: image, modules and headers, unpacked into the cache.

The packages come from the machine's own package sources. Nothing outside the cache is touched.
"""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import cache
from cache import Problem

LIST = Path(__file__).with_name("kernels")


@dataclass(frozen=True)
class Kernel:
    name: str        # as in the list: 6.1
    release: str     # as uname -r says: 6.1.0-13-amd64
    root: Path       # where its packages are unpacked

    @property
    def image(self):
        return self.root / "boot" / f"vmlinuz-{self.release}"

    @property
    def headers(self):
        return self.root / "usr/src" / f"linux-headers-{self.release}"


def names():
    """The names in the list, in its order, with their packages."""
    rows = [line.split() for line in LIST.read_text().splitlines()]
    return {row[0]: row[1] for row in rows if row and not row[0].startswith("#")}


def get(name, say, fresh=False):
    """The kernel called name, fetched if the cache has none or if fresh."""
    known = names()
    if name not in known:
        raise Problem(f"no kernel is called {name}: choose one of {', '.join(known)}")
    target = cache.folder() / "kernels" / name
    with cache.locked("kernels"):
        if fresh or not (target / "release").exists():
            release = newest(name, known[name], say)
            say(f"getting Linux {release} and its headers from the package sources "
                "(once, into the cache)")
            with cache.filling(target) as folder:
                unpack(release, folder)
                relocate(folder, target, release)
                (folder / "release").write_text(release + "\n")
    return Kernel(name, (target / "release").read_text().strip(), target)


def newest(name, package, say):
    """The release that package stands for today."""
    release = release_of(name, package)
    if release is None and os.geteuid() == 0:
        say("updating the package lists")
        run(["apt-get", "-q", "update"])
        release = release_of(name, package)
    if release is None:
        raise Problem(f"the package sources have no Linux {name}: run `apt-get update` as root; "
                      "it is in Debian 12 (bookworm)")
    return release


def release_of(name, package):
    shown = subprocess.run(["apt-cache", "show", "--no-all-versions", package],
                           capture_output=True, text=True).stdout
    found = re.search(r"^Depends:.*\blinux-image-(%s\.\S+)" % re.escape(name), shown, re.M)
    return found.group(1) if found else None


def unpack(release, folder):
    major_minor = ".".join(release.split(".")[:2])
    common = release.rsplit("-", 1)[0] + "-common"
    packages = [f"linux-image-{release}", f"linux-headers-{release}", f"linux-headers-{common}",
                f"linux-kbuild-{major_minor}"]
    run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *packages], cwd=folder)
    for deb in sorted(folder.glob("*.deb")):
        run(["dpkg-deb", "-x", deb, folder])
        deb.unlink()
    run(["depmod", "-b", folder, release])


def relocate(folder, target, release):
    """Debian's header package names one absolute path; make it name the place it will have."""
    makefile = folder / "usr/src" / f"linux-headers-{release}" / "Makefile"
    text = makefile.read_text()
    makefile.write_text(re.sub(r"^include /usr/src", f"include {target}/usr/src", text, flags=re.M))


def run(command, **options):
    """Run it, silent unless it fails."""
    command = [str(word) for word in command]
    done = subprocess.run(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, **options)
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        raise Problem(f"{' '.join(command[:3])} … failed: {last[0]}")
    return done.stdout.decode(errors="replace")
