"""Marks that people gave, laid over what the machine gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from workshop.classroom.accepting.manual import ManualMark
from workshop.classroom.answering.marking import Mark
from workshop.classroom.grading.grade import of_lesson
from workshop.classroom.grading.work import Graded


def with_hand_marks(work: Graded, given: Mapping[tuple[str, str], ManualMark]) -> Graded:
    """The same grade; where a person gave a mark, it counts instead of the machine's.

    Args:
        work: what the machine found.
        given: by student and exercise.
    """
    hand = {
        each.id: _by_hand(each.id, each.points, given[work.student, each.id])
        for each in of_lesson(work.lesson)
        if (work.student, each.id) in given
    }
    open_ = tuple(id_ for id_ in work.manual if id_ not in hand)
    kept = [hand.pop(mark.exercise, mark) for mark in work.marks]
    return replace(work, marks=(*kept, *hand.values()), manual=open_)


def _by_hand(exercise: str, points: float, mark: ManualMark) -> Mark:
    return Mark(exercise, points, mark.points, 0, 0, (mark.comment,) if mark.comment else (), by="hand")
