"""The panel's picture: accuracy over passes, of the training under way and of the tries before it; drawn fast."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from workshop.figures.form import QUIET, SOURCE, TARGET, palette_png

BEFORE = 6  #: earlier tries that stay in the picture


class CurvePicture:
    """Draws curves one after the other: what never changes is drawn once, and copied."""

    def __init__(self) -> None:
        self._figure = Figure(figsize=(7.4, 2.7), dpi=90)
        self._canvas = FigureCanvasAgg(self._figure)
        self._axis = self._figure.subplots()
        self._figure.subplots_adjust(0.08, 0.19, 0.985, 0.95)
        self._axis.spines[["top", "right"]].set_visible(False)
        self._axis.set(
            xlim=(0, 1), ylim=(0, 101), ylabel="right on the exam, %", xlabel="part of the training"
        )
        moving = {"animated": True}
        self._legend = self._axis.text(
            0.01, 1.0, "grey: your earlier tries with these", color="#555555", fontsize=10, va="top",
            transform=self._axis.transAxes, **moving,
        )  # fmt: skip
        self._old = [
            self._axis.plot([], [], color=QUIET, lw=1, alpha=0.6, **moving)[0] for _ in range(BEFORE)
        ]
        self._now = self._axis.plot([], [], "o-", ms=3, lw=2.2, **moving)[0]
        self._end = self._axis.text(0, 0, "", fontsize=11, ha="right", va="bottom", **moving)
        self._canvas.draw()
        self._still = self._canvas.copy_from_bbox(self._figure.bbox)

    def draw(
        self,
        curve: Sequence[float],
        pretrained: bool,
        before: Sequence[Sequence[float]] = (),
        part: float = 1.0,
    ) -> bytes:
        """A PNG.

        Args:
            curve: shares of right answers so far, evenly spaced; may be empty.
            pretrained: decides the colour.
            before: earlier curves, the newest first.
            part: how much of the training is done.
        """
        self._canvas.restore_region(self._still)
        for line, old in zip(self._old, [*before, *([()] * BEFORE)], strict=False):
            line.set_data(_spaced(len(old)), 100 * np.asarray(old))
            self._axis.draw_artist(line)
        if len(before):
            self._axis.draw_artist(self._legend)
        hue = SOURCE if pretrained else TARGET
        self._now.set_data(part * _spaced(len(curve)), 100 * np.asarray(curve))
        self._now.set_color(hue)
        self._axis.draw_artist(self._now)
        if len(curve):
            self._end.set_text(f"{100 * curve[-1]:.1f} %")
            self._end.set_position((max(part, 0.08), 100 * curve[-1] + (2 if curve[-1] < 0.85 else -14)))
            self._end.set_color(hue)
            self._axis.draw_artist(self._end)
        return palette_png(self._canvas.buffer_rgba(), colours=32)


def _spaced(count: int) -> np.ndarray:
    return np.arange(1, count + 1) / max(count, 1)
