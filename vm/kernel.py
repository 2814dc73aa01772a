# SPDX-License-Identifier: MIT
"""Kernels and what modules are built against, unpacked or built into the cache, not installed."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import apt
import cache
import chroot
import source
from cache import Problem

# What getting one takes besides what vm/run always needs.
PROGRAMS = {"chroot": ("mmdebstrap",), "source": ("flex", "bison", "bc", "xz")}
LIST = Path(__file__).with_name("kernels")


@dataclass(frozen=True)
class Row:
    """A line of the list."""

    name: str
    how: str
    suite: str
    package: str
    config: tuple

    @property
    def finds_mistakes(self):
        """Made to find them, not to work on."""
        return self.how == "source"

    @property
    def finds_races(self):
        return "races" in self.config

    @property
    def watchful(self):
        """Looks for leaks and for wrong locking."""
        return "debug" in self.config

    @property
    def recipe(self):
        """What decides which kernel comes out; a cache entry by another one is made again."""
        made = [source.recipe(self.config)] if self.how == "source" else []
        return " ".join([self.how, self.suite, self.package, *made])


@dataclass(frozen=True)
class Kernel:
    """One that is in the cache."""

    row: Row
    release: str     # as uname -r says: 6.1.0-13-amd64
    root: Path       # has boot/vmlinuz and lib/modules/RELEASE

    @property
    def image(self):
        return self.root / "boot/vmlinuz"

    @property
    def tools(self):
        """A tree with a compiler of its own, or None: then the machine's builds its module."""
        return self.root / "tools" if self.row.how == "chroot" else None

    @property
    def headers(self):
        """Where a module is built against it; a path in tools, if there is that tree."""
        if self.row.how == "source":
            return self.root / "build"
        return (Path("/") if self.tools else self.root) / f"usr/src/linux-headers-{self.release}"


def rows():
    """The list, in its order."""
    lines = (line for line in LIST.read_text().splitlines() if line and line[0] != "#")
    found = {}
    for line in lines:
        name, how, suite, package, *config = line.split()
        found[name] = Row(name, how, suite, package, tuple(config))
    return found


def get(name, say, fresh=False):
    """The kernel called name, got if the cache has none or if fresh."""
    row = rows().get(name)
    if not row:
        raise Problem(f"no kernel is called {name}: choose one of {', '.join(rows())}")
    target = cache.folder() / "kernels" / name
    with cache.locked(f"kernel-{name}"):
        if fresh or not is_there(target, row.recipe):
            with cache.filling(target) as folder:
                release = make(row, folder, target, say)
                (folder / "release").write_text(release + "\n")
                (folder / "recipe").write_text(row.recipe + "\n")
    return Kernel(row, (target / "release").read_text().strip(), target)


def is_there(target, recipe):
    """The cache has it, made as we would make it today."""
    made = target / "recipe"
    return made.exists() and made.read_text().strip() == recipe


def make(row, folder, target, say):
    """Fill folder, which will become target, with the newest of this kernel; its release."""
    missing = [name for name in PROGRAMS.get(row.how, ()) if not shutil.which(name)]
    if missing:
        raise Problem(f"{', '.join(missing)} missing for Linux {row.name}: run "
                      "`packaging/need check` as root")
    if row.how == "source":
        return source.build(row, folder, target, say)
    with apt.suite(row.suite) as suite:
        release = newest(suite, row)
        say(f"getting Linux {release} and its headers from the package sources "
            "(once, into the cache)")
        suite.unpack(suite.parts([f"linux-image-{release}", f"linux-headers-{release}"]), folder)
        if row.how == "chroot":
            say(f"getting the compiler that builds for Linux {release} (once, into the cache)")
            chroot.make(suite, folder / "tools", f"linux-headers-{release}")
    settle(folder, release)
    if row.how == "packages":
        relocate(folder, target, release)
    return release


def newest(suite, row):
    """The release that its package stands for today."""
    for package in suite.depends(row.package):
        found = re.fullmatch(r"linux-image-(%s\.\S+)" % re.escape(row.name), package)
        if found:
            return found[1]
    raise Problem(f"{suite.name} has no Linux {row.name} any more: see `apt-cache policy "
                  f"{row.package}` and {LIST.parent.name}/{LIST.name}")


def settle(folder, release):
    """Put the image and the drivers where those of every kernel are."""
    if not (folder / "lib").exists():
        (folder / "lib").symlink_to("usr/lib")
    images = [folder / f"boot/vmlinuz-{release}", folder / f"usr/lib/modules/{release}/vmlinuz"]
    image = next((path for path in images if path.exists()), None)
    if not image:
        raise Problem(f"the packages of Linux {release} have no image where it was looked for")
    (folder / "boot").mkdir(exist_ok=True)
    image.rename(folder / "boot/vmlinuz")
    apt.run(["depmod", "-b", folder, release])


def relocate(folder, target, release):
    """Debian's header package names one absolute path; make it name the place it will have."""
    makefile = folder / "usr/src" / f"linux-headers-{release}" / "Makefile"
    text = makefile.read_text()
    makefile.write_text(re.sub(r"^include /usr/src", f"include {target}/usr/src", text, flags=re.M))
