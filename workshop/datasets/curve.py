"""A curve that a straight line is fitted to, labelled where x is large, wanted where it is not: all in closed form.

The curve, the source and, at a gap of 1, the target are those of Shimodaira (2000), "Improving predictive inference
under covariate shift by weighting the log-likelihood function", Journal of Statistical Planning and Inference 90.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import norm

from workshop.errors import WorkshopError

NOISE = 0.3  #: standard deviation of y about the curve
SOURCE_MEAN, SOURCE_DEVIATION = 0.5, 0.5
TARGET_DEVIATION = 0.3
CUT = 0.2  #: below it, the source may have no points
_NODES = 8  #: of a quadrature that is exact for polynomials up to degree 15


def curve(x: np.ndarray) -> np.ndarray:
    """Mean of y at x, in both domains: P(Y|X) does not move."""
    return x**3 - x


@dataclass(frozen=True)
class CurveShift:
    """A source and a target that differ in P(X) alone.

    Attributes:
        gap: how far the target's mean lies below the source's, in deviations of the source.
        cut: whether the source has points above :data:`CUT` only.
    """

    gap: float = 1.0
    cut: bool = False

    @property
    def target_mean(self) -> float:
        return SOURCE_MEAN - self.gap * SOURCE_DEVIATION

    def sample(self, count: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Source x and y, target x; (count,) each. The target has no labels."""
        if count < 1:
            raise WorkshopError(f"A sample has at least one point; {count} were asked for.")
        low = norm.cdf(CUT, SOURCE_MEAN, SOURCE_DEVIATION) if self.cut else 0.0
        x = norm.ppf(low + (1 - low) * generator.random(count), SOURCE_MEAN, SOURCE_DEVIATION)
        y = curve(x) + NOISE * generator.normal(size=count)
        return x, y, generator.normal(self.target_mean, TARGET_DEVIATION, count)

    def ratio(self, x: np.ndarray) -> np.ndarray:
        """P_target(x) / P_source(x) at points of the source, exactly."""
        x = np.asarray(x, float)
        if self.cut and (x < CUT).any():
            raise WorkshopError(f"The source has no point below {CUT}: the ratio there has no value.")
        kept = norm.sf(CUT, SOURCE_MEAN, SOURCE_DEVIATION) if self.cut else 1.0
        log = norm.logpdf(x, self.target_mean, TARGET_DEVIATION) - norm.logpdf(
            x, SOURCE_MEAN, SOURCE_DEVIATION
        )
        return kept * np.exp(log)

    @property
    def covered(self) -> float:
        """Share of the target where the source can have points: the mean of the exact weights."""
        return float(norm.sf(CUT, self.target_mean, TARGET_DEVIATION)) if self.cut else 1.0

    @property
    def effective_share(self) -> float:
        """Effective sample size of the exact weights over the number of points, for many points."""
        if self.cut:
            raise WorkshopError("The effective share has a closed form only where the source is not cut.")
        ratio = (TARGET_DEVIATION / SOURCE_DEVIATION) ** 2
        return float(ratio * np.sqrt(2 / ratio - 1) * np.exp(-(self.gap**2) / (2 - ratio)))

    @cached_property
    def best(self) -> np.ndarray:
        """(2,) Intercept and slope of the line that errs least in the target."""
        x, weight = self._nodes
        slope = weight @ ((x - self.target_mean) * curve(x)) / TARGET_DEVIATION**2
        return np.array([weight @ curve(x) - slope * self.target_mean, slope])

    def excess(self, lines: np.ndarray) -> np.ndarray:
        """By how much lines err more in the target than the best does: mean squared error, exactly.

        Args:
            lines: (..., 2) intercepts and slopes.
        """
        x, weight = self._nodes
        apart = (np.asarray(lines) - self.best) @ np.stack([np.ones_like(x), x])
        return apart**2 @ weight  # the best line's own error is orthogonal to every line

    @cached_property
    def _nodes(self) -> tuple[np.ndarray, np.ndarray]:
        x, weight = np.polynomial.hermite_e.hermegauss(_NODES)
        return self.target_mean + TARGET_DEVIATION * x, weight / weight.sum()
