"""CSV files that staff write by hand or export from a spreadsheet, read with a line for every complaint."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workshop.errors import WorkshopError


@dataclass(frozen=True)
class Row:
    """One line: where it stands, and its cells by column; a cell that was left out is empty."""

    path: Path
    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def required(self, column: str) -> str:
        """The cell; it may not be empty."""
        if not self[column]:
            raise self.wrong(column, "the cell is empty.")
        return self[column]

    def wrong(self, column: str, what: str) -> WorkshopError:
        """The error that names this place."""
        return WorkshopError(f"{self.path.name}, line {self.line}, column {column}: {what}")


def rows(path: Path, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> Iterator[Row]:
    """The lines of a table below its header, without empty ones. Commas or semicolons, UTF-8.

    Raises:
        WorkshopError: the file cannot be read, is not such a table, or has other columns.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise WorkshopError(f"{path} cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError as problem:
        line = problem.object[: problem.start].count(b"\n") + 1
        raise WorkshopError(
            f"{path.name}, line {line}: this is not UTF-8 text. Save it as CSV UTF-8."
        ) from None
    first = text.partition("\n")[0]
    separator = ";" if ";" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(path, header, required, optional)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header):
                raise WorkshopError(
                    f"{path.name}, line {reader.line_num}: there are {len(cells)} cells for {len(header)} columns. "
                    'Put a cell that holds a comma in quotes: "Lovelace, Ada".'
                )
            stripped = (cell.strip() for cell in cells)
            yield Row(path, reader.line_num, dict(zip(header, stripped, strict=False)))
    except csv.Error as problem:
        raise WorkshopError(f"{path.name}, line {reader.line_num}: this is not CSV ({problem}).") from None


def _check_header(
    path: Path, header: list[str], required: tuple[str, ...], optional: tuple[str, ...]
) -> None:
    known = (*required, *optional)
    for column in required:
        if column not in header:
            raise WorkshopError(
                f"{path.name}, line 1: there is no column {column}. The columns are: {', '.join(known)}."
            )
    for column in header:
        if column not in known:
            raise WorkshopError(
                f"{path.name}, line 1: there is no use for a column {column!r}. The columns are: {', '.join(known)}."
            )
        if header.count(column) > 1:
            raise WorkshopError(f"{path.name}, line 1: there are two columns {column}.")
