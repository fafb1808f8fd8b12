"""What a plan came to, in numbers to read: the mean over draws, as tiles and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from workshop.studies.label_quality import PlanOutcome
from workshop.studies.label_quality.plan import NUMBERS


@dataclass(frozen=True)
class Number:
    """An attribute of an outcome, as readers see it.

    Attributes:
        of: the attribute.
        column: its heading in a table.
        form: how it is written there.
        tile: the words under it on a tile; none has no tile.
        large: how it is written on the tile.
        less: whether less of it is better.
    """

    of: str
    column: str
    form: str
    tile: str = ""
    large: str = ""
    less: bool = False

    def value(self, outcome: PlanOutcome) -> float | None:
        """In the unit that is shown: accuracies in per cent."""
        number = getattr(outcome, self.of)
        return 100 * number if number is not None and self.of.endswith("accuracy") else number

    def written(self, outcome: PlanOutcome, form: str) -> str:
        """``…`` where it is still to come."""
        value = self.value(outcome)
        return "…" if value is None else form.format(value)


SHOWN = (
    Number("items", "items", "{:,.0f}", "digits labeled", "{:,.0f}"),
    Number("label_accuracy", "labels right (%)", "{:.1f}", "of the labels right", "{:.1f} %"),
    Number("dollars_a_usable", "$ for a right label", "{:.3f}", "for a right label", "${:.3f}", less=True),
    Number("model_accuracy", "model (%)", "{:.1f}", "model accuracy", "{:.1f} %"),
    Number("dollars", "$ spent", "{:,.0f}", less=True),
    Number("hours", "hours", "{:,.0f}", "hours of work", "{:,.0f}", less=True),
    Number("days", "days", "{:.1f}", "days until done", "{:.1f}", less=True),
)
_TILE = "flex:1 1 7.5em;padding:0 0 0 .7em;border-left:3px solid #0072B2;line-height:1.3"


def mean_outcome(draws: Sequence[PlanOutcome]) -> PlanOutcome:
    """The mean over draws of every number; without a model's accuracy unless all have one."""
    means = {}
    for name in NUMBERS:
        values = [getattr(one, name) for one in draws]
        means[name] = None if None in values else float(np.mean(values))
    return replace(draws[0], **means)


def tiles(draws: Sequence[PlanOutcome]) -> str:
    """HTML: a tile a number; where it differs from draw to draw, the lowest and the highest beneath."""
    each = [
        f"<div style='{_TILE}'><div style='font-size:1.7em;white-space:nowrap'>{large}</div><div>{tile}</div>"
        f"<div style='white-space:nowrap'>{between or '&nbsp;'}</div></div>"
        for large, tile, between in _told(draws)
    ]
    return f"<div style='display:flex;flex-wrap:wrap;gap:.5em;margin:.6em 0 .2em'>{''.join(each)}</div>"


def in_words(draws: Sequence[PlanOutcome]) -> str:
    """The same as a sentence, without what is not there yet."""
    told = [
        f"{large} {tile}{f' ({between})' if between else ''}"
        for large, tile, between in _told(draws)
        if large != "…"
    ]
    return f"{', '.join(told)}."


def _told(draws: Sequence[PlanOutcome]) -> list[tuple[str, str, str]]:
    """Of each tile the number, its words, and from where to where it goes over the draws."""
    mean = mean_outcome(draws)
    return [(n.written(mean, n.large), n.tile, _range(n, draws)) for n in SHOWN if n.tile]


def _range(number: Number, draws: Sequence[PlanOutcome]) -> str:
    ordered = sorted(draws, key=lambda one: number.value(one) or 0.0)
    low, high = (number.written(one, number.large).removesuffix(" %") for one in (ordered[0], ordered[-1]))
    return f"{low} to {high}" if low != high else ""
