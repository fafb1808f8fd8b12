"""The record of an exercise: everything but its reference answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Inputs = dict[str, Any]  #: arguments by name: numbers, strings, lists, arrays


def copies(inputs: Inputs) -> Inputs:
    """The same inputs with arrays of their own, for a call that may write into them."""
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in inputs.items()}


@dataclass(frozen=True)
class Hint:
    """What to say about one usual mistake: an answer that returns what ``mistake`` returns gets ``text``."""

    mistake: Callable[..., Any]
    text: str

    def returns(self, inputs: Inputs) -> Any:
        """What the mistake makes of ``inputs``, which stay as they are."""
        return self.mistake(**copies(inputs))


@dataclass(frozen=True)
class Exercise:
    """A function to write, which takes and returns plain numbers, arrays, or a choice, and no object of ours; or prose.

    Attributes:
        id: letters, digits, ``_`` and ``-``; also the ``grade_id`` of its answer cell.
        lesson: the lesson's file name without its ending.
        points: what it is worth.
        function: the name the answer must have.
        outcome: the id of the learning outcome that it is evidence of, in ``notebooks/outcomes.json``.
        generate: draws one set of hidden inputs.
        examples: public inputs with their expected results, worked out independently of any answer.
        hints: of the usual mistakes.
        tolerance: relative and absolute, for every number compared.
        allowed_imports: what an answer may use.
        manual: True for prose: no machine judges it, and it has nothing of what a machine needs.

    Raises:
        ValueError: the id holds other signs; there is nothing to judge a function by.
    """

    id: str
    lesson: str
    points: int
    outcome: str
    function: str = ""
    generate: Callable[[np.random.Generator], Inputs] | None = None
    examples: tuple[tuple[Inputs, Any], ...] = ()
    hints: tuple[Hint, ...] = ()
    tolerance: float = 1e-4
    allowed_imports: tuple[str, ...] = ("math", "numpy", "torch")
    manual: bool = field(default=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", self.id):
            raise ValueError(
                f"An exercise id has letters, digits, _ and - only; {self.id!r} has something else."
            )
        if not self.manual and not (self.function and self.generate and self.examples):
            raise ValueError(f"The exercise {self.id} needs a function, a generator of inputs, and examples.")
