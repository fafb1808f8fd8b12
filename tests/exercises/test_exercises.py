"""Every exercise: its reference earns full marks, its usual mistakes earn their hint, its record is whole."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from workshop import exercises
from workshop.errors import WorkshopError
from workshop.exercises import EXERCISES
from workshop.exercises.judging import as_plain, difference, hint_for, try_examples
from workshop.exercises.record import Exercise
from workshop.exercises.references import REFERENCES

pytestmark = pytest.mark.fast
ALL = pytest.mark.parametrize(
    "exercise", [each for each in EXERCISES.values() if not each.manual], ids=lambda e: e.id
)


def test_every_exercise_has_a_reference_and_nothing_else_has():
    assert {e.id for e in EXERCISES.values() if not e.manual} == set(REFERENCES)


@ALL
def test_the_reference_agrees_with_the_examples(exercise):
    report = try_examples(exercise, REFERENCES[exercise.id])
    assert report.passed == report.of == len(exercise.examples) > 1, report.lines


@ALL
def test_hidden_inputs_differ_with_the_seed_and_repeat_with_it(exercise):
    def draw(seed):
        return exercise.generate(np.random.default_rng(seed))

    assert repr(draw(1)) == repr(draw(1)) != repr(draw(2))
    for seed in range(40):
        inputs = draw(seed)
        expected = as_plain(REFERENCES[exercise.id](**inputs))
        assert not difference(expected, expected, exercise.tolerance)  # finite, and of one shape


@ALL
def test_each_usual_mistake_fails_and_gets_its_own_hint(exercise):
    for hint in exercise.hints:
        report = try_examples(exercise, hint.mistake)
        assert report.passed < report.of
        assert report.lines[-1] == f"Hint: {hint.text}"
        drawn = [exercise.generate(np.random.default_rng(seed)) for seed in range(10)]
        wrong = [
            difference(
                as_plain(hint.mistake(**i)), as_plain(REFERENCES[exercise.id](**i)), exercise.tolerance
            )
            for i in drawn
        ]
        assert any(wrong), "the hidden inputs do not catch this mistake"
        assert hint_for(exercise, [(i, as_plain(hint.mistake(**i))) for i in drawn]) == hint.text


@ALL
def test_examples_are_left_as_they_were(exercise):
    def vandal(**inputs):
        for value in inputs.values():
            if isinstance(value, np.ndarray):
                value[:] = 99
        return 0.0

    before = repr(exercise.examples)
    try_examples(exercise, vandal)
    assert repr(exercise.examples) == before


@ALL
def test_its_outcome_is_written_down(exercise):
    root = Path(__file__).resolve().parents[2]
    outcomes = json.loads((root / "notebooks" / "outcomes.json").read_text(encoding="utf-8"))
    assert exercise.outcome in {outcome["id"] for outcome in outcomes[exercise.lesson]}


def test_an_unwritten_answer_is_no_failure_of_the_student():
    def unwritten(**inputs):
        raise NotImplementedError

    exercise = EXERCISES["adaptation-strength"]
    assert "Not solved yet" in try_examples(exercise, unwritten).lines[0]
    assert "no function strength yet" in try_examples(exercise, None).lines[0]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda progress, steepness: 1 / 0, "stopped with ZeroDivisionError"),
        (lambda progress, steepness: "0.5", "was expected, not '0.5'"),
        (lambda progress, steepness: None, "it returned a NoneType; return numbers"),
        (lambda progress, steepness: [1.0, 2.0], "its shape is (2,), expected was ()"),
        (lambda progress, steepness: float("inf"), "not finite"),
        (lambda progress: 0.0, "unexpected keyword argument"),
    ],
)
def test_wrong_answers_are_told_in_words(answer, says):
    assert says in " ".join(try_examples(EXERCISES["adaptation-strength"], answer).lines)


@ALL
def test_words_where_numbers_were_asked_for_are_an_answer_like_any_other(exercise):
    report = try_examples(exercise, lambda **_: "no")
    assert report.passed == 0 and len(report.lines) == report.of


def test_an_answer_that_ends_the_process_is_told_like_any_other_stop():
    report = try_examples(EXERCISES["adaptation-strength"], lambda **_: sys.exit())
    assert report.passed == 0 and report.lines[0].startswith(
        "Example 1, strength(progress=0, steepness=10): "
    )
    assert "it stopped with SystemExit (line " in report.lines[0]
    report = try_examples(EXERCISES["adaptation-strength"], lambda **_: sys.exit("enough"))
    assert "it stopped with SystemExit: enough (line " in report.lines[0]


@pytest.mark.parametrize(
    ("returns", "says"),
    [
        ((9, 9), "Example 2, bill(objects=4, first=[1, 4, 8], price=[3, 2, 1]): value 1: "),
        (None, "Example 2, bill(objects=4, first=[1, 4, 8], price=[3, 2, 1]): it returned a NoneType"),
    ],
)
def test_an_example_that_went_wrong_is_named_with_its_inputs(returns, says):
    lines = try_examples(EXERCISES["labels-bill"], lambda **_: returns).lines
    assert any(line.startswith(says) for line in lines), lines


@pytest.mark.parametrize("called_by_helper", [False, True])
def test_a_stop_inside_a_library_names_the_line_of_the_student(called_by_helper):
    code = """
def helper(loss, theta):
    return torch.autograd.grad(loss, theta)[0]


def inner_update(theta, x, y, rate):
    theta = torch.tensor(theta, requires_grad=True)
    loss = (theta[0] + theta[1] * torch.tensor(x) - torch.tensor(y)).square().mean().detach()
    gradient = STOPS
    return theta - rate * gradient
"""
    stops, line = (
        ("helper(loss, theta)", 3) if called_by_helper else ("torch.autograd.grad(loss, theta)[0]", 9)
    )
    cell = {"torch": torch}
    exec(compile(code.replace("STOPS", stops), "<a cell>", "exec"), cell)
    report = try_examples(EXERCISES["maml-inner-update"], cell["inner_update"])
    assert "stopped with RuntimeError" in report.lines[0]
    assert report.lines[0].endswith(f"(line {line}).")


def test_a_stop_in_a_callable_without_code_of_its_own_names_the_last_line():
    class Stops:
        def __call__(self, **inputs):
            raise ValueError("no")

    line = Stops.__call__.__code__.co_firstlineno + 1
    assert f"(line {line})." in try_examples(EXERCISES["adaptation-strength"], Stops()).lines[0]


def test_an_object_that_equals_everything_earns_nothing():
    class Always:
        def __eq__(self, other):
            return True

    assert try_examples(EXERCISES["adaptation-strength"], lambda **_: Always()).passed == 0


@pytest.mark.parametrize(
    ("got", "expected", "says"),
    [
        ([1.0, 2.0], [-1.0, -2.0], "right size and the wrong sign"),
        ([2.0, 4.0], [1.0, 2.0], "2 times what was expected"),
        ([2.0, 8.0], [1.0, 7.0], "off by one: 1 too large everywhere"),
        (3, 4, "off by one: 1 too small"),
        ([5.0, 1.0, 7.0], [1.0, 7.0, 2.0], "one place along"),
        ([1.0, 7.0], [1.0, 7.0, 2.0], "off by one, one is missing"),
        ([[1.0], [7.0]], [[1.0, 7.0]], "rows and columns are swapped"),
        ([[1.0, 7.0], [2.0, 3.0]], [1.0, 7.0, 2.0, 3.0], "in another shape"),
        ([1.0, 2.5], [1.0, 2.0], "2 was expected at (1,), not 2.5"),
        (1.0, (1.0, 2.0), "2 values were expected, 1 came back"),
        ((1.0, "b"), (1.0, "a"), "value 2: 'a' was expected, not 'b'"),
    ],
)
def test_differences_are_told_in_words(got, expected, says):
    assert says in difference(as_plain(got), as_plain(expected), 1e-6)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (torch.ones(2, device="meta"), "device 'meta'"),
        (np.array([1j]), "dtype complex128"),
        (torch.ones(2, dtype=torch.complex64), "dtype complex64"),
        (np.array(["a"]), "dtype <U1"),
        (np.array([None]), "dtype object"),
    ],
)
def test_what_holds_no_real_numbers_is_told_by_its_device_or_dtype(value, says):
    with pytest.raises(TypeError, match=says):
        as_plain(value)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.int32, torch.bool])
def test_numbers_of_every_real_dtype_are_compared(dtype):
    assert not difference(as_plain(torch.ones(2, dtype=dtype)), as_plain([1.0, 1.0]), 1e-6)


@pytest.mark.parametrize(("got", "expected"), [([1.0, 2.5], [1.0, 2.0]), (("a",), ("b",)), ("a", "b")])
def test_words_about_hidden_inputs_name_no_value(got, expected):
    words = difference(as_plain(got), as_plain(expected), 1e-6, telling=False)
    assert words.removeprefix("value 1: ") in (
        "its numbers are not those expected",
        "it is not what was expected",
    )


def test_an_unknown_id_names_the_nearest():
    with pytest.raises(WorkshopError, match="Did you mean 'adaptation-reversal'"):
        exercises.find("adaptation-reversa")
    with pytest.raises(WorkshopError, match=r"There are: .*adaptation-reversal, "):
        exercises.find("zzz")


def test_an_id_must_be_a_plain_word():
    with pytest.raises(ValueError, match="letters, digits"):
        Exercise("a b", "l", "f", 1, "o", lambda rng: {}, ())
