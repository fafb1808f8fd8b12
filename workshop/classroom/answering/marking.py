"""From a submission's answers to marks: hidden inputs from a seed; expected values worked out, and compared, here."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workshop.classroom.answering import protocol
from workshop.exercises.judging import as_plain, difference, hint_for
from workshop.exercises.record import Exercise, Inputs
from workshop.exercises.references import REFERENCES

#: Sets of hidden inputs of an exercise. Each right one earns the same share of its points.
DRAWS = 10


@dataclass(frozen=True)
class Asked:
    """How a run in the sandbox ended: what it sent, and why it was ended early, in words, or None."""

    sent: bytes
    ended_because: str | None = None


#: Runs one job (from :func:`protocol.job`) in a fresh process of the sandbox.
Ask = Callable[[bytes], Asked]


@dataclass(frozen=True)
class Hidden:
    """The hidden inputs of an exercise with the values expected. They never leave the grader together."""

    exercise: Exercise
    inputs: tuple[Inputs, ...]
    expected: tuple[Any, ...]

    @classmethod
    def draw(cls, exercise: Exercise, seed: int, draws: int = DRAWS) -> Hidden:
        """The same for every submission of a run, so that all are asked the same."""
        rng = np.random.default_rng([seed, zlib.crc32(exercise.id.encode())])
        inputs = tuple(exercise.generate(rng) for _ in range(draws))
        expected = tuple(as_plain(REFERENCES[exercise.id](**_copies(one))) for one in inputs)
        return cls(exercise, inputs, expected)


@dataclass(frozen=True)
class Mark:
    """What one answer earned.

    Attributes:
        exercise: its id.
        points: what it could earn.
        earned: what it did.
        passed: how many hidden inputs it answered rightly, of ``of``.
        notes: for the student, in words; no hidden input and no expected value.
        hint: whether a usual mistake was recognised.
        by: "machine", or "hand".
    """

    exercise: str
    points: float
    earned: float
    passed: int
    of: int
    notes: tuple[str, ...]
    hint: bool = False
    by: str = "machine"


def mark(hidden: Hidden, answer: str | None, before: Sequence[str], own: Sequence[str], ask: Ask) -> Mark:
    """Call one answer on its hidden inputs and judge what comes back.

    It is tried beside what the lesson hands out, so that nothing another answer does can spoil it. Only where that
    is not fully right is it tried beside the student's own earlier answers, on which it may lean; the better
    counts.

    Args:
        hidden: from :meth:`Hidden.draw`.
        answer: the source of the answer cell; None where the submission has none.
        before: the answer cells before it, as handed out.
        own: the same cells, as submitted.
        ask: runs it in the sandbox.
    """
    if answer is None:
        return _nothing(hidden, "The submission has no answer cell of this exercise.")
    first = _try(hidden, [*before, answer], ask)
    if first.passed == first.of or list(before) == list(own) or not _leans(answer, before):
        return first
    second = _try(hidden, [*own, answer], ask)
    return second if second.passed > first.passed else first


def _leans(answer: str, before: Sequence[str]) -> bool:
    """Whether an answer can lean on a cell before it: whether any of their names occurs in it."""
    names = {
        line.split("(")[0].removeprefix("def ").strip()
        for cell in before
        for line in cell.splitlines()
        if line.startswith("def ")
    }
    return any(name in answer for name in names)


def _try(hidden: Hidden, cells: list[str], ask: Ask) -> Mark:
    exercise, of = hidden.exercise, len(hidden.inputs)
    asked = ask(protocol.job(cells, exercise.function, list(hidden.inputs)))
    reply = protocol.read(asked.sent, of)
    if reply.unsolved and not reply.values:
        return _nothing(hidden, "Not solved: the line that raises NotImplementedError is still there.")
    if reply.undefined:
        return _nothing(hidden, f"The answer did not run: {reply.undefined}.")
    wrong = {
        n: difference(got, hidden.expected[n], exercise.tolerance, telling=False)
        for n, got in reply.values.items()
    }
    passed = sum(not words for words in wrong.values())
    notes = [f"{passed} of {of} hidden inputs agree."]
    if asked.ended_because:
        notes.append(f"It was ended early: {asked.ended_because}")
    elif len(reply.values) + len(reply.errors) < of:
        notes.append("Its process ended before it had answered every input.")
    if reply.errors:
        notes.append(f"It stopped with {next(iter(reply.errors.values()))}.")
    failed = [n for n, words in wrong.items() if words]
    hint = hint_for(exercise, [(hidden.inputs[n], got) for n, got in reply.values.items()]) if failed else ""
    if hint:
        notes.append(f"Hint: {hint}")
    elif len(told := {wrong[n] for n in failed}) == 1:  # what all of them share
        notes.append(f"Where it does not agree, {told.pop()}.")
    return Mark(
        exercise.id,
        exercise.points,
        round(exercise.points * passed / of, 2),
        passed,
        of,
        tuple(notes),
        bool(hint),
    )


def _nothing(hidden: Hidden, note: str) -> Mark:
    return Mark(hidden.exercise.id, hidden.exercise.points, 0.0, 0, len(hidden.inputs), (note,))


def _copies(inputs: Inputs) -> Inputs:
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in inputs.items()}
