"""The exercise of lesson 00: so easy that what is learnt is how an exercise works."""

from __future__ import annotations

import numpy as np

from workshop.exercises.record import Exercise, Hint, Inputs

LESSON = "00_start_here"


def _draw(rng: np.random.Generator) -> Inputs:
    return {"classes": int(rng.integers(3, 200)), "examples": int(rng.integers(3, 50))}


LABELS_NEEDED = Exercise(
    id="start-labels-needed",
    lesson=LESSON,
    function="labels_needed",
    points=1,
    outcome="work-a-lesson",
    generate=_draw,
    examples=(
        ({"classes": 10, "examples": 5}, 50),
        ({"classes": 3, "examples": 1}, 3),
        ({"classes": 99, "examples": 20}, 1980),
    ),
    hints=(
        Hint(lambda classes, examples: classes + examples, "every class needs its own examples: multiply."),
        Hint(lambda classes, examples: examples, "that is for one class; there are several."),
    ),
)

EXERCISES = (LABELS_NEEDED,)
