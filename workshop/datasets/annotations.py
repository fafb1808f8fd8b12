"""Labels from several workers as three arrays of whole numbers: which item, which worker, which label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workshop.errors import WorkshopError

#: The most entries that a table of items and classes may have: 4 GiB.
MOST_VOTES = 2**29
#: Columns that an id counts up to, by the name it has in a sentence.
_COUNTED = {"item": "items", "worker": "workers", "label": "classes"}


@dataclass(frozen=True, eq=False)
class Annotations:
    """M labels: ``item[m]`` was called ``label[m]`` by ``worker[m]``. An item may have any number of labels, also none,
    and may have several from one worker.

    The arrays are checked, and kept as copies that cannot be written to: code that trusts them need not look again.

    Attributes:
        item: (M,) int64, each in 0..items-1.
        worker: (M,) int64, each in 0..workers-1.
        label: (M,) int64, each in 0..classes-1.
        items, workers, classes: how many there are, with those that no label mentions.

    Raises:
        WorkshopError: there is no label, the arrays differ in length, or an entry is none of the numbers above.
    """

    item: np.ndarray
    worker: np.ndarray
    label: np.ndarray
    items: int
    workers: int
    classes: int

    def __post_init__(self) -> None:
        for column, counted in _COUNTED.items():
            ids, count = _whole_numbers(getattr(self, column), column), getattr(self, counted)
            if not isinstance(count, (int, np.integer)) or isinstance(count, bool):
                raise WorkshopError(f"{counted} must be a whole number, not {count!r}.")
            object.__setattr__(self, column, ids)
            object.__setattr__(self, counted, int(count))
        lengths = {column: len(getattr(self, column)) for column in _COUNTED}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{column} has {length:,}" for column, length in lengths.items())
            raise WorkshopError(f"Every label needs an item and a worker, but {told} entries.")
        if not len(self.label):
            raise WorkshopError(
                "There is no label at all. Collect at least one before asking for a consensus."
            )
        for column, counted in _COUNTED.items():
            _check_range(getattr(self, column), column, getattr(self, counted), counted)

    @classmethod
    def of(
        cls,
        item: ArrayLike,
        worker: ArrayLike,
        label: ArrayLike,
        *,
        items: int | None = None,
        workers: int | None = None,
        classes: int | None = None,
    ) -> Annotations:
        """The same from any sequences of whole numbers.

        Args:
            item, worker, label: (M,) each.
            items, workers, classes: how many there are; by default the largest number that occurs, plus one.
        """
        columns = {
            column: _whole_numbers(values, column)
            for column, values in zip(_COUNTED, (item, worker, label), strict=True)
        }
        counts = {
            counted: int(columns[column].max(initial=-1)) + 1 if given is None else given
            for (column, counted), given in zip(_COUNTED.items(), (items, workers, classes), strict=True)
        }
        return cls(**columns, **counts)

    def __len__(self) -> int:
        """How many labels."""
        return len(self.label)

    def votes(self) -> np.ndarray:
        """(items, classes) int64: how often each item was given each label.

        Raises:
            WorkshopError: the table would not fit into memory.
        """
        size = self.items * self.classes
        if size > MOST_VOTES:
            raise WorkshopError(
                f"Votes on {self.items:,} items in {self.classes:,} classes do not fit into memory. Number items and "
                "classes from 0 on without gaps, for example with numpy.unique(ids, return_inverse=True)."
            )
        flat = np.bincount(self.item * self.classes + self.label, minlength=size)
        return flat.reshape(self.items, self.classes)


def _whole_numbers(values: ArrayLike, column: str) -> np.ndarray:
    """``values`` as (M,) int64 that cannot be written to; one that is so already is taken as it is."""
    try:
        found = np.asarray(values)
        if found.dtype == object:
            found = np.array(found.tolist())  # of numbers after all, perhaps
    except ValueError:
        raise WorkshopError(f"{column} must be one row of numbers, not rows of different lengths.") from None
    if found.dtype == np.int64 and found.ndim == 1 and found.base is None and not found.flags.writeable:
        return found
    if found.ndim != 1:
        raise WorkshopError(f"{column} must be one row of numbers, not an array of shape {found.shape}.")
    if found.dtype.kind not in "iufb" and len(found):
        strange = next((value for value in found.tolist() if not isinstance(value, (int, float))), found[0])
        raise WorkshopError(
            f"{column} must hold whole numbers, not {strange!r}. Number the names first, for example with "
            "numpy.unique(names, return_inverse=True)."
        )
    if found.dtype.kind == "f":
        bad = np.flatnonzero(~np.isfinite(found) | (found != np.trunc(found)) | (abs(found) >= 2.0**53))
        if len(bad):
            raise WorkshopError(
                f"{column} must hold whole numbers, but entry {bad[0]} is {found[bad[0]]}"
                f"{_and_more(len(bad))}. Leave out a label that was not given."
            )
    if found.dtype == np.uint64 and len(found) and found.max() > np.iinfo(np.int64).max:
        raise WorkshopError(f"{column} holds {found.max()}, which is too large for an id. Number from 0 on.")
    found = found.astype(np.int64)  # a copy, also of int64
    found.flags.writeable = False
    return found


def _check_range(ids: np.ndarray, column: str, count: int, counted: str) -> None:
    if ids.min() < 0:
        bad = np.flatnonzero(ids < 0)
        raise WorkshopError(
            f"{column} must be numbered from 0 on, but entry {bad[0]} is {ids[bad[0]]}{_and_more(len(bad))}. "
            "Leave out a label that was not given."
        )
    if ids.max() >= count:
        bad = np.flatnonzero(ids >= count)
        raise WorkshopError(
            f"With {counted} = {count:,} each {column} must be below {count:,}, but entry {bad[0]} is "
            f"{ids[bad[0]]}{_and_more(len(bad))}. Raise {counted}, or number from 0 on."
        )


def _and_more(bad: int) -> str:
    return f" (and {bad - 1:,} more)" if bad > 1 else ""
