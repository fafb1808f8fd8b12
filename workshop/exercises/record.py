"""The record of an exercise: everything but its reference answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Inputs = dict[str, Any]  #: arguments by name: numbers, strings, lists, arrays


@dataclass(frozen=True)
class Hint:
    """What to say about one usual mistake: an answer that returns what ``mistake`` returns gets ``text``."""

    mistake: Callable[..., Any]
    text: str


@dataclass(frozen=True)
class Exercise:
    """A function to write. It takes and returns plain numbers, arrays, or a choice, and no object of ours.

    Attributes:
        id: letters, digits, ``_`` and ``-``; also the ``grade_id`` of its answer cell.
        lesson: the lesson's file name without its ending.
        function: the name the answer must have.
        points: what it is worth.
        outcome: the id of the learning outcome that it is evidence of, in ``notebooks/outcomes.json``.
        generate: draws one set of hidden inputs.
        examples: public inputs with their expected results, worked out independently of any answer.
        hints: of the usual mistakes.
        tolerance: relative and absolute, for every number compared.
        allowed_imports: what an answer may use.
        manual: True for prose: never judged by a machine.
    """

    id: str
    lesson: str
    function: str
    points: int
    outcome: str
    generate: Callable[[np.random.Generator], Inputs]
    examples: tuple[tuple[Inputs, Any], ...]
    hints: tuple[Hint, ...] = ()
    tolerance: float = 1e-4
    allowed_imports: tuple[str, ...] = ("math", "numpy", "torch")
    manual: bool = field(default=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", self.id):
            raise ValueError(
                f"An exercise id has letters, digits, _ and - only; {self.id!r} has something else."
            )
