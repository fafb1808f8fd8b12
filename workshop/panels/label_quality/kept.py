"""The plans that a reader kept: a table to sort, and to save as CSV."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from dataclasses import asdict
from html import escape

import ipywidgets as widgets

from workshop.panels.csv_link import csv_link
from workshop.panels.label_quality.numbers import SHOWN, mean_outcome
from workshop.studies.label_quality import PlanOutcome

_LETTERS = string.ascii_uppercase
_COLUMNS = tuple(number.column for number in SHOWN)
_CELL = "padding:.25em .5em;vertical-align:top;line-height:1.35;white-space:normal;text-align:"
_TEXT, _NUMBER = f"{_CELL}left", f"{_CELL}right"


class KeptPlans(widgets.VBox):
    """Plans under letters, and with names of the reader's own.

    Args:
        current: the draws of the plan at hand; none while there is none.
        on_change: called after the table has changed.
    """

    def __init__(self, current: Callable[[], Sequence[PlanOutcome]], on_change: Callable[[], None]) -> None:
        self._current, self._on_change = current, on_change
        self._kept: dict[str, tuple[str, Sequence[PlanOutcome]]] = {}
        self._enabled = True
        self.name = widgets.Text(
            placeholder="a name of your own", description="Name:", style={"description_width": "initial"},
            layout=widgets.Layout(width="16em"),
        )  # fmt: skip
        self.keep_button = widgets.Button(description="Keep this plan", icon="check", button_style="primary",
                                          tooltip="Put this plan into the table below and onto the plane")  # fmt: skip
        self.forget_button = widgets.Button(description="Forget all", icon="trash", tooltip="Empty the table")
        self.sort = widgets.Dropdown(
            options=[(number.column, number.of) for number in SHOWN], value="model_accuracy",
            description="Best first by:", style={"description_width": "initial"},
            layout=widgets.Layout(width="18em"),
        )  # fmt: skip
        self.table, self.link = widgets.HTML(), widgets.HTML()
        self.keep_button.on_click(lambda _: self.keep())
        self.forget_button.on_click(lambda _: self.forget())
        self.sort.observe(lambda _: self._show(), "value")
        wrap = widgets.Layout(flex_flow="row wrap")
        controls = widgets.HBox([self.name, self.keep_button, self.sort, self.forget_button], layout=wrap)
        super().__init__([controls, self.table, self.link])
        self._show()

    @property
    def outcomes(self) -> dict[str, PlanOutcome]:
        """Letter -> outcome, the mean over draws."""
        return {letter: mean_outcome(draws) for letter, (_, draws) in self._kept.items()}

    def keep(self) -> None:
        """Put the plan at hand into the table, under the next letter."""
        free = [letter for letter in _LETTERS if letter not in self._kept]
        draws = self._current() if free else ()
        if not draws:
            return
        self._kept[free[0]] = self.name.value.strip(), draws
        self.name.value = ""
        self._changed()

    def forget(self) -> None:
        """Empty the table."""
        self._kept.clear()
        self._changed()

    def renew(self, draws: Sequence[PlanOutcome]) -> None:
        """Where this plan was kept with fewer draws, these take their place."""
        old = [
            letter
            for letter, (_, d) in self._kept.items()
            if d[0].plan == draws[0].plan and len(d) < len(draws)
        ]
        for letter in old:
            self._kept[letter] = self._kept[letter][0], draws
        if old:
            self._changed()

    def enable(self, there_is_a_plan: bool) -> None:
        """Whether a plan can be kept, as far as the plan goes."""
        self._enabled = there_is_a_plan
        self.keep_button.disabled = not there_is_a_plan or len(self._kept) == len(_LETTERS)

    def _changed(self) -> None:
        self.enable(self._enabled)
        self._show()
        self._on_change()

    def _ordered(self) -> list[tuple[str, str, PlanOutcome, int]]:
        """Letter, name, outcome and number of draws, the best one first."""
        by = next(number for number in SHOWN if number.of == self.sort.value)
        rows = [
            (letter, name, mean_outcome(draws), len(draws)) for letter, (name, draws) in self._kept.items()
        ]
        return sorted(rows, key=lambda row: by.value(row[2]), reverse=not by.less)

    def _show(self) -> None:
        self.forget_button.disabled = not self._kept
        if not self._kept:
            self.table.value, self.link.value = "No plan is kept yet.", ""
            return
        rows = self._ordered()
        heads = "".join(
            f"<th scope='col' style='{_NUMBER}'>{escape(head)}</th>" for head in (*_COLUMNS, "draws")
        )
        body = "".join(f"<tr>{_row(*row)}</tr>" for row in rows)
        self.table.value = (
            "<table style='width:100%'><caption>Plans kept, the best one first</caption><thead><tr>"
            f"<th scope='col' style='{_TEXT}' colspan='2'>plan</th>{heads}</tr></thead><tbody>{body}</tbody></table>"
        )
        self.link.value = csv_link("labeling_plans.csv", "Save the table as CSV", _csv_rows(rows))


def _row(letter: str, name: str, outcome: PlanOutcome, draws: int) -> str:
    called = f"<b>{escape(name)}</b><br>" if name else ""
    numbers = (*(number.written(outcome, number.form) for number in SHOWN), str(draws))
    return (
        f"<th scope='row' style='{_TEXT}'>{letter}</th>"
        f"<td style='{_TEXT}'>{called}{escape(outcome.plan.in_words())}</td>"
        + "".join(f"<td style='{_NUMBER}'>{text}</td>" for text in numbers)
    )


def _csv_rows(rows: Sequence[tuple[str, str, PlanOutcome, int]]) -> list[list[object]]:
    """Headings, and for each plan its settings and its numbers as they are."""
    heads = ["letter", "name", *asdict(rows[0][2].plan), *_COLUMNS, "draws"]
    lines = [
        [letter, name, *asdict(outcome.plan).values(), *(number.value(outcome) for number in SHOWN), draws]
        for letter, name, outcome, draws in rows
    ]
    return [heads, *lines]
