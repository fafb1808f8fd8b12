"""A straight line through a curve, under a shift of P(X): weighting the source, how far it carries, where it fails.

Nothing but unlabelled points of the target is used. Errors are exact, over the whole target.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LinearRegression

from workshop.datasets.curve import CurveShift
from workshop.errors import WorkshopError
from workshop.kernels.descent import OnStep
from workshop.kernels.importance import Weights, domain_weights
from workshop.settings import check_budget

MOST = 10.0  #: the highest weight, where they are clipped
_FREE = 1e6  #: the highest weight elsewhere: no limit, but that a classifier may round its doubt to 0
WEIGHTS = ("all alike", "domain classifier", "classifier, clipped", "exact ratio")
GAPS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
GAP_POINTS = 200  #: labelled points of the source, and as many unlabelled ones of the target, at each gap
COUNTS = (50, 200, 800, 3200)  #: the same, at a gap of 1, from a source with and without a cut


@dataclass(frozen=True)
class Size:
    """How much a budget pays for."""

    draws: int


SIZES: Mapping[str, Size] = {"smoke": Size(1), "ci": Size(5), "class": Size(60), "full": Size(500)}


@dataclass(frozen=True, eq=False)
class Sweep:
    """Lines fitted in S settings, with each of M = 4 :data:`WEIGHTS`, over D draws.

    Attributes:
        gaps: (S,) of the setting.
        counts: (S,) points of each domain.
        cut: whether the source was.
        lines: (S, M, D, 2) intercepts and slopes.
        effective: (S, M, D) effective sample sizes.
        mean: (S, M, D) mean weights.
    """

    gaps: np.ndarray
    counts: np.ndarray
    cut: bool
    lines: np.ndarray
    effective: np.ndarray
    mean: np.ndarray

    def setting(self, at: int) -> CurveShift:
        return CurveShift(float(self.gaps[at]), self.cut)

    @property
    def excess(self) -> np.ndarray:
        """(S, M, D) by how much each line errs more in the target than the best line there does; exactly."""
        return np.stack([self.setting(at).excess(lines) for at, lines in enumerate(self.lines)])


@dataclass(frozen=True, eq=False)
class CovariateOutcome:
    """Three sweeps.

    Attributes:
        by_gap: over :data:`GAPS`.
        by_count: over :data:`COUNTS`.
        by_count_cut: the same, from a source that is cut.
        budget, seed: that it was run at.
        stopped: whether it was asked to stop before the last draw; only whole draws are kept.
    """

    by_gap: Sweep
    by_count: Sweep
    by_count_cut: Sweep
    budget: str
    seed: int
    stopped: bool = False


def run(budget: str, seed: int = 0, on_step: OnStep | None = None) -> CovariateOutcome:
    """Draw, weight, fit, at the size of a budget.

    Args:
        seed: same seed, same outcome.
        on_step: called after each draw; False stops, and what draws there are is returned.
    """
    size, sweeps = SIZES[check_budget(budget)], _sweeps()
    done: list[list[list[Fit]]] = []
    for draw in range(size.draws):
        done.append([[fit(gap, cut, count, seed, draw) for gap, count in places] for places, cut in sweeps])
        near = done[-1][0][GAPS.index(1.0)]
        told = {"effective share": float(near.effective[WEIGHTS.index("domain classifier")] / GAP_POINTS)}
        if on_step is not None and on_step(draw + 1, size.draws, told) is False:
            break
    stacked = []
    for at, (places, cut) in enumerate(sweeps):
        parts = [
            np.stack([np.stack([getattr(one, name) for one in draw[at]]) for draw in done], 2)
            for name in ("lines", "effective", "mean")
        ]
        gaps, counts = (np.array(one) for one in zip(*places, strict=True))
        stacked.append(Sweep(gaps, counts, cut, *parts))
    return CovariateOutcome(*stacked, budget, seed, len(done) < size.draws)


@dataclass(frozen=True, eq=False)
class Fit:
    """One sample, weighted in each way: lines (M, 2), effective sizes (M,), mean weights (M,)."""

    lines: np.ndarray
    effective: np.ndarray
    mean: np.ndarray


def fit(gap: float, cut: bool, count: int, seed: int, draw: int) -> Fit:
    """Fit a line with each of :data:`WEIGHTS` to one sample."""
    x, y, seen = drawn(gap, cut, count, seed, draw)
    said = domain_weights(x[:, None], seen[:, None], most=_FREE)
    exact = Weights(CurveShift(gap, cut).ratio(x))
    each = Weights(np.ones(count)), said, Weights(np.minimum(said.values, MOST)), exact
    models = [LinearRegression().fit(x[:, None], y, one.values) for one in each]
    return Fit(
        np.array([(model.intercept_, model.coef_[0]) for model in models]),
        np.array([one.effective_size for one in each]),
        np.array([one.mean for one in each]),
    )


def drawn(
    gap: float, cut: bool, count: int, seed: int, draw: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The sample behind a fit, to show: source x and y, target x."""
    return CurveShift(gap, cut).sample(count, np.random.default_rng([seed, draw, count]))


def weights_at(name: str) -> int:
    """The number of a way to weight, on the arrays' second axis."""
    if name not in WEIGHTS:
        raise WorkshopError(f"There are no weights {name!r}; choose one of: {', '.join(WEIGHTS)}.")
    return WEIGHTS.index(name)


def _sweeps() -> list[tuple[list[tuple[float, int]], bool]]:
    """Gaps and counts of each sweep, and whether the source is cut."""
    by_count = [(1.0, count) for count in COUNTS]
    return [([(gap, GAP_POINTS) for gap in GAPS], False), (by_count, False), (by_count, True)]
