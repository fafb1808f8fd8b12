"""Which way to find the consensus, by how many labels a worker gives; and who the workers are, from labels alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from workshop.datasets import crowds
from workshop.datasets.annotations import Annotations
from workshop.datasets.crowds import CROWD, Workforce
from workshop.kernels import consensus
from workshop.kernels.consensus import Consensus, by_lot
from workshop.studies.label_quality.experiments.design import Design

#: Items, classes and labels an item stay the same; the same labels are shared out among fewer or more workers.
ITEMS, CLASSES, REDUNDANCY = 3_000, 10, 3
LABELS_A_WORKER = (10, 20, 40, 75, 150, 300)


def few_labels(labels_a_worker: int, method: str, seed: int) -> Mapping[str, float]:
    """Share of the items whose consensus is right."""
    truth, _, made, rng = _crowd(labels_a_worker, seed)
    posterior = consensus.METHODS[method](made).posterior
    return {"accuracy": float((by_lot(posterior, rng) == truth).mean())}


def worker_types(labels_a_worker: int, method: str, seed: int) -> Mapping[str, float]:
    """Share of the workers whose type is told right from nothing but labels."""
    _, workforce, made, _ = _crowd(labels_a_worker, seed)
    told = tell_types(consensus.METHODS[method](made))
    return {"accuracy": float((told == workforce.kinds).mean())}


def tell_types(found: Consensus) -> np.ndarray:
    """(W,) types told from estimated confusion matrices.

    Who says the same to everything is scripted. Who is hardly ever right is a spammer. The others are careful or hasty
    by whether they are right in six of ten cases. (That the ranges of the two do not overlap is an assumption of the
    simulation, and a help here.)
    """
    said = np.einsum("k,wkl->wl", found.marginals, found.confusion)
    classes = said.shape[1]
    skill = found.skill
    told = np.where(skill > 0.6, "careful", "hasty").astype(object)
    told[skill < 0.5 * (0.45 + 1 / classes)] = "spammer"
    told[said.max(1) > 0.8] = "scripted"
    return told.astype(str)


def _crowd(labels_a_worker: int, seed: int) -> tuple[np.ndarray, Workforce, Annotations, np.random.Generator]:
    """The truth, the workers, their labels, and chance as it goes on."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, CLASSES, ITEMS)
    workforce = crowds.hire(CROWD, ITEMS * REDUNDANCY // labels_a_worker, CLASSES, rng)
    return truth, workforce, crowds.label(workforce, truth, REDUNDANCY, rng), rng


FEW_LABELS = Design(
    "Majority vote and its rivals, by labels a worker",
    {"labels_a_worker": LABELS_A_WORKER, "method": tuple(consensus.METHODS)},
    {"smoke": 1, "ci": 4, "class": 20, "full": 50},
    few_labels,
)
WORKER_TYPES = Design(
    "Types of workers, told from their labels alone",
    {"labels_a_worker": LABELS_A_WORKER, "method": ("Dawid-Skene", "one-coin")},
    {"smoke": 1, "ci": 4, "class": 20, "full": 50},
    worker_types,
)
