"""Comparing an answer with what was expected, in the student's terms.

Feedback only; marks are given in ``workshop.classroom``.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from workshop.exercises.calls import spoken
from workshop.exercises.record import Exercise, copies


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
        TypeError: anything else; numbers that are not real; a tensor that holds no numbers.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, torch.Tensor):
        if value.device.type == "meta":
            raise TypeError(
                "it returned a tensor on the device 'meta', which holds no numbers; make it on 'cpu'"
            )
        value = value.detach().resolve_conj().resolve_neg().cpu()
        return _real((value.float() if value.dtype == torch.bfloat16 else value).numpy())
    if isinstance(value, bool | int | float | np.ndarray | np.generic):
        return _real(np.asarray(value))
    if isinstance(value, tuple | list):
        parts = [as_plain(part) for part in value]
        numbers = isinstance(value, list) and all(isinstance(part, np.ndarray) for part in parts)
        same_shape = numbers and len({part.shape for part in parts}) == 1
        return np.stack(parts) if same_shape and not any(map(torch.is_tensor, value)) else parts
    raise TypeError(f"it returned a {type(value).__name__}; return numbers, arrays or tensors")


def _real(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind not in "biuf":
        raise TypeError(f"it returned an array of dtype {array.dtype}; return real numbers")
    return array.astype(np.float64)


def difference(got: Any, expected: Any, tolerance: float, *, telling: bool = True) -> str:
    """What is wrong with ``got``, in words; empty when it agrees with ``expected`` (both from :func:`as_plain`).

    Args:
        got: what an answer returned.
        expected: what it should have.
        tolerance: relative and absolute.
        telling: whether the words may name a value that was expected. Those about hidden inputs may not.
    """
    if isinstance(expected, list):
        if not isinstance(got, list) or len(got) != len(expected):
            count = len(got) if isinstance(got, list) else 1
            return f"{len(expected)} values were expected, {count} came back"
        for position, (mine, theirs) in enumerate(zip(got, expected, strict=True), start=1):
            if wrong := difference(mine, theirs, tolerance, telling=telling):
                return f"value {position}: {wrong}"
        return ""
    if isinstance(expected, str) or isinstance(got, str | list):
        if type(got) is type(expected) and got == expected:
            return ""
        return f"{expected!r} was expected, not {got!r}" if telling else "it is not what was expected"
    if got.shape != expected.shape:
        return f"its shape is {got.shape}, expected was {expected.shape}{_how_shapes_differ(got, expected)}"
    if not np.isfinite(got).all():
        return "it holds a number that is not finite (nan or inf)"
    if np.allclose(got, expected, rtol=tolerance, atol=tolerance):
        return ""
    if known := _usual(got, expected, tolerance):
        return known
    if not telling:
        return "its numbers are not those expected"
    where = np.unravel_index(np.abs(got - expected).argmax(), got.shape)
    place = f" at {tuple(int(i) for i in where)}" if got.shape else ""
    return f"{expected[where]:.5g} was expected{place}, not {got[where]:.5g}"


def _how_shapes_differ(got: np.ndarray, expected: np.ndarray) -> str:
    if got.shape == expected.shape[::-1]:
        return ": rows and columns are swapped"
    if got.size == expected.size:
        return ": the numbers are as many, in another shape"
    if got.ndim == expected.ndim == 1 and abs(got.size - expected.size) == 1:
        return ": off by one, " + ("one too many" if got.size > expected.size else "one is missing")
    return ""


def _usual(got: np.ndarray, expected: np.ndarray, tolerance: float) -> str:
    """Name the usual ways to be wrong: the sign, a constant factor, one too much, one place along."""

    def same(one: np.ndarray, other: np.ndarray) -> bool:
        return np.allclose(one, other, rtol=tolerance, atol=tolerance)

    if same(got, -expected):
        return "it has the right size and the wrong sign"
    for off, word in ((1, "large"), (-1, "small")):
        if same(expected, np.rint(expected)) and same(got, expected + off):
            return f"it is off by one: 1 too {word}" + (" everywhere" if got.size > 1 else "")
    size = np.abs(expected) > tolerance
    ratio = got[size] / expected[size]
    if ratio.size and np.abs(ratio.flat[0]) > tolerance and same(got, ratio.flat[0] * expected):
        return f"it is {ratio.flat[0]:.4g} times what was expected"
    if got.ndim == 1 and got.size > 2 and (same(got[1:], expected[:-1]) or same(got[:-1], expected[1:])):
        return "its numbers stand one place along: off by one"
    return ""


def try_examples(exercise: Exercise, answer: Callable[..., Any] | None) -> Report:
    """Call ``answer`` on each public example of ``exercise``."""
    total = len(exercise.examples)
    if not callable(answer):
        line = f"There is no function {exercise.function} yet: run the cell above that defines it."
        return Report(0, total, (line,), unsolved=True)
    wrong, results = [], []
    for number, (inputs, expected) in enumerate(exercise.examples, start=1):
        which = f"Example {number}, {spoken(exercise.function, inputs)}"
        try:
            returned = answer(**copies(inputs))
        except NotImplementedError:
            return Report(
                0, total, ("Not solved yet: replace the line that raises NotImplementedError.",), True
            )
        except (Exception, SystemExit) as problem:  # whatever a student's code may raise, exit() included
            error = f"{type(problem).__name__}: {problem}".removesuffix(": ")
            wrong.append(f"{which}: it stopped with {error} (line {_line_of(problem, answer)}).")
            continue
        try:
            got = as_plain(returned)
        except TypeError as problem:
            wrong.append(f"{which}: {problem}.")
            continue
        results.append((inputs, got))
        if differs := difference(got, as_plain(expected), exercise.tolerance):
            wrong.append(f"{which}: {differs}.")
    if not wrong:
        return Report(total, total, (f"All {total} public examples agree.",))
    hint = hint_for(exercise, results)
    return Report(total - len(wrong), total, (*wrong, f"Hint: {hint}") if hint else tuple(wrong))


def _line_of(problem: BaseException, answer: Callable[..., Any]) -> int | None:
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
            _same(got, as_plain(hint.returns(inputs)), exercise.tolerance) for inputs, got in results
        ):
            return hint.text
    return ""


def _same(got: Any, other: Any, tolerance: float) -> bool:
    """Like an empty :func:`difference`, but nan equals nan."""
    if isinstance(got, np.ndarray) and isinstance(other, np.ndarray):
        return got.shape == other.shape and np.allclose(got, other, tolerance, tolerance, equal_nan=True)
    if isinstance(got, list) and isinstance(other, list) and len(got) == len(other):
        return all(_same(mine, theirs, tolerance) for mine, theirs in zip(got, other, strict=True))
    return isinstance(got, str) and isinstance(other, str) and got == other
