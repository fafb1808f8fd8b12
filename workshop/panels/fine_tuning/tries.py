"""The table of everything tried in the frozen-layers panel: to sort, to narrow down, and to take away as CSV."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import ipywidgets as widgets

from workshop.panels.csv_link import csv_link
from workshop.studies.fine_tuning import Run
from workshop.studies.fine_tuning.recipes import SCRATCH, SOURCES
from workshop.studies.fine_tuning.variants import SHUFFLED

#: The tasks, by the name that readers see.
TASKS = {"handwritten digits": "digits", "landscape tiles": "tiles", "street-number renders": "renders"}
_TITLES = {name: title for title, name in TASKS.items()}
ROWS = 10  #: shown at most
SAME, SAME_PICTURES, ALL = "these pictures and labels", "these pictures", "everything"
STORED = "stored"
COLUMNS = (
    "right, %",
    "labels",
    "trained",
    "begins",
    "trained weights",
    "s, about",
    "network",
    "pictures",
    "from",
)


@dataclass(frozen=True)
class Try:
    """A row of the table."""

    number: int
    percent: float
    labels: int
    depth: str
    begins: str
    trainable: int
    seconds: float
    source: str
    task: str
    where: str

    def cells(self) -> tuple[object, ...]:
        """One for each of :data:`COLUMNS`."""
        return (
            f"{self.percent:.1f}", self.labels, self.depth, self.begins, self.trainable, f"{self.seconds:.1f}",
            SOURCES[self.source].title.partition(",")[0], _TITLES[self.task], self.where,
        )  # fmt: skip


ORDERS: dict[str, Callable[[Try], float]] = {
    "best first": lambda one: -one.percent,
    "newest first": lambda one: -one.number,
    "fewest trained weights first": lambda one: one.trainable,
    "fastest first": lambda one: one.seconds,
    "fewest labels first": lambda one: one.labels,
}


class Tries(widgets.VBox):
    """All tries of a panel.

    Attributes:
        rows: in the order in which they were made.
    """

    def __init__(self) -> None:
        self.rows: list[Try] = []
        self._task, self._labels = "", 0
        wide = widgets.Layout(width="24em", max_width="100%")
        style = {"style": {"description_width": "6.5em"}, "layout": wide}
        self.order = widgets.Dropdown(options=list(ORDERS), description="Sort:", **style)
        self.which = widgets.Dropdown(options=[SAME, SAME_PICTURES, ALL], description="Show:", **style)
        self.table, self.link = widgets.HTML(), widgets.HTML()
        for control in (self.order, self.which):
            control.observe(lambda _: self._draw(), "value")
        controls = widgets.HBox([self.order, self.which], layout=widgets.Layout(flex_flow="row wrap"))
        warning = "The exam picks the winner here: fine for exploring, not for reporting."
        title = widgets.HTML(f"<b>Everything tried so far</b><br>{warning}")
        super().__init__([title, controls, self.table, self.link])

    def add(self, run: Run, depth: str, where: str) -> None:
        """One more row; :meth:`about` shows it."""
        begins = {SCRATCH: "random", SHUFFLED: "shuffled"}.get(
            depth.partition(":")[0].partition(",")[0], "pre-trained"
        )
        row = (
            len(self.rows) + 1,
            run.percent,
            run.labels,
            depth,
            begins,
            run.trainable,
            run.seconds,
            run.source,
        )
        self.rows.append(Try(*row, run.task, where))

    def about(self, task: str, labels: int) -> None:
        """Show the tries with these pictures and so many labels, or what the reader asked to see instead."""
        self._task, self._labels = task, labels
        self._draw()

    def shown(self) -> list[Try]:
        """The rows that the table is about, in its order; of equals the older one first."""
        which = self.which.value
        chosen = [
            one
            for one in self.rows
            if which == ALL
            or (one.task == self._task and (which == SAME_PICTURES or one.labels == self._labels))
        ]
        return sorted(chosen, key=ORDERS[self.order.value])

    def csv_rows(self) -> list[tuple[object, ...]]:
        """All rows, headings first, in the table's order."""
        return [COLUMNS, *(one.cells() for one in sorted(self.rows, key=ORDERS[self.order.value]))]

    def _draw(self) -> None:
        shown = self.shown()
        pad = "style='text-align:left;padding:0 .6em 0 0;white-space:nowrap;font-size:.92em'"
        head = "".join(f"<th scope='col' {pad}>{column}</th>" for column in COLUMNS)
        body = "".join(_row(one, pad) for one in shown[:ROWS])
        more = f" The first {ROWS} are shown; the file has all." if len(shown) > ROWS else ""
        none = "" if shown else "<p>Nothing tried yet with these pictures and labels. Press Train.</p>"
        self.table.value = (
            f"<div style='overflow-x:auto;line-height:1.5'><table><caption style='text-align:left'>{len(shown)} tries, "
            f"{self.order.value}.{more}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            f"{none}</div>"
        )
        words = f"Save all {len(self.rows)} tries as a CSV file"
        self.link.value = csv_link("tries.csv", words, self.csv_rows())


def _row(one: Try, pad: str) -> str:
    weight = "" if one.where == STORED else " style='font-weight:bold'"
    cells = (f"{cell:,}" if isinstance(cell, int) else escape(str(cell)) for cell in one.cells())
    return f"<tr{weight}>" + "".join(f"<td {pad}>{cell}</td>" for cell in cells) + "</tr>"
