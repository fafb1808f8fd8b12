"""Which modules an answer imports beyond those that its exercise is meant to be solved with."""

from __future__ import annotations

import ast
from collections.abc import Collection

#: Characters of an answer that is looked at, and of names that are told. A tree of syntax costs the grader over a
#: thousand bytes of memory for each of some characters.
_ANSWER, _TOLD = 50_000, 200


def foreign(answer: str, allowed: Collection[str]) -> list[str]:
    """Top-level names of the modules that are imported and not allowed, in order.

    There are none in what is no Python, or too long to be read.
    """
    if len(answer) > _ANSWER:
        return []
    try:
        tree = ast.parse(answer)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    named = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                named += [alias.name for alias in names]
            case ast.ImportFrom(module=module, level=level):
                named.append(module if module and not level else ".")
    modules = dict.fromkeys(name.split(".")[0] or "." for name in named)
    beyond = [module for module in modules if module not in allowed]
    return beyond if len(", ".join(beyond)) <= _TOLD else ["too much to list"]
