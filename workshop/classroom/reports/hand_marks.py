"""Marks that people give: a CSV of staff with the columns student, exercise, points, comment."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from workshop import exercises
from workshop.errors import WorkshopError

COLUMNS = ("student", "exercise", "points", "comment")


@dataclass(frozen=True)
class HandMark:
    """What somebody gave for one exercise, of ``of`` points."""

    student: str
    exercise: str
    points: float
    of: float
    comment: str = ""


def read(path: Path) -> list[HandMark]:
    """The marks in a CSV file.

    Raises:
        WorkshopError: the file cannot be read as such; an unknown exercise, one that a machine marks, points that
            are no number or more than it has, or two marks for the same. Names the line.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise WorkshopError(f"{path} cannot be read as a CSV in UTF-8: {problem}.") from None
    found: dict[tuple[str, str], HandMark] = {}
    for line, row in enumerate(rows, start=2):
        if missing := [name for name in COLUMNS[:3] if not (row.get(name) or "").strip()]:
            raise WorkshopError(f"{path}, line {line}: nothing stands under {missing[0]!r}.")
        mark = _mark(path, line, row)
        if (mark.student, mark.exercise) in found:
            raise WorkshopError(
                f"{path}, line {line}: {mark.student} has a mark for {mark.exercise} already."
            )
        found[mark.student, mark.exercise] = mark
    return list(found.values())


def _mark(path: Path, line: int, row: dict[str, str]) -> HandMark:
    try:
        exercise = exercises.find(row["exercise"].strip())
    except WorkshopError as unknown:
        raise WorkshopError(f"{path}, line {line}: {unknown}") from None
    if not exercise.manual:
        raise WorkshopError(f"{path}, line {line}: {exercise.id} is marked by the machine, not by hand.")
    try:
        points = float(row["points"])
    except ValueError:
        raise WorkshopError(f"{path}, line {line}: {row['points']!r} is no number of points.") from None
    if not 0 <= points <= exercise.points:
        raise WorkshopError(
            f"{path}, line {line}: {points:g} points for {exercise.id}, which has 0 to {exercise.points}."
        )
    return HandMark(
        row["student"].strip(), exercise.id, points, exercise.points, (row.get("comment") or "").strip()
    )
