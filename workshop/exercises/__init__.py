"""What a student must solve. One record each; the code that helps to solve one lies apart.

``lessons/`` holds the exercises as they are written, ``references/`` the reference answers. The student edition leaves
both out, and has ``public.json`` instead; nothing but grading and tests imports the references.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from workshop.errors import WorkshopError
from workshop.exercises import public
from workshop.exercises.record import Exercise


def _all() -> dict[str, Exercise]:
    """From what this copy of the workbook has: a student's copy has them as data."""
    data = Path(__file__).parent / public.FILE
    if data.is_file():
        return public.read(data.read_text(encoding="utf-8"))
    from workshop.exercises import lessons

    return lessons.EXERCISES


#: By id.
EXERCISES: dict[str, Exercise] = _all()


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
