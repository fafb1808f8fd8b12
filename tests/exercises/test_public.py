"""Exercises as data: what is read back is what was written, and knows no more."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from workshop.errors import WorkshopError
from workshop.exercises import EXERCISES, public
from workshop.exercises.judging import as_plain
from workshop.exercises.record import Exercise, Hint

pytestmark = pytest.mark.fast
READ = public.read(public.write(EXERCISES.values()))
ALL = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda e: e.id)


def alike(one, other):
    """The same values, in the same types, dtypes and shapes."""
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(alike, one, other))
    return type(one) is type(other) and one == other


def small(value, mistake=lambda x: x):
    return Exercise("small", "a", "f", 1, "o", lambda rng: {}, (({"x": value}, 1.0),), (Hint(mistake, "so"),))


def test_there_are_the_same_in_the_same_order():
    assert list(READ) == list(EXERCISES)


@ALL
def test_examples_and_all_else_that_is_public_come_back(exercise):
    read = READ[exercise.id]
    for name in {field.name for field in fields(Exercise)} - {"generate", "examples", "hints"}:
        assert alike(getattr(exercise, name), getattr(read, name)), name
    for (inputs, expected), (read_inputs, read_expected) in zip(
        exercise.examples, read.examples, strict=True
    ):
        assert list(inputs) == list(read_inputs) and alike([*inputs.values()], [*read_inputs.values()])
        assert alike(expected, read_expected)


@ALL
def test_mistakes_return_what_they_do_on_the_examples_to_the_last_digit(exercise):
    hints = READ[exercise.id].hints
    assert [hint.text for hint in hints] == [hint.text for hint in exercise.hints]
    for source, hint in zip(exercise.hints, hints, strict=True):
        for inputs, _ in exercise.examples:
            np.testing.assert_equal(as_plain(hint.returns(inputs)), as_plain(source.returns(inputs)))


@pytest.mark.parametrize(
    "value",
    [
        True,
        3,
        2**60,
        0.1,
        "a word",
        [1, [2.0, "a"]],
        (1, (2.0,)),
        np.array([[0.1, np.nan], [np.inf, -0.0]]),
        np.array([0.1], np.float32),
        np.array([2**60], np.int64),
        np.array([[True], [False]]),
        np.zeros((0, 3), np.uint8),
        np.float32(0.1),
        np.int64(7),
    ],
    ids=repr,
)
def test_a_value_keeps_its_type_and_what_a_mistake_makes_of_it(value):
    read = public.read(public.write([small(value)]))["small"]
    inputs = read.examples[0][0]
    assert type(inputs["x"]) is type(value)
    assert getattr(inputs["x"], "dtype", None) == getattr(value, "dtype", None)
    np.testing.assert_equal(inputs["x"], value)
    np.testing.assert_equal(read.hints[0].returns(inputs), value)


@pytest.mark.parametrize(
    "value", [torch.zeros(2), None, {"a": 1}, np.array([1j]), np.array(["a"]), [object()]]
)
def test_what_cannot_be_written_down_is_told_with_its_exercise(value):
    with pytest.raises(
        WorkshopError, match=r"^The exercise 'small' cannot be written down for students: it holds"
    ):
        public.write([small(value)])
    with pytest.raises(WorkshopError, match="'small' cannot be written"):
        public.write([small(1.0, mistake=lambda x: value)])


def test_a_mistake_that_refuses_an_example_is_a_fault_of_ours_that_shows():
    with pytest.raises(ZeroDivisionError):
        public.write([small(0, mistake=lambda x: 1 / x)])


def test_hidden_inputs_cannot_be_drawn_from_what_students_have():
    with pytest.raises(WorkshopError, match="draws no hidden inputs"):
        READ["labels-kappa"].generate(np.random.default_rng(0))


def test_a_manual_exercise_stays_one():
    exercise = replace(small(1), manual=True, allowed_imports=("math",))
    read = public.read(public.write([exercise]))["small"]
    assert read.manual is True and read.allowed_imports == ("math",)


def test_it_is_text_of_a_few_kilobytes_an_exercise():
    text = public.write(EXERCISES.values())
    assert len(json.loads(text)) == len(EXERCISES) and len(text) < 200_000
    assert public.write(READ.values()) == text
