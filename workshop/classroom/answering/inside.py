"""The program in the sandbox: defines answers and calls them. Sent there as text; imports nothing of ours.

It reads jobs from standard input, ``{"jobs": [{"cells": [source, ...], "function": name, "inputs": [{name: value},
...]}, ...], "seconds": s}``, and works on each in a process of its own, which is ended after ``s`` seconds. Each writes
a JSON line for each call as soon as it is known: ``{"job": 0, "call": 0, "value": ...}``, ``{"job": 0, "call": 0,
"error": "ValueError", "line": of the answer}`` or ``{"job": 0, "call": 0, "returned": the type that is no value}``; a
job that has been ended gets ``{"job": 0, "slow": true}``. The first line is ``{"imports": seconds}``. Arrays travel as
``{"array": nested lists, "dtype": name, "shape": [...]}``. What an error says stays here: it would name the inputs.

The last cell of a job is the answer. An error in a cell before it is passed over, as a reader would who goes on.
"""

import contextlib
import json
import os
import signal
import sys
import time
import traceback

ANSWER = "<the answer>"


def main():
    asked = json.load(sys.stdin)
    # What an answer prints goes nowhere; the lines go to the only pipe out.
    out = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    # Imported here once; no code of a student's runs in this process.
    begun = time.monotonic()
    if any("torch" in cell for job in asked["jobs"] for cell in job["cells"]):
        import torch  # noqa: F401
    write(out, {"imports": time.monotonic() - begun})
    for number, job in enumerate(asked["jobs"]):
        child = os.fork()
        if not child:
            os.setsid()
            try:
                work(job, lambda _number=number, **line: write(out, {"job": _number, **line}))
            finally:
                os._exit(0)
        until = time.monotonic() + asked["seconds"]
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if time.monotonic() > until:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                write(out, {"job": number, "slow": True})
                break
            time.sleep(0.002)
        # What it left behind, where it stayed in its session.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)


def write(out, line):
    # A line of its own, whatever a process that was ended has left half-written.
    os.write(out, b"\n" + json.dumps(line).encode() + b"\n")


def work(job, say):
    namespace = {"__name__": "__main__"}
    *before, answer = job["cells"]
    for cell in before:
        with contextlib.suppress(Exception):
            exec(compile(cell, "<a cell before>", "exec"), namespace)
    try:
        exec(compile(answer, ANSWER, "exec"), namespace)
    except BaseException as problem:
        return say(undefined=type(problem).__name__, line=line_of(problem))
    if job["function"] not in namespace:
        return say(absent=True)
    function = namespace[job["function"]]
    for number, inputs in enumerate(job["inputs"]):
        try:
            returned = function(**{name: from_json(value) for name, value in inputs.items()})
        except NotImplementedError:
            return say(unsolved=True)
        except Exception as problem:
            say(call=number, error=type(problem).__name__, line=line_of(problem))
            continue
        try:
            say(call=number, value=to_json(returned))
        except Exception:
            say(call=number, returned=type(returned).__name__)


def line_of(problem):
    """The last line of the answer that led to it, or None."""
    if isinstance(problem, SyntaxError) and problem.filename == ANSWER:
        return problem.lineno
    lines = [
        number
        for frame, number in traceback.walk_tb(problem.__traceback__)
        if frame.f_code.co_filename == ANSWER
    ]
    return lines[-1] if lines else None


def from_json(value):
    """Arrays as NumPy arrays of their type; everything else as it is."""
    if isinstance(value, dict):
        import numpy

        return numpy.array(value["array"], dtype=value["dtype"]).reshape(value["shape"])
    return value


def to_json(value):
    """The other way, for whatever an answer returns.

    Raises:
        TypeError: it is neither numbers, arrays, tensors nor text, nor a list of such.
        ValueError: it holds more numbers than any exercise asks for.
    """
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        if value.device.type == "meta":
            raise TypeError("it returned a tensor on the device 'meta', which holds no numbers")
        value = value.detach().cpu().double().numpy() if not value.is_complex() else value.detach().numpy()
    if isinstance(value, (bool, int, float, str)):
        return value if isinstance(value, str) else float(value)
    if isinstance(value, (tuple, list)):
        if len(value) > 100_000:
            raise ValueError("it returned more than 100,000 values")
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [to_json(part) for part in value]}
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)):
        value = numpy.asarray(value)
        if value.dtype.kind not in "biuf":
            raise TypeError(f"it returned an array of {value.dtype}; return real numbers")
        if value.size > 100_000:
            raise ValueError("it returned more than 100,000 numbers")
        return {"array": value.astype(float).tolist(), "dtype": "float64", "shape": list(value.shape)}
    raise TypeError(f"it returned a {type(value).__name__}; return numbers, arrays or tensors")


main()
