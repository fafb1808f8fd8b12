"""All of a class's submissions: which are graded, which are not and why, and of whom any could be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import nbformat
from nbformat import NotebookNode

from workshop.classroom.accepting import archives
from workshop.classroom.accepting.lessons import lesson_of, named_in
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
        notes: what was repaired in it, in sentences.
        submitted: when, where the roster says so.
        late: that it was late, in a sentence; empty when it was in time.
        several: that others were handed in, and why this one counts, in a sentence; empty when there is no other.
    """

    student: str
    lesson: str
    file: str
    raw: bytes = field(repr=False)
    notes: tuple[str, ...] = ()
    submitted: datetime | None = None
    late: str = ""
    several: str = ""


@dataclass(frozen=True)
class NotTaken:
    """A file that is not graded.

    Attributes:
        student: whose it is; empty where no line of the roster, or more than one, names it.
        lesson: that its name holds; empty where it holds none.
        file: its name below the submissions folder.
        reason: a sentence.
    """

    student: str
    lesson: str
    file: str
    reason: str


@dataclass(frozen=True)
class Intake:
    """What was handed in.

    Attributes:
        submissions: what is graded: at most one for each student and lesson, in this order.
        refused: what could not be taken in.
        set_aside: what was handed in more than once and does not count.
        students: everybody of the roster, in its order; without one, everybody of whom there is a file.
    """

    submissions: tuple[Submission, ...]
    refused: tuple[NotTaken, ...]
    set_aside: tuple[NotTaken, ...]
    students: tuple[str, ...]


def take_in(folder: Path, lessons: Mapping[str, NotebookNode], roster: Roster | None = None) -> Intake:
    """Take in a submissions folder. Without a roster, a student is called as the folder, zip or file is.

    Args:
        folder: in it lies a notebook, folder or zip for each student.
        lessons: the lessons' sources by name.
        roster: who handed in what.

    Raises:
        WorkshopError: there is no such folder. Nothing that a student handed in raises.
    """
    handed_in: dict[tuple[str, str], list[Submission]] = {}
    refused: list[NotTaken] = []
    seen: dict[str, None] = {}
    for entry in archives.entries(folder):
        for item in archives.read(entry):
            line = _line_of(item.name, roster)
            taken = _take(item, line, lessons)
            student = line.student if isinstance(line, Line) else ""
            seen.setdefault(student)
            if isinstance(taken, Submission):
                handed_in.setdefault((taken.student, taken.lesson), []).append(taken)
            else:
                refused.append(NotTaken(student, named_in(item.name, lessons), item.name, taken.reason))
    submissions, set_aside = [], []
    for key in sorted(handed_in):
        counts, others = _newest(handed_in[key])
        submissions.append(counts)
        set_aside.extend(others)
    students = roster.students if roster else tuple(seen)
    return Intake(tuple(submissions), tuple(refused), tuple(set_aside), students)


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
    raw = nbformat.writes(accepted.notebook).encode()
    return Submission(line.student, lesson, item.name, raw, accepted.notes, line.submitted, line.lateness())


def _newest(several: list[Submission]) -> tuple[Submission, list[NotTaken]]:
    """The one that counts: the newest by the time the roster states; without one, the last by name."""
    never = datetime.min.replace(tzinfo=UTC)
    *others, counts = sorted(several, key=lambda each: (each.submitted or never, *_order(each.file)))
    if not others:
        return counts, []
    when = f"the newest ({spelled(counts.submitted)})" if counts.submitted else "the last by its name"
    note = f"{len(several)} notebooks of this lesson were handed in; {counts.file}, {when}, counts."
    aside = [
        NotTaken(each.student, each.lesson, each.file, f"{counts.file} counts instead.") for each in others
    ]
    return replace(counts, several=note), aside


def _order(file: str) -> tuple[list, str]:
    """By name as people count: ``06``, ``06 (1)``, ``06-2``, ``06-10``, whatever the ending."""
    parts = re.split(r"([0-9]+)", str(PurePosixPath(file).with_suffix("")))
    # Digits stand at every second place. The longer number is the larger one; int() would refuse thousands of digits.
    digits = [part.lstrip("0") for part in parts[1::2]]
    return [*zip(parts[::2], [*((len(d), d) for d in digits), (0, "")], strict=True)], file
