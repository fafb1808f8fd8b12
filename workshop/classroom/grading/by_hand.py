"""Marks that people gave, laid over what the machine gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from workshop import exercises
from workshop.classroom.accepting.manual import ManualMark
from workshop.classroom.answering.marking import Mark
from workshop.classroom.grading.work import Graded, Work
from workshop.errors import WorkshopError


def with_hand_marks(
    works: Sequence[Graded], given: Mapping[tuple[str, str], ManualMark]
) -> tuple[Graded, ...]:
    """The same grades; where a person gave a mark, it counts instead of the machine's.

    Args:
        works: what the machine found.
        given: by student and exercise.
    """
    told = []
    for work in works:
        mine = {e.id: e for e in exercises.EXERCISES.values() if e.lesson == work.lesson}
        over = {id_: given[work.student, id_] for id_ in mine if (work.student, id_) in given}
        hand = {
            id_: Mark(
                id_, mine[id_].points, mark.points, 0, 0, (mark.comment,) if mark.comment else (), by="hand"
            )
            for id_, mark in over.items()
        }
        kept = [hand.pop(mark.exercise, mark) for mark in work.marks]
        open_ = tuple(id_ for id_ in work.manual if id_ not in over)
        told.append(replace(work, marks=(*kept, *hand.values()), manual=open_))
    return tuple(told)


def require_works(works: Sequence[Work], given: Mapping[tuple[str, str], ManualMark]) -> None:
    """See that every mark by hand has a work that it belongs to: before hours of grading, not after.

    Raises:
        WorkshopError: a mark for somebody of whom nothing of that exercise's lesson is graded.
    """
    there = {(work.student, work.lesson) for work in works}
    for student, exercise in given:
        if (student, exercises.find(exercise).lesson) not in there:
            raise WorkshopError(
                f"There is a mark by hand for {student} in {exercise}, but nothing of {student}'s of that lesson "
                "was taken in."
            )
