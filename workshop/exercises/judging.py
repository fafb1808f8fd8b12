"""Comparing an answer with what was expected, in the student's terms. Feedback only: no mark is given here."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from workshop.exercises.record import Exercise


@dataclass(frozen=True)
class Report:
    """How an answer did on the public examples. ``unsolved``: nobody has written it yet."""

    passed: int
    of: int
    lines: tuple[str, ...]
    unsolved: bool = False


def as_plain(value: Any) -> Any:
    """Numbers, tensors and lists of numbers as float64 arrays; a tuple or list of such as a list; a string as it is.

    Raises:
        TypeError: anything else.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().double().numpy()
    if isinstance(value, bool | int | float | np.ndarray | np.generic):
        return np.asarray(value, dtype=np.float64)
    if isinstance(value, tuple | list):
        parts = [as_plain(part) for part in value]
        numbers = isinstance(value, list) and all(isinstance(part, np.ndarray) for part in parts)
        same_shape = numbers and len({part.shape for part in parts}) == 1
        return np.stack(parts) if same_shape and not any(map(torch.is_tensor, value)) else parts
    raise TypeError(f"it returned a {type(value).__name__}; return numbers, arrays or tensors")


def difference(got: Any, expected: Any, tolerance: float) -> str:
    """Empty when ``got`` agrees with ``expected`` (both from :func:`as_plain`); otherwise what is wrong, in words."""
    if isinstance(expected, list):
        if not isinstance(got, list) or len(got) != len(expected):
            count = len(got) if isinstance(got, list) else 1
            return f"{len(expected)} values were expected, {count} came back"
        for position, (mine, theirs) in enumerate(zip(got, expected, strict=True), start=1):
            if wrong := difference(mine, theirs, tolerance):
                return f"value {position}: {wrong}"
        return ""
    if isinstance(expected, str) or isinstance(got, str | list):
        return (
            ""
            if type(got) is type(expected) and got == expected
            else f"{expected!r} was expected, not {got!r}"
        )
    if got.shape != expected.shape:
        return f"its shape is {got.shape}, expected was {expected.shape}"
    if not np.isfinite(got).all():
        return "it holds a number that is not finite (nan or inf)"
    close = np.allclose(got, expected, rtol=tolerance, atol=tolerance)
    return "" if close else _how_far(got, expected, tolerance)


def _how_far(got: np.ndarray, expected: np.ndarray, tolerance: float) -> str:
    """Name the usual ways to be wrong: the sign, a constant factor."""
    if np.allclose(got, -expected, rtol=tolerance, atol=tolerance):
        return "it has the right size and the wrong sign"
    size = np.abs(expected) > tolerance
    ratio = got[size] / expected[size]
    if ratio.size and np.allclose(ratio, ratio.flat[0], rtol=tolerance) and np.abs(ratio.flat[0]) > tolerance:
        return f"it is {ratio.flat[0]:.4g} times what was expected"
    where = np.unravel_index(np.abs(got - expected).argmax(), got.shape)
    place = f" at {tuple(int(i) for i in where)}" if got.shape else ""
    return f"{expected[where]:.5g} was expected{place}, not {got[where]:.5g}"


def try_examples(exercise: Exercise, answer: Callable[..., Any] | None) -> Report:
    """Call ``answer`` on each public example of ``exercise``."""
    total = len(exercise.examples)
    if not callable(answer):
        line = f"There is no function {exercise.function} yet: run the cell above that defines it."
        return Report(0, total, (line,), unsolved=True)
    wrong, results = [], []
    for number, (inputs, expected) in enumerate(exercise.examples, start=1):
        try:
            returned = answer(**_copies(inputs))
        except NotImplementedError:
            return Report(
                0, total, ("Not solved yet: replace the line that raises NotImplementedError.",), True
            )
        except Exception as problem:  # whatever a student's code may raise
            line = _line_of(problem, answer)
            wrong.append(
                f"Example {number}: it stopped with {type(problem).__name__}: {problem} (line {line})."
            )
            continue
        try:
            got = as_plain(returned)
        except TypeError as problem:
            wrong.append(f"Example {number}: {problem}.")
            continue
        results.append((inputs, got))
        if differs := difference(got, as_plain(expected), exercise.tolerance):
            wrong.append(f"Example {number}: {differs}.")
    if not wrong:
        return Report(total, total, (f"All {total} public examples agree.",))
    hint = hint_for(exercise, results)
    return Report(total - len(wrong), total, (*wrong, f"Hint: {hint}") if hint else tuple(wrong))


def _line_of(problem: Exception, answer: Callable[..., Any]) -> int | None:
    """The last line in the file (or cell) of ``answer`` that led to ``problem``; where none did, the last of all."""
    frames = traceback.extract_tb(problem.__traceback__)
    own_file = getattr(getattr(answer, "__code__", None), "co_filename", None)
    own = [frame for frame in frames if frame.filename == own_file]
    return (own or frames)[-1].lineno


def hint_for(exercise: Exercise, results: list[tuple[dict[str, Any], Any]]) -> str:
    """The hint of the usual mistake that explains every one of ``results``, or an empty string.

    Args:
        results: inputs and what came back for them (from :func:`as_plain`).
    """
    for hint in exercise.hints:
        if results and all(
            _same(got, as_plain(hint.mistake(**_copies(inputs))), exercise.tolerance)
            for inputs, got in results
        ):
            return hint.text
    return ""


def _same(got: Any, other: Any, tolerance: float) -> bool:
    """Like an empty :func:`difference`, but nan equals nan."""
    if isinstance(got, np.ndarray) and isinstance(other, np.ndarray):
        return got.shape == other.shape and np.allclose(got, other, tolerance, tolerance, equal_nan=True)
    if isinstance(got, list) and isinstance(other, list) and len(got) == len(other):
        return all(_same(mine, theirs, tolerance) for mine, theirs in zip(got, other, strict=True))
    return isinstance(got, str) and got == other


def _copies(inputs: dict[str, Any]) -> dict[str, Any]:
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in inputs.items()}
