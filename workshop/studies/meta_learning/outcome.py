"""What is kept of an initialisation: how well it adapts to tasks it has not seen, and how it got there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor, nn

from workshop.kernels.descent import OnStep
from workshop.kernels.meta_learning import Weights, learning_curve, weights_of
from workshop.kernels.meta_training import MetaRecipe, meta_train, sine_net
from workshop.kernels.sharpness import largest_curvature
from workshop.studies.meta_learning.recipes import FAMILY, MOMENTS, RATES, Training

STEPS = 10  #: gradient steps at test time
SHOWN = (0, 1, 2, 5, 10)  #: those whose error is kept task by task
GRID = 100  #: points of each curve that the error is measured at
#: Unseen tasks that every initialisation is tested on, those of a replay, and those that tune the baseline's step.
TESTED, REPLAYED, TUNING = 2000, 500, 500
TIE = 1.01  #: of two errors closer than this, on 500 tasks, neither is the smaller one
SHARP = 200  #: of the unseen tasks, whose curvature at the start is measured
TEST_SEED, TUNING_SEED = 10_000, 20_000  #: nobody trains with these
#: No curve that stays where the waves are is further from a wave than this, in mean square. Beyond, steps diverged.
DIVERGED = (2 * FAMILY.amplitude[1]) ** 2

#: The network without weights, which are always given: made on ``meta``, it draws from no generator.
with torch.device("meta"):
    NETWORK = sine_net()


@dataclass(frozen=True, eq=False)
class Frames:
    """A training seen at F moments.

    Attributes:
        step: (F,) after which iteration; 0 is the random start.
        error: (F, STEPS + 1) mean squared error after each gradient step, over the unseen tasks that converge.
        kept: (F,) how many of REPLAYED tasks those are.
        weights: (F, W) theta, flat.
    """

    step: np.ndarray
    error: np.ndarray
    kept: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True, eq=False)
class Outcome:
    """One trained initialisation, from the outside.

    Attributes:
        iterations: taken.
        seconds: of training, compiling included, on one core.
        engine: that took the steps.
        rate: of the gradient steps at test time.
        tuning: (R, 2) rate and error after STEPS steps on tuning tasks; no rows where nothing was tuned.
        error: (STEPS + 1, 2) mean squared error over the unseen tasks that converge, and half of its 95% interval.
        by_task: (N, len(SHOWN)) the same task by task, of all TESTED unseen tasks.
        converges: (N,) of each task, whether all STEPS steps kept its error below :data:`DIVERGED`.
        sharpness: (SHARP,) step size times the largest curvature of a task's support loss, at the start; beyond 2 a
            parabola's step overshoots for good.
        half: (N, 3) with all points on the right half, error on the left one after 0, 1 and STEPS steps.
        history: "step" and "loss" over training.
    """

    training: str
    shots: int
    iterations: int
    seconds: float
    seed: int
    budget: str
    device: str
    engine: str
    stopped: bool
    rate: float
    tuning: np.ndarray = field(repr=False)
    error: np.ndarray = field(repr=False)
    by_task: np.ndarray = field(repr=False)
    converges: np.ndarray = field(repr=False)
    sharpness: np.ndarray = field(repr=False)
    half: np.ndarray = field(repr=False)
    history: dict[str, np.ndarray] = field(repr=False)
    frames: Frames = field(repr=False)

    def after(self, steps: int) -> np.ndarray:
        """(N,) error of each task after ``steps`` of :data:`SHOWN` gradient steps."""
        return self.by_task[:, SHOWN.index(steps)]

    def theta(self, iteration: int | None = None) -> dict[str, Tensor]:
        """The initialisation as it was kept last up to an iteration of its training, by default at the end."""
        frame = -1 if iteration is None else int((self.frames.step <= iteration).sum()) - 1
        return unflattened(self.frames.weights[frame])


@dataclass(frozen=True, eq=False)
class Exam:
    """Unseen tasks with a support set each, and where on the curve the error is measured."""

    support: tuple[Tensor, Tensor]
    query: tuple[Tensor, Tensor]

    def __getitem__(self, rows: slice) -> Exam:
        return Exam(tuple(t[rows] for t in self.support), tuple(t[rows] for t in self.query))

    def curve(self, network: nn.Module, theta: Weights, rate: float, variant: str = "maml") -> np.ndarray:
        """(N, STEPS + 1) errors."""
        at_test = {"rate": rate, "steps": STEPS, "variant": variant}
        return learning_curve(network, theta, self.support, self.query, **at_test).cpu().numpy()


def exam(
    shots: int,
    count: int,
    seed: int,
    device: torch.device | str = "cpu",
    support: tuple[float, float] = FAMILY.inputs,
    query: tuple[float, float] = FAMILY.inputs,
    frequency: float = 1.0,
) -> Exam:
    """The exam of a seed: the same tasks for every initialisation, drawn on the cpu.

    Args:
        support, query: where the support points lie, and where the error is measured.
        frequency: of the waves; 1 in training.
    """
    generator = torch.Generator().manual_seed(seed)
    tasks = replace(FAMILY, frequency=frequency).tasks(count, generator)
    points = FAMILY.points(tasks, shots, generator, support)
    grid = torch.linspace(*query, GRID).view(1, GRID, 1).expand(count, GRID, 1)
    return Exam(*(tuple(t.to(device) for t in pair) for pair in (points, (grid, tasks(grid)))))


def converging(errors: np.ndarray) -> np.ndarray:
    """(N,) whether errors (N, STEPS + 1) stay below :data:`DIVERGED`; inf and nan do not."""
    return (errors <= DIVERGED).all(axis=1)


def mean_and_half(values: np.ndarray) -> tuple[float, float]:
    """Mean, and half of its 95% normal interval: 1.96 standard errors, as in the paper."""
    return float(values.mean()), 1.96 * float(values.std(ddof=1)) / len(values) ** 0.5


def run_training(
    training: Training,
    recipe: MetaRecipe,
    *,
    budget: str,
    seed: int = 0,
    device: torch.device | str = "cpu",
    tested: int = TESTED,
    on_step: OnStep | None = None,
) -> Outcome:
    """Train an initialisation and let it sit the exams.

    Args:
        tested: how many unseen tasks.

    Returns:
        the outcome; of a training that was stopped, that of theta as it then was.
    """
    seen: dict[int, Weights] = {}
    trained = meta_train(
        FAMILY, recipe, seed=seed, device=device, on_step=on_step,
        look=lambda step, network: seen.update({step: weights_of(network)}), look_at=MOMENTS,
    )  # fmt: skip
    network, theta = trained.network, weights_of(trained.network)
    rate, tuning = recipe.inner_rate, np.empty((0, 2))
    if training.variant == "joint":
        rate, tuning = tuned(network, theta, training.shots, min(TUNING, tested), device)
    unseen = exam(training.shots, tested, TEST_SEED, device)
    low, high = FAMILY.inputs
    middle = (low + high) / 2
    one_sided = exam(training.shots, tested, TEST_SEED, device, support=(middle, high), query=(low, middle))
    at_test = {"rate": rate, "variant": training.at_test}
    errors = unseen.curve(network, theta, **at_test)
    converges = converging(errors)
    replayed = [unseen[:REPLAYED].curve(network, moment, **at_test) for moment in seen.values()]
    return Outcome(
        training=training.key, shots=training.shots, iterations=trained.iterations, seconds=trained.seconds,
        seed=seed, budget=budget, device=trained.device, engine=trained.engine, stopped=trained.stopped,
        rate=rate, tuning=tuning,
        error=np.array([mean_and_half(errors[converges, step]) for step in range(STEPS + 1)]),
        by_task=errors[:, SHOWN].astype(np.float32), converges=converges,
        sharpness=(rate * largest_curvature(network, theta, *unseen[:SHARP].support)).cpu().numpy(),
        half=one_sided.curve(network, theta, **at_test)[:, [0, 1, STEPS]].astype(np.float32),
        history=trained.history,
        frames=Frames(
            step=np.array(list(seen)), error=np.array([e[converging(e)].mean(0) for e in replayed], np.float32),
            kept=np.array([converging(e).sum() for e in replayed]),
            weights=np.stack([flattened(moment) for moment in seen.values()]),
        ),
    )  # fmt: skip


def tuned(
    network: nn.Module, theta: Weights, shots: int, count: int, device: torch.device | str
) -> tuple[float, np.ndarray]:
    """The step size to take at test time, and the error after STEPS steps on tuning tasks of each (R, 2).

    A step that diverges on a tuning task is out: its error is inf. Of the others, the shortest whose error is within
    TIE of the least: of two that do alike, the longer one explodes sooner.
    """
    tasks = exam(shots, count, TUNING_SEED, device)
    table = []
    for rate in RATES:
        errors = tasks.curve(network, theta, rate)
        table.append((rate, errors[:, STEPS].mean() if converging(errors).all() else np.inf))
    rates, error = np.array(table).T
    return float(rates[error <= TIE * error.min()].min()), np.array(table)


def flattened(theta: Weights) -> np.ndarray:
    """Theta as one vector, float32."""
    return torch.cat([weight.flatten() for weight in theta.values()]).cpu().numpy().astype(np.float32)


def unflattened(flat: np.ndarray) -> dict[str, Tensor]:
    """The inverse of :func:`flattened`, for :data:`NETWORK`."""
    shapes = {name: weight.shape for name, weight in NETWORK.named_parameters()}
    parts = torch.from_numpy(flat.copy()).split([shape.numel() for shape in shapes.values()])
    return {name: part.view(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}
