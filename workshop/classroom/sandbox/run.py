"""Run a program in the sandbox, and end it when it takes more than it may."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workshop.classroom.sandbox.limits import Limits
from workshop.classroom.sandbox.start import Sandboxed, Unsafe
from workshop.classroom.sandbox.watch import Watch


@dataclass(frozen=True)
class Finished:
    """A program that has ended, and with it everything that it had started.

    Attributes:
        returncode: 128 and the signal's number where a signal ended it. The program can choose it freely.
        stdout: what it wrote, ``output_bytes`` at most.
        seconds: from start to end.
        peak_bytes: the most memory seen, looked at every tenth of a second.
        ended_because: a sentence on why it was ended; None when it ended by itself.
    """

    returncode: int
    stdout: bytes
    seconds: float
    peak_bytes: int
    ended_because: str | None


def run(
    argv: Sequence[str], stdin: bytes, limits: Limits, workbook: Path | None = None, unsafe: bool = False
) -> Finished:
    """Run ``argv`` in the sandbox to its end. What it writes to standard error is thrown away.

    Args:
        argv: the program and its arguments, by their paths in the sandbox.
        stdin: what it reads.
        limits: how much it may use.
        workbook: a student edition, shown read-only at ``/workbook`` and first on Python's path.
        unsafe: without a sandbox. Wall time, memory and output are limited all the same, but nothing is hidden
            except the environment variables, and a process that leaves its session lives on.

    Raises:
        WorkshopError: the sandbox did not start.
    """
    started = time.monotonic()
    with Unsafe(argv, workbook) if unsafe else Sandboxed(argv, limits, workbook) as process:
        watch = Watch(process, stdin, limits, started + limits.wall_seconds)
        reason = watch.to_the_end()
    # Now everything has ended.
    returncode = process.returncode if process.returncode >= 0 else 128 - process.returncode
    if reason is None and returncode == 128 + signal.SIGXCPU:
        reason = f"It used more than {limits.cpu_seconds} seconds of processor time."
    return Finished(returncode, bytes(watch.output), time.monotonic() - started, watch.peak_bytes, reason)
