"""The E step of consensus as C++, in one pass over the items; see :mod:`workshop.kernels.engines.compiled`."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

import numpy as np

from workshop.datasets.annotations import Annotations
from workshop.errors import WorkshopError
from workshop.kernels.engines.compiled import compile_and_load, compiler
from workshop.kernels.expectation import Expected, check_possible

SOURCE = Path(__file__).with_suffix(".cpp")
_LONG, _INT, _AT = ctypes.c_int64, ctypes.c_int32, ctypes.c_void_p


def library() -> ctypes.CDLL:
    """The engine for any number of classes.

    Raises:
        WorkshopError: there is no compiler, or it fails; both are found out once a process.
    """
    built = build(compiler())
    if isinstance(built, WorkshopError):
        raise built
    return built


@cache
def build(program: str | None) -> ctypes.CDLL | WorkshopError:
    """The library, or why there is none; found out once a process."""
    loaded = compile_and_load(program, SOURCE, instead="sparse")
    if not isinstance(loaded, WorkshopError):
        loaded.group.argtypes = [_LONG, _LONG, _INT] + [_AT] * 5
        loaded.group.restype = None
        loaded.expect.argtypes = [_LONG, _INT] + [_AT] * 7
        loaded.expect.restype = ctypes.c_double
    return loaded


class NativeExpectation:
    """Takes the E steps of one set of labels. See :class:`workshop.kernels.expectation.Expectation`."""

    name = "native"

    def __init__(self, annotations: Annotations):
        self._library = library()
        a, length = annotations, self._library.row_length(annotations.classes)
        self._items, self._shape = a.items, (a.workers, a.classes, a.classes)
        self._start, self._row = np.empty(a.items + 1, np.int64), np.empty(len(a), np.int32)
        self._library.group(
            len(a), a.items, a.classes,
            *(t.ctypes.data for t in (a.item, a.worker, a.label, self._start, self._row)),
        )  # fmt: skip
        self._table = _aligned(a.workers, a.classes, 2, length)
        self._marginals, self._totals, self._room = _aligned(length), _aligned(length), _aligned(2, length)
        self._posterior = _aligned(a.items * a.classes + length)
        self._labelled = np.count_nonzero(np.diff(self._start))

    def votes(self) -> Expected:
        self._pass(None)
        found = self._found(np.nan)
        found.posterior[np.diff(self._start) == 0] = found.marginals
        return found

    def expect(self, confusion: np.ndarray, marginals: np.ndarray) -> Expected:
        classes = self._shape[1]
        self._table[:, :, 0, :classes] = confusion.transpose(0, 2, 1)
        self._marginals[:classes] = marginals
        log_likelihood = self._pass(self._marginals.ctypes.data)
        check_possible(log_likelihood)
        return self._found(log_likelihood)

    def _pass(self, marginals: int | None) -> float:
        self._table[:, :, 1] = 0
        return self._library.expect(
            self._items, self._shape[1], self._start.ctypes.data, self._row.ctypes.data, self._table.ctypes.data,
            marginals, *(t.ctypes.data for t in (self._totals, self._posterior, self._room)),
        )  # fmt: skip

    def _found(self, log_likelihood: float) -> Expected:
        classes = self._shape[1]
        counts = self._table[:, :, 1, :classes].transpose(0, 2, 1)
        posterior = self._posterior[: self._items * classes].reshape(self._items, classes)
        return Expected(posterior, counts, self._totals[:classes] / self._labelled, log_likelihood)


def _aligned(*shape: int) -> np.ndarray:
    """Zeros that begin where a line of the processor's cache does."""
    size = int(np.prod(shape))
    room = np.zeros(size + 8)
    first = -room.ctypes.data // 8 % 8
    return room[first : first + size].reshape(shape)
