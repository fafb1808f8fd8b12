"""What the figures of lesson 02 share: a colour for each depth, names of tasks, and intervals."""

from __future__ import annotations

from workshop.figures.form import TARGET
from workshop.studies.fine_tuning.recipes import EVERYTHING, HEAD, SCRATCH

TASKS = {"digits": "handwritten digits", "tiles": "landscape tiles", "renders": "street-number renders"}
#: From a light to a dark blue as more is thawed; from scratch stands apart.
_DEPTHS = {HEAD: "#a6cee3", EVERYTHING: "#08306b", SCRATCH: TARGET}
_BETWEEN = "#3f8fc4"


def colour(depth: str) -> str:
    """The colour of a depth, the same in every figure."""
    return _DEPTHS.get(depth, _BETWEEN)


def interval(right) -> float:
    """Half of the 95% interval of a share of right answers, in per cent (normal approximation)."""
    return 196 * float(right.std()) / len(right) ** 0.5
