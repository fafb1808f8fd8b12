"""What students may know of the exercises, as data: everything but the generators and the code of the usual mistakes.

A check asks a usual mistake for nothing but its results on the public examples, so these are written down. What is
read back says the same as its source about every answer.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from workshop.errors import WorkshopError
from workshop.exercises.record import Exercise, Hint, Inputs

#: In the students' edition, beside this module.
FILE = "public.json"

#: Numbers, words and choices, taken over as they are.
_PLAIN = tuple(
    field.name for field in fields(Exercise) if field.name not in ("generate", "examples", "hints")
)


def write(exercises: Collection[Exercise]) -> str:
    """The exercises as JSON, but with NaN and Infinity for numbers that are not finite, as Python has it.

    Raises:
        WorkshopError: an example, or what a mistake returns on one, is not numbers, text, arrays, or a list of such.
    """
    return json.dumps([_without_code(exercise) for exercise in exercises]) + "\n"


def read(text: str) -> dict[str, Exercise]:
    """The exercises that were written, by id. Their mistakes answer on the public examples, and on nothing else."""
    exercises = (_with_results(kept) for kept in json.loads(text))
    return {exercise.id: exercise for exercise in exercises}


def _without_code(exercise: Exercise) -> dict[str, Any]:
    try:
        return {name: _encoded(getattr(exercise, name)) for name in _PLAIN} | {
            "examples": [
                {
                    "inputs": {name: _encoded(value) for name, value in inputs.items()},
                    "expected": _encoded(expected),
                }
                for inputs, expected in exercise.examples
            ],
            "hints": [
                {"text": hint.text, "returns": [_encoded(hint.returns(i)) for i, _ in exercise.examples]}
                for hint in exercise.hints
            ],
        }
    except TypeError as unknown:
        raise WorkshopError(
            f"The exercise {exercise.id!r} cannot be written down for students: {unknown}."
        ) from None


def _with_results(kept: Mapping[str, Any]) -> Exercise:
    inputs = [example["inputs"] for example in kept["examples"]]
    return Exercise(
        **{name: _decoded(kept[name]) for name in _PLAIN},
        generate=None if kept["manual"] else _no_hidden_inputs,
        examples=tuple(
            (
                {name: _decoded(value) for name, value in example["inputs"].items()},
                _decoded(example["expected"]),
            )
            for example in kept["examples"]
        ),
        hints=tuple(
            Hint(_Recorded(dict(zip(map(json.dumps, inputs), hint["returns"], strict=True))), hint["text"])
            for hint in kept["hints"]
        ),
    )


def _no_hidden_inputs(rng: np.random.Generator) -> Inputs:
    raise WorkshopError(
        "The students' edition draws no hidden inputs. Use the workbook that it was made from."
    )


@dataclass(frozen=True)
class _Recorded:
    """A usual mistake by its results: for the inputs of each public example, both encoded, what it returns."""

    results: Mapping[str, Any]

    def __call__(self, **inputs: Any) -> Any:
        return _decoded(self.results[json.dumps({name: _encoded(value) for name, value in inputs.items()})])


def _encoded(value: Any) -> Any:
    """For JSON. Tuples stay apart from lists, and arrays keep dtype and shape.

    Raises:
        TypeError: there is no way to write it down.
    """
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biuf":
        return {"array": value.tolist(), "dtype": value.dtype.name, "shape": list(value.shape)}
    if isinstance(value, tuple):
        return {"tuple": [_encoded(part) for part in value]}
    if isinstance(value, list):
        return [_encoded(part) for part in value]
    if isinstance(value, bool | int | float | str):
        return value
    raise TypeError(
        f"it holds a {type(value).__name__}, and can hold numbers, text, arrays, and lists of such"
    )


def _decoded(kept: Any) -> Any:
    """The other way; an array without axes comes back as NumPy's number."""
    if isinstance(kept, list):
        return [_decoded(part) for part in kept]
    if not isinstance(kept, dict):
        return kept
    if "tuple" in kept:
        return tuple(_decoded(part) for part in kept["tuple"])
    return np.array(kept["array"], dtype=kept["dtype"]).reshape(kept["shape"])[()]
