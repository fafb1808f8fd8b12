"""Which plans no other plan beats: the Pareto front of cost and quality."""

from __future__ import annotations

import numpy as np


def pareto_front(cost: np.ndarray, quality: np.ndarray) -> np.ndarray:
    """Indices of the plans that none beats, cheapest first: every other one costs more, or is worse.

    Args:
        cost, quality: (N,); of plans that are alike in both, the first stays.
    """
    order = np.lexsort((-np.asarray(quality), np.asarray(cost)))
    front, best = [], -np.inf
    for index in order:
        if quality[index] > best:
            front.append(int(index))
            best = quality[index]
    return np.array(front, int)
