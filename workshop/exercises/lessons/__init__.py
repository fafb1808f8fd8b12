"""The exercises as they are written, a module a lesson, with the generators of hidden inputs and the usual mistakes.

The code of a usual mistake and of a generator is half a solution. So the students' edition leaves this folder out, too,
and holds what :mod:`workshop.exercises.public` makes of it.
"""

from __future__ import annotations

from workshop.exercises.lessons import (
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
