"""What an experiment with many draws leaves behind: a measurement for each setting and each draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workshop.errors import WorkshopError


@dataclass(frozen=True, eq=False)
class Experiment:
    """Measurements over a grid of settings, repeated.

    Attributes:
        name: of the experiment.
        axes: name -> its settings, in the order of the arrays' axes. The last axis, ``draw``, is not among them.
        measured: name -> (settings of the first axis, ..., draws).
        draws: seeds, one a repetition.
        seconds: that it took.
        budget: that it was run at.
    """

    name: str
    axes: dict[str, list]
    measured: dict[str, np.ndarray]
    draws: list[int]
    seconds: float
    budget: str

    def of(self, measure: str, **settings: object) -> np.ndarray:
        """The measurements (..., draws) at these settings; axes that are not named stay.

        Raises:
            WorkshopError: a measure, an axis or a setting that the experiment does not have.
        """
        if measure not in self.measured:
            raise WorkshopError(
                f"{self.name} did not measure {measure!r}. Choose from: {', '.join(self.measured)}."
            )
        for axis, value in settings.items():
            if axis not in self.axes:
                raise WorkshopError(f"{self.name} has no axis {axis!r}. It has: {', '.join(self.axes)}.")
            if value not in self.axes[axis]:
                tried = ", ".join(map(str, self.axes[axis]))
                raise WorkshopError(f"{self.name} was not run at {axis} = {value!r}. It was at: {tried}.")
        index = tuple(
            self.axes[axis].index(settings[axis]) if axis in settings else slice(None) for axis in self.axes
        )
        return self.measured[measure][index]


Tick = Callable[[], None]


def run_grid(
    axes: Mapping[str, Sequence],
    draws: Sequence[int],
    measure: Callable[..., Mapping[str, float]],
    tick: Tick = lambda: None,
) -> dict[str, np.ndarray]:
    """Measure at every setting and draw.

    Args:
        measure: called with one value of each axis by name, and ``seed``.
        tick: called after each.
    """
    shape = (*(len(values) for values in axes.values()), len(draws))
    measured: dict[str, np.ndarray] = {}
    for index in np.ndindex(shape):
        settings = {axis: values[i] for (axis, values), i in zip(axes.items(), index, strict=False)}
        for name, value in measure(**settings, seed=draws[index[-1]]).items():
            measured.setdefault(name, np.full(shape, np.nan))[index] = value
        tick()
    return measured
