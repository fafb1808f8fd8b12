"""The lecture's tables, as a reader sees them."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from workshop.datasets import lecture

_WORDS, _NUMBERS = (f"text-align:{side};padding:.15em .8em .15em 0" for side in ("left", "right"))


@dataclass(frozen=True)
class LectureTable:
    """A table that a notebook shows when it is a cell's last value."""

    table: lecture.Table

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/plain": self.text(), "text/html": self.html()}

    def text(self) -> str:
        """Title and rows, a line each."""
        lines = [self.table.columns, *self.table.rows]
        return "\n".join([f"Table: {self.table.title}", *(" | ".join(map(_shown, line)) for line in lines)])

    def html(self) -> str:
        """The table with its title above, and beneath it its note and where the figures come from."""
        numeric = [
            all(not isinstance(row[i], str) for row in self.table.rows)
            for i in range(len(self.table.columns))
        ]
        styles = [_NUMBERS if number else _WORDS for number in numeric]
        head = "".join(
            f"<th scope='col' style='{style}'>{escape(column)}</th>"
            for column, style in zip(self.table.columns, styles, strict=True)
        )
        body = "".join(
            "<tr>"
            + "".join(f"<td style='{s}'>{escape(_shown(v))}</td>" for v, s in zip(row, styles, strict=True))
            + "</tr>"
            for row in self.table.rows
        )
        beneath = " ".join(
            part for part in (self.table.note, f"Source: {self.table.source}.", self._when()) if part
        )
        title = "caption-side:top;text-align:left;font-weight:bold;white-space:nowrap"
        return (
            f"<table style='font-size:1em'><caption style='{title}'>{escape(self.table.title)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            f"<p style='font-size:.85em;margin:.2em 0'>{escape(beneath)}</p>"
        )

    def _when(self) -> str:
        """``timeless`` needs no words."""
        return "" if self.table.as_of == "timeless" else f"As of: {self.table.as_of}."


def lecture_table(name: str) -> LectureTable:
    """The lecture's table of that name, to show in a lesson.

    Raises:
        WorkshopError: there is none; the message lists the names.
    """
    return LectureTable(lecture.table(name))


def _shown(value: lecture.Cell) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.2f}" if value < 100 else f"{value:,.2f}"
    # A year, and any other number of four digits, stands without a comma.
    return f"{value:,}" if isinstance(value, int) and value >= 10_000 else str(value)
