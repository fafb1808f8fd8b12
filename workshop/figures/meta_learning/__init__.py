"""The figures of lesson 05."""

from workshop.figures.ladder import ladder
from workshop.figures.meta_learning.curves import (
    draw_progress,
    growth,
    learning_curves,
    tuning,
    variations,
)
from workshop.figures.meta_learning.limits import halves, outside, sharpness
from workshop.figures.meta_learning.tasks import TrialPicture, one_task, starts, task_distribution
from workshop.figures.meta_learning.valleys import two_valleys

__all__ = [
    "TrialPicture",
    "draw_progress",
    "growth",
    "halves",
    "ladder",
    "learning_curves",
    "one_task",
    "outside",
    "sharpness",
    "starts",
    "task_distribution",
    "tuning",
    "two_valleys",
    "variations",
]
