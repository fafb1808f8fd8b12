"""The E step of every model of labelers with confusion matrices: who is right, and how often who said what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from workshop.datasets.annotations import Annotations
from workshop.errors import WorkshopError


@dataclass(frozen=True, eq=False)
class Expected:
    """What an E step finds out about N items, W workers, K classes.

    Attributes:
        posterior: (N, K) P(true class | labels).
        counts: (W, K, K) of [worker, true, said]: how often that is expected to have happened.
        marginals: (K,) the mean posterior of the items that have labels.
        log_likelihood: of all labels; NaN where none was asked for.
    """

    posterior: np.ndarray
    counts: np.ndarray
    marginals: np.ndarray
    log_likelihood: float = np.nan


def e_step(annotations: Annotations, confusion: np.ndarray, marginals: np.ndarray) -> Expected:
    """What the labels say where worker w says l of true class k with probability ``confusion[w, k, l]``.

    Args:
        confusion: (W, K, K); a probability may be zero.
        marginals: (K,) P(true class) of an item before anyone has seen it.
    """
    with np.errstate(divide="ignore"):  # what never happens has log probability minus infinity
        joint = np.tile(np.log(marginals), (annotations.items, 1))
        said = np.log(confusion)[annotations.worker, :, annotations.label]
    np.add.at(joint, annotations.item, said)
    highest = joint.max(1, keepdims=True)  # taken out, so that not all classes can underflow
    check_possible(highest.min())
    posterior = np.exp(joint - highest)
    total = posterior.sum(1, keepdims=True)
    posterior /= total
    return expected(annotations, posterior, float((highest + np.log(total)).sum()))


def expected(annotations: Annotations, posterior: np.ndarray, log_likelihood: float = np.nan) -> Expected:
    """The counts that go with ``posterior``: each label counts for true class k as much as k is probable."""
    item, worker, label = annotations.item, annotations.worker, annotations.label
    counts = np.zeros((annotations.workers, annotations.classes, annotations.classes))
    np.add.at(counts, (worker, slice(None), label), posterior[item])
    labelled = np.bincount(item, minlength=annotations.items) > 0
    return Expected(posterior, counts, posterior[labelled].mean(0), log_likelihood)


def vote_shares(annotations: Annotations) -> np.ndarray:
    """(N, K) each class's share of an item's labels; of an item without any, the mean of the others' shares."""
    votes = annotations.votes()
    total = votes.sum(1, keepdims=True)
    shares = votes / np.maximum(total, 1)
    unlabelled = total[:, 0] == 0
    shares[unlabelled] = shares[~unlabelled].mean(0)
    return shares


def check_possible(log_likelihood: float) -> None:
    """Raise a :class:`WorkshopError` where some item's labels have probability zero, whatever its class."""
    if not log_likelihood > -np.inf:
        raise WorkshopError(
            "The labels of some item are impossible under these confusion matrices and marginals. "
            "Give every answer that occurs a probability above zero."
        )


class Expectation(Protocol):
    """An engine: takes the E steps of one set of labels. What it returns may be overwritten by its next E step."""

    name: str

    def votes(self) -> Expected:
        """As if each item's vote shares were its posterior: where EM starts."""

    def expect(self, confusion: np.ndarray, marginals: np.ndarray) -> Expected:
        """See :func:`e_step`."""


class Readable:
    """The engine that calls the functions above; the fast ones are proven equal to it."""

    name = "readable"

    def __init__(self, annotations: Annotations):
        self._annotations = annotations

    def votes(self) -> Expected:
        return expected(self._annotations, vote_shares(self._annotations))

    def expect(self, confusion: np.ndarray, marginals: np.ndarray) -> Expected:
        return e_step(self._annotations, confusion, marginals)
