"""A lesson's sentences with a number in them, each judged by a measurement."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from scipy.stats import t as student_t

Status = Literal["run", "stored", "skipped"]
_COMPARE = {">=": operator.ge, "<=": operator.le}


@dataclass(frozen=True)
class Claim:
    """A sentence, and the number that it stands or falls with.

    Args:
        id: ``lesson/name``.
        sentence: what the lesson says.
        unit: of value and threshold.
        op: how the value must compare with the threshold.
        thresholds: by budget; a budget that is missing takes that of ``class``.
    """

    id: str
    sentence: str
    unit: str
    op: Literal[">=", "<="]
    thresholds: Mapping[str, float]

    def threshold(self, budget: str) -> float:
        return self.thresholds.get(budget, self.thresholds["class"])


@dataclass(frozen=True)
class Measurement:
    """A number, where it comes from, and how sure it is.

    Args:
        value: None when nothing was measured.
        interval: 95%, or None.
        data: what it was measured on, in words.
        seeds: of the trainings behind it.
        budget: that it was trained at: a stored result keeps its own.
        status: trained in this run, shown from a stored result, or skipped.
        claimed: False on data that the claim is not about, such as a reader's own: the number is shown beside
            the threshold, and fails no run.
    """

    value: float | None
    interval: tuple[float, float] | None
    data: str
    seeds: tuple[int, ...]
    budget: str
    status: Status
    claimed: bool = True


def mean_and_half(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the last axis and half of Student's 95% interval of it; NaN where there is a single value.

    Args:
        values: (..., draws or seeds).

    Returns:
        (...) each.
    """
    values = np.asarray(values, float)
    count = values.shape[-1]
    if count < 2:
        return values.mean(-1), np.full(values.shape[:-1], np.nan)
    half = student_t.ppf(0.975, count - 1) * values.std(-1, ddof=1) / np.sqrt(count)
    return values.mean(-1), half


def skipped(data: str, budget: str) -> Measurement:
    """Nothing was measured at this budget on these data."""
    return Measurement(None, None, data, (), budget, "skipped")


def pooled(each: Sequence[Measurement]) -> Measurement:
    """The mean over seeds with Student's 95% interval of that mean; one seed keeps its own interval.

    What is exact for each seed, without an interval, is so for all.
    """
    first = each[0]
    if any(one.value is None for one in each):
        return skipped(first.data, first.budget)
    if len(each) == 1:
        return first
    mean, half = (float(x) for x in mean_and_half(np.array([one.value for one in each])))
    return dataclasses.replace(
        first,
        value=mean,
        interval=None if first.interval is None else (mean - half, mean + half),
        data="; ".join(dict.fromkeys(one.data for one in each)),
        seeds=tuple(seed for one in each for seed in one.seeds),
    )


@dataclass(frozen=True)
class Verdict:
    """A claim and what became of it. ``holds`` is None where nothing may be judged: skipped, or at ``smoke``."""

    id: str
    claim: str
    value: float | None
    unit: str
    interval: tuple[float, float] | None
    op: str
    threshold: float
    holds: bool | None
    data: str
    seeds: tuple[int, ...]
    budget: str
    status: Status
    claimed: bool = True

    @property
    def broken(self) -> bool:
        """Whether a claim that was made about these data does not hold."""
        return self.claimed and self.holds is False

    def as_row(self) -> dict[str, Any]:
        """The fields of ``results.json`` and ``measure.json``."""
        return {name: value for name, value in asdict(self).items() if name != "claimed"}

    @property
    def word(self) -> str:
        """``holds``, ``does not hold``, ``skipped`` or ``not judged``."""
        if self.status == "skipped":
            return "skipped"
        return {True: "holds", False: "does not hold", None: "not judged"}[self.holds]


def judge(claim: Claim, measured: Measurement) -> Verdict:
    """Compare a measurement with its claim, by the threshold of the budget it was measured at."""
    threshold = claim.threshold(measured.budget)
    holds = None
    if measured.value is not None and measured.budget != "smoke":
        holds = bool(_COMPARE[claim.op](measured.value, threshold))  # NaN compares as False
    return Verdict(
        claim.id, claim.sentence, measured.value, claim.unit, measured.interval, claim.op, threshold, holds,
        measured.data, measured.seeds, measured.budget, measured.status, measured.claimed,
    )  # fmt: skip


def short(number: float) -> str:
    """A measured number for readers: one decimal from 10 on, three figures below."""
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.3g}"
