"""The min-max picture on a world small enough for the eye: two classes, two domains, one feature.

Points lie in a plane, class and domain each shift their mean, every cloud is a round Gaussian. The whole
"network" is one angle: it reads a point by its projection on that direction. Classifier and critic each put
one threshold on what they see. Every share below is known in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

SPREAD = 1.0  #: deviation of every cloud
CLASS_STEP = np.array([2.4, 2.0])  #: from the mean of class 0 to that of class 1
DOMAIN_STEP = np.array([0.6, -3.2])  #: from the mean of the source to that of the target


@dataclass(frozen=True, eq=False)
class OneFeature:
    """What each direction is worth, for A angles. Accuracies in per cent.

    Attributes:
        angle: (A,) degrees; 0 is the horizontal direction.
        source_accuracy: (A,) of the threshold half-way between the source's classes, the best there is.
        target_accuracy: (A,) of that same threshold on the target.
        critic_accuracy: (A,) of a critic that sees no class, with its threshold half-way between the domains
            (50: it can only guess).
    """

    angle: np.ndarray
    source_accuracy: np.ndarray
    target_accuracy: np.ndarray
    critic_accuracy: np.ndarray

    def best(self, strength: float) -> int:
        """Index of the angle with the least class error - strength * critic error."""
        return int((strength * self.critic_accuracy - self.source_accuracy).argmin())


def one_feature(angles: int = 181) -> OneFeature:
    """Evaluate ``angles`` directions between -90 and 90 degrees."""
    degrees = np.linspace(-90, 90, angles)
    direction = np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], axis=1)
    apart, moved = direction @ CLASS_STEP / SPREAD, direction @ DOMAIN_STEP / SPREAD
    half = np.abs(apart) / 2
    slip = np.sign(apart) * moved  # the target's clouds lie this far from where the threshold expects them
    between = np.abs(moved) / 2
    return OneFeature(
        angle=degrees,
        source_accuracy=100 * ndtr(half),
        target_accuracy=50 * (ndtr(half + slip) + ndtr(half - slip)),
        critic_accuracy=50 * (ndtr(between + half) + ndtr(between - half)),
    )


def clouds(count: int = 120, seed: int = 0) -> np.ndarray:
    """Sample the four clouds: (2 domains, 2 classes, count, 2)."""
    rng = np.random.default_rng(seed)
    sign = np.array([-0.5, 0.5])
    means = sign[None, :, None] * CLASS_STEP + np.array([0.0, 1.0])[:, None, None] * DOMAIN_STEP
    return means[:, :, None] + SPREAD * rng.normal(size=(2, 2, count, 2))
