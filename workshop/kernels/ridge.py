"""Ridge regression in closed form, its strength chosen by leave-one-out: a model that is trained within a second.

Class labels are regressed on as rows of probabilities, so soft labels (posteriors of a consensus) need no rounding.

Source: the leave-one-out residual of a linear smoother is its residual divided by one minus its leverage (Allen 1974).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workshop.errors import WorkshopError

#: Strengths that leave-one-out chooses from, as multiples of the mean eigenvalue of the Gram matrix.
STRENGTHS = tuple(10.0**power for power in (-3, -2, -1, 0, 1))


@dataclass(frozen=True, eq=False)
class Ridge:
    """A trained ridge regression.

    Attributes:
        weights: (D, K).
        mean: (D,) of the features it was trained on, which are centred.
        bias: (K,).
        strength: as chosen, a multiple of the mean eigenvalue of the Gram matrix.
        left_out: (N, K) what it would have predicted for each training row had that row been left out.
    """

    weights: np.ndarray
    mean: np.ndarray
    bias: np.ndarray
    strength: float
    left_out: np.ndarray

    def predict(self, features: np.ndarray) -> np.ndarray:
        """(N, D) -> (N, K)."""
        return (features - self.mean) @ self.weights + self.bias


def fit_ridge(features: np.ndarray, targets: np.ndarray, strengths: tuple[float, ...] = STRENGTHS) -> Ridge:
    """Fit by one eigendecomposition; of ``strengths`` the one with the least squared leave-one-out error is taken.

    Args:
        features: (N, D).
        targets: (N, K), for classes one-hot rows or probabilities.

    Raises:
        WorkshopError: shapes that do not fit, fewer than two rows, values that are not finite, a strength of 0 or less.
    """
    features, targets = np.asarray(features), np.asarray(targets)
    if features.ndim != 2 or targets.ndim != 2 or len(features) != len(targets) or len(features) < 2:
        raise WorkshopError(
            "Ridge regression takes features (N, D) and targets (N, K) with the same N of at least 2, "
            f"not {features.shape} and {targets.shape}."
        )
    if not (np.isfinite(features).all() and np.isfinite(targets).all()):
        raise WorkshopError(
            "Features and targets must be finite: find the NaN or the infinity, and drop its row."
        )
    if not strengths or min(strengths) <= 0:
        raise WorkshopError("Give ridge regression strengths above 0.")
    mean, bias = features.mean(0), targets.mean(0)
    centred, wanted = features - mean, targets - bias
    spectrum, basis = np.linalg.eigh(centred.T @ centred)
    spectrum = spectrum.clip(0)
    unit = spectrum.mean() or 1.0  # features that are all alike have no spectrum, and predict the mean
    rotated = centred @ basis
    projected = rotated.T @ wanted
    squared = rotated**2
    best = None
    for strength in strengths:
        shrunk = 1 / (spectrum + strength * unit)
        residual = wanted - rotated @ (shrunk[:, None] * projected)
        # The mean is fitted, too: it has a leverage of 1/N.
        left = (
            residual
            / (1 - (squared @ shrunk + 1 / len(features))).clip(np.finfo(features.dtype).eps)[:, None]
        )
        error = float((left**2).sum())
        if best is None or error < best[0]:
            best = error, strength, shrunk, left
    _, strength, shrunk, left = best
    weights = basis @ (shrunk[:, None] * projected)
    return Ridge(weights, mean, bias, float(strength), targets - left)
