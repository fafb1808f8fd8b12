"""Marks that people gave, laid over what the machine gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from workshop import exercises
from workshop.classroom.accepting.manual import ManualMark
from workshop.classroom.answering.marking import Mark
from workshop.classroom.grading.work import Graded
from workshop.errors import WorkshopError


def with_hand_marks(
    works: Sequence[Graded], given: Mapping[tuple[str, str], ManualMark]
) -> tuple[Graded, ...]:
    """The same grades; where a person gave a mark, it counts instead of the machine's.

    Args:
        works: what the machine found.
        given: by student and exercise.

    Raises:
        WorkshopError: a mark for somebody who handed in nothing of that exercise's lesson.
    """
    left = dict(given)
    told = []
    for work in works:
        mine = {e.id: e for e in exercises.EXERCISES.values() if e.lesson == work.lesson}
        over = {id_: left.pop((work.student, id_)) for id_ in mine if (work.student, id_) in left}
        hand = {
            id_: Mark(
                id_, mine[id_].points, mark.points, 0, 0, (mark.comment,) if mark.comment else (), by="hand"
            )
            for id_, mark in over.items()
        }
        kept = [hand.pop(mark.exercise, mark) for mark in work.marks]
        open_ = tuple(id_ for id_ in work.manual if id_ not in over)
        told.append(replace(work, marks=(*kept, *hand.values()), manual=open_))
    if left:
        student, exercise = next(iter(left))
        raise WorkshopError(
            f"There is a mark by hand for {student} in {exercise}, but nothing of {student}'s of that lesson "
            "was graded."
        )
    return tuple(told)
