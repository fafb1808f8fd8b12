"""The E step of consensus as two products of a sparse matrix: fast where there is no compiler.

Row i of the sparse matrix counts what item i was called and by whom: a column for each worker and class. Times the
logarithms of the confusion matrices it gives each item's joint probabilities; its transpose times the posteriors counts
who said what.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from workshop.datasets.annotations import Annotations
from workshop.kernels.expectation import Expected, check_possible, vote_shares


class SparseExpectation:
    """Takes the E steps of one set of labels. See :class:`workshop.kernels.expectation.Expectation`."""

    name = "sparse"

    def __init__(self, annotations: Annotations):
        a = annotations
        self._annotations, self._shape = a, (a.workers, a.classes, a.classes)
        cell = a.worker * a.classes + a.label
        self._said = csr_array((np.ones(len(a)), (a.item, cell)), shape=(a.items, a.workers * a.classes))
        self._who = self._said.T  # read item by item as well, which is faster than sorting it by worker
        self._labelled = np.diff(self._said.indptr) > 0

    def votes(self) -> Expected:
        return self._found(vote_shares(self._annotations), np.nan)

    def expect(self, confusion: np.ndarray, marginals: np.ndarray) -> Expected:
        with np.errstate(divide="ignore"):
            posterior = self._said @ np.log(confusion.transpose(0, 2, 1)).reshape(-1, len(marginals))
            posterior += np.log(marginals)
        highest = posterior.max(1, keepdims=True)
        check_possible(highest.min())
        posterior -= highest
        np.exp(posterior, out=posterior)
        total = posterior.sum(1, keepdims=True)
        posterior /= total
        return self._found(posterior, float(highest.sum() + np.log(total).sum()))

    def _found(self, posterior: np.ndarray, log_likelihood: float) -> Expected:
        workers, classes, _ = self._shape
        counts = (self._who @ posterior).reshape(workers, classes, classes).transpose(0, 2, 1)
        return Expected(posterior, counts, posterior[self._labelled].mean(0), log_likelihood)
