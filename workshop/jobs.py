"""Long work off the kernel's main thread: it can be watched and stopped while the notebook goes on answering.

A widget's callback blocks every message to the kernel. Were a training to run inside one, no Stop button
would be heard before it ended.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["waiting", "running", "done", "stopped", "failed"]


@dataclass(frozen=True)
class Progress:
    """Where a job is: ``step`` of ``total``, and what it last reported."""

    state: State
    step: int = 0
    total: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    error: str = ""  #: one line, when ``state`` is ``failed``


class Job:
    """One piece of work in one thread.

    Args:
        work: called with an ``on_step(step, total, metrics) -> bool`` to hand to a kernel; what it returns
            becomes :attr:`result`.
        on_change: called from the job's thread with a :class:`Progress` after each report and at the end.
            Its own errors end the job as ``failed``: a watcher that breaks must not go unseen.
    """

    def __init__(
        self, work: Callable[[Callable[..., bool]], Any], on_change: Callable[[Progress], None] | None = None
    ):
        self._work, self._on_change = work, on_change or (lambda progress: None)
        self._stop, self._cut_short = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="workshop-job", daemon=True)
        self.progress = Progress("waiting")
        self.result: Any = None  #: what ``work`` returned, also when it was stopped half-way
        self.traceback = ""  #: of a failed job, for whoever wants to mend it

    def start(self) -> None:
        """Begin. A job runs once."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the work to end at its next report; returns at once."""
        self._stop.set()

    def wait(self, timeout: float | None = None) -> Progress:
        """Block until the job has ended, or ``timeout`` seconds; returns the progress then."""
        self._thread.join(timeout)
        return self.progress

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def _report(self, step: int, total: int, metrics: Mapping[str, float]) -> bool:
        self._tell(Progress("running", step, total, dict(metrics)))
        self._cut_short = self._stop.is_set() and step < total
        return not self._cut_short

    def _tell(self, progress: Progress) -> None:
        self.progress = progress
        self._on_change(progress)

    def _run(self) -> None:
        last = self.progress
        try:
            self._tell(Progress("running"))
            self.result = self._work(self._report)
            last = self.progress
            self._tell(
                Progress("stopped" if self._cut_short else "done", last.step, last.total, last.metrics)
            )
        except BaseException as problem:  # the thread's last resort, SystemExit included: the panel shows it
            self.traceback = traceback.format_exc()
            last = self.progress
            self.progress = Progress(
                "failed", last.step, last.total, last.metrics, str(problem) or repr(problem)
            )
            try:
                self._on_change(self.progress)
            except Exception:  # the watcher itself is broken; the traceback above says so
                self.traceback += traceback.format_exc()
