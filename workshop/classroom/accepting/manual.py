"""Marks that staff give by hand, for what no machine judges."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from workshop.classroom.accepting.tables import Row, rows
from workshop.exercises import EXERCISES, Exercise


@dataclass(frozen=True)
class ManualMark:
    """What one answer earned, and the words for the student."""

    points: float
    comment: str = ""


def read_marks(
    path: Path,
    students: Collection[str] | None = None,
    exercises: Mapping[str, Exercise] = EXERCISES,
) -> dict[tuple[str, str], ManualMark]:
    """Marks by student and exercise, from a CSV file: ``student``, ``exercise``, ``points``, ``comment``.

    Args:
        path: the file.
        students: who is in the class; anybody when None.
        exercises: those there are.

    Raises:
        WorkshopError: it is not such a file; a student or exercise that does not exist; points that are no number
            between 0 and what the exercise is worth; two marks for one answer. The sentence names line and column.
    """
    marks: dict[tuple[str, str], ManualMark] = {}
    lines: dict[tuple[str, str], int] = {}
    for row in rows(path, ("student", "exercise", "points"), ("comment",)):
        student = unicodedata.normalize("NFC", row.required("student"))
        if students is not None and student not in students:
            raise row.wrong("student", f"there is no student {student!r}.{_close(student, students)}")
        exercise = row.required("exercise")
        if exercise not in exercises:
            raise row.wrong("exercise", f"there is no exercise {exercise!r}.{_close(exercise, exercises)}")
        key = (student, exercise)
        if key in marks:
            raise row.wrong(
                "exercise", f"{student} was given a mark for {exercise} on line {lines[key]} already."
            )
        marks[key] = ManualMark(_points(row, exercises[exercise].points), row["comment"])
        lines[key] = row.line
    return marks


def _points(row: Row, most: int) -> float:
    written = row.required("points")
    try:
        points = float(written)
    except ValueError:
        raise row.wrong("points", f"{written!r} is no number. Write 2 or 1.5.") from None
    # False for NaN, too.
    if not 0 <= points <= most:
        raise row.wrong("points", f"{written} is not between 0 and {most}, which the exercise is worth.")
    return points


def _close(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
