"""The task that the workforce labels: digits, and a model that is trained on the labels within a second."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.kernel_approximation import RBFSampler

from workshop import datasets
from workshop.datasets.images import split
from workshop.kernels.ridge import STRENGTHS, Ridge, fit_ridge

CLASSES = 10
#: Random Fourier features of a Gaussian kernel (Rahimi, Recht 2007) on 14 x 14 grey values in 0..1. Widths from
#: 0.01 to 0.04 do equally well by leave-one-out on 3,000 of the training digits; the number is for speed.
FEATURES, GAMMA = 600, 0.02


@dataclass(frozen=True, eq=False)
class DigitTask:
    """Digits to be labelled, and sealed ones to judge by.

    Attributes:
        truth: (N,) the classes, which no plan sees.
        features: (N, D) float32, for the closed-form model.
        sealed, sealed_truth: the same of the digits that nobody learns from.
        pictures, sealed_pictures: (N, 196) float32 grey values in 0..1.
        fingerprint: of the pictures behind it.
    """

    truth: np.ndarray
    features: np.ndarray
    sealed: np.ndarray
    sealed_truth: np.ndarray
    pictures: np.ndarray
    sealed_pictures: np.ndarray
    fingerprint: str

    def model(
        self, rows: np.ndarray, posterior: np.ndarray, strengths: tuple[float, ...] = STRENGTHS
    ) -> Ridge:
        """Ridge regression of the labels' probabilities (n, 10) of those rows on their features."""
        return fit_ridge(self.features[rows], posterior.astype(np.float32), strengths)

    def accuracy(self, model: Ridge) -> float:
        """On the sealed digits."""
        return float((model.predict(self.sealed).argmax(1) == self.sealed_truth).mean())

    def model_accuracy(
        self, rows: np.ndarray, posterior: np.ndarray, strengths: tuple[float, ...] = STRENGTHS
    ) -> float:
        """Train, and judge on the sealed digits."""
        return self.accuracy(self.model(rows, posterior, strengths))


@cache
def digit_task() -> DigitTask:
    """The 8,000 training digits of ``mnist10k``, and its 2,000 sealed ones."""
    train, sealed = split(datasets.load("mnist10k"))
    pictures, sealed_pictures = _halved(train.images), _halved(sealed.images)
    sampler = RBFSampler(gamma=GAMMA, n_components=FEATURES, random_state=0).fit(pictures)
    features, sealed_features = (
        sampler.transform(each).astype(np.float32) for each in (pictures, sealed_pictures)
    )
    return DigitTask(
        train.labels, features, sealed_features, sealed.labels, pictures, sealed_pictures, train.fingerprint
    )


def _halved(images: np.ndarray) -> np.ndarray:
    """uint8 (N, 28, 28) -> (N, 196) in 0..1: means of two by two."""
    grey = torch.from_numpy(images).float()[:, None] / 255
    return F.avg_pool2d(grey, 2).flatten(1).numpy()
