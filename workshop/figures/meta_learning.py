"""The figures of lesson 05."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from workshop.figures.form import (
    GOOD,
    GUESS,
    QUIET,
    SOURCE,
    TARGET,
    LessonFigure,
    absent,
    canvas,
    finish,
    png,
)
from workshop.studies.ladder import RUNGS, LadderRung, climbed, open_rungs
from workshop.studies.meta_learning import TRAININGS, Outcome
from workshop.studies.meta_learning.outcome import SHOWN, STEPS
from workshop.studies.meta_learning.recipes import FAMILY, RATES
from workshop.studies.meta_learning.trial import (
    GRID,
    Trial,
    average_wave,
    draw_inputs,
    errors_by_frequency,
    predict_start,
    some_tasks,
    try_task,
)
from workshop.studies.meta_learning.valleys import (
    BOTTOM,
    best_starts,
    losses,
    losses_after_step,
    stepped,
)

COLOURS = {"maml": GOOD, "joint": TARGET, "first_order": SOURCE, "anil": "#56B4E9", "reptile": "#E69F00"}
#: The wave that the opening figures and the panel begin with.
WAVE = {"amplitude": 3.5, "phase": 0.8}
SUPPORT_SEED = 4
TASKS_SEED = 34  #: four waves that differ well


def colour(training: str) -> str:
    """The colour of a training's variant, the same in every figure."""
    return COLOURS[TRAININGS[training].variant]


# ---- one task ------------------------------------------------------------------------------------------


def one_task(
    outcomes: Mapping[str, Outcome],
    step: int = 1,
    one_side: bool = False,
    guess: float | None = None,
    guess_at: float = -3.0,
) -> LessonFigure:
    """The same new wave, adapted to from each initialisation, side by side.

    Args:
        outcomes: by training.
        step: gradient steps to show, beside the start.
        one_side: all support points on the right half.
        guess: the reader's, of MAML's curve at ``guess_at``.
    """
    if not outcomes:
        return absent("A trained initialisation")
    shots = next(iter(outcomes.values())).shots
    trial = try_task(outcomes, **WAVE, x=draw_inputs(shots, SUPPORT_SEED, one_side))
    figure, axes = canvas(8.6, 3.4, columns=len(outcomes), sharey=True, squeeze=False)
    for axis, training in zip(axes[0], outcomes, strict=True):
        draw_trial(axis, trial, training, step)
    axes[0, 0].legend(frameon=False, fontsize=8, loc="upper left", ncols=2)
    where = "all on the right half" if one_side else "anywhere"
    words = "; ".join(
        f"{TRAININGS[t].title}: error {trial.error(t, 0):.2f} before, {trial.error(t, step):.2f} after {step} "
        f"gradient step{'s' if step > 1 else ''}"
        for t in outcomes
    )
    alt = f"A wave that was in no training and {shots} points of it, {where}. {words}."
    if guess is not None:
        axes[0, 0].plot(guess_at, guess, "D", color=GUESS, ms=8)
        axes[0, 0].annotate("your guess", (guess_at, guess), (6, 6), textcoords="offset points", color=GUESS)
        truth = WAVE["amplitude"] * np.sin(guess_at - WAVE["phase"])
        alt += f" Your guess at x = {guess_at:g} was {guess:.2g}; the wave is at {truth:.2g} there."
    pick = np.linspace(0, len(GRID) - 1, 11).astype(int)
    rows = [
        (float(GRID[i]), float(trial.truth[i]), *(float(trial.curves[t][s][i]) for t in outcomes for s in (0, step)))
        for i in pick
    ]  # fmt: skip
    columns = ["x", "the wave", *(f"{TRAININGS[t].title}, step {s}" for t in outcomes for s in (0, step))]
    return finish(figure, alt, columns, rows)


def draw_trial(axis: Axes, trial: Trial, training: str, step: int) -> None:
    """One initialisation's answer to a task."""
    axis.plot(GRID, trial.truth, color="black", lw=1, ls="--", label="the wave")
    axis.plot(GRID, trial.curves[training][0], color=QUIET, lw=1.5, label="start")
    axis.plot(
        GRID,
        trial.curves[training][step],
        color=colour(training),
        lw=2.5,
        label=f"{step} step{'s' if step > 1 else ''}",
    )
    axis.plot(trial.x, trial.y, "o", color="black", ms=5, label="support set")
    axis.set(xlim=FAMILY.inputs, ylim=(-6.2, 8.2), xlabel="x", yticks=range(-6, 7, 2))
    error = trial.error(training, step)
    axis.set_title(f"{TRAININGS[training].title}: error {error:.2f}", color=colour(training), fontsize=11)


class TrialPicture:
    """Draws trials one after the other, fast: what never changes is drawn once, and copied.

    Args:
        titles: of the panes, one for each training, by training.
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
        axes[0].legend(
            frameon=False, fontsize=8, loc="lower left", ncols=4, columnspacing=0.9, handlelength=1.4
        )
        self._canvas.draw()
        self._still = self._canvas.copy_from_bbox(self._figure.bbox)

    def draw(self, trial: Trial, step: int) -> bytes:
        """The trial after ``step`` gradient steps, as a PNG."""
        self._canvas.restore_region(self._still)
        for training, parts in self._moving.items():
            parts["truth"].set_data(GRID, trial.truth)
            parts["start"].set_data(GRID, trial.curves[training][0])
            parts["curve"].set_data(GRID, trial.curves[training][step])
            parts["points"].set_data(trial.x, trial.y)
            parts["title"].set_text(f"{TRAININGS[training].title}: error {trial.error(training, step):.2f}")
            for part in parts.values():
                part.axes.draw_artist(part)
        out = io.BytesIO()
        Image.fromarray(np.asarray(self._canvas.buffer_rgba())[..., :3]).save(out, "png", compress_level=1)
        return out.getvalue()


# ---- the tasks, and their average ----------------------------------------------------------------------


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
        axis.plot(*(t[row, :, 0] for t in support), "o", color="black", ms=5, label="support")
        axis.plot(*(t[row, :, 0] for t in query), "o", mfc="white", color=SOURCE, ms=5, label="query")
        amplitude, phase = float(tasks.amplitude[row]), float(tasks.phase[row])
        axis.set(title=f"{amplitude:.1f} sin(x - {phase:.1f})", xlabel="x", ylim=(-5.5, 5.5))
        axis.title.set_fontsize(10)
        rows.append((row + 1, amplitude, phase, shots, shots))
    axes[0].legend(frameon=False, fontsize=8, loc="lower left", ncols=2, borderpad=0, columnspacing=0.8)
    alt = (
        f"Four tasks: sine waves of different amplitude and phase. Of each there are {shots} support points, filled, "
        f"and {shots} query points, open."
    )
    return finish(figure, alt, ("task", "amplitude", "phase", "support points", "query points"), rows)


def the_average(joint: Outcome | None, guess: str | None = None) -> LessonFigure:
    """What a network learns that is trained on all tasks at once, beside their mean in closed form."""
    if joint is None:
        return absent("The training on all tasks at once")
    figure, axis = canvas(8, 3.4)
    tasks = some_tasks(40)
    waves = tasks(torch.tensor(GRID, dtype=torch.float32)[:, None])[..., 0]
    axis.plot(GRID, waves.T, color=QUIET, lw=0.6, alpha=0.45)
    mean, start = average_wave(), predict_start(joint)
    axis.plot(GRID, mean, color="black", lw=1.5, ls="--", label="mean of all waves (closed form)")
    axis.plot(GRID, start, color=colour("joint_k10"), lw=2.5, label="the trained network")
    axis.set(xlim=FAMILY.inputs, xlabel="x", ylim=(-5.2, 6.6))
    axis.legend(frameon=False, loc="upper center", ncols=2)
    gap = float(np.abs(start - mean).mean())
    alt = (
        f"Forty thin waves. Through their middle runs the network that was trained on all tasks at once, on average "
        f"{gap:.2f} from the mean of all waves, which is -1.62 cos x."
    )
    if guess:
        axis.text(0.01, 0.03, f"your guess: {guess}", color=GUESS, transform=axis.transAxes)
        alt += f' Your guess was "{guess}".'
    pick = np.linspace(0, len(GRID) - 1, 11).astype(int)
    rows = [(float(GRID[i]), float(mean[i]), float(start[i])) for i in pick]
    return finish(figure, alt, ("x", "mean of all waves", "the trained network"), rows)


# ---- the toy -------------------------------------------------------------------------------------------


def two_valleys(rate: float) -> LessonFigure:
    """Two tasks with one weight: the start that is best as it stands, and the one that is best after a step."""
    starts = best_starts(rate)
    told = {"best before the step": starts.joint, "best after the step": starts.meta}
    rows = [
        (name, start, *(float(v) for v in (*losses(start), losses(start).mean(), *losses_after_step(start, rate))),
         float(losses_after_step(start, rate).mean()))
        for name, start in told.items()
    ]  # fmt: skip
    alt = (
        f"Left: a steep and a shallow valley, and one step of {rate:.2f} from two starts. Right: the mean loss over "
        f"the start, before and after the step. At step size {rate:.2f} the start that is best before the step, "
        f"{starts.joint:.2f}, has a loss of {rows[0][-1]:.2f} after it; the start that is best after the step is "
        f"{starts.meta:.2f}, with {rows[1][-1]:.2f}."
    )
    columns = ("start", "at", "steep", "shallow", "mean", "steep after", "shallow after", "mean after")
    return finish(draw_valleys(rate), alt, columns, rows)


def draw_valleys(rate: float) -> Figure:
    """The drawing behind :func:`two_valleys`."""
    figure, (left, right) = canvas(8.6, 3.4, columns=2)
    line = np.linspace(-2, 2.2, 200)
    starts = best_starts(rate)
    for task, (name, hue) in enumerate((("steep task", SOURCE), ("shallow task", "#56B4E9"))):
        left.plot(line, losses(line)[:, task], color=hue, lw=2, label=name)
    for start, hue in ((starts.joint, TARGET), (starts.meta, GOOD)):
        for task, end in enumerate(stepped(start, rate)):
            height = losses(start)[task], losses(end)[task]
            left.plot(start, height[0], "o", color=hue, ms=7)
            left.annotate(
                "",
                (end, height[1]),
                (start, height[0]),
                arrowprops={"arrowstyle": "->", "color": hue, "lw": 2},
            )
    left.set(xlabel="weight", ylabel="loss", ylim=(-0.3, 9.5), xticks=BOTTOM)
    left.legend(frameon=False, loc="upper center", fontsize=9)
    before, after = losses(line).mean(1), losses_after_step(line, rate).mean(1)
    right.plot(line, before, color=TARGET, lw=2, label="before the step")
    right.plot(line, after, color=GOOD, lw=2, label="after the step")
    right.plot(starts.joint, losses(starts.joint).mean(), "o", color=TARGET, ms=8)
    right.plot(starts.meta, losses_after_step(starts.meta, rate).mean(), "o", color=GOOD, ms=8)
    right.set(xlabel="where to start", ylabel="mean loss of both tasks", ylim=(-0.2, 5))
    right.legend(frameon=False, loc="upper center", fontsize=9)
    return figure


# ---- the experiment ------------------------------------------------------------------------------------


def learning_curves(
    outcomes: Mapping[str, Outcome], guess: float | None = None, guess_step: int = 1
) -> LessonFigure:
    """Error on unseen tasks after each gradient step at test time, with 95% intervals.

    Args:
        outcomes: by training.
        guess: the reader's, of MAML's error after ``guess_step`` steps.
    """
    if not outcomes:
        return absent("A trained initialisation")
    figure, axis = canvas(8, 3.8)
    rows = []
    shown = [outcome for outcome in outcomes.values()]
    for training, outcome in outcomes.items():
        mean, half = outcome.error.T
        label = f"{TRAININGS[training].title} (steps of {outcome.rate:g})"
        axis.plot(range(STEPS + 1), mean, "o-", color=colour(training), lw=2, ms=4, label=label)
        axis.fill_between(
            range(STEPS + 1), np.maximum(mean - half, 1e-3), mean + half, color=colour(training), alpha=0.25
        )
        rows += [
            (TRAININGS[training].title, outcome.shots, outcome.rate, step, float(mean[step]), float(half[step]),
             outcome.iterations, outcome.budget)
            for step in SHOWN
        ]  # fmt: skip
    finite = np.concatenate([outcome.error[:, 0] for outcome in shown])
    finite = finite[np.isfinite(finite)]
    axis.set(
        xlabel="gradient steps on the support set",
        ylabel="mean squared error",
        yscale="log",
        ylim=(min(0.08, finite.min() / 1.3), max(5, min(30, finite.max() * 1.3))),
        xticks=range(STEPS + 1),
    )
    _plain_log_ticks(axis)
    axis.legend(frameon=False, loc="center right", bbox_to_anchor=(1, 0.55), fontsize=9)
    tasks = len(shown[0].by_task)
    alt = f"Error on {tasks:,} unseen waves over gradient steps, K = {shown[0].shots}. " + "; ".join(
        f"{TRAININGS[t].title}: {o.error[0, 0]:.2f} before, {o.error[1, 0]:.2f} after one step, "
        f"{o.error[STEPS, 0]:.2f} after ten"
        for t, o in outcomes.items()
    )
    alt += "."
    if guess is not None:
        axis.plot([guess_step - 0.35, guess_step + 0.35], [guess, guess], color=GUESS, lw=3)
        axis.annotate(f"your guess: {guess:.2g}", (guess_step + 0.4, guess), color=GUESS, va="center")
        alt += f" Your guess for MAML after {guess_step} step{'s' if guess_step > 1 else ''} was {guess:.2g}."
    columns = ("start", "K", "step size", "steps", "error", "± 95%", "iterations", "budget")
    return finish(figure, alt, columns, rows)


def tuning(outcomes: Mapping[str, Outcome]) -> LessonFigure:
    """How the baseline's step size was chosen, on tasks of its own."""
    if not outcomes:
        return absent("The training on all tasks at once")
    figure, axis = canvas(7, 2.6)
    rows = []
    for (_, outcome), marker in zip(outcomes.items(), "os", strict=False):
        rates, error = outcome.tuning.T
        seen = np.isfinite(error) & (error < 10)
        axis.plot(
            rates[seen], error[seen], f"{marker}-", color=TARGET, mfc="white", label=f"K = {outcome.shots}"
        )
        axis.plot(outcome.rate, error[rates == outcome.rate], marker, color=TARGET, ms=9)
        rows += [
            (outcome.shots, float(r), float(e) if np.isfinite(e) else "diverges", "chosen" if r == outcome.rate else "")
            for r, e in outcome.tuning
        ]  # fmt: skip
    axis.set(
        xscale="log",
        xlabel="step size at test time (not drawn: steps that diverge)",
        ylabel="error after ten steps",
    )
    axis.set_xticks(RATES, [f"{rate:g}" for rate in RATES])
    axis.minorticks_off()
    axis.legend(frameon=False)
    chosen = "; ".join(f"K = {outcome.shots}: {outcome.rate:g}" for outcome in outcomes.values())
    alt = f"The baseline's error after ten steps over its step size, on tuning tasks. Chosen: {chosen}."
    return finish(figure, alt, ("K", "step size", "error after ten steps", ""), rows)


def halves(outcomes: Mapping[str, Outcome]) -> LessonFigure:
    """All points on the right half: the error on the left one."""
    if not outcomes:
        return absent("A trained initialisation")
    figure, axis = canvas(7, 0.9 + 0.5 * len(outcomes))
    rows = []
    for place, (training, outcome) in enumerate(outcomes.items()):
        before, one, ten = outcome.half.T.astype(np.float64)
        mean, half = one.mean(), 1.96 * one.std(ddof=1) / len(one) ** 0.5
        axis.barh(place, mean, color=colour(training), height=0.6)
        axis.errorbar(mean, place, xerr=half, color="black", capsize=3, lw=1)
        axis.plot(before.mean(), place, "|", color="black", ms=22, mew=2)
        worse = 100 * float(np.mean(~(ten < before)))
        rows.append(
            (TRAININGS[training].title, outcome.shots, before.mean(), mean, half, float(np.nanmedian(ten)), worse)
        )  # fmt: skip
    names = [f"{TRAININGS[t].title}, K = {o.shots}" for t, o in outcomes.items()]
    axis.set(
        yticks=range(len(outcomes)),
        yticklabels=names,
        xlabel="error on the half without points, after one step",
    )
    axis.invert_yaxis()
    alt = (
        "Bars of the error on the half without points after one step; a stroke marks the error before. "
        + "; ".join(
            f"{title}, K = {shots}: {before:.2f} before, {one:.2f} after one step, larger on {worse:.0f} % of "
            f"the waves after ten than before"
            for title, shots, before, one, _, _, worse in rows
        )
    )
    columns = (
        "start",
        "K",
        "before",
        "after 1 step",
        "± 95%",
        "median after 10",
        "worse than before after 10 (%)",
    )
    return finish(figure, alt + ".", columns, rows)


def sharpness(outcomes: Mapping[str, Outcome]) -> LessonFigure:
    """Step size times largest curvature at each start, task by task, beside the limit of 2."""
    if not outcomes:
        return absent("A trained initialisation")
    figure, axis = canvas(8, 2.8)
    rows = []
    for training, outcome in outcomes.items():
        ordered = np.sort(outcome.sharpness)
        style = "-" if outcome.shots == 10 else ":"
        label = f"{TRAININGS[training].title}, K = {outcome.shots}"
        axis.plot(
            np.linspace(0, 100, len(ordered)), ordered, style, color=colour(training), lw=2, label=label
        )
        beyond = 100 * float(np.mean(ordered > 2))
        lost = int((~outcome.converges).sum())
        rows.append((TRAININGS[training].title, outcome.shots, float(np.median(ordered)), beyond, lost))
    axis.axhline(2, color="black", lw=1)
    axis.text(101, 2, "2, the limit of a parabola", fontsize=8, va="center")
    axis.set(
        xlabel="waves, from the flattest to the sharpest (%)", ylabel="step size x curvature", ylim=(0, None)
    )
    axis.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1, 1))
    alt = (
        "Step size times the largest curvature of the support loss at the start, wave by wave. "
        + "; ".join(
            f"{title}, K = {shots}: median {median:.1f}, above 2 for {beyond:.0f} %, ten steps diverge on {lost}"
            for title, shots, median, beyond, lost in rows
        )
    )
    columns = ("start", "K", "median", "above 2 (% of waves)", "waves on which ten steps diverge")
    return finish(figure, alt + ".", columns, rows)


def growth(outcome: Outcome | None) -> LessonFigure:
    """The learning curve at test time as it grew over a training."""
    if outcome is None:
        return absent("The meta-training")
    figure, axis = canvas(8, 3.4)
    frames = outcome.frames
    shades, height = np.linspace(0.75, 0.0, len(frames.step)), np.inf
    rows = []
    for step, error, shade in zip(frames.step, frames.error, shades, strict=True):
        axis.plot(range(STEPS + 1), error, "-", color=str(shade), lw=1.5)
        height = min(error[-1], 0.87 * height)  # below the label before
        axis.text(STEPS + 0.1, height, f"{step:,}", color=str(shade), va="center", fontsize=8)
        rows.append((int(step), *(float(error[s]) for s in SHOWN)))
    axis.set(
        xlabel="gradient steps on the support set",
        ylabel="mean squared error",
        yscale="log",
        xlim=(0, STEPS + 1),
    )
    axis.set_xticks(range(STEPS + 1))
    _plain_log_ticks(axis)
    alt = "Learning curves at test time; the number is the iteration of the meta-training. " + "; ".join(
        f"after {row[0]:,} iterations one step leads to {row[2]:.2f}" for row in rows
    )
    return finish(figure, alt + ".", ("iterations", *(f"after {s} steps" for s in SHOWN)), rows)


def variations(compared: Mapping[str, tuple[Outcome, np.ndarray]]) -> LessonFigure:
    """MAML and the algorithms that differ from it by a line, after equally many iterations.

    Args:
        compared: of :meth:`MetaLearningStudy.variations`.
    """
    if not compared:
        return absent("The comparison of MAML with its variations")
    figure, axis = canvas(8, 3.4)
    rows = []
    for training, (outcome, error) in compared.items():
        seen = np.where(np.isfinite(error), error, np.nan)
        axis.plot(range(STEPS + 1), seen, "o-", color=colour(training), ms=4, label=TRAININGS[training].title)
        per_iteration = 1000 * outcome.seconds / outcome.iterations
        rows.append(
            (TRAININGS[training].title, *(float(error[s]) for s in SHOWN), outcome.engine, per_iteration)
        )
    iterations = list(compared.values())[-1][0].iterations
    axis.set(
        xlabel="gradient steps on the support set", ylabel="mean squared error", yscale="log", ylim=(0.08, 8),
        xticks=range(STEPS + 1), title=f"K = 10, after {iterations:,} iterations each",
    )  # fmt: skip
    _plain_log_ticks(axis)
    axis.legend(frameon=False)
    alt = f"Learning curves at test time, K = 10, each after {iterations:,} iterations. " + "; ".join(
        f"{title}: {one:.2f} after one step, {ten:.2f} after ten" for title, _, one, _, _, ten, *_ in rows
    )
    columns = ("start", *(f"after {s} steps" for s in SHOWN), "engine", "ms an iteration")
    return finish(figure, alt + ".", columns, rows)


def outside(outcomes: Mapping[str, Outcome], guess: str | None = None) -> LessonFigure:
    """Waves of other frequencies than in training: error before and after ten steps."""
    if not outcomes:
        return absent("A trained initialisation")
    frequencies = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
    found = errors_by_frequency(outcomes, frequencies)
    figure, axis = canvas(8, 3.2)
    rows = []
    for training, error in found.items():
        axis.plot(frequencies, error[:, 0], ":", color=colour(training), lw=1.5)
        axis.plot(
            frequencies, error[:, 1], "o-", color=colour(training), lw=2, label=TRAININGS[training].title
        )
        rows += [
            (TRAININGS[training].title, f, *(float(v) for v in row[[0, 1, STEPS]]))
            for f, row in zip(frequencies, error, strict=True)
        ]
    axis.axvline(1, color=QUIET, lw=1)
    axis.set(xlabel="frequency of the test waves (training: 1)", ylabel="mean squared error", ylim=(0, None))
    axis.legend(frameon=False, title="after one step (dotted: before)", fontsize=9, title_fontsize=9)
    alt = "Error after one step on waves of other frequencies. " + "; ".join(
        f"{title} at {f:g}: {before:.2f} before, {one:.2f} after one step"
        for title, f, before, one, _ in rows
    )
    if guess:
        axis.text(0.01, 0.03, f"your guess: {guess}", color=GUESS, transform=axis.transAxes)
        alt += f'. Your guess was "{guess}"'
    return finish(figure, alt + ".", ("start", "frequency", "before", "after 1 step", "after 10"), rows)


# ---- the ladder of part one ----------------------------------------------------------------------------


def ladder(found: Sequence[LadderRung] | None = None) -> LessonFigure:
    """The ways to transfer, from little training to much: what each cost and gained in this workbook."""
    found = climbed() if found is None else list(found)
    still_open = open_rungs(list(found))
    figure, axis = canvas(8.6, 0.75 + 0.62 * len(RUNGS))
    rows = []
    for place, rung in enumerate(RUNGS):
        axis.axhline(place + 0.5, color=QUIET, lw=0.5)
        axis.text(0.0, place, rung, fontweight="bold", va="center")
        if rung in still_open:
            axis.text(
                0.17,
                place,
                f"open: lesson {still_open[rung][:2]} fills it",
                color=QUIET,
                va="center",
                style="italic",
            )
            rows.append((rung, still_open[rung], "open", None, None, None))
        for one in (one for one in found if one.rung == rung):
            axis.text(0.17, place - 0.17, f"{one.how} ({one.seconds:.0f} s)", va="center", fontsize=9)
            axis.text(0.17, place + 0.2, one.gain, va="center", fontsize=9, color=SOURCE)
            axis.text(0.63, place, f"labels: {one.labels}", va="center", fontsize=9)
            rows.append((rung, one.lesson, one.how, one.labels, float(one.seconds), one.gain))
    axis.set(xlim=(0, 1), ylim=(len(RUNGS) - 0.4, -0.6))
    axis.set_axis_off()
    alt = "The ladder of transfer, from little training to much. " + "; ".join(
        f"{rung}: {how}" if labels is None else f"{rung}: {how}, {seconds:.0f} s, {gain}, labels: {labels}"
        for rung, _, how, labels, seconds, gain in rows
    )
    columns = (
        "rung",
        "lesson",
        "what was done",
        "labels of the target",
        "seconds on one core",
        "what it bought",
    )
    return finish(figure, alt + ".", columns, rows)


def _plain_log_ticks(axis: Axes) -> None:
    """A logarithmic axis of errors, labelled by plain numbers."""
    ticks = [0.1, 0.2, 0.5, 1, 2, 5]
    axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.minorticks_off()


def draw_progress(history: Sequence[Mapping[str, float]]) -> bytes:
    """A meta-training so far: the loss after the inner step. A PNG, for the panel."""
    figure, axis = canvas(8.6, 2.4)
    axis.plot([now["step"] for now in history], [now["loss"] for now in history], "-", color=GOOD)
    axis.set(xlabel="iteration", ylabel="query loss", yscale="log")
    _plain_log_ticks(axis)
    return png(figure, dpi=80)
