"""The small network over label budgets: what pre-training buys at the end, and how much sooner."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from workshop.figures.fine_tuning.style import TASKS, colour, interval
from workshop.figures.form import GUESS, QUIET, LessonFigure, absent, canvas, finish, note_guess
from workshop.kernels.fine_tuning import epochs_to
from workshop.studies.fine_tuning.outcome import Spectrum
from workshop.studies.fine_tuning.recipes import EVERYTHING, SCRATCH
from workshop.studies.fine_tuning.variants import SHUFFLED

TUNED = "pre-trained, everything trained"


def _both(one: Spectrum) -> list[int]:
    """Numbers of labels with a run from scratch and a pre-trained one."""
    return [labels for labels in one.labels(EVERYTHING) if one.find(SCRATCH, labels)]


def final_gain(found: Mapping[str, Spectrum | None], guess: float | None = None) -> LessonFigure:
    """Final accuracy over the number of labels, pre-trained and from scratch.

    Args:
        found: by task.
        guess: the reader's, of the number of labels from which the gain on the first task is below a point.
    """
    found = {name: one for name, one in found.items() if one and _both(one)}
    if not found:
        return absent("The comparison over label budgets")
    figure, axes = canvas(8.8, 3.5, columns=len(found), sharey=True, squeeze=False)
    rows, told = [], []
    for axis, (name, one) in zip(axes[0], found.items(), strict=True):
        budgets = _both(one)
        for depth, label in ((EVERYTHING, TUNED), (SCRATCH, SCRATCH)):
            runs = [one.find(depth, labels) for labels in budgets]
            axis.errorbar(budgets, [r.percent for r in runs], [interval(r.right) for r in runs], fmt="o-",
                          color=colour(depth), capsize=3, label=label)  # fmt: skip
        for labels in budgets:
            tuned, scratch = one.find(EVERYTHING, labels), one.find(SCRATCH, labels)
            gain = 100 * (tuned.right.astype(float) - scratch.right)
            half = 1.96 * float(gain.std(ddof=1)) / len(gain) ** 0.5
            rows.append((TASKS[name], labels, tuned.percent, scratch.percent, float(gain.mean()), half))
        told.append(
            f"{TASKS[name]}: "
            + ", ".join(f"{r[4]:+.1f} points at {r[1]:,} labels" for r in rows[-len(budgets) :])
        )
        axis.set(xscale="log", xlabel="labels", ylim=(0, 101))
        axis.set_xticks(budgets, [f"{b:,}" for b in budgets], fontsize=8, rotation=45)
        axis.minorticks_off()
        axis.set_title(TASKS[name], fontsize=11)
    axes[0, 0].set_ylabel("right answers at the end, %")
    axes[0, -1].legend(frameon=False, loc="upper left", fontsize=9)
    alt = f"Final accuracy of the small network over labels. What pre-training adds: {'; '.join(told)}."
    if guess is not None:
        axes[0, 0].axvline(guess, color=GUESS, lw=2)
        axes[0, 0].text(guess, 4, " your guess", color=GUESS, ha="left" if guess < 500 else "right")
        alt += f" Your guess was that the gain is slight from {guess:,.0f} labels on."
    columns = ("task", "labels", "pre-trained, %", "from scratch, %", "gain, points", "± 95%")
    return finish(figure, alt, columns, rows)


def convergence(one: Spectrum | None, guess: float | None = None) -> LessonFigure:
    """Accuracy on the exam during training; a dot where 95% of the final accuracy is reached."""
    if one is None or not _both(one):
        return absent("The curves over training")
    budgets = _both(one)
    shown = [b for b in budgets if b in (50, 200, 2000)] or budgets[:3]
    figure, axes = canvas(8.8, 3.2, columns=len(shown), sharey=True, squeeze=False)
    rows = []
    for labels in budgets:
        passes = {}
        for depth in (SCRATCH, EVERYTHING):
            run = one.find(depth, labels)
            passes[depth] = epochs_to(run.score, run.epochs)
            if labels in shown:
                axis = axes[0, shown.index(labels)]
                axis.plot(
                    run.epochs,
                    100 * run.score,
                    color=colour(depth),
                    label=TUNED if depth == EVERYTHING else depth,
                )
                reached = 100 * float(run.score[list(run.epochs).index(np.float32(passes[depth]))])
                axis.plot(passes[depth], reached, "o", color=colour(depth), ms=8)
                axis.set(xscale="log", xlabel="passes over the labels", ylim=(0, 101))
                axis.set_title(f"{labels:,} labels", fontsize=10)
                low, high = axis.get_xlim()
                ticks = [tick for tick in (0.3, 1, 3, 10, 30, 80) if low <= tick <= high]
                axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
                axis.minorticks_off()
        rows.append((labels, passes[SCRATCH], passes[EVERYTHING], passes[SCRATCH] / passes[EVERYTHING]))
    axes[0, 0].set_ylabel("right on the exam, %")
    axes[0, -1].legend(frameon=False, loc="lower right", fontsize=8)
    told = "; ".join(f"{b:,} labels: {s:.1f} passes from scratch, {t:.1f} pre-trained" for b, s, t, _ in rows)
    tuned = {b: one.find(EVERYTHING, b) for b in budgets}
    if at_once := [f"{b:,}" for b, run in tuned.items() if run.score[0] >= 0.95 * run.score[-1]]:
        told += f"; at {', '.join(at_once)} labels the pre-trained one is there at the first look: at least that ratio"
    alt = f"Accuracy on handwritten digits during training; dots mark 95 % of the final accuracy. {told}."
    if guess is not None:
        alt += note_guess(axes[0, 0], f"{guess:.1f} times as many", y=0.94, fontsize=9)
    columns = ("labels", "passes from scratch", "passes pre-trained", "ratio")
    return finish(figure, alt, columns, rows)


def reuse(one: Spectrum | None, control: Spectrum | None, guess: str | None = None) -> LessonFigure:
    """Features or only well-sized weights? Pre-trained, the same weights shuffled, and from scratch."""
    if one is None or control is None:
        return absent("The control with shuffled weights")
    budgets = [labels for labels in control.labels(SHUFFLED) if labels in _both(one)]
    if not budgets:
        return absent("The control with shuffled weights")
    figure, axis = canvas(8, 3.2)
    rows, told = [], []
    for place, labels in enumerate(budgets):
        runs = (one.find(SCRATCH, labels), control.find(SHUFFLED, labels), one.find(EVERYTHING, labels))
        hues = (colour(SCRATCH), QUIET, colour(EVERYTHING))
        for shift, run, hue in zip((-0.27, 0, 0.27), runs, hues, strict=True):
            name = TUNED if run.depth == EVERYTHING else run.depth
            axis.bar(place + shift, run.percent, 0.25, color=hue, label=name if place == 0 else None)
            axis.errorbar(place + shift, run.percent, interval(run.right), color="black", capsize=3, lw=1)
            axis.text(place + shift, 3, f"{run.percent:.0f}", color="white", ha="center", fontsize=10)
            rows.append((labels, name, run.percent, interval(run.right)))
        told.append(f"{labels:,} labels: " + ", ".join(f"{r[1]} {r[2]:.0f} %" for r in rows[-3:]))
    axis.set_xticks(range(len(budgets)), [f"{b:,} labels" for b in budgets])
    axis.set(ylabel="right answers, %", ylim=(0, 104))
    axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1), fontsize=9)
    alt = f"Handwritten digits, everything trained, from three beginnings. {'; '.join(told)}."
    if guess:
        alt += note_guess(axis, guess, y=0.96, fontsize=9)
    return finish(figure, alt, ("labels", "beginning", "right, %", "± 95%"), rows)
