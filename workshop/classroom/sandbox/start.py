"""Starting a program, and ending it with all that it started."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from workshop.classroom.sandbox import available, bubblewrap, calls
from workshop.classroom.sandbox.limits import Limits
from workshop.errors import WorkshopError


class Sandboxed:
    """``with Sandboxed(...) as process``: under bubblewrap; after the block no process of it is left."""

    def __init__(self, argv: Sequence[str], limits: Limits, workbook: Path | None) -> None:
        self._argv, self._limits, self._workbook = argv, limits, workbook

    def __enter__(self) -> subprocess.Popen:
        if self._workbook is not None and not self._workbook.is_dir():
            raise WorkshopError(f"The workbook {self._workbook} is not a folder. Make it first.")
        if (
            self._workbook is not None
            and os.geteuid() == 0
            and self._workbook.stat().st_mode & 0o005 != 0o005
        ):
            raise WorkshopError(
                f"The program in the sandbox is not root and could not read {self._workbook}. Let everybody read "
                f"it: chmod -R o+rX {self._workbook}"
            )
        told, tell = os.pipe()
        with open(told, "rb") as info, open(tell, "wb") as telling, calls.opened() as filter_:
            line = bubblewrap.command(
                self._argv, self._limits, self._workbook, info_fd=tell, calls_fd=filter_
            )
            variables = {"PATH": os.environ.get("PATH", os.defpath)}
            try:
                self._process = _start(line, variables, "/", (tell, filter_))
            except FileNotFoundError:
                available.require()
                raise
            telling.close()
            words = info.read()
        # When the first process of the sandbox ends, the kernel ends all others in it.
        self._first = _descriptor(json.loads(words)["child-pid"]) if words else None
        if not words:
            self.__exit__()
            available.require()
            raise WorkshopError("The sandbox did not start, though it does when it is tried. Run this again.")
        return self._process

    def __exit__(self, *_: object) -> None:
        if self._first is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._first, signal.SIGKILL)
            # Readable once it has ended, and the others before it.
            select.select([self._first], [], [], 10)
            os.close(self._first)
        _close(self._process)


class Unsafe:
    """``with Unsafe(...) as process``: without a sandbox, in a session and an empty home of its own."""

    def __init__(self, argv: Sequence[str], workbook: Path | None) -> None:
        self._argv, self._workbook = argv, workbook

    def __enter__(self) -> subprocess.Popen:
        self._home = tempfile.TemporaryDirectory(prefix="unsafe-", ignore_cleanup_errors=True)
        shown = str(self._workbook.resolve()) if self._workbook else None
        variables = bubblewrap.environment(self._home.name, shown)
        try:
            self._process = _start(self._argv, variables, self._home.name)
        except BaseException:
            self._home.cleanup()
            raise
        return self._process

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        _close(self._process)
        self._home.cleanup()


def _start(
    line: Sequence[str], variables: Mapping[str, str], folder: str, keep: Sequence[int] = ()
) -> subprocess.Popen:
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    return subprocess.Popen(
        line,
        stdin=pipe,
        stdout=pipe,
        stderr=nowhere,  # or a flood would land in the grader's log
        env=variables,
        cwd=folder,
        pass_fds=keep,
        start_new_session=True,
        bufsize=0,
    )


def _descriptor(pid: int) -> int | None:
    with suppress(ProcessLookupError):
        return os.pidfd_open(pid)
    return None


def _close(process: subprocess.Popen) -> None:
    for pipe in (process.stdin, process.stdout):
        pipe.close()
    try:
        # bubblewrap passes on how its program ended, when it is left the time.
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
