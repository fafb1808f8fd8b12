"""The map of transfer: what a source brings, by its likeness and by the target's labels; and the curves of a cell."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg

from workshop.claims import mean_and_half
from workshop.figures.form import (
    DPI,
    GUESS,
    QUIET,
    SOURCE,
    LessonFigure,
    absent,
    canvas,
    canvas_png,
    finish,
    note_guess,
)
from workshop.studies.transfer_scenarios.experiments.transfer_map import MapOutcome

_MOST = 30.0  #: points at the ends of the colour scale
#: Blue helps, red hurts, white is neither; told apart by readers who do not see all colours.
_COLOURS = "RdBu"
_COLUMNS = ("angle, °", "labels", "gain, points", "±", "region")
#: Of a cell's curves: every cell's have the same room for their words.
_MARGINS = {"left": 0.065, "right": 0.99, "bottom": 0.15, "top": 0.91, "wspace": 0.17}
_REGIONS = {1: "positive", 0: "neutral", -1: "negative"}


def transfer_map(outcome: MapOutcome | None, guess: object = None, lost: float | None = None) -> LessonFigure:
    """The map, with a black line about the cells whose gain may as well be 0.

    Args:
        guess: of the reader.
        lost: another: points lost at the last angle, with the most labels.
    """
    if outcome is None:
        return absent("The map of transfer")
    figure, axis = canvas(9.6, 4.6)
    _map(axis, outcome)
    alt = _words(outcome)
    if guess is not None:
        alt += note_guess(axis, guess, y=1.03)
    if lost is not None:
        words = f"{lost:.0f} points lost at {outcome.angles[-1]:.0f}° with {outcome.labels[-1]} labels"
        alt += note_guess(axis, words, x=0.99, y=1.03, ha="right")
    return finish(figure, alt, _COLUMNS, _rows(outcome))


class MapPicture:
    """The map with one cell framed: drawn once, and the frame anew for each cell."""

    def __init__(self, outcome: MapOutcome) -> None:
        figure, axis = canvas(9.6, 4.6)
        figure.set_dpi(DPI)
        self._canvas = FigureCanvasAgg(figure)
        _map(axis, outcome)
        [self._frame] = axis.plot(0, 0, "s", ms=26, mfc="none", mec=GUESS, mew=3.5, animated=True)
        self._canvas.draw()
        self._still = self._canvas.copy_from_bbox(figure.bbox)
        self._outcome = outcome

    def draw(self, angle: int, labels: int) -> LessonFigure:
        """Frame a cell.

        Args:
            angle, labels: numbers of its column and of its row.
        """
        self._canvas.restore_region(self._still)
        self._frame.set_data([angle], [labels])
        self._frame.axes.draw_artist(self._frame)
        framed = f" Framed: {self._outcome.angles[angle]:.0f}°, {self._outcome.labels[labels]} labels."
        drawn = canvas_png(self._canvas.buffer_rgba())
        return LessonFigure(drawn, _words(self._outcome) + framed, _COLUMNS, tuple(_rows(self._outcome)))


def _words(outcome: MapOutcome) -> str:
    mean, _ = mean_and_half(outcome.gain)
    counts = outcome.counts()
    best, worst = (np.unravel_index(pick, mean.shape) for pick in (mean.argmax(), mean.argmin()))
    return (
        f"A map of {mean.size} cells: the angle between the source's rule and the target's to the right, labels of "
        "the target upwards, coloured by the gain over training from scratch. "
        f"Transfer helps in {counts['positive']} cells, hurts in {counts['negative']}, and does neither in "
        f"{counts['neutral']}, which a black line surrounds. The largest gain is {mean[best]:.1f} points at "
        f"{outcome.angles[best[0]]:.0f}° and {outcome.labels[best[1]]} labels, the largest loss {-mean[worst]:.1f} "
        f"points at {outcome.angles[worst[0]]:.0f}° and {outcome.labels[worst[1]]}."
    )


def _rows(outcome: MapOutcome) -> list[tuple[object, ...]]:
    (mean, half), found = mean_and_half(outcome.gain), outcome.regions()
    return [
        (float(angle), int(labels), float(mean[a, n]), float(half[a, n]), _REGIONS[int(found[a, n])])
        for a, angle in enumerate(outcome.angles)
        for n, labels in enumerate(outcome.labels)
    ]


def cell_curves(outcome: MapOutcome | None, angle: int, labels: int) -> LessonFigure:
    """What is behind a cell: accuracy as training goes on, and the gain with other numbers of labels.

    Args:
        angle, labels: numbers of a column and of a row of the map.
    """
    if outcome is None:
        return absent("What is behind a cell")
    figure, axes = canvas(10.4, 3.7, columns=2, layout=_MARGINS)
    where, count = outcome.angles[angle], int(outcome.labels[labels])
    rows, ends = [], {}
    for name, colour, right in (
        ("trained on the source", SOURCE, outcome.transferred[angle, labels]),
        ("random start", QUIET, outcome.scratch[labels]),
    ):
        mean, half = mean_and_half(100 * right)
        along = np.arange(len(outcome.steps))
        axes[0].plot(along, mean, "o-", color=colour, lw=2.2, label=name)
        axes[0].fill_between(along, mean - half, mean + half, color=colour, alpha=0.2, lw=0)
        ends[name] = mean[0], mean[-1]
        for step, one, spread in zip(outcome.steps, mean, half, strict=True):
            rows.append((name, int(step), count, float(one), float(spread)))
    axes[0].set_xticks(along, [str(step) for step in outcome.steps])
    axes[0].set(xlabel="steps on the target's labels", ylabel="accuracy in the target, %", ylim=(10, 95))
    axes[0].axhline(50, color=QUIET, ls=":", lw=1)
    axes[0].legend(loc="lower right", frameon=False)
    axes[0].set_title(f"{where:.0f}°, {count} labels", loc="left")
    mean, half = mean_and_half(outcome.gain[angle])
    axes[1].axhline(0, color="black", lw=1)
    axes[1].errorbar(outcome.labels, mean, yerr=half, fmt="o-", color=SOURCE, lw=2, capsize=3)
    axes[1].plot(count, mean[labels], "s", ms=13, mfc="none", mec="black", mew=2)
    axes[1].set_xscale("log", base=2)
    axes[1].set_xticks(outcome.labels, [str(one) for one in outcome.labels])
    axes[1].minorticks_off()
    axes[1].set(xlabel="labels of the target", ylabel="gain, points", ylim=(-_MOST, _MOST + 5))
    axes[1].set_title(f"The gain at {where:.0f}°, with its 95% interval", loc="left")
    rows += [
        ("gain, points", int(outcome.steps[-1]), int(one), float(gain), float(spread))
        for one, gain, spread in zip(outcome.labels, mean, half, strict=True)
    ]
    (before, after), (start, end) = ends.values()
    alt = (
        f"Rules {where:.0f}° apart, {count} labels. The network that was trained on the source goes from {before:.1f}% "
        f"to {after:.1f}% right in the target, the random start from {start:.1f}% to {end:.1f}%. The gain is "
        f"{mean[labels]:.1f} points, plus or minus {half[labels]:.1f}; over the numbers of labels it goes from "
        f"{mean[0]:.1f} to {mean[-1]:.1f}."
    )
    return finish(figure, alt, ("curve", "steps", "labels", "mean, % or points", "±"), rows)


def _map(axis: Axes, outcome: MapOutcome) -> None:
    mean, regions = mean_and_half(outcome.gain)[0].T, outcome.regions().T
    picture = axis.imshow(mean, cmap=_COLOURS, vmin=-_MOST, vmax=_MOST, origin="lower", aspect="auto")
    for (row, column), value in np.ndenumerate(mean):
        colour, words = "white" if abs(value) > 0.6 * _MOST else "black", f"{value:+.0f}"
        words = "0" if float(words) == 0 else words.replace("-", "−")
        axis.text(column, row, words, ha="center", va="center", color=colour, fontsize=10)
    _outline(axis, regions == 0)
    axis.set_xticks(range(len(outcome.angles)), [f"{angle:.0f}°" for angle in outcome.angles])
    axis.set_yticks(range(len(outcome.labels)), [str(one) for one in outcome.labels])
    axis.set(xlabel="angle between the rules: 0° the same, 180° the opposite", ylabel="labels of the target")
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    bar = axis.figure.colorbar(picture, ax=axis, shrink=0.9)
    bar.set_label("gain over training from scratch, points")
    bar.outline.set_visible(False)


def _outline(axis: Axes, inside: np.ndarray) -> None:
    """The border of the cells that are ``inside`` (rows, columns), as lines between cells."""
    padded = np.pad(inside, 1)
    for row, column in np.argwhere(padded[1:, 1:-1] != padded[:-1, 1:-1]):
        axis.plot([column - 0.5, column + 0.5], [row - 0.5] * 2, color="black", lw=2.2, clip_on=False)
    for row, column in np.argwhere(padded[1:-1, 1:] != padded[1:-1, :-1]):
        axis.plot([column - 0.5] * 2, [row - 0.5, row + 0.5], color="black", lw=2.2, clip_on=False)
