# SPDX-License-Identifier: MIT
"""Compiles small programs against the headers, for several machines and languages."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
INCLUDES = ["-Iinclude/uapi", "-Ilib"]
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
C = ["gcc", "-xc", "-std=c11"]
CXX = ["g++", "-xc++", "-std=c++11"]


def run(*words, text=None, cwd=ROOT, env=None):
    return subprocess.run([str(word) for word in words], cwd=cwd, input=text, text=True, env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)


def bits(number):
    """
    Options for a machine of so many bits. None needs a C library: headers that are the compiler's
    own will do, and the kernel's, which Debian has for both in the folder of one.
    """
    folder = run("gcc", "-print-multiarch").stdout.strip()
    return [f"-m{number}", "-ffreestanding", "-idirafter", f"/usr/include/{folder}"]


def complaints(text, compiler, *options):
    """What a compiler says about a source; nothing if it takes it."""
    done = run(*compiler, *STRICT, *options, *INCLUDES, "-fsyntax-only", "-", text=text)
    return done.stdout or ("" if not done.returncode else f"status {done.returncode}")
