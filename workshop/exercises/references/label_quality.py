"""Reference answers of lesson 06: counted one by one, or in exact decimals; no array tricks and no logarithms."""

from __future__ import annotations

from decimal import Decimal, localcontext
from itertools import combinations

import numpy as np


def fleiss_kappa(counts):
    """Every item's labels written out; then every pair of labels in an item, and by chance any two of all labels."""
    items = [[label for label, count in enumerate(row) for _ in range(count)] for row in counts.tolist()]
    agree = [np.mean([a == b for a, b in combinations(labels, 2)]) for labels in items]
    everything = [label for labels in items for label in labels]
    chance = sum(everything.count(label) ** 2 for label in set(everything)) / len(everything) ** 2
    return (np.mean(agree) - chance) / (1 - chance)


def posterior(labels, workers, confusion, marginals):
    """The product itself, in decimals: they have an exponent that does not run out."""
    with localcontext(prec=40, Emin=-999_999, Emax=999_999):
        said = [[[Decimal(p) for p in row] for row in matrix] for matrix in confusion.tolist()]
        joint = [Decimal(share) for share in marginals.tolist()]
        for label, worker in zip(labels.tolist(), workers.tolist(), strict=True):
            joint = [j * row[label] for j, row in zip(joint, said[worker], strict=True)]
        total = sum(joint)
        return np.array([float(j / total) for j in joint])


def confusion_matrices(item, worker, label, posterior):
    """Cell by cell: of the weight of that true class which the worker saw, the part that the worker called so."""
    workers, classes = worker.max() + 1, posterior.shape[1]
    matrices = np.empty((workers, classes, classes))
    for w, true, said in np.ndindex(matrices.shape):
        saw = posterior[item[worker == w], true].sum()
        called = posterior[item[(worker == w) & (label == said)], true].sum()
        matrices[w, true, said] = called / saw
    return matrices


def bill(objects, first, price):
    """From the highest tier down: take off the objects that lie in it, and pay them."""
    left, marginal, whole_volume = objects, 0.0, None
    for begins, dollars in sorted(zip(first.tolist(), price.tolist(), strict=True), reverse=True):
        if left >= begins:
            marginal += (left - begins + 1) * dollars
            left = begins - 1
            whole_volume = objects * dollars if whole_volume is None else whole_volume
    return marginal, whole_volume


REFERENCES = {
    "labels-kappa": fleiss_kappa,
    "labels-posterior": posterior,
    "labels-m-step-bug": confusion_matrices,
    "labels-bill": bill,
}
