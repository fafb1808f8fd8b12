"""A link that holds a table as CSV: nothing is written anywhere until the reader saves it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

from workshop.spreadsheet import as_csv


def csv_link(file: str, words: str, rows: Iterable[Sequence[object]]) -> str:
    """HTML of the link.

    Args:
        file: the name that the browser offers.
        words: to click on.
        rows: the table, headings first.
    """
    data = base64.b64encode(as_csv(rows)).decode()
    style = "color:var(--jp-content-link-color);text-decoration:underline"
    return f"<a download='{file}' style='{style}' href='data:text/csv;base64,{data}'>{words}</a>"
