"""What a student must solve. One record each, in one file a lesson; the references lie apart.

``references/`` holds the reference answers. The student edition leaves that folder out, and nothing but
grading and tests imports it.
"""

from __future__ import annotations

import difflib

from workshop.errors import WorkshopError
from workshop.exercises import (
    adaptation,
    fine_tuning,
    label_quality,
    meta_learning,
    start,
    transfer_scenarios,
)
from workshop.exercises.record import Exercise

EXERCISES: dict[str, Exercise] = {
    exercise.id: exercise
    for exercise in (
        *start.EXERCISES,
        *transfer_scenarios.EXERCISES,
        *fine_tuning.EXERCISES,
        *adaptation.EXERCISES,
        *meta_learning.EXERCISES,
        *label_quality.EXERCISES,
    )
}


def find(exercise_id: str) -> Exercise:
    """The exercise of that id.

    Raises:
        WorkshopError: there is none.
    """
    if exercise_id not in EXERCISES:
        close = difflib.get_close_matches(exercise_id, EXERCISES, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else f" There are: {', '.join(EXERCISES)}."
        raise WorkshopError(f"There is no exercise {exercise_id!r}.{hint}")
    return EXERCISES[exercise_id]


__all__ = ["EXERCISES", "Exercise", "find"]
