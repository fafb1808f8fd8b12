"""One task tried by hand: a wave, a few points of it, and what each initialisation makes of them step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from workshop.datasets.sines import SineTasks
from workshop.errors import WorkshopError
from workshop.kernels.meta_learning import adapt
from workshop.studies.meta_learning.outcome import (
    NETWORK,
    TEST_SEED,
    TUNING,
    Outcome,
    converging,
    exam,
    tuned,
)
from workshop.studies.meta_learning.recipes import FAMILY, TRAININGS

GRID = np.linspace(*FAMILY.inputs, 120)


def draw_inputs(shots: int, seed: int, one_side: bool = False) -> np.ndarray:
    """Inputs for a support set: anywhere, or only on the right half."""
    low, high = FAMILY.inputs
    return np.random.default_rng(seed).uniform((low + high) / 2 if one_side else low, high, shots)


class Trial:
    """A wave, a few points of it, and what each start makes of them; a gradient step is taken when it is asked for.

    Args:
        outcomes: by training; each takes steps of its own size.
        x: (K,) inputs of the support set.
        iteration: of the trainings, to take theta from; the last by default.

    Attributes:
        x, y: (K,) the support points.
        truth: the wave at :data:`GRID`.
        trainings: the keys of ``outcomes``.

    Raises:
        WorkshopError: no point to adapt to.
    """

    def __init__(
        self,
        outcomes: Mapping[str, Outcome],
        amplitude: float,
        phase: float,
        x: np.ndarray,
        iteration: int | None = None,
    ):
        if len(x) == 0:
            raise WorkshopError("There is no point to adapt to. Give at least one.")
        self.trainings = tuple(outcomes)
        self.x, self.y, self.truth = x, amplitude * np.sin(x - phase), amplitude * np.sin(GRID - phase)
        self._support = tuple(torch.tensor(t, dtype=torch.float32)[:, None] for t in (self.x, self.y))
        self._outcomes = outcomes
        self._phi = {training: [outcome.theta(iteration)] for training, outcome in outcomes.items()}
        self._curves: dict[tuple[str, int], np.ndarray] = {}  # one drawing asks for each several times

    def curve(self, training: str, step: int) -> np.ndarray:
        """What a start predicts at :data:`GRID` after ``step`` gradient steps."""
        if (training, step) in self._curves:
            return self._curves[training, step]
        outcome, phi = self._outcomes[training], self._phi[training]
        how = {"rate": outcome.rate, "steps": 1, "variant": TRAININGS[training].at_test}
        with torch.no_grad():
            while len(phi) <= step:
                phi.append(adapt(NETWORK, phi[-1], *self._support, **how))
        self._curves[training, step] = _predict(phi[step])
        return self._curves[training, step]

    def error(self, training: str, step: int) -> float:
        """Its mean squared error over the whole curve."""
        return float(((self.curve(training, step) - self.truth) ** 2).mean())


@dataclass(frozen=True, eq=False)
class Abroad:
    """How one start does on waves of F other frequencies than it was trained on.

    Attributes:
        rate: of its steps.
        error: (F, STEPS + 1) mean squared errors over the waves that converge.
        kept: (F,) how many those are.
    """

    rate: float
    error: np.ndarray
    kept: np.ndarray


def abroad(
    outcomes: Mapping[str, Outcome], frequencies: tuple[float, ...], count: int = 400
) -> dict[str, Abroad]:
    """Each start, and a random one under the key ``random``, on waves of other frequencies.

    The random start is that of the first training before it began. As the baseline's, its step size is tuned on waves
    of the family.

    Args:
        outcomes: by training, all of one K.
        count: unseen waves of each frequency.
    """
    first = next(iter(outcomes.values()))
    begin = {
        training: (outcome.theta(), outcome.rate, TRAININGS[training].at_test)
        for training, outcome in outcomes.items()
    }
    untrained = first.theta(0)
    begin["random"] = untrained, tuned(NETWORK, untrained, first.shots, TUNING, "cpu")[0], "maml"
    exams = [exam(first.shots, count, TEST_SEED, frequency=frequency) for frequency in frequencies]
    found = {}
    for name, (theta, rate, variant) in begin.items():
        curves = [one.curve(NETWORK, theta, rate, variant) for one in exams]
        error = np.array([errors[converging(errors)].mean(0) for errors in curves])
        found[name] = Abroad(rate, error, np.array([converging(errors).sum() for errors in curves]))
    return found


def predict_start(outcome: Outcome) -> np.ndarray:
    """What an initialisation predicts at :data:`GRID` before it has seen a point."""
    return _predict(outcome.theta())


@torch.no_grad()
def _predict(weights: Mapping[str, torch.Tensor]) -> np.ndarray:
    grid = torch.tensor(GRID, dtype=torch.float32)[:, None]
    return torch.func.functional_call(NETWORK, dict(weights), (grid,))[:, 0].numpy()


def average_wave() -> np.ndarray:
    """The mean of all waves at :data:`GRID`, in closed form."""
    return FAMILY.average(torch.tensor(GRID)).numpy()


def some_tasks(count: int, seed: int = 3) -> SineTasks:
    """A few waves of the family, to be looked at."""
    return FAMILY.tasks(count, torch.Generator().manual_seed(seed))
