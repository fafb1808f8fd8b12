"""Night lights to poverty: tiles with their survey, R2 by way of predicting, and a linear probe."""

from __future__ import annotations

import numpy as np

from workshop.figures.form import GOOD, GUESS, QUIET, SOURCE, TARGET, LessonFigure, absent, canvas, finish
from workshop.studies.fine_tuning.poverty import FEATURES, LIGHT, PROBED, RANDOM, RAW, SCRATCH, Poverty

_HUES = {FEATURES: GOOD, RANDOM: "#6a51a3", RAW: SOURCE, SCRATCH: TARGET, LIGHT: QUIET}
_DASHED = (LIGHT,)


def surveyed(found: Poverty | None) -> LessonFigure:
    """Some tiles of the exam from the lowest prediction to the highest, with what the survey says of them."""
    if found is None:
        return absent("The night-light network")
    figure, axes = canvas(8.8, 2.4, columns=len(found.pictures))
    rows = []
    for axis, picture, (survey, guess, light) in zip(axes, found.pictures, found.shown, strict=True):
        axis.imshow(picture)
        axis.set_axis_off()
        axis.set_title(f"predicted {guess:+.1f}\nsurvey {survey:+.1f}", fontsize=9)
        rows.append((float(guess), float(survey), float(light)))
    told = "; ".join(f"predicted {g:+.1f}, survey {s:+.1f}" for g, s, _ in rows)
    alt = f"Six tiles that nothing was learnt from, from the poorest to the richest prediction. {told}."
    return finish(figure, alt, ("predicted wealth", "survey", "night light, log"), rows, colours=200)


def poverty(found: Poverty | None, guess: float | None = None) -> LessonFigure:
    """R2 on the survey over the number of surveyed tiles, one curve for each way to predict.

    Args:
        guess: the reader's, of the night-light features with 100 surveyed tiles.
    """
    if found is None:
        return absent("The night-light network")
    figure, axis = canvas(8.4, 3.7)
    rows, ends = [], []
    for way, values in found.r2.items():
        style = {"ls": "--", "marker": ""} if way in _DASHED else {"marker": "o"}
        axis.plot(found.surveyed, values, color=_HUES[way], lw=2, **style)
        ends.append((float(values[-1]), way))
        rows += [(way, int(n), float(r2)) for n, r2 in zip(found.surveyed, values, strict=True)]
    height = np.inf
    for end, way in sorted(ends, reverse=True):
        height = min(max(end, -0.15), height - 0.065)
        axis.text(found.surveyed[-1] * 1.06, height, way, color=_HUES[way], va="center", fontsize=9)
    axis.axhline(0, color="black", lw=0.7)
    low = min(-0.1, max(-0.35, min(row[2] for row in rows)))
    axis.set(xscale="log", xlabel="surveyed tiles", ylabel="R2 on other tiles", ylim=(low - 0.05, 0.85))
    axis.set_xlim(found.surveyed[0] * 0.9, found.surveyed[-1] * 2.4)
    axis.set_xticks(found.surveyed, [str(n) for n in found.surveyed])
    axis.minorticks_off()
    at = found.surveyed.tolist().index(found.main)
    told = "; ".join(f"{way} {values[at]:.2f}" for way, values in found.r2.items())
    alt = (
        f"R2 of wealth as surveyed, with {found.main} surveyed tiles: {told}. The network had learnt the lights of "
        f"{found.tiles:,} other tiles; on lights it reaches {found.lights:.2f}."
    )
    if guess is not None:
        axis.plot(found.main, guess, "D", color=GUESS, ms=9)
        axis.annotate("your guess", (found.main, guess), (8, 6), textcoords="offset points", color=GUESS)
        alt += f" Your guess for night-light features was {guess:.2f}."
    return finish(figure, alt, ("way", "surveyed tiles", "R2"), rows)


def probe(found: Poverty | None, guess: str | None = None) -> LessonFigure:
    """Do frozen features see roofs and roads? R2 of a linear regression on them."""
    if found is None:
        return absent("The night-light network")
    figure, axis = canvas(7.6, 2.9)
    rows = []
    for row, name in enumerate(PROBED):
        for column, (way, values) in enumerate(found.probe.items()):
            value = float(values[row])
            place = row + 0.27 * (column - 1)
            axis.barh(place, max(value, 0), 0.25, color=_HUES[way], label=way if row == 0 else None)
            axis.text(max(value, 0) + 0.01, place, f"{value:.2f}", va="center", fontsize=9)
            rows.append((name, way, value))
    axis.set(yticks=range(len(PROBED)), yticklabels=[f"share under\n{name}" for name in PROBED], xlim=(0, 1))
    axis.set_xlabel("R2 of a linear probe on other tiles")
    axis.invert_yaxis()
    axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1), fontsize=9)
    told = "; ".join(f"{name}, {way}: {value:.2f}" for name, way, value in rows)
    alt = f"How well a linear regression reads roofs and paved road off the features. {told}."
    if guess:
        axis.text(0.98, 0.02, f"your guess: {guess}", color=GUESS, ha="right", transform=axis.transAxes)
        alt += f' Your guess was "{guess}".'
    return finish(figure, alt, ("of a tile", "from", "R2"), rows)
