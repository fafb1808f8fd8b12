"""Where to start from, on a world small enough for the eye: one weight, two tasks, both losses parabolas.

One valley is steep, the other shallow. A start that is best as it stands lies low in the steep one. A start that is
best after one step need not: the step itself takes care of the steep valley. All of it is known in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BOTTOM = np.array([-1.0, 1.0])  #: where the valleys of the steep and of the shallow task are lowest
CURVATURE = np.array([4.0, 1.0])
STEEPEST = 1 / CURVATURE[0]  #: the step that solves the steep task at once; longer ones overshoot


def losses(weight: np.ndarray | float) -> np.ndarray:
    """Loss of the two tasks at weights (...); returns (..., 2)."""
    return CURVATURE / 2 * (np.asarray(weight)[..., None] - BOTTOM) ** 2


def stepped(weight: np.ndarray | float, rate: float) -> np.ndarray:
    """Where one gradient step of each task leads from weights (...); returns (..., 2)."""
    start = np.asarray(weight)[..., None]
    return start - rate * CURVATURE * (start - BOTTOM)


def losses_after_step(weight: np.ndarray | float, rate: float) -> np.ndarray:
    """Each task's loss after its own step from weights (...); returns (..., 2)."""
    return CURVATURE / 2 * (stepped(weight, rate) - BOTTOM) ** 2


@dataclass(frozen=True)
class Starts:
    """The two starts to compare for one step size.

    Attributes:
        joint: where the mean loss is least.
        meta: where the mean loss after one step is least.
    """

    rate: float
    joint: float
    meta: float


def best_starts(rate: float) -> Starts:
    """Both starts in closed form.

    After one step a task's distance to its bottom has shrunk by 1 - rate * curvature, and its loss by the square of
    it. So the mean is a sum of parabolas again, with other weights.

    Args:
        rate: of the step; at most :data:`STEEPEST`.
    """
    weight_after = CURVATURE * (1 - rate * CURVATURE) ** 2
    return Starts(
        rate,
        joint=float(CURVATURE @ BOTTOM / CURVATURE.sum()),
        meta=float(weight_after @ BOTTOM / weight_after.sum()),
    )
