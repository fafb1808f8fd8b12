"""Watching a program: feeds it, reads what it writes, and says when it has taken more than it may."""

from __future__ import annotations

import os
import selectors
import subprocess
import time

import psutil

from workshop.classroom.sandbox.limits import Limits

#: Seconds between two looks at memory.
_LOOK = 0.1
_CHUNK = 1 << 16


class Watch:
    """Over one process and its descendants, in one thread.

    Args:
        process: with unbuffered pipes to its standard input and output.
        stdin: what it is fed.
        limits: ``memory_bytes`` and ``output_bytes`` are kept here.
        deadline: on the monotonic clock.
    """

    def __init__(self, process: subprocess.Popen, stdin: bytes, limits: Limits, deadline: float) -> None:
        self._process, self._limits, self._deadline = process, limits, deadline
        self._unread = memoryview(stdin)
        self.output = bytearray()
        self.peak_bytes = 0

    def to_the_end(self) -> str | None:
        """Returns when the program has ended: None; or when it should be ended: why, in a sentence."""
        incoming, outgoing = self._process.stdout, self._process.stdin
        for pipe in (incoming, outgoing):
            os.set_blocking(pipe.fileno(), False)
        next_look = 0.0
        with selectors.DefaultSelector() as ready:
            ready.register(incoming, selectors.EVENT_READ)
            ready.register(outgoing, selectors.EVENT_WRITE)
            while True:
                # Asked before reading: what it wrote before it ended is in the pipe by then.
                ended = self._process.poll() is not None
                if incoming.closed and outgoing.closed and not ended:
                    time.sleep(_LOOK / 10)  # nothing to wait for but its end
                for key, _ in ready.select(0 if ended or incoming.closed else _LOOK):
                    more = self._feed(outgoing) if key.fileobj is outgoing else self._read(incoming)
                    if not more:
                        ready.unregister(key.fileobj)
                        key.fileobj.close()
                if len(self.output) > self._limits.output_bytes:
                    del self.output[self._limits.output_bytes :]
                    return f"It wrote more than {_size(self._limits.output_bytes)} of output."
                if ended and not self._more_to_read(incoming):
                    return None
                now = time.monotonic()
                if now > self._deadline:
                    return f"It took longer than {self._limits.wall_seconds:g} seconds."
                if now >= next_look and not ended:
                    next_look = now + _LOOK
                    used = memory(self._process.pid)
                    self.peak_bytes = max(self.peak_bytes, used)
                    if used > self._limits.memory_bytes:
                        return f"It used more than {_size(self._limits.memory_bytes)} of memory."

    def _feed(self, pipe) -> bool:
        try:
            self._unread = self._unread[os.write(pipe.fileno(), self._unread[:_CHUNK]) :]
        except BlockingIOError:
            return True
        except BrokenPipeError:  # it does not want to know
            return False
        return len(self._unread) > 0

    def _read(self, pipe) -> bool:
        try:
            chunk = os.read(pipe.fileno(), _CHUNK)
        except BlockingIOError:
            return True
        self.output += chunk
        return bool(chunk)

    def _more_to_read(self, pipe) -> bool:
        if pipe.closed:
            return False
        before = len(self.output)
        return self._read(pipe) and len(self.output) > before


def memory(pid: int) -> int:
    """Bytes of memory that a process and its descendants use; what several share counts once."""
    try:
        first = psutil.Process(pid)
        family = [first, *first.children(recursive=True)]
    except psutil.Error:
        return 0
    return sum(_share(process) for process in family)


def _share(process: psutil.Process) -> int:
    """Its proportional share; where a process has made itself unreadable, all that it has in memory."""
    try:
        try:
            full = process.memory_full_info()
            return getattr(full, "pss", full.uss)
        except psutil.AccessDenied:
            return process.memory_info().rss
    except psutil.Error:
        return 0


def _size(count: int) -> str:
    return f"{count / (1 << 20):,.0f} MB" if count >= 1 << 20 else f"{count:,} bytes"
