"""The bytes of one notebook: made valid where that changes no answer, or refused with a reason."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat import NotebookNode

from workshop.classroom.accepting.words import counted

NOTEBOOK_BYTES = 20_000_000  #: of one notebook
BARE_BYTES = 5_000_000  #: of one notebook without its outputs
CELLS = 2000  #: in one notebook
#: Lists and objects in its JSON: each costs many times its two characters of memory.
CONTAINERS = 1_000_000

KERNEL = "python3"


@dataclass(frozen=True)
class Accepted:
    """A valid notebook of nbformat 4.5 without outputs, and what was repaired: a sentence each."""

    notebook: NotebookNode
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """Not taken in: why, in one sentence."""

    reason: str


class _NoNotebook(Exception):
    """Its text is the reason."""


def accept(raw: bytes) -> Accepted | Refused:
    """Read a notebook that anybody may have made. It raises nothing, whatever the bytes are.

    Outputs go: what a cell printed on a student's machine proves nothing. Cells keep their order, their text and
    their metadata.
    """
    notes: list[str] = []
    try:
        data = _parse(raw, notes)
        notebook = _validated(_as_version_4(data, notes), notes)
    except _NoNotebook as problem:
        return Refused(str(problem))
    except RecursionError:
        return Refused("The notebook's JSON is nested too deep to be a notebook.")
    except MemoryError:
        return Refused("The notebook takes more memory than there is.")
    return Accepted(notebook, tuple(notes))


def _parse(raw: bytes, notes: list[str]) -> dict[str, Any]:
    if len(raw) > NOTEBOOK_BYTES:
        raise _NoNotebook(
            f"The notebook is larger than {NOTEBOOK_BYTES // 1_000_000} MB. Clear its outputs and hand it in again."
        )
    if raw.count(b"[") + raw.count(b"{") > CONTAINERS:
        raise _NoNotebook("The notebook holds more lists than a notebook can. Clear its outputs.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise _NoNotebook(f"The notebook is not text: byte {problem.start + 1} is not UTF-8.") from None
    repaired: set[str] = set()

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if found.setdefault(key, value) is not value:
                repaired.add("A key was given twice in the notebook's JSON; the first counts.")
        return found

    def no_number(_: str) -> None:
        repaired.add("NaN or Infinity, which JSON does not have, was taken as empty.")

    try:
        data = json.loads(text, object_pairs_hook=unique, parse_constant=no_number)
    except json.JSONDecodeError as problem:
        raise _NoNotebook(
            f"The notebook is not JSON: line {problem.lineno}, column {problem.colno}: {problem.msg}."
        ) from None
    except ValueError:
        raise _NoNotebook("The notebook is not JSON: it holds a number of thousands of digits.") from None
    notes.extend(sorted(repaired))
    if not isinstance(data, dict) or not isinstance(data.get("nbformat"), int):
        raise _NoNotebook("The file is JSON, but no notebook: it does not say its nbformat.")
    return data


def _as_version_4(data: dict[str, Any], notes: list[str]) -> NotebookNode:
    version = data["nbformat"]
    if version not in (3, 4):
        raise _NoNotebook(
            f"The notebook has nbformat {str(version)[:20]}; 3 and 4 are read. Save it with a Jupyter of today."
        )
    sheets = [data] if version == 4 else data.get("worksheets")
    if not isinstance(sheets, list) or not all(isinstance(sheet, dict) for sheet in sheets):
        raise _NoNotebook("The notebook has no cells.")
    lists = [sheet.get("cells") for sheet in sheets]
    if not lists or not all(isinstance(cells, list) for cells in lists):
        raise _NoNotebook("The notebook has no cells.")
    if sum(map(len, lists)) > CELLS:
        raise _NoNotebook(f"The notebook has more than {CELLS} cells.")
    for cell in (cell for cells in lists for cell in cells):
        _prepare(cell)
    # Only now, since each further step makes a copy of what is left.
    if len(json.dumps(data)) > BARE_BYTES:
        raise _NoNotebook(
            f"The notebook without its outputs is larger than {BARE_BYTES // 1_000_000} MB. Leave out what is not text."
        )
    notebook = nbformat.from_dict(data)
    if version == 3:
        try:
            notebook = nbformat.v4.upgrade(notebook, from_version=3)
        # Its converter trusts the file: whatever is missing or of another type surfaces as any exception.
        except Exception as problem:
            raise _NoNotebook(
                f"The notebook of nbformat 3 is not valid ({type(problem).__name__})."
            ) from None
        for cell in notebook.cells:
            cell.pop("id", None)  # drawn at random by the converter
        notes.append("The notebook was of nbformat 3 and was brought to nbformat 4.")
    return notebook


def _prepare(cell: Any) -> None:
    """Join the lines of a cell, and let its outputs go."""
    if not isinstance(cell, dict):
        raise _NoNotebook("A cell of the notebook is not an object.")
    for key in ("source", "input"):
        lines = cell.get(key)
        if isinstance(lines, list) and all(isinstance(line, str) for line in lines):
            cell[key] = "".join(lines)
    if cell.get("cell_type") == "code":
        cell["outputs"] = []
    if not isinstance(cell.setdefault("metadata", {}), dict):
        raise _NoNotebook("The metadata of a cell is not an object.")


def _validated(notebook: NotebookNode, notes: list[str]) -> NotebookNode:
    _mend_kernel(notebook, notes)
    _mend_ids(notebook, notes)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        if cell.get("cell_type") == "code":
            cell["execution_count"] = None
    try:
        nbformat.validate(notebook, relax_add_props=True)
    except RecursionError:
        raise
    # A ValidationError, or whatever the validator trips over when it looks for words (a cell_type that is no text).
    except Exception as problem:
        words = " ".join(str(getattr(problem, "message", problem)).split())[:200]
        raise _NoNotebook(f"The notebook is not valid: {words}.") from None
    try:
        nbformat.writes(notebook).encode("utf-8")
    except UnicodeEncodeError:
        raise _NoNotebook("The notebook holds half a character (a lone surrogate). Save it again.") from None
    return notebook


def _mend_kernel(notebook: NotebookNode, notes: list[str]) -> None:
    metadata = notebook.get("metadata")
    spec = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    name = spec.get("name") if isinstance(spec, dict) else None
    if name is None:
        notes.append(f"The notebook names no kernel; {KERNEL} is used.")
    elif name != KERNEL:
        notes.append(f"The kernel {str(name)[:40]!r} is not known here; {KERNEL} is used.")
    spec = {"name": KERNEL, "display_name": "Python 3 (ipykernel)", "language": "python"}
    notebook["metadata"] = nbformat.from_dict({"kernelspec": spec, "language_info": {"name": "python"}})


def _mend_ids(notebook: NotebookNode, notes: list[str]) -> None:
    """Every cell gets an id of its own, the same one each time this is run."""
    taken = {cell["id"] for cell in notebook.cells if isinstance(cell.get("id"), str)}
    seen: set[str] = set()
    twice = 0
    for position, cell in enumerate(notebook.cells):
        own = cell.get("id")
        valid = isinstance(own, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", own)
        twice += bool(valid and own in seen)
        if not valid or own in seen:
            own = f"cell-{position}"
            while own in taken:
                own += "-"
            taken.add(own)
            cell["id"] = own
        seen.add(own)
    if twice:
        notes.append(f"{counted(twice, 'cell')} had the id of an earlier one; each got one of its own.")
