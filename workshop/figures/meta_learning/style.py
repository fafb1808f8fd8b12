"""What the figures of lesson 05 share: a colour for each way to train, and plain numbers on logarithmic axes."""

from __future__ import annotations

from matplotlib.axes import Axes

from workshop.figures.form import GOOD, SOURCE, TARGET
from workshop.studies.meta_learning import TRAININGS

_COLOURS = {"maml": GOOD, "joint": TARGET, "first_order": SOURCE, "anil": "#56B4E9", "reptile": "#6a51a3"}


def colour(training: str) -> str:
    """The colour of a training's variant, the same in every figure."""
    return _COLOURS[TRAININGS[training].variant]


def title(training: str, shots: bool = False) -> str:
    """The name of a training, with its K where trainings of several K stand together."""
    chosen = TRAININGS[training]
    return f"{chosen.title}, K = {chosen.shots}" if shots else chosen.title


def plain_log_ticks(axis: Axes) -> None:
    """A logarithmic axis of errors, labelled by plain numbers."""
    ticks = [0.1, 0.2, 0.5, 1, 2, 5]
    axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.minorticks_off()


def steps_in_words(count: int) -> str:
    """``1 step``, ``2 steps``."""
    return f"{count} step{'' if count == 1 else 's'}"
