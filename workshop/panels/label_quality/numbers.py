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
        tile: the words under it.
        form: how it is written.
        less: whether less of it is better.
    """

    of: str
    column: str
    tile: str
    form: str
    less: bool = False

    def value(self, outcome: PlanOutcome) -> float | None:
        """In the unit that is shown: accuracies in per cent."""
        number = getattr(outcome, self.of)
        return 100 * number if number is not None and self.of.endswith("accuracy") else number

    def written(self, outcome: PlanOutcome) -> str:
        """``–`` where there is none."""
        value = self.value(outcome)
        return "–" if value is None else self.form.format(value)


SHOWN = (
    Number("items", "items", "digits labelled", "{:,.0f}"),
    Number("label_accuracy", "labels right (%)", "% of labels right", "{:.1f}"),
    Number("dollars_a_usable", "$ for a right label", "$ for a right label", "{:.3f}", less=True),
    Number("model_accuracy", "model (%)", "% of sealed digits read by a model", "{:.1f}"),
    Number("dollars", "$ spent", "$ spent", "{:,.0f}", less=True),
    Number("hours", "hours", "hours of work", "{:,.0f}", less=True),
    Number("days", "days", "days until done", "{:.1f}", less=True),
)


def mean_outcome(draws: Sequence[PlanOutcome]) -> PlanOutcome:
    """The mean over draws of every number; without a model's accuracy unless all have one."""
    means = {}
    for name in NUMBERS:
        values = [getattr(one, name) for one in draws]
        means[name] = None if None in values else float(np.mean(values))
    return replace(draws[0], **means)


def tiles(draws: Sequence[PlanOutcome]) -> str:
    """HTML: a tile a number; where it differs from draw to draw, the lowest and the highest beneath."""
    mean = mean_outcome(draws)
    each = [
        "<div style='flex:1 1 7em;padding:.3em .8em;border-left:3px solid #0072B2;line-height:1.25'>"
        f"<div style='font-size:1.7em'>{number.written(mean) if number.value(mean) is not None else '…'}</div>"
        f"<div>{number.tile}</div><div>{_range(number, draws) or '&nbsp;'}</div></div>"
        for number in SHOWN
    ]
    return f"<div style='display:flex;flex-wrap:wrap;gap:.4em;margin:.6em 0'>{''.join(each)}</div>"


def in_words(draws: Sequence[PlanOutcome]) -> str:
    """The same as a sentence, without what is not there yet."""
    mean = mean_outcome(draws)
    told = []
    for number in SHOWN:
        if number.value(mean) is not None:
            between = _range(number, draws)
            told.append(f"{number.written(mean)} {number.tile}{f' ({between})' if between else ''}")
    return f"{', '.join(told)}."


def _range(number: Number, draws: Sequence[PlanOutcome]) -> str:
    values = [number.value(one) for one in draws]
    if None in values:
        return ""
    low, high = (number.form.format(end) for end in (min(values), max(values)))
    return f"{low} to {high}" if low != high else ""
