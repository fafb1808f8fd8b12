"""The program in the sandbox: defines an answer and calls it. Sent there as text; imports nothing of ours.

It reads one job from standard input, ``{"cells": [source, ...], "function": name, "inputs": [{name: value}, ...]}``,
and writes a JSON line for each call as soon as it is known: ``{"call": 0, "value": ...}`` or ``{"call": 0,
"error": "ValueError: ..."}``; before the first, ``{"defined": true}`` or ``{"undefined": "..."}``. Arrays travel as
``{"array": nested lists, "dtype": name, "shape": [...]}``.

The last cell is the answer. An error in a cell before it is passed over, as a reader would who goes on.
"""

import contextlib
import json
import os
import sys


def main():
    job = json.load(sys.stdin)
    # What the answer prints goes nowhere; the lines below go to the only pipe out.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)

    def say(**line):
        out.write(json.dumps(line) + "\n")
        out.flush()

    namespace = {"__name__": "__main__"}
    *before, answer = job["cells"]
    for cell in before:
        with contextlib.suppress(Exception):
            exec(compile(cell, "<a cell before>", "exec"), namespace)
    try:
        exec(compile(answer, "<the answer>", "exec"), namespace)
        function = namespace[job["function"]]
    except KeyError:
        return say(undefined=f"it defines no function {job['function']}")
    except BaseException as problem:
        return say(undefined=in_words(problem))
    say(defined=True)
    for number, inputs in enumerate(job["inputs"]):
        try:
            returned = function(**{name: from_json(value) for name, value in inputs.items()})
            say(call=number, value=to_json(returned))
        except NotImplementedError:
            return say(unsolved=True)
        except Exception as problem:
            say(call=number, error=in_words(problem))


def in_words(problem):
    return f"{type(problem).__name__}: {problem}"[:300]


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
