"""``python -m workshop student`` and ``python -m workshop solutions``."""

from __future__ import annotations

import argparse

from workshop.classroom.editions.edition import SOLUTIONS, STUDENT, Edition, make


def student_main(arguments: list[str]) -> int:
    """Write the edition for students: every solution cut out."""
    return _make(STUDENT, "Write what students receive: every solution cut out.", arguments)


def solutions_main(arguments: list[str]) -> int:
    """Write the edition for staff: solutions and outputs kept."""
    return _make(SOLUTIONS, "Write what staff receive: solutions and outputs kept.", arguments)


def _make(edition: Edition, description: str, arguments: list[str]) -> int:
    argparse.ArgumentParser(f"python -m workshop {edition.name}", description=description).parse_args(
        arguments
    )
    made = make(edition)
    wide = max(len(lesson.name) for lesson in made.lessons)
    for lesson in made.lessons:
        print(f"{lesson.name:{wide}}  {lesson.exercises} exercises  {lesson.points:2} points")
    print(f"The folder: {made.folder}\nThe zip: {made.archive} ({made.archive.stat().st_size / 1e6:.1f} MB)")
    return 0
