"""Which of the five objects differ, as far as labelled points of both domains tell: estimates, each beside its null.

An estimate of a distance is above 0 even where nothing differs. So each is compared with what it comes to when the
two domains are made alike: P(X) and P(Y) by dealing the points out to the two domains anew (a permutation), P(Y|X) by
drawing all labels anew from one rule that was fitted to both. An object differs when its estimate is above the null's
mean by :data:`DEVIATIONS` of the null's standard deviations.

The feature space is not estimated: which sensor took a column is known beforehand. The label space is the set of labels
that were seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from workshop.datasets.shifts import CLASSES, SLIDERS, Domain, source
from workshop.errors import WorkshopError

DEVIATIONS = 4.0  #: above a normal null's mean by as many standard deviations: three times in 100,000
_REDRAWS = {"inputs": 60, "rule": 20, "priors": 60}
_BINS = 14  #: along each feature, at the pooled points' quantiles
_FEWEST = 1000  #: points of a domain


@dataclass(frozen=True)
class Estimate:
    """One object's distance, from samples.

    Attributes:
        distance: the estimate.
        null: what the same estimate comes to, on average, where the two domains are alike.
        differs: whether the estimate stands out from that.
    """

    distance: float
    null: float
    differs: bool


def measure(target: Domain, count: int = 20_000, seed: int = 0) -> dict[str, Estimate]:
    """Estimate all five distances between the source and a target.

    Args:
        count: labelled points of each.
    Returns:
        by slider.
    """
    if count < _FEWEST:
        raise WorkshopError(
            f"{count} points of a domain are too few to measure with: take at least {_FEWEST:,}."
        )
    generator = np.random.default_rng(seed)
    draws = generator.integers(2**32, size=2)
    (xs, ys), (xt, yt) = (
        one.sample(count, draw) for one, draw in zip((source(), target), draws, strict=True)
    )
    turned = float(abs(np.sin(target.sensor_turn)))
    unseen = float((~np.isin(yt, ys)).mean())
    x, y = np.concatenate([xs, xt]), np.concatenate([ys, yt])
    found = {
        "features": Estimate(turned, 0.0, turned > 0),
        "labels": Estimate(unseen, 0.0, unseen > 0),
        "inputs": _permuted(_cells(x), "inputs", generator),
        "rule": _rules(x, y, generator),
        "priors": _permuted(y, "priors", generator),
    }
    return {slider: found[slider] for slider in SLIDERS}


def _permuted(values: np.ndarray, slider: str, generator: np.random.Generator) -> Estimate:
    """Of whole numbers (2n,), of which the source has the first half: how differently the halves are distributed."""
    kinds, half = int(values.max()) + 1, len(values) // 2

    def apart(order: np.ndarray) -> float:
        first, second = (np.bincount(part, minlength=kinds) for part in (order[:half], order[half:]))
        return float(np.abs(first - second).sum() / half / 2)

    return _beside_null(apart(values), lambda: apart(generator.permutation(values)), _REDRAWS[slider])


def _cells(x: np.ndarray) -> np.ndarray:
    """The number of the cell that each point (n, 2) lies in."""
    inner = np.linspace(0, 1, _BINS + 1)[1:-1]
    columns = [np.searchsorted(np.quantile(column, inner), column) for column in x.T]
    return columns[0] * _BINS + columns[1]


def _rules(x: np.ndarray, y: np.ndarray, generator: np.random.Generator) -> Estimate:
    """How differently the halves label like points, by a logistic regression of each.

    In this world log P(Y|X) is linear in X up to a constant, so that the model is the right one in every setting.
    """
    half, both = len(x) // 2, _fitted(x, y)
    steps = both.cumsum(1)[:, :-1]

    def apart(labels: np.ndarray) -> float:
        first, second = (_fitted(x[part], labels[part], x) for part in (slice(half), slice(half, None)))
        return float(np.abs(first - second).sum(1).mean() / 2)

    def redraw() -> float:
        return apart((generator.random((len(x), 1)) >= steps).sum(1))

    return _beside_null(apart(y), redraw, _REDRAWS["rule"])


def _fitted(x: np.ndarray, y: np.ndarray, at: np.ndarray | None = None) -> np.ndarray:
    """P(Y|X) as logistic regression has it at points (n, 2): (n, classes), 0 for a class that was not seen."""
    model = LogisticRegression(C=1e3).fit(x, y)
    at = x if at is None else at
    shown = np.zeros((len(at), len(CLASSES)))
    shown[:, model.classes_] = model.predict_proba(at)
    return shown


def _beside_null(estimate: float, redraw: Callable[[], float], times: int) -> Estimate:
    null = np.array([redraw() for _ in range(times)])
    differs = estimate > null.mean() + DEVIATIONS * null.std(ddof=1)
    return Estimate(estimate, float(null.mean()), bool(differs))
