"""A link that holds a table as CSV: nothing is written anywhere until the reader saves it."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterable, Sequence


def csv_link(file: str, words: str, rows: Iterable[Sequence[object]]) -> str:
    """HTML of the link.

    Args:
        file: the name that the browser offers.
        words: to click on.
        rows: the table, headings first.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_harmless(cell) for cell in row] for row in rows)
    data = base64.b64encode(
        text.getvalue().encode("utf-8-sig")
    ).decode()  # the mark tells spreadsheets: UTF-8
    style = "color:var(--jp-content-link-color);text-decoration:underline"
    return f"<a download='{file}' style='{style}' href='data:text/csv;base64,{data}'>{words}</a>"


def _harmless(cell: object) -> object:
    """Text that a spreadsheet would take for a formula is kept as text."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell
