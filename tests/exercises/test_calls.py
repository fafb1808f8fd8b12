"""A call is shown so that a reader can see what it was about, and not more."""

import numpy as np
import pytest

from workshop.exercises import EXERCISES
from workshop.exercises.calls import spoken

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (4, "4"),
        (1_000_001, "1000001"),
        (0.1, "0.1"),
        (2.0, "2"),
        (1 / 3, "0.333333"),
        ("a", "'a'"),
        ([1, 2.5, "a"], "[1, 2.5, 'a']"),
        (np.array([1, 50_000, 1_000_001]), "[1, 50000, 1000001]"),
        (np.array([[1, 0.25], [-3, np.nan]], np.float32), "[[1, 0.25], [-3, nan]]"),
        (np.array(2.0), "2"),
        (np.zeros(401), "<401 numbers>"),
        (np.zeros((401, 2, 2)), "<401 x 2 x 2 numbers>"),
        (np.full(20, 1 / 3), "<20 numbers>"),
        ("a" * 100, "<100 characters>"),
        (list(range(100)), "<100 values>"),
    ],
)
def test_what_is_short_is_written_and_what_is_long_described(value, shown):
    assert spoken("f", {"x": value, "rate": 0.5}) == f"f(x={shown}, rate=0.5)"


@pytest.mark.parametrize(
    "exercise", [each for each in EXERCISES.values() if not each.manual], ids=lambda e: e.id
)
def test_no_two_examples_of_an_exercise_are_shown_alike(exercise):
    calls = [spoken(exercise.function, inputs) for inputs, _ in exercise.examples]
    assert len(set(calls)) == len(calls) and max(map(len, calls)) < 300
