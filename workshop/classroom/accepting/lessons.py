"""Which lesson a notebook is: by its file's name, otherwise by the cells it holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

from nbformat import NotebookNode

from workshop.classroom.accepting.notebooks import Refused


def grade_id(cell: NotebookNode) -> str | None:
    """The nbgrader id of a cell, where it has one."""
    return grader(cell).get("grade_id") if isinstance(grader(cell).get("grade_id"), str) else None


def grader(cell: NotebookNode) -> Mapping[str, Any]:
    """What nbgrader knows of a cell; a student may have written anything there."""
    known = cell.metadata.get("nbgrader")
    return known if isinstance(known, dict) else {}


def grade_ids(notebook: NotebookNode) -> set[str]:
    """The nbgrader ids that a notebook holds."""
    return {found for cell in notebook.cells if (found := grade_id(cell))}


def named_in(file: str, lessons: Collection[str]) -> str:
    """The lesson that a file's name holds; empty where it holds none, or several."""
    stem = PurePosixPath(file).stem.casefold()
    named = [name for name in lessons if name.casefold() in stem]
    return named[0] if len(named) == 1 else ""


def lesson_of(file: str, notebook: NotebookNode, lessons: Mapping[str, NotebookNode]) -> str | Refused:
    """The lesson that a submission is of.

    A file's name counts (``03_domain_adaptation-Copy1.ipynb``, ``ada 03_domain_adaptation.ipynb``), unless the
    notebook holds no exercise of that lesson and some of another one.

    Args:
        file: its name.
        notebook: an accepted one.
        lessons: the known lessons' sources by name.
    """
    held = grade_ids(notebook)
    shared = {name: len(held & grade_ids(source)) for name, source in lessons.items()}
    named = named_in(file, lessons)
    if named and (shared[named] or not any(shared.values())):
        return named
    most = max(shared.values(), default=0)
    best = [name for name, count in shared.items() if count == most]
    if most and len(best) == 1:
        return best[0]
    return Refused(
        "It cannot be told which lesson this is: neither its file's name nor its cells say so. "
        f"Name the file after its lesson: {', '.join(lessons)}."
    )
