"""An established library beside our own: cleanlab looks for wrong labels, and a model is trained without them."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

import numpy as np

from workshop.datasets.crowds import LOOKALIKE_DIGITS
from workshop.kernels.noisy_labels import corrupt, noise_matrix
from workshop.studies.label_quality.digit_task import CLASSES, digit_task
from workshop.studies.label_quality.experiments.design import Design
from workshop.studies.label_quality.experiments.learning import LABELS

RATE = 0.2


def is_installed() -> bool:
    """Whether cleanlab can be imported here (``make peers``)."""
    return importlib.util.find_spec("cleanlab") is not None


def cleaned(shape: str, seed: int) -> Mapping[str, float]:
    """Of 3,000 labels a fifth is wrong: what cleanlab finds from left-out predictions, and what that is worth."""
    from cleanlab.filter import find_label_issues  # here, because no lesson needs it

    task, rng = digit_task(), np.random.default_rng(seed)
    rows = rng.permutation(len(task.truth))[:LABELS]
    wrong_class = LOOKALIKE_DIGITS if shape == "lookalike" else None
    labels = corrupt(task.truth[rows], noise_matrix(RATE, wrong_class, CLASSES), rng)
    one_hot = np.eye(CLASSES)[labels]
    left_out = task.model(rows, one_hot).left_out.clip(1e-3)
    flagged = find_label_issues(labels, left_out / left_out.sum(1, keepdims=True), n_jobs=1)
    wrong = labels != task.truth[rows]
    return {
        "found": float((flagged & wrong).sum() / wrong.sum()),
        "rightly": float((flagged & wrong).sum() / max(flagged.sum(), 1)),
        "model on all": task.model_accuracy(rows, one_hot),
        "model without the flagged": task.model_accuracy(rows[~flagged], one_hot[~flagged]),
        "model without the wrong": task.model_accuracy(rows[~wrong], one_hot[~wrong]),
    }


CLEANED = Design(
    "cleanlab looks for wrong labels",
    {"shape": ("symmetric", "lookalike")},
    {"smoke": 1, "ci": 3, "class": 10, "full": 20},
    cleaned,
)
