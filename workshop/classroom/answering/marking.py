"""From a submission's answers to marks: hidden inputs from a seed; expected values worked out, and compared, here."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workshop.classroom.answering import protocol
from workshop.classroom.answering.imports import foreign
from workshop.exercises.judging import as_plain, difference, hint_for
from workshop.exercises.record import Exercise, Inputs, copies
from workshop.exercises.references import REFERENCES

#: Sets of hidden inputs of an exercise. Each right one earns the same share of its points.
DRAWS = 10
#: That an answer may take for all of them.
SECONDS = 30.0


@dataclass(frozen=True)
class Asked:
    """How a run in the sandbox ended: what it sent, and why it was ended early, in words, or None."""

    sent: bytes
    ended_because: str | None = None


#: Runs :data:`protocol.PROGRAM` in a fresh sandbox on a request (from :func:`protocol.request`).
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
        expected = tuple(as_plain(REFERENCES[exercise.id](**copies(one))) for one in inputs)
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


@dataclass(frozen=True)
class Answer:
    """One answer of a submission.

    Attributes:
        hidden: what it is asked.
        text: its cell; None where the submission has none.
        handed_out: the cell as the student received it.
    """

    hidden: Hidden
    text: str | None
    handed_out: str


def mark_all(answers: Sequence[Answer], ask: Ask, seconds: float = SECONDS) -> list[Mark]:
    """Call the answers of one submission on their hidden inputs and judge what comes back.

    All are asked in one sandbox, each in a process of its own beside what the lesson hands out. One that is not fully
    right there is asked again in a sandbox of its own, so that nothing another answer does can spoil it; and, where
    it may lean on the student's own answers before it, once more beside those. The best counts. One that took too long
    is not asked again: it would only take as long once more.

    Args:
        answers: in the lesson's order.
        ask: runs them in the sandbox.
        seconds: that each answer may take.
    """
    marks: dict[int, Mark] = {}
    for number, answer in enumerate(answers):
        if answer.text is None:
            marks[number] = _nothing(answer.hidden, "The submission has no answer cell of this exercise.")
        elif answer.text.strip() == answer.handed_out.strip():
            marks[number] = _nothing(answer.hidden, "Not solved: the answer is as it was handed out.")
    given = [number for number in range(len(answers)) if number not in marks]
    beside = {number: [earlier.handed_out for earlier in answers[:number]] for number in given}
    together = _ask([_job(answers[number], beside[number]) for number in given], ask, seconds)
    for number, (reply, ended) in zip(given, together, strict=True):
        marks[number] = _judged(answers[number].hidden, reply, ended)
        own = [earlier.text or earlier.handed_out for earlier in answers[:number]]
        again = [beside[number]] if len(given) > 1 else []
        if own != beside[number] and _leans(answers[number].text, own, beside[number]):
            again.append(own)
        for cells in again:
            if marks[number].passed < marks[number].of and not _took_too_long(reply, marks[number].of):
                ((reply, ended),) = _ask([_job(answers[number], cells)], ask, seconds)
                alone = _judged(answers[number].hidden, reply, ended)
                # Of two that are equal, nothing could spoil the one asked alone.
                marks[number] = max(alone, marks[number], key=lambda mark: mark.passed)
    return [_with_imports(answers[number], marks[number]) for number in range(len(answers))]


def _with_imports(answer: Answer, mark: Mark) -> Mark:
    """Tell what an answer imports beyond what the exercise allows. Whether that costs marks, people decide."""
    allowed = answer.hidden.exercise.allowed_imports
    beyond = foreign(answer.text, allowed) if answer.text else []
    if not beyond:
        return mark
    note = f"It imports {', '.join(beyond)}; the exercise is meant to be solved with {', '.join(allowed)}."
    return replace(mark, notes=(*mark.notes, note))


def _job(answer: Answer, before: Sequence[str]) -> protocol.Job:
    return protocol.Job((*before, answer.text), answer.hidden.exercise.function, answer.hidden.inputs)


def _ask(jobs: list[protocol.Job], ask: Ask, seconds: float) -> list[tuple[protocol.Reply, str | None]]:
    if not jobs:
        return []
    asked = ask(protocol.request(jobs, seconds))
    return [(reply, asked.ended_because) for reply in protocol.read(asked.sent, jobs)]


def _took_too_long(reply: protocol.Reply, calls: int) -> bool:
    """Whether it was ended. The word alone may be forged by another answer: who answers every call, was not."""
    return reply.slow and len(reply.values) + len(reply.errors) < calls


#: At the top level of a cell: what is defined or assigned there; what is imported.
_DEFINED = re.compile(r"^(?:def|class) +(\w+)|^(\w+) *=", re.MULTILINE)
_IMPORTED = re.compile(r"^(?:import|from) .*", re.MULTILINE)


def _leans(answer: str, own: Sequence[str], before: Sequence[str]) -> bool:
    """Whether an answer may lean on the student's own cells before it: whether it names something made in them.

    Args:
        answer: its text.
        own: the cells before it, as the student has them.
        before: as they were handed out; what they import is there in any case.
    """
    made = set().union(*map(_defined, own))
    made |= set().union(*map(_imported, own)) - set().union(*map(_imported, before))
    return not made.isdisjoint(set(re.findall(r"\w+", answer)) - _defined(answer) - _imported(answer))


def _defined(cell: str) -> set[str]:
    return {name for names in _DEFINED.findall(cell) for name in names if name}


def _imported(cell: str) -> set[str]:
    return {word for line in _IMPORTED.findall(cell) for word in re.findall(r"\w+", line)}


def _judged(hidden: Hidden, reply: protocol.Reply, ended_because: str | None) -> Mark:
    exercise, of = hidden.exercise, len(hidden.inputs)
    if reply.unsolved and not reply.values:
        return _nothing(hidden, "Not solved: it raises NotImplementedError.")
    if reply.undefined:
        return _nothing(hidden, reply.undefined)
    wrong = {
        n: difference(got, hidden.expected[n], exercise.tolerance, telling=False)
        for n, got in reply.values.items()
    }
    if len(reply.values) > 1 and _all_alike(list(reply.values.values())) and not _all_alike(hidden.expected):
        return _nothing(hidden, "It returns the same for every input.")
    passed = sum(not words for words in wrong.values())
    notes = [f"{passed} of {of} hidden inputs answered rightly."]
    if len(reply.values) + len(reply.errors) < of:
        slow = "It took too long and was ended: does it ever end?" if reply.slow else None
        notes.append(slow or ended_because or "Its process ended before it had answered every input.")
    if reply.errors:
        notes.append(next(iter(reply.errors.values())))
    failed = [n for n, words in wrong.items() if words]
    hint = hint_for(exercise, [(hidden.inputs[n], got) for n, got in reply.values.items()]) if failed else ""
    if hint:
        notes.append(f"Hint: {hint}")
    elif len(told := {wrong[n] for n in failed}) == 1:  # what all of them share
        notes.append(f"Where it is wrong, {told.pop()}.")
    earned = round(exercise.points * passed / of, 2)
    return Mark(exercise.id, exercise.points, earned, passed, of, tuple(notes), bool(hint))


def _all_alike(values: Sequence[Any]) -> bool:
    """Whether an answer that looks at nothing would give these."""
    return all(not difference(one, values[0], 0.0, telling=False) for one in values)


def _nothing(hidden: Hidden, note: str) -> Mark:
    return Mark(hidden.exercise.id, hidden.exercise.points, 0.0, 0, len(hidden.inputs), (note,))
