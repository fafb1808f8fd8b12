"""Which lessons there are, and which parameters each of them takes."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from workshop import datasets, settings
from workshop.errors import WorkshopError

#: Every parameter that a lesson may have. A name outside this list is a misprint.
PARAMETERS = ("budget", "source", "target")


@dataclass(frozen=True)
class Lesson:
    """One file of ``notebooks/`` and the parameters that it declares, with their defaults."""

    path: Path
    parameters: dict[str, str]

    @property
    def name(self) -> str:
        """``03_domain_adaptation`` for ``notebooks/03_domain_adaptation.ipynb``."""
        return self.path.stem


def lessons_folder() -> Path:
    """The folder of the lessons' sources. Nothing but an author writes into it."""
    return (settings.home() / "notebooks").resolve()


def find(names: list[str]) -> list[Lesson]:
    """The lessons asked for, in teaching order; all of them when ``names`` is empty.

    Args:
        names: a number (``03`` or ``3``) or a whole name (``03_domain_adaptation``) each.

    Raises:
        WorkshopError: no lesson of that name, no lesson at all, or a lesson with a faulty parameters cell.
    """
    paths = sorted(path for path in lessons_folder().glob("*.ipynb") if re.match(r"\d\d_", path.name))
    if not paths:
        raise WorkshopError(f"There is no lesson in {lessons_folder()}. Set WORKSHOP_HOME to the workbook.")
    known = ", ".join(path.stem for path in paths)
    wanted = set()
    for name in names:
        found = [path for path in paths if name == path.stem or name.zfill(2) == path.stem[:2]]
        if not found:
            raise WorkshopError(f"There is no lesson {name!r}. Choose from: {known}.")
        wanted.update(found)
    return [
        Lesson(path, read_parameters(nbformat.read(path, as_version=4), path.name))
        for path in paths
        if not names or path in wanted
    ]


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell, an empty list when it has none."""
    return list(cell.metadata.get("tags", []))


def read_parameters(notebook: NotebookNode, name: str) -> dict[str, str]:
    """The parameters a lesson declares: name to default.

    papermill itself runs a lesson without a parameters cell, and one that misspells a parameter, at whatever
    budget the lesson happens to hold. So the cell is read here, before anything runs.

    Raises:
        WorkshopError: not exactly one cell tagged ``parameters``; anything in it but ``name = "text"``; a
            name that is not in :data:`PARAMETERS`; no ``budget``, or one that does not exist.
    """
    cells = [cell for cell in notebook.cells if "parameters" in tags(cell)]
    if len(cells) != 1:
        raise WorkshopError(f"{name} has {len(cells)} cells tagged 'parameters'; it must have exactly one.")
    parameters = _assignments(cells[0].source, name)
    for parameter in parameters:
        if parameter not in PARAMETERS:
            raise WorkshopError(
                f"{name} has an unknown parameter {parameter!r}. Choose from: {', '.join(PARAMETERS)}."
            )
    if "budget" not in parameters:
        raise WorkshopError(f"{name} has no parameter 'budget'; add it to the cell tagged 'parameters'.")
    settings.check_budget(parameters["budget"])
    return parameters


def _assignments(source: str, name: str) -> dict[str, str]:
    """What a parameters cell assigns, without running it."""
    not_literal = WorkshopError(
        f'The parameters cell of {name} may hold nothing but lines like budget = "ci".'
    )
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        raise not_literal from None
    found = {}
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id=parameter)], value=ast.Constant(value=str(text))):
                found[parameter] = text
            case _:
                raise not_literal
    return found


def bind(lesson: Lesson, budget: str, source: str | None, target: str | None) -> dict[str, str]:
    """What to pass to one lesson: the budget, and the data it has a parameter for."""
    given = {"budget": budget, "source": source, "target": target}
    return {name: value for name, value in given.items() if value is not None and name in lesson.parameters}


def check_data(lessons: list[Lesson], **data: str | None) -> dict[str, str | None]:
    """Data named on the command line, ready for a kernel that runs in another folder.

    Args:
        lessons: those that will run.
        data: parameter name to a data set's name or the path of an ``.npz``; None: the lesson's own.

    Returns:
        The same, every path of an ``.npz`` made absolute.

    Raises:
        WorkshopError: no lesson takes the parameter, or the data are unknown, not here, or unfit.
    """
    ready = dict(data)
    for name, value in data.items():
        if value is None:
            continue
        if not any(name in lesson.parameters for lesson in lessons):
            raise WorkshopError(
                f"No lesson of this run takes --{name}; leave it out, or run a lesson that does."
            )
        ready[name] = datasets.check(value)
    for lesson in lessons:
        bound = lesson.parameters | {name: value for name, value in ready.items() if value is not None}
        if bound.get("source") is not None and bound.get("source") == bound.get("target"):
            raise WorkshopError(
                f"Source and target are both {bound['source']!r}. Choose two different sets of digits."
            )
    return ready
