"""One lesson as a student receives it: nbgrader's own preprocessors, without its database."""

from __future__ import annotations

import copy
import importlib
from types import ModuleType

from nbformat import NotebookNode

from workshop.errors import WorkshopError
from workshop.runner import rules

#: What stands where a solution stood. ``lesson.check`` knows the error for an answer that nobody has written yet.
STUB = "# YOUR CODE HERE\nraise NotImplementedError"

#: The same, where words are asked for.
PROSE_STUB = "YOUR ANSWER HERE"

#: In the order in which nbgrader itself runs them; checksums come last, of what is handed out.
_STEPS = (
    "LockCells",
    "ClearSolutions",
    "ClearHiddenTests",
    "ClearOutput",
    "CheckCellMetadata",
    "ComputeChecksums",
)
_MARKS = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS", "END HIDDEN TESTS")


def release(lesson: NotebookNode, name: str) -> NotebookNode:
    """The lesson without solutions and outputs, its check cells locked; the one given is left as it was.

    Code that an answer cell holds outside of the solution's marks is given to the student, and stays.

    Args:
        name: what to call the lesson when something is wrong with it.

    Raises:
        WorkshopError: nbgrader is not installed; solutions are not marked as they must be.
    """
    _check_marks(lesson, name)
    preprocessors, formats = _nbgrader("preprocessors"), _nbgrader("nbgraderformat")
    released, resources = copy.deepcopy(lesson), {}
    try:
        # nbgrader's own step would only say that something is wrong, and log where.
        formats.MetadataValidator().validate_nb(released)
        for step in _STEPS:
            stubs = {"code_stub": {"python": STUB}, "text_stub": PROSE_STUB}
            options = stubs if step == "ClearSolutions" else {}
            preprocessor = getattr(preprocessors, step)(enabled=True, **options)
            released, resources = preprocessor.preprocess(released, resources)
        formats.MetadataValidator().validate_nb(released)
    except (formats.ValidationError, formats.SchemaTooOldError, formats.SchemaTooNewError) as refusal:
        reason = str(refusal).splitlines()[0]
        raise WorkshopError(f"nbgrader does not accept {name}: {reason}") from None
    return released


def worth(lesson: NotebookNode) -> tuple[int, int]:
    """How many exercises a lesson has, and how many points they are worth together."""
    cells = [cell.metadata.get("nbgrader", {}) for cell in lesson.cells]
    return (
        sum(bool(cell.get("solution")) for cell in cells),
        sum(cell["points"] for cell in cells if cell.get("grade")),
    )


def _check_marks(lesson: NotebookNode, name: str) -> None:
    """Refuse whatever could leave a part of a solution behind.

    nbgrader passes over a lone end mark, and takes away all after a mark that is not closed.
    """
    complaints = rules.exercises(lesson)
    complaints += [
        f"Cell {cell.id} is not an answer cell, and holds the mark {mark}."
        for cell in lesson.cells
        if not cell.metadata.get("nbgrader", {}).get("solution")
        for mark in _MARKS[:2]
        if mark in cell.source
    ]
    complaints += [
        f"Cell {cell.id} has {begin} without its {end}, or the other way round."
        for cell in lesson.cells
        for begin, end in (_MARKS[:2], _MARKS[2:])
        if cell.source.count(begin) != cell.source.count(end)
    ]
    if complaints:
        raise WorkshopError(f"{name} cannot be handed out. {complaints[0]}")


def _nbgrader(module: str) -> ModuleType:
    """A module of nbgrader, imported when it is needed: students do not have it."""
    try:
        return importlib.import_module(f"nbgrader.{module}")
    except ModuleNotFoundError as missing:
        raise WorkshopError(
            f"{missing.name} is not installed, and cutting solutions out needs it. Run `make setup-dev`, or "
            "`python -m pip install -c constraints.txt -e '.[core,classroom]'`."
        ) from None
