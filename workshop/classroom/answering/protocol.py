"""What travels between the grader and the sandbox: inputs in, plain numbers out. JSON only, and little of it."""

from __future__ import annotations

import builtins
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from workshop.exercises.judging import as_plain
from workshop.exercises.record import Inputs

#: The program that runs in the sandbox, as ``python -c PROGRAM``: so no file of this package need be visible there.
PROGRAM = (Path(__file__).parent / "inside.py").read_text(encoding="utf-8")


#: Lines that are read: each may cost as much time as a hundred numbers, and a run sends some dozens.
_LINES = 10_000

#: The type of what is no value -> what is said.
_RETURNED = {
    "NoneType": "It returned nothing: is there a return?",
    "object": "It returned something that is neither numbers, arrays, tensors nor text.",
    **dict.fromkeys(
        ("ndarray", "Tensor", "list", "tuple"),
        "It returned more numbers than were asked for, or some that are not real numbers.",
    ),
    **{
        kind: f"It returned a {kind}; return numbers, arrays or tensors."
        for kind in ("dict", "set", "function")
    },
}


@dataclass
class Reply:
    """What came back, as far as it was well-formed.

    Attributes:
        values: number of the call to what it returned, as :func:`workshop.exercises.judging.as_plain` has it.
        errors: number of the call to what became of it instead, in our own words.
        undefined: why there was nothing to call, in our own words; empty when there was.
        unsolved: whether it raised NotImplementedError.
        slow: whether it was ended because it took too long.
    """

    values: dict[int, Any] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    undefined: str = ""
    unsolved: bool = False
    slow: bool = False


@dataclass(frozen=True)
class Job:
    """One answer to call: cells to run in order, the last one the answer, its function, and the inputs."""

    cells: tuple[str, ...]
    function: str
    inputs: tuple[Inputs, ...]


def request(jobs: Sequence[Job], seconds: float) -> bytes:
    """What the program in the sandbox reads: jobs, and the seconds that each may take."""
    plain = [
        {
            "cells": job.cells,
            "function": job.function,
            "inputs": [{name: _to_json(value) for name, value in one.items()} for one in job.inputs],
        }
        for job in jobs
    ]
    return json.dumps({"jobs": plain, "seconds": seconds}).encode()


def reply(values: Sequence[Any]) -> bytes:
    """What the program would send had its only job returned ``values`` (from :func:`as_plain`): no program is run."""
    lines = [{"job": 0, "call": number, "value": _told(value)} for number, value in enumerate(values)]
    return "\n".join(json.dumps(line) for line in lines).encode()


def _told(value: Any) -> Any:
    if isinstance(value, list):
        return {"tuple": [_told(part) for part in value]}
    return value if isinstance(value, str) else {"array": value.tolist(), "shape": list(value.shape)}


def _to_json(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": value.dtype.name, "shape": list(value.shape)}
    if isinstance(value, bool | int | float | str | list):
        return value
    raise TypeError(f"An exercise draws a {type(value).__name__}; draw numbers, text, lists or arrays.")


def read(sent: bytes, jobs: Sequence[Job]) -> list[Reply]:
    """What the sandbox sent, line by line, a reply for each job; a line that is none of ours is passed over.

    Args:
        sent: everything that came out, forged or not.
        jobs: what was asked. The first line about a call counts.
    """
    replies = [Reply() for _ in jobs]
    for line in islice(filter(None, sent.splitlines()), _LINES):
        try:
            match json.loads(line):
                case {"job": int(number), **said} if _in(number, len(jobs)):
                    _note(replies[number], said, jobs[number])
        # Whatever was sent: not JSON, not UTF-8, nested too deep, ragged, a number of a million digits.
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            continue
    return replies


def import_seconds(sent: bytes) -> float:
    """What imports took, from the first line: nothing of a student's has run before it is sent."""
    first = next(filter(None, sent.splitlines()), b"")
    try:
        match json.loads(first):
            case {"imports": float(seconds)}:
                return seconds
    except (ValueError, RecursionError):
        pass
    return 0.0


def _note(reply: Reply, said: dict[str, Any], job: Job) -> None:
    calls = len(job.inputs)
    match said:
        case {"call": int(number), "value": value} if _in(number, calls):
            if number not in reply.values and number not in reply.errors:
                reply.values[number] = _from_json(value)
        case {"call": int(number), "error": str(kind), "line": line} if _in(number, calls):
            if number not in reply.values:
                reply.errors.setdefault(number, f"It stopped with {_error(kind, line, job)}.")
        case {"call": int(number), "returned": str(kind)} if _in(number, calls):
            if number not in reply.values:
                reply.errors.setdefault(number, _RETURNED.get(kind, _RETURNED["object"]))
        case {"undefined": str(kind), "line": line}:
            reply.undefined = f"The answer did not run: {_error(kind, line, job)}."
        case {"absent": True}:
            reply.undefined = f"The answer defines no function {job.function}."
        case {"unsolved": True}:
            reply.unsolved = True
        case {"slow": True}:
            reply.slow = True


def _error(kind: str, line: Any, job: Job) -> str:
    """What went wrong, from a choice: a student's own words could hold the hidden inputs."""
    known = isinstance(getattr(builtins, kind, None), type) and issubclass(
        getattr(builtins, kind), BaseException
    )
    name = kind if known else "an error of another kind"
    here = isinstance(line, int) and 1 <= line <= job.cells[-1].count("\n") + 1
    return f"{name} in line {line:d}" if here else name


def _in(number: int, count: int) -> bool:
    return not isinstance(number, bool) and 0 <= number < count


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
