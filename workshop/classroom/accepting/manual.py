"""Marks that staff give by hand, for what no machine judges."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from workshop import exercises
from workshop.classroom.accepting.tables import Row, rows
from workshop.errors import WorkshopError


@dataclass(frozen=True)
class ManualMark:
    """What one answer earned, and the words for the student."""

    points: float
    comment: str = ""


def read_marks(
    path: Path,
    students: Collection[str] | None = None,
    lessons: Collection[str] | None = None,
) -> dict[tuple[str, str], ManualMark]:
    """Marks by student and exercise, from a CSV file: ``student``, ``exercise``, ``points``, ``comment``.

    ``to_mark.csv`` of a run is such a file; a line without points and comment is one that nobody has come to yet.

    Args:
        path: the file.
        students: who is in the class; anybody when None.
        lessons: of which somebody handed in something; any lesson when None.

    Raises:
        WorkshopError: it is not such a file; a student or exercise that does not exist, or one of another lesson;
            points that are no number between 0 and what the exercise is worth; two marks for one answer. There is a
            line for each slip, which names line and column.
    """
    marks: dict[tuple[str, str], ManualMark] = {}
    lines: dict[tuple[str, str], int] = {}
    slips: list[str] = []
    for row in rows(path, ("student", "exercise", "points"), ("comment", "of", "text")):
        if not row["points"] and not row["comment"]:
            continue
        try:
            key = _student(row, students), _exercise(row, lessons)
            if key in marks:
                raise row.wrong(
                    "exercise", f"{key[0]} was given a mark for {key[1]} on line {lines[key]} already."
                )
            marks[key] = ManualMark(_points(row, exercises.find(key[1]).points), row["comment"])
            lines[key] = row.line
        except WorkshopError as slip:
            slips.append(str(slip))
    if slips:
        raise WorkshopError("\n".join(slips))
    return marks


def _student(row: Row, students: Collection[str] | None) -> str:
    student = unicodedata.normalize("NFC", row.required("student"))
    if students is not None and student not in students:
        close = difflib.get_close_matches(student, students, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise row.wrong("student", f"there is no student {student!r}.{hint}")
    return student


def _exercise(row: Row, lessons: Collection[str] | None) -> str:
    written = row.required("exercise")
    try:
        exercise = exercises.find(written)
    except WorkshopError as unknown:
        raise row.wrong("exercise", str(unknown)) from None
    if lessons is not None and exercise.lesson not in lessons:
        raise row.wrong(
            "exercise", f"{exercise.id} is of {exercise.lesson}, of which nobody handed in anything."
        )
    return exercise.id


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
