"""What travels between the grader and the sandbox: inputs in, plain numbers out. JSON only, and little of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from workshop.exercises.judging import as_plain
from workshop.exercises.record import Inputs

#: The program that runs in the sandbox, as ``python -c PROGRAM``: so no file of this package need be visible there.
PROGRAM = (Path(__file__).parent / "inside.py").read_text(encoding="utf-8")


@dataclass
class Reply:
    """What came back, as far as it was well-formed.

    Attributes:
        values: number of the call to what it returned, as :func:`workshop.exercises.judging.as_plain` has it.
        errors: number of the call to the words of what it raised.
        undefined: why there was nothing to call; empty when there was.
        unsolved: whether the answer is still the one that was handed out.
    """

    values: dict[int, Any] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    undefined: str = ""
    unsolved: bool = False


def job(cells: list[str], function: str, inputs: list[Inputs]) -> bytes:
    """The words of one job: cells to run in order, the last one the answer, and the inputs to call it with."""
    plain = [{name: _to_json(value) for name, value in one.items()} for one in inputs]
    return json.dumps({"cells": cells, "function": function, "inputs": plain}).encode()


def _to_json(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": value.dtype.name, "shape": list(value.shape)}
    if isinstance(value, bool | int | float | str | list):
        return value
    raise TypeError(f"An exercise draws a {type(value).__name__}; draw numbers, text, lists or arrays.")


def read(sent: bytes, calls: int) -> Reply:
    """What the sandbox sent, line by line; a line that is none of ours is passed over.

    Args:
        sent: everything that came out, forged or not.
        calls: how many inputs there were. The first line about a call counts.
    """
    reply = Reply()
    for line in sent.splitlines():
        try:
            match json.loads(line):
                case {"call": int(number), "value": value} if _is_call(number, calls):
                    if number not in reply.values and number not in reply.errors:
                        reply.values[number] = _from_json(value)
                case {"call": int(number), "error": str(words)} if _is_call(number, calls):
                    if number not in reply.values:
                        reply.errors.setdefault(number, words[:300])
                case {"undefined": str(words)}:
                    reply.undefined = words[:300] or "it stopped"
                case {"unsolved": True}:
                    reply.unsolved = True
        # Whatever was sent: not JSON, not UTF-8, nested too deep, ragged, a number of a million digits.
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            continue
    return reply


def _is_call(number: int, calls: int) -> bool:
    return not isinstance(number, bool) and 0 <= number < calls


def _from_json(value: Any) -> Any:
    match value:
        case {"array": list() | float() | int() as numbers, "shape": list(shape)}:
            return np.array(numbers, dtype=np.float64).reshape([int(length) for length in shape])
        case {"tuple": list(parts)}:
            return [_from_json(part) for part in parts]
        case {"list": list(parts)}:
            return as_plain([part if isinstance(part, int | float) else _from_json(part) for part in parts])
        case str() | int() | float():
            return as_plain(value)
    raise ValueError("no value of ours")
