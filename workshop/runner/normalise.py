"""What a saved lesson keeps, in one fixed form, so that a change to a lesson is a small diff.

Kept outputs are those of figures and of verdicts. nbval compares a cell that has an execution count and
refuses outputs without one, so exactly the cells with kept outputs are numbered.
"""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from workshop.errors import WorkshopError
from workshop.files import write_whole
from workshop.runner.lessons import tags

#: Cells with one of these tags keep their outputs.
KEPT_TAGS = frozenset({"figure", "nbval-check-output"})

#: Cell metadata that an author writes; everything else comes from a program and goes.
CELL_METADATA = ("jupyter", "nbgrader", "slideshow", "tags")

NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def is_kept(cell: NotebookNode) -> bool:
    """Whether a saved lesson keeps this cell's outputs."""
    return cell.cell_type == "code" and not KEPT_TAGS.isdisjoint(tags(cell))


def normalise(notebook: NotebookNode) -> NotebookNode:
    """The lesson as it is saved: a new notebook; the one given is left as it was.

    Normalising twice gives what normalising once gives.
    """
    notebook = copy.deepcopy(notebook)
    count, taken = 0, set()
    for cell in notebook.cells:
        cell.id = _stable_id(cell, taken)
        cell.metadata = NotebookNode(
            {key: cell.metadata[key] for key in CELL_METADATA if cell.metadata.get(key)}
        )
        if cell.cell_type != "code":
            continue
        cell.outputs = _tidy_outputs(cell.outputs) if is_kept(cell) else []
        cell.execution_count = None
        if cell.outputs:
            count += 1
            cell.execution_count = count
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def keep_outputs(source: NotebookNode, executed: NotebookNode) -> NotebookNode:
    """The source with the outputs of its kept cells taken from an executed copy, normalised.

    Raises:
        WorkshopError: the copy was executed from another version of the lesson.
    """
    source = copy.deepcopy(source)
    copies = {cell.id: cell for cell in executed.cells}
    for cell in filter(is_kept, source.cells):
        twin = copies.get(cell.id)
        if twin is None or twin.source != cell.source:
            raise WorkshopError(f"Cell {cell.id} has changed since the lesson was executed; run it again.")
        cell.outputs = copy.deepcopy(twin.outputs)
    return normalise(source)


def text(notebook: NotebookNode) -> str:
    """The notebook as the text of its file."""
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"


def is_untidy(path: Path) -> bool:
    """Whether :func:`tidy` would change a file."""
    return path.read_text(encoding="utf-8") != text(normalise(nbformat.read(path, as_version=4)))


def tidy(path: Path) -> None:
    """Normalise a file in place."""
    write_whole(path, text(normalise(nbformat.read(path, as_version=4))))


def _stable_id(cell: NotebookNode, taken: set[str]) -> str:
    """The cell's own id, or one made of its source where it has none or shares it with a cell before it."""
    identifier, salt = cell.get("id"), 0
    while not identifier or identifier in taken:
        identifier = hashlib.sha256(f"{salt} {cell.source}".encode()).hexdigest()[:8]
        salt += 1
    taken.add(identifier)
    return identifier


def _tidy_outputs(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Outputs without live widgets, and without metadata other than the lesson's own."""
    kept = []
    for output in outputs:
        if "data" in output:
            # What stands beside a widget is its text form, which says nothing without the widget.
            if WIDGET_VIEW in output.data and "text/html" not in output.data:
                continue
            output.data.pop(WIDGET_VIEW, None)
            output.metadata = NotebookNode({k: v for k, v in output.metadata.items() if k == "workshop"})
        kept.append(output)
    return kept
