"""The learning curve of a plain classifier over the number of labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from workshop import datasets
from workshop.datasets.images import ImageSet, split
from workshop.kernels.descent import OnStep


@dataclass(frozen=True, eq=False)
class Hunger:
    """How well digits are read after so many labels.

    Attributes:
        labels: (L,) int64, labelled digits to learn from.
        accuracy: (L, draws) of the sealed digits; each draw labels other digits, and the larger sets hold the smaller.
        draws: (draws,) their seeds.
        sealed: how many digits judge.
        budget: that it was run at.
    """

    labels: np.ndarray
    accuracy: np.ndarray
    draws: np.ndarray
    sealed: int
    budget: str

    def error(self, labels: int) -> np.ndarray:
        """(draws,) the share of sealed digits that is read wrongly after so many labels."""
        return 1 - self.accuracy[list(self.labels).index(labels)]


#: Labels, and draws of them, by budget.
LABELS = {
    "smoke": (10, 100, 1000),
    "ci": (10, 100, 1000),
    "class": (10, 20, 50, 100, 200, 500, 1000, 2000, 5000),
    "full": (10, 20, 50, 100, 200, 500, 1000, 2000, 5000),
}
DRAWS = {"smoke": 2, "ci": 5, "class": 10, "full": 20}


def digits() -> tuple[ImageSet, ImageSet]:
    """The digits to label, and the sealed ones."""
    return split(datasets.load("mnist10k"))


def learning_curve(budget: str, seed: int, on_step: OnStep) -> Hunger:
    """Train multinomial logistic regression on grey values, on more and more labelled digits.

    Nothing is tuned: scikit-learn's own regularisation (C = 1), the same for every number of labels.

    Args:
        budget: see :data:`LABELS` and :data:`DRAWS`.
        seed: of the first draw.
        on_step: told after each training.
    """
    train, sealed = digits()
    x, test = _grey(train), _grey(sealed)
    draws = np.arange(DRAWS[budget]) + DRAWS["full"] * seed
    accuracy = np.full((len(LABELS[budget]), len(draws)), np.nan)
    for column, draw in enumerate(draws):
        order = np.random.default_rng(draw).permutation(len(train))
        for row, count in enumerate(LABELS[budget]):
            chosen = order[:count]
            model = LogisticRegression(max_iter=300).fit(x[chosen], train.labels[chosen])
            accuracy[row, column] = model.score(test, sealed.labels)
            if not on_step(column * len(LABELS[budget]) + row + 1, accuracy.size, {}):
                raise KeyboardInterrupt
    return Hunger(np.array(LABELS[budget]), accuracy, draws, len(sealed), budget)


def _grey(digits: ImageSet) -> np.ndarray:
    """uint8 (N, 28, 28) -> float32 (N, 784) in 0..1."""
    return digits.images.reshape(len(digits), -1).astype(np.float32) / 255
