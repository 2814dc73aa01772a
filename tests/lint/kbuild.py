# SPDX-License-Identifier: MIT
"""What gcc, kernel-doc and sparse find wrong with the module while the kernel's make builds it.

They run in one build with everything that they warn of at W=1. It is kept, for the next run to be
quick; but what gcc or kernel-doc warned of has no object, so they warn of it again.
"""

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "vm"))

import cache  # noqa: E402 (the path comes first)
import kernel  # noqa: E402
import module  # noqa: E402

KERNEL = "6.1"
FOLDER = ROOT / "build/lint"

# All files, with the warnings of level 1 as errors, and sparse also where no object is made anew.
WORDS = ["--keep-going", f"--jobs={os.cpu_count()}", "W=1e", "C=2", "CF=-fdiagnostic-prefix"]
STRICT_DOC = {"KDOC_WERROR": "1"}  # then kernel-doc, which W=1 runs, ends badly if it warns

FOUND = re.compile(r"([^\s:]+):([\d:]+) (sparse: )?(?:(?:fatal )?error|warning): .*")


@functools.cache
def build():
    """How make ended and the lines that it said; our files are called as in the sources."""
    if not shutil.which("sparse"):
        return 1, ["sparse is not installed: run `packaging/need check` as root"]
    try:
        cache.plain(ROOT, "clone into another folder")
        found = kernel.get(KERNEL, lambda text: print(f"lint: {text}", file=sys.stderr, flush=True))
    except cache.Problem as problem:
        return 1, str(problem).splitlines()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with cache.locked("lint", ROOT / "build"):
        done = subprocess.run([*module.command(found, FOLDER), *WORDS], text=True,
                              env={**module.environment(), **STRICT_DOC}, errors="replace",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    prefix = re.escape(f"{FOLDER}/") + r"(kernel/\.\./)?"
    return done.returncode, re.sub(prefix, "", done.stdout).splitlines()


def of_gcc():
    """Its errors and warnings, and kernel-doc's; all that was said if make failed without any."""
    status, lines = build()
    found = [line for line in lines if (match := FOUND.match(line)) and not match[3]]
    return list(dict.fromkeys(found or (lines if status else [])))


def of_sparse(texts):
    """Its warnings about our files, of which texts has the text; not those about the kernel's."""
    status, lines = build()
    found = [line if line.startswith(name) else f"{name}: {line}" for line in lines
             if (match := FOUND.match(line)) and match[3] and (name := is_about(texts, match))]
    if status and not found:
        found = ["sparse has not seen all: the module does not build, see kernel-warnings"]
    return list(dict.fromkeys(found))


def is_about(texts, match):
    """The file of ours that sparse warns of, or None.

    A lock that an inline function of the kernel's gives back is missed there, not where it is used.
    """
    if match[1] in texts:
        return match[1]
    unbalanced = re.search(r"context imbalance in '(\w+)'", match[0])
    for name, text in texts.items():
        if unbalanced and re.search(rf"^\w.*\b{unbalanced[1]}\(", text, re.M):
            return name
    return None
