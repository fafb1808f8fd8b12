"""Annotations: what they keep, and what they refuse, in which words."""

from __future__ import annotations

import numpy as np
import pytest

from workshop.datasets.annotations import Annotations
from workshop.errors import WorkshopError

pytestmark = pytest.mark.fast


def test_sizes_are_those_that_occur_or_those_given():
    found = Annotations.of([0, 2], [1, 0], [3, 0])
    assert (found.items, found.workers, found.classes, len(found)) == (3, 2, 4, 2)
    given = Annotations.of([0, 2], [1, 0], [3, 0], items=5, workers=6, classes=np.int32(7))
    assert (given.items, given.workers, given.classes) == (5, 6, 7)


@pytest.mark.parametrize(
    "kind", [list, tuple, *(np.dtype(name).type for name in ("u1", "i4", "f4", "f8", "O"))]
)
def test_whole_numbers_of_any_kind_become_int64(kind):
    ids = kind([0, 1]) if kind in (list, tuple) else np.array([0, 1], kind)
    found = Annotations.of(ids, ids, ids)
    for column in (found.item, found.worker, found.label):
        assert column.dtype == np.int64 and list(column) == [0, 1]


def test_they_are_copies_that_cannot_be_written_to():
    mine = np.array([0, 1])
    found = Annotations.of(mine, mine, mine)
    mine[:] = 7
    assert list(found.item) == [0, 1]
    with pytest.raises(ValueError, match="read-only"):
        found.label[0] = 5
    read_only = np.array([0, 1])
    view = read_only[:]
    view.flags.writeable = False  # somebody else can still write to what it shows
    found = Annotations.of(view, view, view)
    read_only[:] = 7
    assert list(found.item) == [0, 1]


def test_votes_count_every_label_also_several_of_one_worker():
    found = Annotations.of([0, 0, 0, 2], [0, 0, 1, 1], [1, 1, 0, 2], classes=4)
    assert found.votes().tolist() == [[1, 2, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]]


HINT = "Number the names first, for example with numpy.unique(names, return_inverse=True)."
LEAVE_OUT = "Leave out a label that was not given."
REFUSED = [
    (([], [], []), {}, "There is no label at all. Collect at least one before asking for a consensus."),
    (
        ([0, 1], [0, 1], [0]),
        {},
        "Every label needs an item and a worker, but item has 2, worker has 2, label has 1 entries.",
    ),
    (
        ([0, -1, -2], [0, 0, 0], [0, 0, 0]),
        {},
        f"item must be numbered from 0 on, but entry 1 is -1 (and 1 more). {LEAVE_OUT}",
    ),
    (([0, 1], [0, 0], [0, -1]), {}, f"label must be numbered from 0 on, but entry 1 is -1. {LEAVE_OUT}"),
    (
        ([0, 1], [0, 0], [0, float("nan")]),
        {},
        f"label must hold whole numbers, but entry 1 is nan. {LEAVE_OUT}",
    ),
    (([0, 1], [0, 0.5], [0, 0]), {}, f"worker must hold whole numbers, but entry 1 is 0.5. {LEAVE_OUT}"),
    (([0, 1e300], [0, 0], [0, 0]), {}, f"item must hold whole numbers, but entry 1 is 1e+300. {LEAVE_OUT}"),
    ((["a", "b"], [0, 0], [0, 0]), {}, f"item must hold whole numbers, not 'a'. {HINT}"),
    (([0, None], [0, 0], [0, 0]), {}, f"item must hold whole numbers, not None. {HINT}"),
    (([[0], [1, 2]], [0, 0], [0, 0]), {}, "item must be one row of numbers, not rows of different lengths."),
    (([[0], [1]], [0, 0], [0, 0]), {}, "item must be one row of numbers, not an array of shape (2, 1)."),
    (
        ([0, 1], [0, 0], [0, 3]),
        {"classes": 3},
        "With classes = 3 each label must be below 3, but entry 1 is 3. Raise classes, or number from 0 on.",
    ),
    (
        ([5, 9], [0, 0], [0, 0]),
        {"items": 5},
        "With items = 5 each item must be below 5, but entry 0 is 5 (and 1 more). "
        "Raise items, or number from 0 on.",
    ),
    (
        ([0, 0], [0, 2], [0, 0]),
        {"workers": 2},
        "With workers = 2 each worker must be below 2, but entry 1 is 2. Raise workers, or number from 0 on.",
    ),
    (([0], [0], [0]), {"items": 2.5}, "items must be a whole number, not 2.5."),
    (
        (np.array([2**64 - 1], np.uint64), [0], [0]),
        {},
        "item holds 18446744073709551615, which is too large for an id. Number from 0 on.",
    ),
]


@pytest.mark.parametrize(("columns", "counts", "told"), REFUSED)
def test_what_is_wrong_is_said_in_a_sentence(columns, counts, told):
    with pytest.raises(WorkshopError) as error:
        Annotations.of(*columns, **counts)
    assert str(error.value) == told


def test_the_bare_constructor_checks_as_well():
    """Compiled code trusts these numbers: what is out of range would read memory that is not ours."""
    with pytest.raises(WorkshopError, match="each worker must be below 1"):
        Annotations(np.array([0]), np.array([1]), np.array([0]), 1, 1, 1)
