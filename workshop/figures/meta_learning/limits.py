"""Where a start meets its limits: points on one side, steps that are too long, waves of another kind."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from workshop.figures.form import QUIET, LessonFigure, absent, canvas, finish, note_guess
from workshop.figures.meta_learning.style import colour, title
from workshop.studies.meta_learning import Outcome
from workshop.studies.meta_learning.outcome import DIVERGED, SHARP, STEPS, mean_and_half
from workshop.studies.meta_learning.trial import abroad


def halves(outcomes: Mapping[str, Outcome]) -> LessonFigure:
    """All points on the right half: the error on the left one."""
    if not outcomes:
        return absent("A trained start")
    figure, axis = canvas(7.6, 1.2 + 0.5 * len(outcomes))
    rows = []
    for place, (training, outcome) in enumerate(outcomes.items()):
        before, one, ten = outcome.half.T.astype(np.float64)
        mean, half = mean_and_half(one)
        kept = ten[ten <= DIVERGED]  # nan is not
        axis.barh(place, mean, color=colour(training), height=0.6)
        axis.errorbar(mean, place, xerr=half, color="black", capsize=3, lw=1)
        label = "before the step" if place == 0 else None
        axis.plot(before.mean(), place, "|", color="black", ms=22, mew=2, label=label)
        numbers = before.mean(), mean, half, kept.mean(), np.median(ten[np.isfinite(ten)])
        rows.append((title(training, shots=True), *map(float, numbers), len(ten) - len(kept)))
    axis.set(yticks=range(len(outcomes)), yticklabels=[row[0] for row in rows])
    axis.set_xlabel("error on the half without points, after one step")
    axis.invert_yaxis()
    axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    told = "; ".join(
        f"{name}: {before:.2f} before, {one:.2f} after one step, {ten:.2f} after ten"
        for name, before, one, _, ten, *_ in rows
    )
    alt = f"Bars of the error on the half without points after one step; a stroke marks the error before. {told}."
    columns = (
        "start",
        "before",
        "after 1",
        "± 95%",
        "after 10",
        "median after 10",
        "waves left out after 10",
    )
    return finish(figure, alt, columns, rows)


def sharpness(outcomes: Mapping[str, Outcome]) -> LessonFigure:
    """Step size times largest curvature at each start, task by task, beside the limit of 2."""
    if not outcomes:
        return absent("A trained start")
    figure, axis = canvas(8.4, 3.0)
    rows = []
    for training, outcome in outcomes.items():
        ordered = np.sort(outcome.sharpness)
        style = "-" if outcome.shots == 10 else ":"
        label = title(training, shots=True)
        axis.plot(
            np.linspace(0, 100, len(ordered)), ordered, style, color=colour(training), lw=2, label=label
        )
        beyond = 100 * float(np.mean(ordered > 2))
        lost = int((~outcome.converges).sum())
        rows.append((label, outcome.rate, float(np.median(ordered)), beyond, lost))
    axis.axhline(2, color="black", lw=1)
    axis.text(101, 2, "the limit: 2", fontsize=9, va="bottom")
    axis.set(xlabel=f"{SHARP} waves, from the flattest to the sharpest (%)", ylabel="step size x curvature",
             xlim=(0, 118), ylim=(0, None))  # fmt: skip
    axis.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1, 1))
    told = "; ".join(
        f"{name}: median {median:.1f}, above 2 for {beyond:.0f} %" for name, _, median, beyond, _ in rows
    )
    alt = f"Step size times the largest curvature of the support loss at the start, wave by wave. {told}."
    columns = (
        "start",
        "step size",
        "median",
        "above 2 (% of waves)",
        "unseen waves on which ten steps diverge",
    )
    return finish(figure, alt, columns, rows)


def outside(outcomes: Mapping[str, Outcome], guess: str | None = None) -> LessonFigure:
    """Waves of other frequencies than in training, from each start and from a random one.

    Args:
        outcomes: by training; the random start is that of the first.
        guess: the reader's, in words.
    """
    if not outcomes:
        return absent("A trained start")
    frequencies = (0.5, 0.75, 1.0, 1.5, 2.0)
    found = abroad(outcomes, frequencies)
    looks = {training: (title(training), colour(training)) for training in outcomes}
    looks["random"] = "a random start", QUIET
    figure, axis = canvas(8, 3.4)
    rows = []
    for name, one in found.items():
        label, hue = looks[name]
        axis.plot(
            frequencies, one.error[:, 1], "o-", color=hue, lw=2, label=f"{label} (steps of {one.rate:g})"
        )
        rows += [
            (label, one.rate, f, *(float(v) for v in error[[0, 1, STEPS]]), int(kept))
            for f, error, kept in zip(frequencies, one.error, one.kept, strict=True)
        ]
    axis.axvline(1, color=QUIET, lw=1, ls=":")
    axis.set(
        xlabel="frequency of the test waves (training: 1)", ylabel="error after one step", ylim=(0, None)
    )
    axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    told = "; ".join(
        f"{name} at {f:g}: {before:.2f} before, {one:.2f} after" for name, _, f, before, one, *_ in rows
    )
    alt = f"Error after one step on waves of other frequencies. {told}."
    if guess:
        alt += note_guess(axis, guess)
    return finish(
        figure, alt, ("start", "step size", "frequency", "before", "after 1", "after 10", "waves"), rows
    )
