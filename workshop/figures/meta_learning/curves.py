"""Learning curves at test time: of the main starts, of their relatives, and as they grew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from workshop.figures.form import GOOD, GUESS, TARGET, LessonFigure, absent, canvas, finish, note_guess, png
from workshop.figures.meta_learning.style import colour, plain_log_ticks, title
from workshop.studies.meta_learning import Outcome
from workshop.studies.meta_learning.outcome import REPLAYED, SHOWN, STEPS
from workshop.studies.meta_learning.recipes import RATES

_AFTER = tuple(f"after {s}" for s in SHOWN)


def learning_curves(
    outcomes: Mapping[str, Outcome], guess: float | None = None, choice: str | None = None
) -> LessonFigure:
    """Error on unseen tasks after each gradient step at test time, with 95% intervals.

    Args:
        outcomes: by training, all of one K.
        guess: the reader's, of the first curve after one step.
        choice: the reader's answer to another question, in words.
    """
    if not outcomes:
        return absent("A trained start")
    figure, axis = canvas(8, 3.8)
    rows = []
    for training, outcome in outcomes.items():
        mean, half = outcome.error.T
        label = f"{title(training)} (steps of {outcome.rate:g})"
        axis.plot(range(STEPS + 1), mean, "o-", color=colour(training), lw=2, ms=4, label=label)
        ends = np.maximum(mean - half, 1e-3), mean + half
        axis.fill_between(range(STEPS + 1), *ends, color=colour(training), alpha=0.25)
        rows += [
            (title(training), outcome.shots, outcome.rate, step, float(mean[step]), float(half[step]),
             int(outcome.converges.sum()), outcome.iterations, outcome.budget)
            for step in SHOWN
        ]  # fmt: skip
    means = np.concatenate([outcome.error[:, 0] for outcome in outcomes.values()])
    means = means[np.isfinite(means)]
    low, high = min(0.08, means.min() / 1.3), max(5.0, min(30.0, means.max() * 1.3))
    axis.set(xlabel="gradient steps on the support set", ylabel="mean squared error", yscale="log",
             ylim=(low, high), xticks=range(STEPS + 1))  # fmt: skip
    plain_log_ticks(axis)
    axis.legend(frameon=False, loc="center right", bbox_to_anchor=(1, 0.55), fontsize=10)
    shots = next(iter(outcomes.values())).shots
    told = "; ".join(
        f"{title(t)}: {o.error[0, 0]:.2f} before, {o.error[1, 0]:.2f} after one step, {o.error[STEPS, 0]:.2f} after "
        f"ten, on {int(o.converges.sum()):,} waves"
        for t, o in outcomes.items()
    )
    alt = f"Error on unseen waves over gradient steps, K = {shots}. {told}."
    if guess is not None:
        alt += _draw_guess(axis, guess, next(iter(outcomes)))
    if choice:
        alt += note_guess(axis, choice)
    columns = ("start", "K", "step size", "steps", "error", "± 95%", "waves", "iterations", "budget")
    return finish(figure, alt, columns, rows)


def _draw_guess(axis: Axes, guess: float, training: str) -> str:
    """A line at the guess after one step; where it lies below the axis, a mark at its edge."""
    low, _ = axis.get_ylim()
    if guess >= low:
        axis.plot([0.65, 1.35], [guess, guess], color=GUESS, lw=3)
    else:
        axis.plot(1, low * 1.08, "v", color=GUESS, ms=9)
    axis.annotate(f"your guess: {guess:.2g}", (1.4, max(guess, low * 1.08)), color=GUESS, va="center")
    return f" Your guess for {title(training)} after 1 step was {guess:.2g}."


def tuning(outcomes: Mapping[str, Outcome]) -> LessonFigure:
    """How the baseline's step size was chosen, on tasks of its own."""
    if not outcomes:
        return absent("The training on all tasks at once")
    figure, axis = canvas(7, 2.8)
    rows = []
    for outcome, marker in zip(outcomes.values(), "os", strict=False):
        rates, error = outcome.tuning.T
        seen = np.isfinite(error) & (error < 5)
        axis.plot(
            rates[seen], error[seen], f"{marker}-", color=TARGET, mfc="white", label=f"K = {outcome.shots}"
        )
        axis.plot(outcome.rate, error[rates == outcome.rate], marker, color=TARGET, ms=9)
        rows += [
            (outcome.shots, float(r), float(e) if np.isfinite(e) else "diverges", "chosen" if r == outcome.rate else "")
            for r, e in outcome.tuning
        ]  # fmt: skip
    axis.set(xscale="log", ylabel="error after ten steps")
    axis.set_xlabel("step size at test time (filled: chosen; missing: some waves explode)")
    axis.set_xticks(RATES, [f"{rate:g}" for rate in RATES])
    axis.minorticks_off()
    axis.legend(frameon=False)
    chosen = "; ".join(f"K = {outcome.shots}: {outcome.rate:g}" for outcome in outcomes.values())
    alt = f"The baseline's error after ten steps over its step size, on tuning tasks. Chosen: {chosen}."
    return finish(figure, alt, ("K", "step size", "error after ten steps", ""), rows)


def growth(outcome: Outcome | None) -> LessonFigure:
    """The learning curve at test time as it grew over a training."""
    if outcome is None:
        return absent("The meta-training")
    figure, axis = canvas(8, 3.6)
    frames = outcome.frames
    shades = np.linspace(0.62, 0.0, len(frames.step))
    rows, labels = [], []
    for step, error, kept, shade in zip(frames.step, frames.error, frames.kept, shades, strict=True):
        axis.plot(range(STEPS + 1), error, "-", color=str(shade), lw=1.5)
        labels.append((float(error[-1]), f"{step:,}", str(shade)))
        rows.append((int(step), *(float(error[s]) for s in SHOWN), int(kept)))
    height = np.inf
    for end, text, shade in sorted(labels, reverse=True):  # each below the one above it
        height = min(end, 0.84 * height)
        axis.text(STEPS + 0.1, height, text, color=shade, va="center", fontsize=9)
    axis.set(xlabel="gradient steps on the support set", ylabel="mean squared error", yscale="log",
             xlim=(0, STEPS + 1), ylim=(0.07, 6), xticks=range(STEPS + 1))  # fmt: skip
    plain_log_ticks(axis)
    told = "; ".join(f"after {row[0]:,} iterations one step leads to {row[2]:.2f}" for row in rows)
    alt = f"Learning curves at test time on {REPLAYED} waves; the number is the iteration of the training. {told}."
    return finish(figure, alt, ("iterations", *_AFTER, "waves"), rows)


def variations(compared: Mapping[str, tuple[Outcome, np.ndarray]], guess: str | None = None) -> LessonFigure:
    """MAML, the algorithms that differ from it by a line, and the baseline, after equally many iterations.

    The baseline takes steps of the size tuned for the end of its training.

    Args:
        compared: of :meth:`MetaLearningStudy.variations`.
        guess: the reader's, in words.
    """
    if not compared:
        return absent("The comparison of MAML with its relatives")
    figure, axis = canvas(8, 3.6)
    rows = []
    for training, (outcome, error) in compared.items():
        seen = np.where(np.isfinite(error), error, np.nan)
        axis.plot(range(STEPS + 1), seen, "o-", color=colour(training), ms=4, label=title(training))
        per_iteration = 1000 * outcome.seconds / outcome.iterations
        rows.append((title(training), *(float(error[s]) for s in SHOWN), outcome.engine, per_iteration))
    iterations = min(outcome.iterations for outcome, _ in compared.values())
    axis.set(xlabel="gradient steps on the support set", ylabel="mean squared error", yscale="log",
             ylim=(0.08, 8), xticks=range(STEPS + 1))  # fmt: skip
    plain_log_ticks(axis)
    axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    told = "; ".join(f"{row[0]}: {row[2]:.2f} after one step, {row[5]:.2f} after ten" for row in rows)
    alt = f"Learning curves at test time on {REPLAYED} waves, K = 10, each after {iterations:,} iterations. {told}."
    if guess:
        alt += note_guess(axis, guess)
    return finish(figure, alt, ("start", *_AFTER, "engine", "ms an iteration"), rows)


def draw_progress(history: Sequence[Mapping[str, float]]) -> bytes:
    """A meta-training so far: the loss after the inner step. A PNG, for the panel."""
    figure, axis = canvas(8.6, 2.4)
    axis.plot([now["step"] for now in history], [now["loss"] for now in history], "-", color=GOOD)
    axis.set(xlabel="iteration", ylabel="query loss", yscale="log")
    plain_log_ticks(axis)
    return png(figure, dpi=80)
