"""The min-max picture on a world small enough for the eye: two classes, two domains, one feature.

Points lie in a plane, class and domain each shift their mean, every cloud is a round Gaussian. The whole
"network" is one angle: it reads a point by its projection on that direction. What a classifier and a
critic can then achieve is known in closed form, so every curve is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtr

SPREAD = 1.0  #: deviation of every cloud
CLASS_STEP = np.array([2.4, 2.0])  #: from the mean of class 0 to that of class 1
DOMAIN_STEP = np.array([0.6, -3.2])  #: from the mean of the source to that of the target


@dataclass(frozen=True, eq=False)
class OneFeature:
    """What each direction is worth, for A angles.

    Attributes:
        angle: (A,) degrees; 0 is the horizontal direction.
        source_accuracy, target_accuracy: (A,) per cent, of the best threshold on the source.
        critic_accuracy: (A,) per cent, of the best threshold between the domains (50: it can only guess).
        class_loss, critic_loss: (A,) minus the mean log-likelihood of the right side, nats.
    """

    angle: np.ndarray
    source_accuracy: np.ndarray
    target_accuracy: np.ndarray
    critic_accuracy: np.ndarray
    class_loss: np.ndarray
    critic_loss: np.ndarray

    def best(self, strength: float) -> int:
        """Index of the angle that minimises class loss - strength * critic loss."""
        return int((self.class_loss - strength * self.critic_loss).argmin())


def one_feature(angles: int = 181) -> OneFeature:
    """Evaluate ``angles`` directions between -90 and 90 degrees."""
    degrees = np.linspace(-90, 90, angles)
    direction = np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], axis=1)
    apart, moved = direction @ CLASS_STEP, direction @ DOMAIN_STEP
    half = np.abs(apart) / (2 * SPREAD)
    slip = (
        np.sign(apart) * moved / SPREAD
    )  # the target's clouds lie this far from where the threshold expects them
    domains = np.abs(moved) / (2 * SPREAD)
    return OneFeature(
        angle=degrees,
        source_accuracy=100 * ndtr(half),
        target_accuracy=50 * (ndtr(half + slip) + ndtr(half - slip)),
        critic_accuracy=100 * ndtr(domains),
        class_loss=-log_ndtr(half),
        critic_loss=-log_ndtr(domains),
    )


def clouds(count: int = 120, seed: int = 0) -> np.ndarray:
    """Sample the four clouds: (2 domains, 2 classes, count, 2)."""
    rng = np.random.default_rng(seed)
    sign = np.array([-0.5, 0.5])
    means = sign[None, :, None] * CLASS_STEP + np.array([0.0, 1.0])[:, None, None] * DOMAIN_STEP
    return means[:, :, None] + SPREAD * rng.normal(size=(2, 2, count, 2))
