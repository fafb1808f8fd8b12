"""The ladder that closes part one: the ways to transfer, what each asked for and what it bought."""

from __future__ import annotations

from collections.abc import Sequence

from workshop.figures.form import QUIET, SOURCE, LessonFigure, canvas, finish
from workshop.studies.ladder import RUNGS, LadderRung, open_rungs
from workshop.studies.registry import climbed


def ladder(found: Sequence[LadderRung] | None = None) -> LessonFigure:
    """From little training to much.

    Args:
        found: what the lessons' stored results say, by default.
    """
    found = climbed() if found is None else list(found)
    still_open = open_rungs(found)
    figure, axis = canvas(8.6, 0.5 + 0.72 * len(RUNGS))
    rows = []
    for place, rung in enumerate(RUNGS):
        axis.axhline(place + 0.5, color=QUIET, lw=0.5)
        axis.text(0.0, place, rung, fontweight="bold", va="center")
        if rung in still_open:
            words = f"open: lesson {still_open[rung][:2]} fills it"
            axis.text(0.17, place, words, color=QUIET, va="center", style="italic")
            rows.append((rung, still_open[rung], "open", None, None, None, None))
        for one in (one for one in found if one.rung == rung):
            axis.text(0.17, place - 0.2, f"{one.how}, {one.seconds:.0f} s", va="center", fontsize=9)
            axis.text(0.17, place + 0.2, one.gain, va="center", fontsize=9, color=SOURCE)
            axis.text(0.62, place - 0.2, f"target labels: {one.labels}", va="center", fontsize=9)
            axis.text(0.62, place + 0.2, f"others: {one.elsewhere}", va="center", fontsize=9)
            rows.append((rung, one.lesson, one.how, one.labels, one.elsewhere, float(one.seconds), one.gain))
    axis.set(xlim=(0, 1), ylim=(len(RUNGS) - 0.4, -0.6))
    axis.set_axis_off()
    told = "; ".join(
        f"{rung}: {how}"
        if labels is None
        else f"{rung}: {how}, {seconds:.0f} s, {gain}, labels of the target: {labels}, others: {elsewhere}"
        for rung, _, how, labels, elsewhere, seconds, gain in rows
    )
    columns = ("rung", "lesson", "what was done", "labels of the target", "labels elsewhere", "seconds on one core",
               "what it bought")  # fmt: skip
    return finish(figure, f"The ladder of transfer, from little training to much. {told}.", columns, rows)
