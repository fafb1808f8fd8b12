"""Single waves: how each start answers one, what the family looks like, and what the starts predict before a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from workshop.figures.form import (
    GUESS,
    QUIET,
    SOURCE,
    LessonFigure,
    absent,
    canvas,
    finish,
    note_guess,
    palette_png,
)
from workshop.figures.meta_learning.style import colour, steps_in_words, title
from workshop.studies.meta_learning import Outcome
from workshop.studies.meta_learning.recipes import FAMILY
from workshop.studies.meta_learning.trial import (
    GRID,
    Trial,
    average_wave,
    draw_inputs,
    predict_start,
    some_tasks,
)

#: The wave that the opening figures and the panel begin with. The support set is a typical one, not a lucky one:
#: one step of MAML leaves an error near the mean over all unseen waves.
WAVE = {"amplitude": 3.5, "phase": 0.8}
SUPPORT_SEED = 39
TASKS_SEED = 34  #: four waves that differ well
#: Rows of a table of curves.
_PICKED = np.linspace(0, len(GRID) - 1, 11).astype(int)


def one_task(
    outcomes: Mapping[str, Outcome],
    step: int = 1,
    *,
    bare: bool = False,
    one_side: bool = False,
    guess: float | None = None,
    guess_at: float = -4.0,
) -> LessonFigure:
    """The same new wave, adapted to from each start, side by side.

    Args:
        outcomes: by training.
        step: gradient steps to show.
        bare: neither the start nor the errors, which the reader is still to guess.
        one_side: all support points on the right half.
        guess: the reader's, of the first curve at ``guess_at``.
    """
    if not outcomes:
        return absent("A trained start")
    shots = next(iter(outcomes.values())).shots
    trial = Trial(outcomes, **WAVE, x=draw_inputs(shots, SUPPORT_SEED, one_side))
    figure, axes = canvas(8.6, 3.4, columns=len(outcomes), sharey=True, squeeze=False)
    for axis, training in zip(axes[0], outcomes, strict=True):
        _draw_trial(axis, trial, training, step, bare)
    axes[0, 0].legend(frameon=False, fontsize=9, loc="upper left", ncols=2)
    where = "all on the right half" if one_side else "anywhere"
    after = f"after {steps_in_words(step)}"
    told = "; ".join(
        f"{title(t)} is near the wave {after}"
        if bare and trial.error(t, step) < 0.5
        else f"{title(t)} is far from it"
        if bare
        else f"{title(t)}: error {trial.error(t, 0):.2f} before, {trial.error(t, step):.2f} {after}"
        for t in outcomes
    )
    alt = f"A wave that was in no training and {shots} points of it, {where}. {told}."
    if guess is not None:
        axes[0, 0].plot(guess_at, guess, "D", color=GUESS, ms=8)
        axes[0, 0].annotate("your guess", (guess_at, guess), (6, 6), textcoords="offset points", color=GUESS)
        first = next(iter(outcomes))
        heights = [np.interp(guess_at, GRID, curve) for curve in (trial.curve(first, step), trial.truth)]
        alt += (
            f" Your guess at x = {guess_at:g} was {guess:.2g}; {title(first)} is at {heights[0]:.2g} there, "
            f"the wave at {heights[1]:.2g}."
        )
    steps = (step,) if bare else (0, step)
    columns = ["x", "the wave", *(f"{title(t)}, step {s}" for t in outcomes for s in steps)]
    curves = [trial.truth, *(trial.curve(t, s) for t in outcomes for s in steps)]
    rows = [(float(GRID[i]), *(float(curve[i]) for curve in curves)) for i in _PICKED]
    return finish(figure, alt, columns, rows)


def _draw_trial(axis: Axes, trial: Trial, training: str, step: int, bare: bool) -> None:
    """One start's answer to a task."""
    axis.plot(GRID, trial.truth, color="black", lw=1, ls="--", label="the wave")
    if not bare:
        axis.plot(GRID, trial.curve(training, 0), color=QUIET, lw=1.5, label="start")
    label = f"after {steps_in_words(step)}"
    axis.plot(GRID, trial.curve(training, step), color=colour(training), lw=2.5, label=label)
    axis.plot(trial.x, trial.y, "o", color="black", ms=5, label="support set")
    axis.set(xlim=FAMILY.inputs, ylim=(-6.2, 8.6), xlabel="x", yticks=range(-6, 7, 2))
    heading = title(training) if bare else f"{title(training)}: error {trial.error(training, step):.2f}"
    axis.set_title(heading, color=colour(training), fontsize=11)


class TrialPicture:
    """Draws trials one after the other, fast: what never changes is drawn once, and copied.

    Args:
        trainings: one pane each.
    """

    def __init__(self, trainings: Sequence[str]):
        self._figure = Figure(figsize=(8.6, 3.3), dpi=90)
        self._canvas = FigureCanvasAgg(self._figure)
        axes = self._figure.subplots(1, len(trainings), sharey=True, squeeze=False)[0]
        self._figure.subplots_adjust(0.05, 0.14, 0.99, 0.9, wspace=0.06)
        self._moving: dict[str, dict] = {}
        for axis, training in zip(axes, trainings, strict=True):
            axis.spines[["top", "right"]].set_visible(False)
            axis.set(xlim=FAMILY.inputs, ylim=(-6.2, 6.2), xlabel="x")
            hue, animated = colour(training), {"animated": True}
            self._moving[training] = {
                "truth": axis.plot([], [], color="black", lw=1, ls="--", label="the wave", **animated)[0],
                "start": axis.plot([], [], color=QUIET, lw=1.5, label="start", **animated)[0],
                "curve": axis.plot([], [], color=hue, lw=2.5, label="after the steps", **animated)[0],
                "points": axis.plot([], [], "o", color="black", ms=5, label="support set", **animated)[0],
                "title": axis.text(0.5, 1.03, "", ha="center", color=hue, fontsize=12,
                                   transform=axis.transAxes, **animated),
            }  # fmt: skip
        tight = {"columnspacing": 0.9, "handlelength": 1.4}
        axes[0].legend(frameon=False, fontsize=8, loc="lower left", ncols=4, **tight)
        self._canvas.draw()
        self._still = self._canvas.copy_from_bbox(self._figure.bbox)

    def draw(self, trial: Trial, step: int) -> bytes:
        """The trial after ``step`` gradient steps, as a PNG."""
        self._canvas.restore_region(self._still)
        for training, parts in self._moving.items():
            parts["truth"].set_data(GRID, trial.truth)
            parts["start"].set_data(GRID, trial.curve(training, 0))
            parts["curve"].set_data(GRID, trial.curve(training, step))
            parts["points"].set_data(trial.x, trial.y)
            parts["title"].set_text(f"{title(training)}: error {trial.error(training, step):.2f}")
            for part in parts.values():
                part.axes.draw_artist(part)
        return palette_png(self._canvas.buffer_rgba())


def task_distribution(shots: int = 5) -> LessonFigure:
    """Four tasks of the family, each with a support and a query set."""
    tasks = some_tasks(4, seed=TASKS_SEED)
    generator = torch.Generator().manual_seed(SUPPORT_SEED)
    support, query = (FAMILY.points(tasks, shots, generator) for _ in range(2))
    figure, axes = canvas(8.6, 2.9, columns=4, sharey=True)
    curves = tasks(torch.tensor(GRID, dtype=torch.float32)[:, None])
    rows = []
    for row, axis in enumerate(axes):
        axis.plot(GRID, curves[row, :, 0], color=QUIET, lw=1)
        axis.plot(*(t[row, :, 0] for t in support), "o", color="black", ms=6, label="support")
        axis.plot(*(t[row, :, 0] for t in query), "o", mfc="white", color=SOURCE, ms=4, label="query")
        amplitude, phase = float(tasks.amplitude[row]), float(tasks.phase[row])
        axis.set(xlabel="x", ylim=(-5.5, 5.5))
        axis.set_title(f"{amplitude:.1f} sin(x - {phase:.2f})", fontsize=10)
        rows.append((row + 1, amplitude, phase, shots, shots))
    axes[0].legend(frameon=False, fontsize=9, loc="lower left", ncols=2, borderpad=0, columnspacing=0.8)
    alt = (
        f"Four tasks: sine waves of different amplitude and phase. Of each there are {shots} support points, filled, "
        f"and {shots} query points, open."
    )
    return finish(figure, alt, ("task", "amplitude", "phase", "support points", "query points"), rows)


def starts(outcomes: Mapping[str, Outcome], guess: str | None = None) -> LessonFigure:
    """What each start predicts before it has seen a point, beside the mean of all waves in closed form.

    Args:
        guess: the reader's, in words.
    """
    if not outcomes:
        return absent("A trained start")
    figure, axis = canvas(8, 3.4)
    waves = some_tasks(40)(torch.tensor(GRID, dtype=torch.float32)[:, None])[..., 0]
    axis.plot(GRID, waves.T, color=QUIET, lw=0.6, alpha=0.45)
    mean, predicted = average_wave(), {training: predict_start(o) for training, o in outcomes.items()}
    axis.plot(GRID, mean, color="black", lw=1.5, ls="--", label="mean of all waves (closed form)")
    for training, curve in predicted.items():
        axis.plot(GRID, curve, color=colour(training), lw=2.5, label=title(training))
    axis.set(xlim=FAMILY.inputs, xlabel="x", ylim=(-5.2, 7.2))
    axis.legend(frameon=False, loc="upper center", ncols=3)
    gaps = "; ".join(
        f"{title(training)}: on average {np.abs(curve - mean).mean():.2f} from it"
        for training, curve in predicted.items()
    )
    alt = f"Forty thin waves, and through their middle the mean of all waves, which is -1.62 cos x. {gaps}."
    if guess:
        alt += note_guess(axis, guess)
    rows = [
        (float(GRID[i]), float(mean[i]), *(float(curve[i]) for curve in predicted.values())) for i in _PICKED
    ]
    return finish(figure, alt, ("x", "mean of all waves", *(title(t) for t in predicted)), rows)
