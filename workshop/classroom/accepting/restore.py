"""The lesson's own notebook with the answers of a submission in it, and with nothing else of the submission."""

from __future__ import annotations

from dataclasses import dataclass

from nbformat import NotebookNode

from workshop.classroom.accepting.lessons import grade_id, grader
from workshop.classroom.accepting.words import counted
from workshop.classroom.editions.release import release


@dataclass(frozen=True)
class Restored:
    """What is left of a submission.

    Attributes:
        answers: exercise to the text of its answer cell, in the lesson's order; an exercise whose cell was deleted
            is not in it.
        handed_out: exercise to the text that the student was given, in the lesson's order.
        notebook: the lesson as it was handed out, with the answers in it.
        notes: what was found altered, missing or left out: a sentence each.
    """

    answers: dict[str, str]
    handed_out: dict[str, str]
    notebook: NotebookNode
    notes: tuple[str, ...] = ()


def answers(source: NotebookNode, submission: NotebookNode) -> Restored:
    """Take the answers out of a submission by id, and put them into the lesson.

    Args:
        source: the lesson's source, with its solutions.
        submission: an accepted notebook.
    """
    notebook = release(source, "The lesson")
    given: dict[str, NotebookNode] = {}
    twice: list[str] = []
    for cell in submission.cells:
        if (name := grade_id(cell)) and given.setdefault(name, cell) is not cell and name not in twice:
            twice.append(name)
    found: dict[str, str] = {}
    handed_out: dict[str, str] = {}
    notes: list[str] = []
    lost = _Lost(notebook, submission)
    for cell in notebook.cells:
        name = grade_id(cell)
        if name is None:
            continue
        own = given.get(name)
        if name in twice:
            notes.append(f"{name}: two or more cells have this id; the first counts.")
        if grader(cell).get("solution"):
            handed_out[name] = cell.source
            if own is None:
                notes.append(f"{name}: the answer cell is missing.")
                continue
            if own.cell_type != cell.cell_type:
                notes.append(f"{name}: the answer cell had become a {own.cell_type} cell.")
            found[name] = cell.source = own.source
        elif own is None:
            notes.append(f"{name}: the check cell is missing; the lesson's own is used.")
        elif _text(own) != _text(cell):
            notes.append(f"{name}: the check cell was altered; the lesson's own is used.")
    return Restored(found, handed_out, notebook, (*notes, *lost.sentences()))


class _Lost:
    """What of a submission is not carried over, beyond the cells that nbgrader knows."""

    def __init__(self, lesson: NotebookNode, submission: NotebookNode) -> None:
        known = {grade_id(cell) for cell in lesson.cells} - {None}
        texts = {_text(cell) for cell in lesson.cells}
        ids = {cell.id for cell in lesson.cells}
        other = [
            cell for cell in submission.cells if grade_id(cell) not in known and _text(cell) not in texts
        ]
        self.altered = sum(cell.id in ids for cell in other)
        self.extra = len(other) - self.altered

    def sentences(self) -> list[str]:
        said = []
        if self.altered:
            were = "was" if self.altered == 1 else "were"
            said.append(
                f"{counted(self.altered, 'cell')} of the lesson {were} changed; the lesson's own {were} used."
            )
        if self.extra:
            was = "is not of the lesson and was" if self.extra == 1 else "are not of the lesson and were"
            said.append(f"{counted(self.extra, 'cell')} {was} left out.")
        return said


def _text(cell: NotebookNode) -> str:
    """What is compared: an editor may change the ends of lines and nothing be meant by it."""
    return "\n".join(line.rstrip() for line in cell.source.splitlines()).strip()
