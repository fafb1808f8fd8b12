"""One task tried by hand: a wave, a few points of it, and what each initialisation makes of them step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from workshop.datasets.sines import SineTasks
from workshop.errors import WorkshopError
from workshop.kernels.meta_learning import adapt
from workshop.kernels.meta_training import sine_net
from workshop.studies.meta_learning.outcome import STEPS, TEST_SEED, Outcome, converging, exam
from workshop.studies.meta_learning.recipes import FAMILY, TRAININGS

GRID = np.linspace(*FAMILY.inputs, 120)
_NETWORK = sine_net()


@dataclass(frozen=True, eq=False)
class Trial:
    """A task and the answers to it.

    Attributes:
        x, y: (K,) the support points.
        truth: the wave at :data:`GRID`.
        curves: by training, (STEPS + 1, len(GRID)) what is predicted after each step.
    """

    amplitude: float
    phase: float
    x: np.ndarray
    y: np.ndarray
    truth: np.ndarray
    curves: dict[str, np.ndarray]

    def error(self, training: str, step: int) -> float:
        """Mean squared error over the whole curve."""
        return float(((self.curves[training][step] - self.truth) ** 2).mean())


def draw_inputs(shots: int, seed: int, one_side: bool = False) -> np.ndarray:
    """Inputs for a support set: anywhere, or only on the right half."""
    low, high = FAMILY.inputs
    return np.random.default_rng(seed).uniform((low + high) / 2 if one_side else low, high, shots)


def try_task(
    outcomes: Mapping[str, Outcome],
    amplitude: float,
    phase: float,
    x: np.ndarray,
    iteration: int | None = None,
    frequency: float = 1.0,
) -> Trial:
    """Adapt each of ``outcomes`` to the wave, from the points at ``x``, with its own step size.

    Args:
        iteration: of the trainings, to take theta from; the last by default.

    Raises:
        WorkshopError: no point to adapt to.
    """
    if len(x) == 0:
        raise WorkshopError("There is no point to adapt to. Give at least one.")

    def wave(at: np.ndarray) -> np.ndarray:
        return amplitude * np.sin(frequency * at - phase)

    support = (
        torch.tensor(x, dtype=torch.float32)[:, None],
        torch.tensor(wave(x), dtype=torch.float32)[:, None],
    )
    grid = torch.tensor(GRID, dtype=torch.float32)[:, None]
    curves = {}
    for training, outcome in outcomes.items():
        phi, variant = outcome.theta(iteration), TRAININGS[outcome.training].at_test
        with torch.no_grad():
            predicted = [_predict(phi, grid)]
            for _ in range(STEPS):
                phi = adapt(_NETWORK, phi, *support, rate=outcome.rate, steps=1, variant=variant)
                predicted.append(_predict(phi, grid))
        curves[training] = np.stack(predicted)
    return Trial(amplitude, phase, x, wave(x), wave(GRID), curves)


def errors_by_frequency(
    outcomes: Mapping[str, Outcome], frequencies: tuple[float, ...], count: int = 300
) -> dict[str, np.ndarray]:
    """Mean squared errors after 0, 1, ... STEPS steps on waves of other frequencies: by training, (F, STEPS + 1).

    Tasks on which the steps diverge are left out of the means.

    Args:
        count: tasks of each frequency; fresh ones, of the family's amplitudes and phases.
    """
    found = {}
    for training, outcome in outcomes.items():
        exams = (exam(outcome.shots, count, TEST_SEED, frequency=frequency) for frequency in frequencies)
        curves = [one.curve(_NETWORK, outcome.theta(), outcome.rate) for one in exams]
        found[training] = np.array([errors[converging(errors)].mean(0) for errors in curves])
    return found


def predict_start(outcome: Outcome) -> np.ndarray:
    """What an initialisation predicts at :data:`GRID` before it has seen a point."""
    with torch.no_grad():
        return _predict(outcome.theta(), torch.tensor(GRID, dtype=torch.float32)[:, None])


def _predict(weights: Mapping[str, torch.Tensor], x: torch.Tensor) -> np.ndarray:
    return torch.func.functional_call(_NETWORK, dict(weights), (x,))[:, 0].numpy()


def average_wave() -> np.ndarray:
    """The mean of all waves at :data:`GRID`, in closed form."""
    return FAMILY.average(torch.tensor(GRID)).numpy()


def some_tasks(count: int, seed: int = 3) -> SineTasks:
    """A few waves of the family, to be looked at."""
    return FAMILY.tasks(count, torch.Generator().manual_seed(seed))
