"""The class as every report and table tells it: one row for each student and lesson, whatever became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from workshop.classroom.accepting.intake import Intake, NotTaken
from workshop.classroom.accepting.manual import ManualMark
from workshop.classroom.accepting.prose import prose
from workshop.classroom.answering.marking import Mark
from workshop.classroom.grading.by_hand import with_hand_marks
from workshop.classroom.grading.grade import nothing
from workshop.classroom.grading.work import Graded, Work
from workshop.exercises import find

#: graded; refused with a reason, and worth nothing; failed, through no fault of the student's; absent.
State = Literal["graded", "refused", "failed", "absent"]

NOTHING = "Nothing of this lesson was taken in."


@dataclass(frozen=True)
class Row:
    """What became of one lesson of one student.

    Attributes:
        work: the marks; for what is absent, none.
        state: see :data:`State`.
        late: that it was late, in a sentence; empty when it was in time.
        several: which of several files counts, in a sentence; empty where there was one.
        prose: what was written in words, by exercise.
    """

    work: Graded
    state: State = "graded"
    late: str = ""
    several: str = ""
    prose: Mapping[str, str] = field(default_factory=dict)

    @property
    def to_mark(self) -> list[str]:
        """Exercises whose words nobody has marked yet."""
        return [id_ for id_ in self.work.manual if id_ in self.prose] if self.state == "graded" else []

    @property
    def earned(self) -> float | None:
        """Points; None where none are known: of what is absent, or was not graded through no fault of the student's."""
        return self.work.earned if self.state in ("graded", "refused") else None


@dataclass(frozen=True)
class Book:
    """A class.

    Attributes:
        students: everybody, by name.
        points: of each lesson that is due, by name; that is each of which anybody handed in something.
        rows_of: each student's rows, one for each lesson, by lesson.
        refused: files that were refused and have no row: it cannot be told of which lesson or whose they are, or
            another file counts.
        set_aside: what was handed in more than once and does not count.
    """

    students: tuple[str, ...]
    points: dict[str, float]
    rows_of: dict[str, tuple[Row, ...]]
    refused: tuple[NotTaken, ...]
    set_aside: tuple[NotTaken, ...]

    @property
    def rows(self) -> list[Row]:
        """Everybody's, by student and lesson."""
        return [row for student in self.students for row in self.rows_of[student]]

    def files_of(self, student: str) -> list[NotTaken]:
        """What else a student handed in, and why it does not count."""
        return [each for each in (*self.refused, *self.set_aside) if each.student == student]

    def total(self, student: str) -> tuple[float, float]:
        """Points earned, of those due. What failed is in neither sum: nobody knows yet what it is worth."""
        mine = [row for row in self.rows_of[student] if row.state != "failed"]
        return round(sum(row.earned or 0 for row in mine), 2), sum(
            self.points[row.work.lesson] for row in mine
        )


def book_of(
    taken: Intake,
    graded: Iterable[Graded],
    failed: Iterable[Graded] = (),
    marks: Mapping[tuple[str, str], ManualMark] | None = None,
) -> Book:
    """What was handed in, what the grader made of it, and what people gave by hand, in one.

    Args:
        taken: the class's submissions.
        graded, failed: of these.
        marks: by hand, by student and exercise.
    """
    marks = marks or {}
    found: dict[tuple[str, str], Row] = {}
    for state, works in (("graded", graded), ("failed", failed)):
        found |= {
            (work.student, work.lesson): Row(work, "refused" if state == "graded" and work.refused else state)
            for work in works
        }
    without_row = []
    for each in taken.refused:
        pair = (each.student, each.lesson)
        if all(pair) and pair not in found:
            found[pair] = Row(nothing(Work(*pair, each.file, b""), each.reason), "refused")
        else:
            without_row.append(each)
    for each in taken.submissions:
        pair = (each.student, each.lesson)
        if pair in found:
            words = prose(each)
            row = replace(found[pair], late=each.late, several=each.several, prose=words)
            found[pair] = replace(row, work=_without_silence(row.work, words))
    students = sorted({*taken.students, *(student for student, _ in found)})
    lessons = sorted({lesson for _, lesson in found})
    marked = {(student, find(exercise).lesson) for student, exercise in marks}
    rows: dict[str, tuple[Row, ...]] = {}
    for student in students:
        pairs = [(student, lesson) for lesson in lessons]
        mine = [found.get(pair) or _absent(*pair, marked=pair in marked) for pair in pairs]
        rows[student] = tuple(replace(row, work=with_hand_marks(row.work, marks)) for row in mine)
    points = {
        lesson: max(mine[place].work.points for mine in rows.values()) for place, lesson in enumerate(lessons)
    }
    return Book(tuple(students), points, rows, tuple(without_row), taken.set_aside)


def _without_silence(work: Graded, words: Mapping[str, str]) -> Graded:
    """Where words were asked for and none were written, nothing is left for people to mark."""
    silent = [id_ for id_ in work.manual if id_ not in words]
    marks = [Mark(id_, find(id_).points, 0.0, 0, 0, ("Nothing was written.",)) for id_ in silent]
    open_ = tuple(id_ for id_ in work.manual if id_ in words)
    return replace(work, marks=(*work.marks, *marks), manual=open_)


def _absent(student: str, lesson: str, *, marked: bool) -> Row:
    if marked:  # somebody saw an answer, on paper say: what they gave counts, and the rest is worth nothing
        return Row(nothing(Work(student, lesson, "", b""), NOTHING), "refused")
    return Row(Graded(student, lesson, "", refused=NOTHING), "absent")
