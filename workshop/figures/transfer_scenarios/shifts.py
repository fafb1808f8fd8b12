"""One world and five shifts: the points of both domains, the source's boundary, and which objects differ."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from workshop.datasets.shifts import CLASSES, Domain, Setting, source, target
from workshop.figures.form import GUESS, QUIET, SOURCE, TARGET, LessonFigure, palette_png
from workshop.kernels.gaussian_shift import OBJECTS, Verdict, accuracy, explain, source_classifier

SHOWN, SHOWN_SEED = 260, 11  #: points of each domain that are drawn
TESTED, TESTED_SEED = 4000, 12  #: points of each domain that the accuracy by sample is of
_COLOURS, _MARKERS = ("#0072B2", "#E69F00", "#009E73"), ("o", "s", "^")
_HALF = 5.2  #: of the panes' width, in units of a feature
#: One hue for what was moved by hand, another for what followed.
_BARS = {"moved": TARGET, "must": "#5B3A8C", "usual": "#A58BC9", "cancelled": QUIET, "same": QUIET}
_COLUMNS = ("object", "slider at", "distance or accuracy", "state", "why, or by sample")
_STATES = {
    "same": "the same",
    "moved": "moved by itself",
    "must": "follows of necessity",
    "usual": "follows here",
    "cancelled": "moved, and back",
}


@dataclass(frozen=True)
class Shown:
    """A target and how the source's classifier fares in it.

    Attributes:
        verdicts: on each of the five objects.
        exact, sampled: accuracies in the source and in the target, exact and of :data:`TESTED` points.
        points: of both to draw: features (n, 2) and labels (n,).
    """

    setting: Setting
    verdicts: tuple[Verdict, ...]
    exact: tuple[float, float]
    sampled: tuple[float, float]
    points: tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

    def words(self) -> str:
        """Both accuracies, and what became of the five objects."""
        told = [
            f"{one.name}: {_STATES[one.state]}" + (f" ({one.why})" if one.why else "")
            for one in self.verdicts
        ]
        there, here = self.exact
        return (
            f"Trained on the source, right in {there:.1%} there and in {here:.1%} of the target. "
            f"Of the five objects, {'; '.join(told)}."
        )


def show(setting: Setting) -> Shown:
    """Work out all that the picture of a setting shows."""
    fared = _source(), _fare(target(setting))
    exact, sampled, points = zip(*fared, strict=True)
    return Shown(setting, explain(setting), exact, sampled, points)


def _fare(domain: Domain) -> tuple[float, float, tuple[np.ndarray, np.ndarray]]:
    """Of the source's classifier in a domain: both accuracies; and points to draw."""
    line = source_classifier()
    x, y = domain.sample(TESTED, TESTED_SEED)
    sampled = float((line.predict(x) == y).mean())
    return accuracy(domain, line), sampled, domain.sample(SHOWN, SHOWN_SEED)


@cache
def _source() -> tuple[float, float, tuple[np.ndarray, np.ndarray]]:
    """The same in the source, which no slider moves."""
    return _fare(source())


class ShiftPicture:
    """Draws settings one after the other, fast: what never changes is drawn once, and copied."""

    def __init__(self) -> None:
        self._figure = Figure(figsize=(11.2, 4.9), dpi=96)
        self._canvas = FigureCanvasAgg(self._figure)
        boxes = [(0.03, 0.13, 0.315, 0.72), (0.36, 0.13, 0.315, 0.72)]
        axes = [self._figure.add_axes(box) for box in boxes]
        titles = [("Source", SOURCE), ("Target", TARGET)]
        self._panes = [_pane(axis, *title) for axis, title in zip(axes, titles, strict=True)]
        self._rows = _rows(self._figure.add_axes((0.71, 0.03, 0.28, 0.94)))
        handles = [*self._panes[0].points, Line2D([], [], color="black", lw=2)]
        self._figure.legend(
            handles, [*CLASSES, "boundary learned in the source"], loc="lower left",
            bbox_to_anchor=(0.02, 0.0), ncols=4, fontsize=11.5, frameon=False, handletextpad=0.4,
            columnspacing=1.2, markerscale=1.4,
        )  # fmt: skip
        self._note = self._figure.text(0.37, 0.15, "", color=GUESS, fontsize=12, animated=True)
        self._canvas.draw()
        self._still = self._canvas.copy_from_bbox(self._figure.bbox)

    def draw(self, shown: Shown, guess: object = None) -> LessonFigure:
        """A setting, with its words and its numbers, and the reader's guess where there is one."""
        self._canvas.restore_region(self._still)
        for pane, (x, y), right in zip(self._panes, shown.points, shown.exact, strict=True):
            for kind, marks in enumerate(pane.points):
                marks.set_data(*x[y == kind].T)
                marks.axes.draw_artist(marks)
            pane.right.set_text(f"{right:.0%} right")
            pane.right.axes.draw_artist(pane.right)
        for (bar, state), verdict in zip(self._rows, shown.verdicts, strict=True):
            bar.set(width=verdict.distance, facecolor=_BARS[verdict.state])
            state.set(text=_STATES[verdict.state], color="black" if verdict.differs else QUIET)
            bar.axes.draw_artist(bar)
            state.axes.draw_artist(state)
        alt = f"Points of the source, of the target, and five bars: how far each object has moved. {shown.words()}"
        if guess is not None:
            self._note.set_text(f"your guess: {guess}")
            self._figure.draw_artist(self._note)
            alt += f' Your guess was "{guess}".'
        return LessonFigure(palette_png(self._canvas.buffer_rgba()), alt, _COLUMNS, _table(shown))


def five_shifts(setting: Setting, guess: object = None) -> LessonFigure:
    """A setting as a figure of its own."""
    return ShiftPicture().draw(show(setting), guess)


def _table(shown: Shown) -> tuple[tuple[object, ...], ...]:
    rows = [
        (one.name, float(value), one.distance, _STATES[one.state], one.why or None)
        for one, value in zip(shown.verdicts, astuple(shown.setting), strict=True)
    ]
    for name, exact, sampled in zip(("source", "target"), shown.exact, shown.sampled, strict=True):
        rows.append((f"accuracy in the {name}", None, exact, "exact", f"{sampled:.3f} of {TESTED:,} points"))
    return tuple(rows)


@dataclass(frozen=True)
class _Pane:
    """What changes in a domain's axes: the points by class, and how many of them are labelled rightly."""

    points: tuple[Line2D, ...]
    right: Text


def _pane(axis: Axes, title: str, hue: str) -> _Pane:
    line, side = source_classifier(), np.linspace(-_HALF, _HALF, 200)
    height = line.weight[0] * side + line.weight[1] * side[:, None] + line.bias
    axis.contourf(side, side, height, levels=[-1e9, 0, 1e9], colors=_COLOURS[:2], alpha=0.13)
    axis.contour(side, side, height, levels=[0], colors="black", linewidths=2)
    axis.set(xlim=(-_HALF, _HALF), ylim=(-_HALF, _HALF), xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    large = {"transform": axis.transAxes, "fontsize": 19, "va": "bottom"}
    axis.text(0, 1.03, title, color=hue, weight="bold", **large)
    points = tuple(
        axis.plot([], [], mark, color=colour, ms=5.5, mec="white", mew=0.5, animated=True)[0]
        for mark, colour in zip(_MARKERS, _COLOURS, strict=True)
    )
    return _Pane(points, axis.text(1, 1.03, "", ha="right", animated=True, **large))


def _rows(axis: Axes) -> list[tuple[Rectangle, Text]]:
    """By object: the bar, and the words above it."""
    axis.set(xlim=(0, 1), ylim=(5.42, -0.1))
    axis.set_axis_off()
    rows = []
    for row, name in enumerate(OBJECTS.values()):
        axis.text(0, row + 0.3, name, fontsize=14, weight="bold", va="baseline")
        axis.add_patch(Rectangle((0, row + 0.42), 1, 0.26, facecolor="#ECECEC"))
        bar = axis.add_patch(Rectangle((0, row + 0.42), 0, 0.26, animated=True))
        state = axis.text(1, row + 0.3, "", fontsize=12, ha="right", va="baseline", animated=True)
        rows.append((bar, state))
    for x, words, side in ((0, "0", "left"), (0.5, "distance from the source", "center"), (1, "1", "right")):
        axis.text(x, 5.25, words, ha=side, va="baseline", color="#555555", fontsize=11.5)
    return rows
