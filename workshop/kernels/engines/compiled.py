"""A C++ file of this folder, compiled when it is first used and loaded; about a second.

Nothing is installed or kept: the library lies in a temporary folder and is gone with the process. The GIL is free
while it computes, so a panel goes on answering.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from workshop.errors import WorkshopError

#: Sums may be taken in any order, which is what makes them vectors. Not -ffast-math: linked into a library it makes the
#: whole process round the smallest numbers to zero.
_FREE_ORDER = "-fassociative-math -fno-signed-zeros -fno-trapping-math -fno-math-errno -freciprocal-math"
FLAGS = ("-std=c++17", "-O3", "-shared", "-fPIC", *_FREE_ORDER.split())
#: Tried in turn: some compilers do not know the processor that they run on.
TUNED = (("-march=native",), ())


def compiler() -> str | None:
    """The C++ compiler of this machine, or None. On Windows None: g++ there does not align vectors on the stack."""
    program = shutil.which("g++") or shutil.which("clang++")
    if program is None or sys.platform == "win32":
        return None
    if sys.platform == "darwin" and not _has_command_line_tools():
        return None  # what is called g++ would open a dialog
    return program


def compile_and_load(
    program: str | None, source: Path, defined: tuple[str, ...] = (), instead: str = "by_hand"
) -> ctypes.CDLL | WorkshopError:
    """The library made of ``source``, or why there is none: for a caller that remembers either.

    Args:
        program: of :func:`compiler`.
        defined: what the source expects to be defined, each as ``NAME=value``.
        instead: the engine to choose where there is no compiler.
    """
    if program is None:
        return WorkshopError(
            f"The native engine needs g++ or clang++ (not on Windows). Install one, or choose engine={instead!r}."
        )
    names = [f"-D{name}" for name in defined]
    # The loaded library may outlive its file's folder, or keep it from being removed.
    with tempfile.TemporaryDirectory(prefix="workshop-native-", ignore_cleanup_errors=True) as folder:
        made = Path(folder) / f"{source.stem}.so"
        try:
            for tuned in TUNED:
                command = [program, *FLAGS, *tuned, *names, str(source), "-o", str(made)]
                done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
                if done.returncode == 0:
                    break
            else:
                lines = [line for line in done.stderr.splitlines() if "error" in line]
                told = (lines or [done.stderr.strip()])[0]
                return WorkshopError(f"{program} could not compile the native engine: {told}")
            return ctypes.CDLL(str(made))
        except (
            OSError
        ) as problem:  # a compiler that cannot be started, a folder from which nothing may be run
            return WorkshopError(f"The native engine could not be compiled or loaded: {problem}")


def _has_command_line_tools() -> bool:
    return subprocess.run(["xcode-select", "-p"], capture_output=True, check=False).returncode == 0
