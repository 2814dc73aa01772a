# SPDX-License-Identifier: MIT
"""A kernel built from Debian's source with a configuration of ours: for finding mistakes."""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import apt
from apt import run
from cache import Problem

CONFIGS = Path(__file__).with_name("config")
# What modules need of the source tree to be built: the rest, most of it, is removed.
KEPT = {"arch", "include", "scripts", "tools", "certs", "Makefile", "Kbuild", "Kconfig"}


def recipe(names):
    """What decides how the kernel comes out, besides its source, in short."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in names:
        digest.update(fragment(name).read_bytes())
    return digest.hexdigest()[:16]


def fragment(name):
    return CONFIGS / f"{name}.config"


def build(row, folder, target, say):
    """Fill folder, which will become target, with the kernel of a row; its release."""
    start = time.monotonic()
    with apt.suite(row.suite) as suite:
        version = suite.field(row.package, "Version")
        if not version:
            raise Problem(f"{suite.name} has no {row.package} any more: see vm/kernels")
        say(f"building Linux {version} with {' and '.join(row.config)}.config "
            "(once, into the cache: about ten minutes on two CPUs)")
        suite.unpack([row.package], folder)
    tree, objects = folder / "source", folder / "build"
    tree.mkdir()
    tarball = next((folder / "usr/src").glob("*.tar.xz"))
    run(["tar", "-xf", tarball, "--strip-components=1", "-C", tree])
    shutil.rmtree(folder / "usr")
    objects.mkdir()
    configure(tree, objects, row.config)
    compile_it(tree, objects, say)
    release = (objects / "include/config/kernel.release").read_text().strip()
    (folder / "boot").mkdir()
    shutil.copy(objects / "arch/x86/boot/bzImage", folder / "boot/vmlinuz")
    make(tree, objects, "modules_install", f"INSTALL_MOD_PATH={folder}")
    prune(tree, objects)
    relocate(folder, target)
    say(f"Linux {release} is built: {time.monotonic() - start:.0f} s")
    return release


# The kernel's compiler is the module's: what is counted for coverage has the compiler's format.
SETTINGS = ["CC=gcc-12", "HOSTCC=gcc-12", "KBUILD_BUILD_TIMESTAMP=1970-01-01"]


def make_command(tree, objects, *words):
    return [str(word) for word in ("make", "-C", tree, f"O={objects}", f"-j{os.cpu_count()}",
                                   *SETTINGS, *words)]


def make(tree, objects, *words):
    run(make_command(tree, objects, *words))


def configure(tree, objects, names):
    make(tree, objects, "tinyconfig")
    run([tree / "scripts/kconfig/merge_config.sh", "-m", "-O", objects, objects / ".config",
         *map(fragment, names)], cwd=tree)
    make(tree, objects, "olddefconfig")
    have = set((objects / ".config").read_text().splitlines())
    wanted = [line for name in names for line in fragment(name).read_text().splitlines()
              if line.startswith("CONFIG_")]
    lost = [line for line in wanted if line not in have]
    if lost:
        raise Problem(f"the kernel's configuration does not take {', '.join(lost)}: see vm/config")


def compile_it(tree, objects, say):
    """make, with a line a minute of how far it is."""
    log = objects.parent / "log"
    with open(log, "wb") as out:
        child = subprocess.Popen(make_command(tree, objects, "bzImage", "modules"), stdout=out,
                                 stderr=out, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            while True:
                try:
                    status = child.wait(timeout=60)
                    break
                except subprocess.TimeoutExpired:
                    done = len(re.findall(rb"^  (?:CC|AS|LD)\b", log.read_bytes(), re.M))
                    say(f"  {done} files compiled")
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGTERM)
                child.wait()
    if status:
        last = log.read_text(errors="replace").splitlines()[-5:]
        raise Problem("the kernel does not build:\n" + "\n".join(last))
    log.unlink()


def prune(tree, objects):
    """Keep what modules are built with."""
    for path in tree.iterdir():
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in objects.rglob("*"):
        if path.suffix in (".o", ".a", ".cmd", ".gcno") and not path.is_relative_to(
                objects / "scripts") and not path.is_relative_to(objects / "tools"):
            path.unlink()
    for name in ("vmlinux", "vmlinux.o", ".tmp_vmlinux.kallsyms1", ".tmp_vmlinux.kallsyms2"):
        (objects / name).unlink(missing_ok=True)


def relocate(folder, target):
    """The built tree names its source tree by an absolute path."""
    for name in ("Makefile", "source"):
        path = folder / "build" / name
        if path.is_symlink():
            path.unlink()
            path.symlink_to(target / "source")
        else:
            path.write_text(path.read_text().replace(str(folder), str(target)))
