"""The settings table: where there are labels, and what a small run of each row gained by transfer."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from workshop.claims import mean_and_half
from workshop.figures.form import GOOD, QUIET, TARGET, LessonFigure, canvas, finish, note_guess
from workshop.studies.transfer_scenarios.experiments.settings_table import SettingsOutcome

_COLUMNS = {"setting": 0.0, "area": 0.17, "labels in\nsource": 0.48, "labels in\ntarget": 0.6, "task": 0.72}
_COLOURS = {"helps": GOOD, "hurts": TARGET, "no clear difference": QUIET}
_LEFT = -0.04  #: scores below are drawn at the edge, with their number


def settings_table(outcome: SettingsOutcome, guess: object = None) -> LessonFigure:
    """The table, and beside each row its score without transfer (open) and with it (filled)."""
    table = outcome.table
    without, _ = mean_and_half(outcome.without)
    transferred, _ = mean_and_half(outcome.transferred)
    figure, (words, scores) = canvas(
        13.4, 1.3 + 0.52 * len(table), columns=2, sharey=True, width_ratios=(1.6, 1)
    )
    rows, told = [], []
    for place, line in enumerate(table):
        verdict = outcome.verdict(line.area)
        gain, half = (float(x) for x in mean_and_half(outcome.gain(line.area)))
        known = np.isfinite(half)
        said = f"{gain:+.3f}".replace("-", "−") + (f" ± {half:.3f}" if known else "")
        _line(words, place, line.setting if _first(table, place) else "",
              (line.area, _yes(line.source_labels), _yes(line.target_labels), line.task))  # fmt: skip
        _dumbbell(scores, place, float(without[place]), float(transferred[place]), _COLOURS[verdict])
        scores.text(1.04, place, f"{line.score}\n{said}, {verdict}", va="center", fontsize=9.5, color="black")
        told.append(
            f"{line.area}, {line.score}: {without[place]:.2f} without, {transferred[place]:.2f} with, {verdict}"
        )
        rows.append((
            line.setting, line.area, _yes(line.source_labels), _yes(line.target_labels), ", ".join(line.tasks),
            line.without, line.how, line.score, float(without[place]), float(transferred[place]), gain,
            half if known else None, verdict,
        ))  # fmt: skip
    for name, x in _COLUMNS.items():
        words.text(x, -0.62, name, fontsize=10, fontweight="bold", va="bottom")
    words.set(xlim=(0, 1), ylim=(len(table) - 0.4, -1.1))
    words.set_axis_off()
    scores.set(xlim=(_LEFT - 0.02, 1.0), xlabel="score of the run, higher is better")
    scores.spines["left"].set_visible(False)
    scores.tick_params(left=False, labelleft=False)
    scores.grid(axis="x", color="#E6E6E6")
    scores.plot([], [], "o", color="black", mfc="white", label="without transfer")
    scores.plot([], [], "o", color="black", label="with")
    scores.legend(loc="upper left", ncols=2, frameon=False, fontsize=10)
    draws = outcome.without.shape[1]
    alt = (
        f"The settings of transfer learning, {len(table)} rows, each with a run of its own, mean of {draws} "
        f"draw{'' if draws == 1 else 's'}. {'; '.join(told)}."
    )
    if guess is not None:
        alt += note_guess(scores, guess, y=-0.13)
    columns = (
        "setting", "area", "labels in source", "labels in target", "tasks of the field", "without transfer", "transfer",
        "score", "without", "with", "gain", "±", "verdict",
    )  # fmt: skip
    return finish(figure, alt, columns, rows)


def _line(axis: Axes, place: int, setting: str, cells: tuple[str, ...]) -> None:
    for x, text in zip(_COLUMNS.values(), (setting, *cells), strict=True):
        axis.text(x, place, text, va="center", fontsize=10)
    if setting:
        axis.axhline(place - 0.5, color="#C8C8C8", lw=0.8)


def _dumbbell(axis: Axes, place: int, without: float, transferred: float, colour: str) -> None:
    start, end = max(without, _LEFT), max(transferred, _LEFT)
    axis.plot((start, end), (place, place), color=colour, lw=2.5, zorder=1)
    axis.plot(start, place, "o", color=colour, mfc="white", ms=8)
    axis.plot(end, place, "o", color=colour, ms=8)
    if without < _LEFT:
        axis.text(start + 0.03, place - 0.14, f"← {without:.2f}".replace("-", "−"), fontsize=9.5, va="bottom")


def _first(table: tuple, place: int) -> bool:
    return place == 0 or table[place - 1].setting != table[place].setting


def _yes(there: bool) -> str:
    return "yes" if there else "no"
