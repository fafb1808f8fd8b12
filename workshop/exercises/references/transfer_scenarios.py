"""Reference answers of lesson 01, in plain loops: another way than the one that the lesson asks for."""

from __future__ import annotations

import numpy as np


def growing_degree_days(lowest, highest, base, cap):
    """Day by day, each temperature by itself."""
    total = 0.0
    for pair in zip(lowest, highest, strict=True):
        total += sum(min(max(float(one), base), cap) - base for one in pair) / 2
    return total


def corrected(posterior, source, target):
    """By the odds of every class against every other."""
    likelihoods = [
        [p / s for p, s in zip(row, source, strict=True)] for row in np.asarray(posterior).tolist()
    ]
    joints = [[one * share for one, share in zip(row, target, strict=True)] for row in likelihoods]
    return np.array([[one / sum(row) for one in row] for row in joints])


def weighted_accuracy(right, in_target):
    """As one minus the weighted share of errors."""
    odds = np.exp(np.log(in_target) - np.log1p(-np.asarray(in_target)))
    return 1 - float(np.dot(odds, 1 - np.asarray(right)) / odds.sum())


REFERENCES = {
    "scenarios-gdd": growing_degree_days,
    "scenarios-prior-shift": corrected,
    "scenarios-weighted-accuracy": weighted_accuracy,
}
