"""Run a program in the sandbox, watch it, and end it when it takes more than it may."""

from __future__ import annotations

import os
import select
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from workshop.classroom.sandbox import available, bubblewrap
from workshop.classroom.sandbox.limits import Limits
from workshop.errors import WorkshopError

#: Seconds between two looks at memory and time.
_LOOK = 0.1
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Finished:
    """A program that has ended, and everything it had started with it.

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
        workbook: a student edition, shown at ``/workbook``.
        unsafe: without a sandbox. Wall time, memory and output are still limited; nothing is hidden but the
            environment variables, and a process that leaves the session is not ended.

    Raises:
        WorkshopError: the sandbox did not start.
    """
    with ExitStack() as stack:
        started = time.monotonic()
        if unsafe:
            home = stack.enter_context(tempfile.TemporaryDirectory(prefix="unsafe-"))
            box = _Unsafe(argv, home, workbook)
        else:
            box = _Sandbox(argv, limits, workbook)
        stack.callback(box.end)
        watched = _Watched(box.process, stdin, limits, started)
        stack.callback(watched.close)
        reason = watched.to_the_end()
        box.end()
        returncode = box.process.returncode
        returncode = 128 - returncode if returncode < 0 else returncode
        if reason is None and returncode == 128 + signal.SIGXCPU:
            reason = f"It used more than {limits.cpu_seconds} seconds of processor time."
        seconds = time.monotonic() - started
        return Finished(returncode, bytes(watched.out), seconds, watched.peak, reason)


class _Sandbox:
    """A program under bubblewrap."""

    def __init__(self, argv: Sequence[str], limits: Limits, workbook: Path | None) -> None:
        told, tell = os.pipe()
        try:
            with open(told, "rb") as info:
                try:
                    line = bubblewrap.command(argv, limits, workbook, info_fd=tell)
                    self.process = _start(line, {"PATH": os.environ.get("PATH", os.defpath)}, "/", (tell,))
                except FileNotFoundError:
                    available.require()
                    raise
                finally:
                    os.close(tell)
                first = _child_pid(info.read())
        except BaseException:
            if hasattr(self, "process"):
                _reap(self.process)
            raise
        if first is None:
            _reap(self.process)
            available.require()
            raise WorkshopError(f"The sandbox did not start: bwrap ended with {self.process.returncode}.")
        #: The first process of the sandbox. When it ends, the kernel ends all others.
        self._first: int | None = None
        with suppress(ProcessLookupError):  # it has ended already
            self._first = os.pidfd_open(first)

    def end(self) -> None:
        """End every process in the sandbox, and wait until they have ended."""
        if self._first is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._first, signal.SIGKILL)
            select.select([self._first], [], [], 10)
            os.close(self._first)
            self._first = None
        _reap(self.process, kill=False)


class _Unsafe:
    """A program without a sandbox, in a session and a home of its own."""

    def __init__(self, argv: Sequence[str], home: str, workbook: Path | None) -> None:
        shown = str(workbook.resolve()) if workbook else None
        self.process = _start(argv, bubblewrap.environment(home, shown), home)

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        _reap(self.process)
