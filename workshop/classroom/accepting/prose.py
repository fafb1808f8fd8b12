"""What students wrote in words, for people to mark."""

from __future__ import annotations

import nbformat

from workshop.classroom.accepting.intake import Submission
from workshop.classroom.accepting.lessons import grade_id
from workshop.classroom.editions.release import PROSE_STUB
from workshop.exercises import EXERCISES

#: Characters of one answer that are shown; a page of text has some 3,000.
MOST = 20_000


def prose(submission: Submission) -> dict[str, str]:
    """The answers in words of a submission, by exercise. One that is missing, or as it was handed out, is not in it."""
    wanted = {each.id for each in EXERCISES.values() if each.lesson == submission.lesson and each.manual}
    if not wanted:
        return {}
    found: dict[str, str] = {}
    for cell in nbformat.reads(submission.raw.decode(), as_version=4).cells:
        name, text = grade_id(cell), cell.source.strip()
        if name in wanted and name not in found and text and text != PROSE_STUB:
            found[name] = text if len(text) <= MOST else f"{text[:MOST]} [...]"
    return found
