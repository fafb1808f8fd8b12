"""What moves with what: the distance of each object when one slider alone is at its end."""

from __future__ import annotations

from workshop.datasets.shifts import SLIDERS, Setting
from workshop.figures.form import LessonFigure, absent, canvas, finish, note_guess
from workshop.kernels.gaussian_shift import OBJECTS
from workshop.studies.transfer_scenarios.experiments.one_shift import ShiftsOutcome


def what_moves(outcome: ShiftsOutcome | None, guess: object = None) -> LessonFigure:
    """One slider a row, one object a column: the distance in closed form, and by labelled points."""
    rows_of = {slider: outcome and outcome.row(Setting(**{slider: 1.0})) for slider in SLIDERS}
    if outcome is None or None in rows_of.values():
        return absent("What moves with what")
    which = list(rows_of.values())
    exact, measured, differs = outcome.exact[which], outcome.measured[which], outcome.differs[which]
    figure, axis = canvas(9.2, 3.9)
    axis.imshow(exact, cmap="Oranges", vmin=0, vmax=1.25, aspect="auto")
    rows = []
    for one, name in enumerate(OBJECTS.values()):
        for other, column in enumerate(OBJECTS.values()):
            words = (
                f"{exact[one, other]:.2f}\n({measured[one, other]:.2f})"
                if differs[one, other]
                else "the same"
            )
            weight = "bold" if one == other else "normal"
            axis.text(other, one, words, ha="center", va="center", fontsize=10.5, weight=weight)
            rows.append(
                (
                    name,
                    column,
                    float(exact[one, other]),
                    float(measured[one, other]),
                    bool(differs[one, other]),
                )
            )
    axis.set_xticks(range(5), OBJECTS.values())
    axis.set_yticks(range(5), OBJECTS.values())
    axis.xaxis.tick_top()
    axis.tick_params(length=0, labelsize=11)
    axis.set_ylabel("the slider that was moved")
    axis.spines[:].set_visible(False)
    followers = [
        f"with {name}: {', '.join(o for j, o in enumerate(OBJECTS.values()) if j != i and differs[i, j]) or 'nothing'}"
        for i, name in enumerate(OBJECTS.values())
    ]
    alt = (
        "One slider at its end in each row, the distance of each object in the columns, in closed form and, in "
        f"brackets, estimated from labelled points. What moves as well: {'; '.join(followers)}. "
        f"Both ways name the same objects in {int(outcome.agrees.sum())} of {len(outcome.agrees)} settings."
    )
    if guess is not None:
        alt += note_guess(axis, guess, y=-0.08)
    return finish(figure, alt, ("slider moved", "object", "distance", "by points", "differs"), rows)
