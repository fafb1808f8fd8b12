"""The tables of the lecture's second part, generating labels: its facts and figures, in our words."""

from __future__ import annotations

import csv
import difflib
import io
import json
import re
from dataclasses import dataclass

from workshop.datasets import shipped
from workshop.errors import WorkshopError

Cell = int | float | str | None


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        name: as :func:`tables` lists it.
        title: what it is about.
        columns: their names, with the unit in brackets.
        rows: text, numbers, and None where the lecture gives nothing.
        source: whose figures they are.
        as_of: when they held; ``timeless`` for advice.
        note: what to know before quoting it; may be empty.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    source: str
    as_of: str
    note: str = ""

    def column(self, name: str) -> tuple[Cell, ...]:
        """The cells of the column called ``name``, from top to bottom.

        Raises:
            WorkshopError: there is none.
        """
        if name not in self.columns:
            raise WorkshopError(
                f"The table {self.name} has no column {name!r}. It has: {', '.join(self.columns)}."
            )
        place = self.columns.index(name)
        return tuple(row[place] for row in self.rows)


def tables() -> dict[str, str]:
    """The title of every table by its name, in the lecture's order."""
    return {name: about["title"] for name, about in _index().items()}


def table(name: str) -> Table:
    """The table of that name.

    Raises:
        WorkshopError: there is none, or its file is missing or was changed.
    """
    index = _index()
    if name not in index:
        near = difflib.get_close_matches(name, index, n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise WorkshopError(f"The lecture has no table {name!r}.{meant} Choose one of: {', '.join(index)}.")
    columns, *rows = csv.reader(io.StringIO(shipped.text(f"lecture/{name}.csv")))
    cells = tuple(tuple(_cell(text) for text in row) for row in rows)
    return Table(name, columns=tuple(columns), rows=cells, **index[name])


def _index() -> dict[str, dict[str, str]]:
    return json.loads(shipped.text("lecture/index.json"))


def _cell(text: str) -> Cell:
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d+\.\d+", text) else text or None
