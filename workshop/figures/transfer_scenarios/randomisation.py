"""Domain randomisation: what each level looks like, and how much handwriting is read after training on it."""

from __future__ import annotations

import numpy as np

from workshop.claims import mean_and_half
from workshop.figures.form import QUIET, SOURCE, TARGET, LessonFigure, canvas, finish, note_guess
from workshop.studies.transfer_scenarios.experiments.randomisation import REAL, RandomisationOutcome

_GAP = 4  #: pixels between two levels


def variety_ladder(outcome: RandomisationOutcome, guess: object = None) -> LessonFigure:
    """Each level's pictures, and beside them the accuracy on real digits and on new renders of the same kind."""
    levels = outcome.levels
    side = outcome.samples.shape[-1]
    figure, axes = canvas(10.4, 1.3 + 0.5 * len(levels), columns=2, width_ratios=(1, 1.25))
    sheet = np.full((len(levels) * (side + _GAP), outcome.samples.shape[1] * side), 255, np.uint8)
    for row, pictures in enumerate(outcome.samples):
        top = row * (side + _GAP) + _GAP // 2
        sheet[top : top + side] = np.hstack(list(pictures))
    axes[0].imshow(sheet, cmap="gray", vmin=0, vmax=255, aspect="auto")
    axes[0].set_yticks((np.arange(len(levels)) + 0.5) * (side + _GAP) - 0.5, levels)
    axes[0].tick_params(length=0)
    axes[0].set_xticks([])
    axes[0].spines[:].set_visible(False)
    axes[0].set_title("Trained on", loc="left", fontsize=11.5)

    real, half = (100 * x for x in mean_and_half(outcome.real))
    own, own_half = (100 * x for x in mean_and_half(outcome.own))
    for row, name in enumerate(levels):
        if name != REAL:
            axes[1].errorbar(own[row], row, xerr=own_half[row], fmt="s", color=SOURCE, ms=6, capsize=3, mfc="white",
                             label="new pictures of the same kind" if row == 0 else None)  # fmt: skip
        axes[1].errorbar(real[row], row, xerr=half[row], fmt="o", color=TARGET, ms=8, capsize=4,
                         label="real handwriting" if row == 0 else None)  # fmt: skip
    rendered = [row for row, name in enumerate(levels) if name != REAL]
    axes[1].plot(real[rendered], rendered, color=TARGET, lw=1.2, alpha=0.6, zorder=1)
    axes[1].axvline(10, color=QUIET, ls=":", label="guessing")
    axes[1].set(xlim=(0, 103), ylim=(len(levels) - 0.5, -0.5), yticks=[], xlabel="read rightly, %")
    axes[1].grid(axis="x", color="#E6E6E6")
    axes[1].set_title("Reads", loc="left", fontsize=11.5)
    figure.legend(loc="outside lower right", ncols=3, frameon=False, fontsize=10)

    best = max(rendered, key=lambda row: real[row])
    count = outcome.real.shape[1]
    alt = (
        "Pictures of each level, from one font to all that varies, and what a network trained on as many of each "
        f"reads of {outcome.examined:,} sealed real digits, mean of {count} seed{'' if count == 1 else 's'}: "
        f"{'; '.join(f'{name} {real[row]:.1f}%' for row, name in enumerate(levels))}. Of the renders, "
        f"{levels[best]!r} does best; {_after(levels, real, best, rendered)}"
    )
    if guess is not None:
        alt += note_guess(axes[1], guess, x=0.12)
    rows = [
        (name, float(real[row]), _number(half[row]), _number(own[row]), _number(own_half[row]))
        for row, name in enumerate(levels)
    ]
    columns = ("trained on", "real digits read, %", "±", "of the same kind read, %", "± of these")
    return finish(figure, alt, columns, rows)


def _after(levels: tuple[str, ...], real: np.ndarray, best: int, rendered: list[int]) -> str:
    """What the most varied level gives away against the best."""
    last = rendered[-1]
    if last == best:
        return "it is the most varied."
    return f"{levels[last]!r}, the most varied, reads {real[best] - real[last]:.1f} points less."


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
