"""Reference answers of lesson 05, in closed form: no autograd, so that they check the students' autograd.

The loss of a line is a quadratic in its two weights: its gradient is ``hessian @ theta - pull``.
"""

from __future__ import annotations

import numpy as np


def _quadratic(x, y):
    """The Hessian of the mean squared error, which is the same for all weights, and the pull of the outputs."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    design = np.stack([np.ones_like(x), x], axis=1)
    return 2 / len(x) * design.T @ design, 2 / len(x) * design.T @ y


def inner_update(theta, x, y, rate):
    """Theta after one gradient step on the support set."""
    theta = np.asarray(theta, np.float64)
    hessian, pull = _quadratic(x, y)
    return theta - rate * (hessian @ theta - pull)


def meta_loss(theta, support_x, support_y, query_x, query_y, rate):
    """Mean over the tasks of the query loss at phi: half the quadratic form, minus the pull, plus what is left."""
    total = 0.0
    for sx, sy, qx, qy in zip(support_x, support_y, query_x, query_y, strict=True):
        phi = inner_update(theta, sx, sy, rate)
        hessian, pull = _quadratic(qx, qy)
        total += phi @ hessian @ phi / 2 - pull @ phi + np.mean(np.square(qy, dtype=np.float64))
    return total / len(support_x)


def meta_gradients(theta, support_x, support_y, query_x, query_y, rate):
    """Means over the tasks: (1 - rate * Hessian of the support loss) times the query gradient at phi, and it alone."""
    full, first_order = np.zeros(2), np.zeros(2)
    for sx, sy, qx, qy in zip(support_x, support_y, query_x, query_y, strict=True):
        hessian, pull = _quadratic(qx, qy)
        gradient = hessian @ inner_update(theta, sx, sy, rate) - pull
        full += (np.eye(2) - rate * _quadratic(sx, sy)[0]) @ gradient
        first_order += gradient
    return full / len(support_x), first_order / len(support_x)


REFERENCES = {
    "maml-inner-update": inner_update,
    "maml-meta-loss": meta_loss,
    "maml-first-order": meta_gradients,
}
