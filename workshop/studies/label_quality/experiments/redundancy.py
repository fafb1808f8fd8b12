"""Label more items, or label again: what the labels and several learners come to for the same money."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from workshop.datasets import crowds
from workshop.datasets.annotations import Annotations
from workshop.datasets.crowds import CROWD
from workshop.kernels import consensus
from workshop.kernels.consensus import by_lot
from workshop.studies.label_quality.digit_task import CLASSES, DigitTask, digit_task
from workshop.studies.label_quality.experiments.design import Design

LABELS, WORKERS = 3_000, 40


def redundancy(redundancy: int, seed: int) -> Mapping[str, float]:
    """The same number of labels, spread over many items or piled on few.

    ``ridge`` learns from the shares of the votes, ``ridge, weighed`` from the one-coin consensus; the neighbours
    believe the winner of the vote, or, for comparison, the truth.
    """
    task, rng = digit_task(), np.random.default_rng(seed)
    rows = rng.permutation(len(task.truth))[: LABELS // redundancy]
    truth = task.truth[rows]
    made = crowds.label(crowds.hire(CROWD, WORKERS, CLASSES, rng), truth, redundancy, rng)
    shares, weighed = consensus.majority_vote(made).posterior, consensus.one_coin(made).posterior
    joined = with_model_as_annotator(made, rows, task)
    voted = by_lot(shares, rng)
    return {
        "labels": float((voted == truth).mean()),
        "ridge": task.model_accuracy(rows, shares),
        "ridge, weighed": task.model_accuracy(rows, weighed),
        "1 neighbour": _neighbours(1, task, rows, voted),
        "25 neighbours": _neighbours(25, task, rows, voted),
        "25 neighbours, true labels": _neighbours(25, task, rows, truth),
        "ridge, model as annotator": task.model_accuracy(rows, joined),
    }


def with_model_as_annotator(
    made: Annotations, rows: np.ndarray, task: DigitTask, rounds: int = 2
) -> np.ndarray:
    """(n, K): the one-coin consensus when a model, trained on the consensus before, is one more annotator of each item.

    The model's label of an item is what it predicts with that item left out: its own label must not come back as a
    second opinion. The idea is that of Khetan, Lipton, Anandkumar (2018), "Learning from Noisy Singly-labeled Data",
    ICLR.
    """
    posterior = consensus.majority_vote(made).posterior
    everything = np.arange(made.items)
    for _ in range(rounds):
        opinion = task.model(rows, posterior).left_out.argmax(1)
        joined = Annotations.of(
            np.concatenate([made.item, everything]),
            np.concatenate([made.worker, np.full(made.items, made.workers)]),
            np.concatenate([made.label, opinion]),
            items=made.items, workers=made.workers + 1, classes=made.classes,
        )  # fmt: skip
        posterior = consensus.one_coin(joined).posterior
    return posterior


def _neighbours(count: int, task: DigitTask, rows: np.ndarray, labels: np.ndarray) -> float:
    model = KNeighborsClassifier(min(count, len(rows))).fit(task.pictures[rows], labels)
    return float(model.score(task.sealed_pictures, task.sealed_truth))


REDUNDANCY = Design(
    "Label more items, or label again",
    {"redundancy": (1, 3, 5, 9)},
    {"smoke": 1, "ci": 6, "class": 20, "full": 50},
    redundancy,
)
