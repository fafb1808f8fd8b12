"""The simulated workforce does what its docstrings say, measured on many draws."""

import numpy as np
import pytest

from workshop.datasets import crowds
from workshop.datasets.crowds import CROWD, MANAGED, TYPES
from workshop.errors import WorkshopError

pytestmark = pytest.mark.fast


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_mix_is_apportioned_and_rows_of_confusion_are_probabilities():
    hired = crowds.hire(CROWD, 100, 11, rng())
    names, counts = np.unique(hired.kinds, return_counts=True)
    assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == {
        "careful": 55, "hasty": 25, "spammer": 12, "scripted": 8
    }  # fmt: skip
    assert np.allclose(hired.confusion.sum(2), 1)
    assert (hired.confusion >= 0).all()


@pytest.mark.parametrize("workers", [1, 2, 3, 7, 40, 101])
def test_every_worker_is_somebody(workers):
    assert len(crowds.hire(CROWD, workers, 10, rng())) == workers


@pytest.mark.parametrize(("mix", "low", "high"), [(CROWD, 0.50, 0.60), (MANAGED, 0.75, 0.85)])
def test_the_eleven_way_task_is_calibrated_to_the_lecture(mix, low, high):
    """HiveMind: the crowd was right 50 to 60% of the time, the managed team 75 to 85%."""
    accuracies = []
    for seed in range(20):
        truth = rng(seed).integers(0, 11, 500)
        made = crowds.label(crowds.hire(mix, 50, 11, rng(seed)), truth, 3, rng(seed + 1000))
        accuracies.append((made.label == truth[made.item]).mean())
    assert low < np.mean(accuracies) < high


def test_skill_of_each_type_lies_in_its_range():
    for name, kind in TYPES.items():
        skill = crowds.hire({name: 1}, 30, 10, rng()).skill
        low, high = kind.accuracy or (0.1, 0.1)
        assert (skill > low - 1e-9).all() and (skill < high + 1e-9).all(), name


def test_labels_follow_the_confusion_matrix():
    """Frequencies over many labels against the probabilities they were drawn from."""
    hired = crowds.hire({"careful": 1}, 1, 10, rng())
    truth = np.repeat(np.arange(10), 20_000)
    made = crowds.label(hired, truth, 1, rng(1))
    counts = np.zeros((10, 10))
    np.add.at(counts, (truth[made.item], made.label), 1)
    assert (
        np.abs(counts / 20_000 - hired.confusion[0]).max() < 0.015
    )  # four standard errors of a share of one half


def test_seven_errors_in_ten_go_to_the_lookalike():
    matrix = crowds.careful_confusion(0.6, 10)
    errors = matrix - np.diag(matrix.diagonal())
    assert np.allclose(errors.sum(1), 0.4)
    to_lookalike = errors[np.arange(10), crowds.lookalikes(10)] / errors.sum(1)
    assert np.allclose(to_lookalike, 0.7)


def test_with_two_classes_there_is_one_way_to_err():
    assert np.allclose(crowds.careful_confusion(0.6, 2), [[0.6, 0.4], [0.4, 0.6]])


@pytest.mark.parametrize("workers", [7, 40])
def test_what_is_left_over_goes_to_the_largest_remainders(workers):
    """7 times .55, .25, .12, .08 is 3.85, 1.75, .84, .56: three are left, for careful, spammer, hasty."""
    expected = {7: (4, 2, 1, 0), 40: (22, 10, 5, 3)}[workers]
    hired = crowds.hire(CROWD, workers, 10, rng())
    assert tuple(int((hired.kinds == kind).sum()) for kind in CROWD) == expected


@pytest.mark.parametrize("classes", [2, 3, 10, 11])
def test_nothing_is_its_own_lookalike(classes):
    alike = crowds.lookalikes(classes)
    assert (alike != np.arange(classes)).all() and alike.max() < classes and alike.min() >= 0


def test_workers_of_an_item_differ_and_all_choices_are_equally_likely():
    rows = crowds.distinct(60_000, 3, 5, rng())
    assert all(len(set(row)) == 3 for row in rows[:1000].tolist())
    sets, counts = np.unique(np.sort(rows, 1), axis=0, return_counts=True)
    assert len(sets) == 10  # 5 choose 3
    assert counts.min() / counts.max() > 0.93  # 6,000 each; a standard error is 1.3%
    assert np.array_equal(np.sort(crowds.distinct(4, 3, 3, rng()), 1), np.tile([0, 1, 2], (4, 1)))


def test_the_same_generator_gives_the_same_crowd():
    one, other = (crowds.hire(CROWD, 20, 10, rng(3)) for _ in range(2))
    assert np.array_equal(one.confusion, other.confusion)
    assert not np.array_equal(one.confusion, crowds.hire(CROWD, 20, 10, rng(4)).confusion)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: crowds.hire(CROWD, 0, 10, rng()), "at least one worker"),
        (lambda: crowds.hire(CROWD, 5, 1, rng()), "take at least two"),
        (lambda: crowds.hire({"lazy": 1}, 5, 10, rng()), "no workers called 'lazy'"),
        (lambda: crowds.hire({"hasty": -1}, 5, 10, rng()), "0 or more, and not all 0"),
        (lambda: crowds.hire({"hasty": 0}, 5, 10, rng()), "0 or more, and not all 0"),
        (lambda: crowds.hire({"hasty": float("nan")}, 5, 10, rng()), "0 or more, and not all 0"),
        (
            lambda: crowds.label(crowds.hire(CROWD, 2, 10, rng()), np.zeros(4, int), 3, rng()),
            "3 labels an item",
        ),
        (lambda: crowds.label(crowds.hire(CROWD, 2, 10, rng()), np.zeros(4, int), 0, rng()), "at least one"),
        (lambda: crowds.label(crowds.hire(CROWD, 2, 10, rng()), np.array([10]), 1, rng()), "from 0 to 9"),
        (
            lambda: crowds.label(crowds.hire(CROWD, 2, 10, rng()), np.array([], int), 1, rng()),
            "at least one item",
        ),
    ],
)
def test_bad_input_gets_a_sentence(call, words):
    with pytest.raises(WorkshopError, match=words):
        call()
