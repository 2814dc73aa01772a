# SPDX-License-Identifier: MIT
"""The guest's first file system: busybox, drivers to reach the host, init."""

import lzma
import shutil
from pathlib import Path

import cache
from cache import Problem
from apt import run

INIT = Path(__file__).with_name("guest") / "init"
BUSYBOX = Path("/bin/busybox")
DRIVERS = ("virtio_mmio", "virtio_console", "virtio_blk", "9pnet_virtio", "9p", "overlay")


def get(kernel):
    """The initramfs for kernel, built anew only when init or busybox changed."""
    target = kernel.root / f"initramfs-{kernel.release}.cpio.gz"
    with cache.locked("initramfs"):
        if not target.exists() or target.stat().st_mtime < newest_part():
            build(kernel, target)
    return target


def newest_part():
    if not BUSYBOX.exists():
        raise Problem("busybox is missing: run `packaging/need demo`")
    return max(part.stat().st_mtime for part in (INIT, BUSYBOX, Path(__file__)))


def build(kernel, target):
    with cache.filling(kernel.root / "initramfs") as tree:
        for name in ("bin", "modules", "proc", "sys", "dev", "root", "etc"):
            (tree / name).mkdir()
        shutil.copy(INIT, tree / "init")
        shutil.copy(BUSYBOX, tree / "bin")
        order = drivers(kernel)
        for path in order:
            (tree / "modules" / plain_name(path)).write_bytes(plain(path))
        (tree / "modules/order").write_text("".join(f"{plain_name(each)}\n" for each in order))
    fresh = target.with_suffix(".new")
    pack(kernel.root / "initramfs", fresh)
    fresh.rename(target)


def pack(tree, target):
    script = 'set -e; find . | cpio --quiet -o -H newc -R 0:0 | gzip -1 >"$1"'
    run(["sh", "-c", script, "pack", target], cwd=tree)


def plain_name(path):
    return path.name.removesuffix(".xz")


def plain(path):
    """A driver's bytes; newer kernels come with compressed ones, which busybox cannot load."""
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def drivers(kernel):
    """The files of the drivers, each after those it depends on."""
    shown = run(["modprobe", "-d", kernel.root, "-S", kernel.release, "--show-depends", "-a",
                 *DRIVERS])
    paths = [Path(line.split()[1]) for line in shown.splitlines() if line.startswith("insmod ")]
    return list(dict.fromkeys(paths))
