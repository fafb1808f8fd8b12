"""Which of the five objects differ, by their distances in closed form and by labelled points, over many settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass

import numpy as np

from workshop.claims import Claim, Measurement
from workshop.datasets.shifts import SITUATIONS, SLIDERS, Setting, source, target
from workshop.kernels.descent import OnStep
from workshop.kernels.gaussian_shift import OBJECTS, TOLERANCE, distances
from workshop.kernels.measured_shift import measure
from workshop.settings import check_budget

POINTS = 20_000  #: labelled, of each domain

ONE_SHIFT_CLAIM = Claim(
    "scenarios/one_shift_at_a_time",
    "Labelled points name the same objects as differing as the formulas do, in every setting that was tried.",
    "% of settings", ">=", {"class": 100},
)  # fmt: skip


def _alone(*values: float) -> tuple[Setting, ...]:
    return tuple(Setting(**{slider: value}) for slider in SLIDERS for value in values)


SETTINGS: Mapping[str, tuple[Setting, ...]] = {
    "smoke": (Setting(), Setting(rule=1.0)),
    "ci": (Setting(), *_alone(1.0)),
    "class": (*(one.setting for one in SITUATIONS), *_alone(0.25, 0.5, 1.0)),
    "full": (*(one.setting for one in SITUATIONS), *_alone(0.1, 0.25, 0.5, 0.75, 1.0)),
}


@dataclass(frozen=True, eq=False)
class ShiftsOutcome:
    """Five distances in each of K settings, in the sliders' order.

    Attributes:
        settings: (K, 5) where the sliders stand.
        exact: (K, 5) distances in closed form.
        measured: (K, 5) the same, estimated from labelled points.
        differs: (K, 5) whether the estimate stands out from what it comes to where nothing differs.
        budget, seed: that it was run at.
    """

    settings: np.ndarray
    exact: np.ndarray
    measured: np.ndarray
    differs: np.ndarray
    budget: str
    seed: int

    @property
    def agrees(self) -> np.ndarray:
        """(K,) Whether both ways name the same objects."""
        return (self.differs == (self.exact > TOLERANCE)).all(1)

    def row(self, setting: Setting) -> int | None:
        """The number of a setting; None where it is not among them."""
        found = (self.settings == np.array(astuple(setting))).all(1).nonzero()[0]
        return int(found[0]) if len(found) else None

    def one_at_a_time(self) -> Measurement:
        """For :data:`ONE_SHIFT_CLAIM`: a count of settings, in per cent."""
        data = f"{len(self.settings)} settings, {POINTS:,} labelled points of each domain"
        return Measurement(100 * float(self.agrees.mean()), None, data, (self.seed,), self.budget, "run")


def run(budget: str, seed: int = 0, on_step: OnStep | None = None) -> ShiftsOutcome:
    """Compare both ways in the settings of a budget.

    Args:
        seed: of the labelled points.
        on_step: called after each setting; what it returns is not looked at.
    """
    settings, rows = SETTINGS[check_budget(budget)], []
    for number, setting in enumerate(settings, start=1):
        there = target(setting)
        found = measure(there, POINTS, 1_000 * seed + number)
        rows.append(
            (
                list(distances(source(), there).values()),
                [found[slider].distance for slider in OBJECTS],
                [found[slider].differs for slider in OBJECTS],
            )
        )
        if on_step is not None:
            on_step(number, len(settings), {})
    exact, measured, differs = (np.array(part) for part in zip(*rows, strict=True))
    return ShiftsOutcome(np.array([astuple(one) for one in settings]), exact, measured, differs, budget, seed)
