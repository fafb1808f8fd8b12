"""The part that all training panels share: a Train and a Stop button, progress, and a picture that grows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import ipywidgets as widgets

from workshop.jobs import Job, Progress
from workshop.kernels.descent import OnStep
from workshop.panels.picture import Picture


class TrainingPanel(widgets.VBox):
    """Runs one job at a time, off the kernel's main thread, and shows it.

    Args:
        train: called in the job's thread with an ``on_step``; returns the result.
        draw: the metrics reported so far -> PNG.
        controls: shown above the buttons; they are disabled while a job runs.
        on_result: called with what ``train`` returned, also after a stop.
        redraw_every: seconds between two pictures of a training under way.
    """

    def __init__(
        self,
        train: Callable[[OnStep], Any],
        draw: Callable[[list[Mapping[str, float]]], bytes],
        *,
        controls: tuple[widgets.Widget, ...] = (),
        on_result: Callable[[Any], None] = lambda result: None,
        redraw_every: float = 0.7,
    ):
        self._train, self._draw, self._on_result = train, draw, on_result
        self._redraw_every, self._controls = redraw_every, controls
        self._history: list[Mapping[str, float]] = []
        self._drawn_at = 0.0
        self.job: Job | None = None
        self.train_button = widgets.Button(description="Train", icon="play", button_style="primary",
                                           tooltip="Train with these settings")  # fmt: skip
        self.stop_button = widgets.Button(description="Stop", icon="stop", disabled=True,
                                          tooltip="Stop after the current step and keep what was learnt")  # fmt: skip
        self.bar = widgets.IntProgress(description="Progress:", layout=widgets.Layout(width="24em"))
        self.status = widgets.HTML("<span role='status'>Nothing is being trained.</span>")
        self.picture = Picture()
        self.train_button.on_click(lambda _: self.start())
        self.stop_button.on_click(lambda _: self.stop())
        wrap = widgets.Layout(flex_flow="row wrap")
        buttons = widgets.HBox([self.train_button, self.stop_button, self.bar], layout=wrap)
        super().__init__([widgets.HBox(controls, layout=wrap), buttons, self.status, self.picture])

    def start(self) -> None:
        """Begin a training; nothing happens while one is under way."""
        if self.job and self.job.running:
            return
        self._history.clear()
        self._busy(True)
        self.say("Training …")
        self.job = Job(self._train, self._changed)
        self.job.start()

    def stop(self) -> None:
        """Ask the training to stop; what it has learnt so far is kept and shown."""
        if self.job and self.job.running:
            self.stop_button.disabled = True
            self.say("Stopping …")
            self.job.stop()

    def say(self, words: str) -> None:
        """Show a line under the buttons, announced to screen readers."""
        self.status.value = f"<span role='status'>{words}</span>"

    def _changed(self, progress: Progress) -> None:
        """Called from the job's thread."""
        if progress.state == "running" and progress.step:
            self.bar.max, self.bar.value = progress.total, progress.step
            self._history.append({"step": progress.step, **progress.metrics})
            if progress.step == progress.total:
                self.say("Finishing …")
            elif time.monotonic() - self._drawn_at > self._redraw_every:
                self._show_history()
                if not self.stop_button.disabled:
                    self.say(f"Training: step {progress.step:,} of {progress.total:,}.")
        elif progress.state in ("done", "stopped"):
            self._show_history()
            word = "Done" if progress.state == "done" else "Stopped"
            self.say(f"{word} after step {progress.step:,} of {progress.total:,}.")
            if self.job.result is not None:
                self._on_result(self.job.result)
            self._busy(False)
        elif progress.state == "failed":
            self.say(f"It failed: {escape(progress.error)}")
            self._busy(False)

    def _show_history(self) -> None:
        if self._history:
            now = ", ".join(f"{name} {value:.3g}" for name, value in self._history[-1].items())
            self.picture.show(self._draw(self._history), f"The training so far, curve by curve. Now: {now}.")
            self._drawn_at = time.monotonic()

    def _busy(self, busy: bool) -> None:
        self.train_button.disabled, self.stop_button.disabled = busy, not busy
        for control in self._controls:
            control.disabled = busy
