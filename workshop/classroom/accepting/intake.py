"""All of a class's submissions: which are graded, which are not and why, and who is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import nbformat
from nbformat import NotebookNode

from workshop.classroom.accepting import archives
from workshop.classroom.accepting.lessons import lesson_of
from workshop.classroom.accepting.notebooks import Refused, accept
from workshop.classroom.accepting.roster import Line, Roster, spelled


@dataclass(frozen=True)
class Submission:
    """One student's notebook of one lesson.

    Attributes:
        student: the name that reports go by.
        lesson: the lesson's name.
        file: its name below the submissions folder.
        raw: the notebook as it was accepted, without outputs: those of a class would not fit into memory.
        submitted: when, where the roster says so.
        late: whether it was late.
        notes: for the student, in sentences.
    """

    student: str
    lesson: str
    file: str
    raw: bytes = field(repr=False)
    submitted: datetime | None = None
    late: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class NotTaken:
    """A file that is not graded, whose it is as far as that is known, and why in a sentence."""

    student: str
    file: str
    reason: str


@dataclass(frozen=True)
class Intake:
    """What was handed in.

    Attributes:
        submissions: what is graded: at most one a student and lesson, by student and lesson.
        refused: what could not be taken in.
        set_aside: what was handed in more than once and does not count.
        missing: students of the roster of whom there is no file at all.
    """

    submissions: tuple[Submission, ...]
    refused: tuple[NotTaken, ...]
    set_aside: tuple[NotTaken, ...]
    missing: tuple[str, ...]


def take_in(folder: Path, lessons: Mapping[str, NotebookNode], roster: Roster | None = None) -> Intake:
    """Take in a submissions folder. Without a roster, a student is called as the folder, zip or file is.

    Args:
        folder: one notebook, folder or zip a student lies in it.
        lessons: the lessons' sources by name.
        roster: who handed in what.

    Raises:
        WorkshopError: there is no such folder. Nothing that a student handed in raises.
    """
    handed_in: dict[tuple[str, str], list[Submission]] = {}
    refused: list[NotTaken] = []
    seen: set[str] = set()
    for entry in archives.entries(folder):
        for item in archives.read(entry):
            line = _line_of(item.name, roster)
            student = line.student if isinstance(line, Line) else _stem(item.name)
            seen.add(student)
            taken = _take(item, line, lessons)
            if isinstance(taken, Submission):
                handed_in.setdefault((taken.student, taken.lesson), []).append(taken)
            else:
                refused.append(NotTaken(student, item.name, taken.reason))
    submissions, set_aside = [], []
    for key in sorted(handed_in):
        counts, others = _newest(handed_in[key])
        submissions.append(counts)
        set_aside.extend(others)
    missing = tuple(student for student in roster.students if student not in seen) if roster else ()
    return Intake(tuple(submissions), tuple(refused), tuple(set_aside), missing)


def _line_of(name: str, roster: Roster | None) -> Line | Refused:
    return roster.line_of(name) if roster else Line(0, _stem(name), name)


def _stem(name: str) -> str:
    entry = PurePosixPath(name).parts[0]
    return PurePosixPath(entry).stem if entry.lower().endswith((".ipynb", ".zip")) else entry


def _take(
    item: archives.File | archives.RefusedFile, line: Line | Refused, lessons: Mapping[str, NotebookNode]
) -> Submission | Refused:
    if isinstance(item, archives.RefusedFile):
        return Refused(item.reason)
    if isinstance(line, Refused):
        return line
    accepted = accept(item.raw)
    if isinstance(accepted, Refused):
        return accepted
    lesson = lesson_of(item.name, accepted.notebook, lessons)
    if isinstance(lesson, Refused):
        return lesson
    notes = (*((line.lateness(),) if line.late else ()), *accepted.notes)
    raw = nbformat.writes(accepted.notebook).encode()
    return Submission(line.student, lesson, item.name, raw, line.submitted, line.late, notes)


def _newest(several: list[Submission]) -> tuple[Submission, list[NotTaken]]:
    """The one that counts: the newest by the time the roster states; without one, the last by name."""
    never = datetime.min.replace(tzinfo=UTC)
    *others, counts = sorted(several, key=lambda each: (each.submitted or never, each.file))
    if not others:
        return counts, []
    when = f"the newest ({spelled(counts.submitted)})" if counts.submitted else "the last by its name"
    note = f"{len(several)} notebooks of this lesson were handed in; {counts.file}, {when}, counts."
    counted = replace(counts, notes=(*counts.notes, note))
    return counted, [NotTaken(each.student, each.file, f"{counts.file} counts instead.") for each in others]
