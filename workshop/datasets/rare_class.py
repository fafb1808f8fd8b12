"""A rare class among a common one: normal clouds, whose answers are known, and one digit against the nine others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from workshop.datasets.catalogue import load
from workshop.errors import WorkshopError

DISTANCE = 2.5  #: between the middles of the clouds, in deviations
CLOUD_POINTS = (9000, 1000)  #: of the common class and of the rare one, about as many as there are digits
_SIDE = 14  #: of a digit, after each 2 by 2 pixels were averaged


@dataclass(frozen=True, eq=False)
class RareClass:
    """Points to train on, and others to test on.

    Attributes:
        x, y: (n, features) and (n,) to train on; 1 is the rare class.
        common, rare: (m, features) and (r, features) kept for tests.
    """

    x: np.ndarray
    y: np.ndarray
    common: np.ndarray
    rare: np.ndarray

    def test(self, share: float) -> tuple[np.ndarray, np.ndarray]:
        """The largest test set in which the rare class has that share: points and labels."""
        if not 0 < share < 1:
            raise WorkshopError(f"The rare class has a share between 0 and 1, not {share}.")
        count = min(len(self.common) / (1 - share), len(self.rare) / share)
        parts = self.common[: round((1 - share) * count)], self.rare[: round(share * count)]
        return np.concatenate(parts), np.repeat([0, 1], [len(part) for part in parts])


def clouds(share: float, count: int, generator: np.random.Generator) -> RareClass:
    """Two normal clouds in the plane, both of variance 1, apart along the first feature.

    Args:
        share: of the rare class, in training.
        count: points to train on.
    """
    sizes, half = CLOUD_POINTS, np.array([DISTANCE / 2, 0])
    common, rare = (
        generator.normal(size=(size, 2)) + side * half for size, side in zip(sizes, (-1, 1), strict=True)
    )
    return _cut(common, rare, share, count)


def clouds_posterior(x: np.ndarray, share: float) -> np.ndarray:
    """The rare class's probability at points (n, 2), exactly, where it has that share."""
    return expit(DISTANCE * np.asarray(x)[:, 0] + logit(share))


def clouds_best(share: float, threshold: float) -> tuple[float, float]:
    """Recall and precision of who knows that probability, and says "rare" above the threshold; exactly."""
    edge = (logit(threshold) - logit(share)) / DISTANCE
    recall, alarms = norm.sf(edge, (DISTANCE / 2, -DISTANCE / 2))
    return float(recall), float(share * recall / (share * recall + (1 - share) * alarms))


def digits(rare: int, share: float, count: int, generator: np.random.Generator) -> RareClass:
    """Handwriting of ``mnist10k``: is it this digit, or one of the nine others? Features are 196 shades of 0 to 1.

    Args:
        rare: the digit, 0..9.
        share: of it, in training.
        count: digits to train on.
    """
    x, labels = _shades()
    if rare not in range(10):
        raise WorkshopError(f"{rare!r} is no digit; choose one of 0 to 9.")
    order = generator.permutation(len(x))
    x, labels = x[order], labels[order]
    return _cut(x[labels != rare], x[labels == rare], share, count)


def _cut(common: np.ndarray, rare: np.ndarray, share: float, count: int) -> RareClass:
    few = round(share * count)
    many = count - few
    if not (0 < few < len(rare) and 0 < many < len(common)):
        raise WorkshopError(
            f"{few} rare and {many} common points to train on leave none to test on, or are none: "
            f"there are {len(rare):,} and {len(common):,}."
        )
    x = np.concatenate([common[:many], rare[:few]])
    return RareClass(x, np.repeat([0, 1], [many, few]), common[many:], rare[few:])


@cache
def _shades() -> tuple[np.ndarray, np.ndarray]:
    shown = load("mnist10k")
    x = shown.images.reshape(-1, _SIDE, 2, _SIDE, 2).mean((2, 4)).reshape(-1, _SIDE**2) / 255
    x.flags.writeable = False
    return x, shown.labels
