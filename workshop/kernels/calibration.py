"""Calibration: of all the times a model says 30%, how often is it so?

Naeini, Cooper, Hauskrecht (2015), "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI.
"""

from __future__ import annotations

import numpy as np

from workshop.errors import WorkshopError


def tally(said: np.ndarray, happened: np.ndarray, bins: int = 10) -> np.ndarray:
    """Sort points by the probability that was said, into bins of equal width.

    Args:
        said: (N,) probabilities of an event.
        happened: (N,) 1 where the event came, else 0.

    Returns:
        (bins, 3): points, the sum of what was said, events. Tallies of several samples add up.
    """
    said, happened = np.asarray(said, float), np.asarray(happened, float)
    if said.ndim != 1 or said.shape != happened.shape or not len(said):
        raise WorkshopError(
            f"There are {said.shape} probabilities and {happened.shape} events; give one of each a point."
        )
    if not ((said >= 0) & (said <= 1)).all() or not np.isin(happened, (0, 1)).all():
        raise WorkshopError("Probabilities lie in 0..1, and an event is 0 or 1.")
    which = np.minimum((said * bins).astype(int), bins - 1)
    return np.stack([np.bincount(which, one, bins) for one in (np.ones_like(said), said, happened)], 1)


def calibration_error(tallied: np.ndarray) -> np.ndarray:
    """Expected calibration error: how far what was said is from what happened, bin by bin, averaged over the points.

    Args:
        tallied: (..., bins, 3) of :func:`tally`.

    Returns:
        (...) 0 to 1.
    """
    points, said, happened = np.moveaxis(np.asarray(tallied, float), -1, 0)
    return np.abs(said - happened).sum(-1) / points.sum(-1)
