"""The settings of transfer learning, told apart by where there are labels; each row with a small run of its own.

The rows are those of Pan & Yang (2010), "A Survey on Transfer Learning", IEEE TKDE. Which way a run turns out is no
property of its setting: some rows gain, some do not, and one loses. The runs are in :mod:`.settings_runs`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from workshop.claims import mean_and_half
from workshop.errors import WorkshopError
from workshop.kernels.descent import OnStep
from workshop.settings import check_budget
from workshop.studies.transfer_scenarios.experiments import settings_runs as runs

_SUPERVISED, _UNSUPERVISED = ("regression", "classification"), ("clustering", "dimensionality reduction")


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        setting: inductive, transductive or unsupervised.
        area: the field's name for it; each row its own.
        source_labels, target_labels: whether there are any to learn from.
        tasks: that the field does in this setting; ``task`` is the one of the run.
        without, how: the answer without transfer, and what transfer is, in words.
        score: what is compared; higher is better.
        answer: the run: a generator -> (without, with).
    """

    setting: str
    area: str
    source_labels: bool
    target_labels: bool
    tasks: tuple[str, ...]
    task: str
    without: str
    how: str
    score: str
    answer: Callable[[np.random.Generator], runs.Scores]


TABLE = (
    Row("inductive", "multi-task learning", True, True, _SUPERVISED, "classification",
        "a network of 25 labelled digits, 5 to 9", "all layers but the last shared with 1,500 labelled digits, 0 to 4",
        "accuracy", runs.multi_task),
    Row("inductive", "self-taught learning", False, True, _SUPERVISED, "classification",
        "25 labelled digits, 5 to 9, as pixels", "patches as 1,500 unlabelled digits, 0 to 4, have them",
        "accuracy", runs.self_taught),
    Row("inductive", "self-taught, controlled", False, True, _SUPERVISED, "classification",
        "patches as the 25 labelled digits have them", "patches as 1,500 unlabelled digits, 0 to 4, have them",
        "accuracy", runs.self_taught_control),
    Row("transductive", "domain adaptation", True, False, _SUPERVISED, "classification",
        "scikit-learn's digits used on MNIST's as they are", "mean and covariance aligned to 1,000 unlabelled digits",
        "accuracy", runs.domain_adaptation),
    Row("transductive", "sample selection bias", True, False, _SUPERVISED, "regression",
        "patients of low weight used for all", "patients weighted by how rare the selection made them",
        "R²", runs.selection_bias),
    Row("transductive", "covariate shift", True, False, _SUPERVISED, "regression",
        "a straight line through a curve, used where x is small", "points weighted by how common they are there",
        "R²", runs.covariate_shift),
    Row("unsupervised", "borrowed components", False, False, _UNSUPERVISED, "dimensionality reduction",
        "20 components of 30 digits, 5 to 9", "20 components of 1,500 digits, 0 to 4",
        "variance kept", runs.dimensionality_reduction),
    Row("unsupervised", "clusters in these", False, False, _UNSUPERVISED, "clustering",
        "150 digits, 5 to 9, in 20 components of their own", "the same in 20 components of 1,500 digits, 0 to 4",
        "Rand index, adjusted", runs.clustering),
)  # fmt: skip
AREAS = tuple(row.area for row in TABLE)


@dataclass(frozen=True)
class Size:
    """How much a budget pays for."""

    draws: int
    areas: tuple[str, ...] = AREAS


#: Smoke leaves out the row that trains networks.
SIZES: Mapping[str, Size] = {
    "smoke": Size(1, AREAS[3:]),
    "ci": Size(3),
    "class": Size(10),
    "full": Size(40),
}


@dataclass(frozen=True, eq=False)
class SettingsOutcome:
    """Scores of R rows of the table, D draws of what there is to learn from.

    Attributes:
        areas: (R) of :data:`TABLE`.
        without, transferred: (R, D) scores, higher is better; both of a draw are of the same data.
        budget, seed: that it was run at.
        stopped: whether it was asked to stop before the last draw; only whole draws are kept.
    """

    areas: tuple[str, ...]
    without: np.ndarray
    transferred: np.ndarray
    budget: str
    seed: int
    stopped: bool = False

    @property
    def table(self) -> tuple[Row, ...]:
        """(R) the lines behind the scores."""
        return tuple(row(area) for area in self.areas)

    def gain(self, area: str) -> np.ndarray:
        """(D,) with transfer less without, draw by draw."""
        if area not in self.areas:
            raise WorkshopError(
                f"This run has no row {area!r}. At budget {self.budget} it has: {', '.join(self.areas)}."
            )
        at = self.areas.index(area)
        return self.transferred[at] - self.without[at]

    def verdict(self, area: str) -> str:
        """``helps`` or ``hurts`` where the 95% interval of the mean gain leaves out 0, else ``no clear difference``."""
        mean, half = mean_and_half(self.gain(area))
        if not abs(mean) > half:  # also where one draw has no interval
            return "no clear difference"
        return "helps" if mean > 0 else "hurts"


def run(budget: str, seed: int = 0, on_step: OnStep | None = None) -> SettingsOutcome:
    """Run every row of the table, at the size of a budget.

    Args:
        seed: same seed, same outcome.
        on_step: called after each row of each draw; False stops, and what whole draws there are is returned.
    """
    size = SIZES[check_budget(budget)]
    draws: list[np.ndarray] = []
    total, done, stopped = size.draws * len(size.areas), 0, False
    for draw in range(size.draws):
        scores = []
        for area in size.areas:
            scores.append(row(area).answer(np.random.default_rng([seed, draw])))
            done += 1
            if on_step is not None and on_step(done, total, {"score": scores[-1][1]}) is False:
                stopped = done < total
                break
        if len(scores) == len(size.areas):
            draws.append(np.array(scores))
        if stopped:
            break
    if not draws:
        raise WorkshopError("The run was stopped before its first draw was whole; there is nothing to show.")
    without, transferred = np.stack(draws).transpose(2, 1, 0)
    return SettingsOutcome(size.areas, without, transferred, budget, seed, stopped)


def row(area: str) -> Row:
    """The line of that area."""
    for one in TABLE:
        if one.area == area:
            return one
    raise WorkshopError(f"The table has no row {area!r}. It has: {', '.join(AREAS)}.")
