"""When does what was learned there help here? A map over similarity and the number of labels of the target.

The world: ten independent normal features, and a rule that labels a point by the side it lies on of a plane through
the origin, wrongly near it: P(Y=1|x) = sigmoid(:data:`STEEPNESS` w . x). Source and target differ in w alone, so that
their likeness is one number, the angle between two rules: 0° is the same task, 90° says nothing about it, 180° is its
opposite. P(X) and P(Y) are alike at every angle, and so is how hard a task is by itself.

Each cell holds networks that were trained on a source at that angle and then on the target's labels, beside networks
of the same shape trained on the same labels from a random start. Points that nobody trained on judge both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from workshop.claims import Claim, Measurement, mean_and_half
from workshop.kernels.chance import Chance
from workshop.kernels.descent import OnStep
from workshop.kernels.many_models import ManyRecipe, ManyTrained, start_weights, train_many
from workshop.settings import check_budget

FEATURES, HIDDEN, STEEPNESS = 10, 16, 4.0
SOURCE_LABELS, TEST_POINTS = 1000, 2000
SOURCE_STEPS, SOURCE_RATE = 300, 0.1
#: Of the target's training, for both starts. Of 0.05, 0.1, 0.2 and 0.5 the best for the random start, and for the
#: others as well, in the mean over the map, on worlds from PILOT on, which nothing else uses.
RATE, PILOT = 0.1, 100_000
#: Steps after which both are tested; the map shows the last.
CHECKPOINTS = (0, 1, 3, 10, 30, 100, 300)
LOW, HIGH = 30.0, 150.0  #: degrees: rules at most LOW apart are alike, at least HIGH apart opposed

THREE_CLAIM = Claim(
    "scenarios/map_has_three_regions",
    "The map has cells where transfer helps, where it hurts, and where it does neither: at least so many of each.",
    "cells", ">=", {"ci": 3, "class": 10},
)  # fmt: skip
LABELS_CLAIM = Claim(
    "scenarios/gain_falls_with_labels",
    "Where the rules are the same, transfer gains more with the fewest labels than with the most, by so many points.",
    "points", ">=", {"class": 15},
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """How much a budget pays for."""

    angles: tuple[float, ...]
    labels: tuple[int, ...]
    seeds: int


_ANGLES = tuple(float(angle) for angle in range(0, 181, 15))
_LABELS = (2, 4, 8, 16, 32, 64, 128, 256)
SIZES: Mapping[str, Size] = {
    "smoke": Size((0.0, 90.0, 180.0), (4, 32), 2),
    "ci": Size((0.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0), (4, 16, 64, 256), 6),
    "class": Size(_ANGLES, _LABELS, 16),
    "full": Size(_ANGLES, _LABELS, 40),
}


@dataclass(frozen=True, eq=False)
class MapOutcome:
    """Accuracies of A angles, L numbers of labels, S seeds, at C checkpoints.

    Attributes:
        angles: (A,) degrees between the source's rule and the target's.
        labels: (L,) of the target.
        steps: (C,) of training on the target, from 0.
        transferred: (A, L, C, S) accuracy in the target, 0..1, of what was trained on the source before.
        scratch: (L, C, S) the same of the random start; it knows no source, and so no angle.
        at_home: (A, S) of the source's network in the source.
        budget, seed: that it was run at.
        seconds: of all trainings.
        trainings: how many there were.
    """

    angles: np.ndarray
    labels: np.ndarray
    steps: np.ndarray
    transferred: np.ndarray
    scratch: np.ndarray
    at_home: np.ndarray
    budget: str
    seed: int
    seconds: float
    trainings: int

    @property
    def gain(self) -> np.ndarray:
        """(A, L, S) What the source brings, in points, at the end of training, seed by seed."""
        return 100 * (self.transferred[:, :, -1] - self.scratch[None, :, -1])

    def regions(self) -> np.ndarray:
        """(A, L) 1 where the 95% interval of the gain lies above 0, -1 where below, 0 where it holds 0."""
        mean, half = mean_and_half(self.gain)
        return np.where(mean - half > 0, 1, np.where(mean + half < 0, -1, 0))

    def counts(self) -> dict[str, int]:
        """How many cells there are of each region."""
        found = self.regions()
        return {name: int((found == sign).sum()) for name, sign in REGIONS.items()}

    def fall(self, opposed: bool = False) -> np.ndarray:
        """(S,) The gain with the fewest labels less that with the most, where rules are alike, or ``opposed``."""
        chosen = self.angles >= HIGH if opposed else self.angles <= LOW
        gain = self.gain[chosen].mean(0)
        return gain[0] - gain[-1]

    def three_regions(self) -> Measurement:
        """For :data:`THREE_CLAIM`: a count, which has no interval; each cell's own decided where it counts."""
        return Measurement(min(self.counts().values()), None, self._data(), (self.seed,), self.budget, "run")

    def gain_falls(self) -> Measurement:
        """For :data:`LABELS_CLAIM`: the mean over seeds, with Student's interval."""
        mean, half = (float(x) for x in mean_and_half(self.fall()))
        return Measurement(mean, (mean - half, mean + half), self._data(), (self.seed,), self.budget, "run")

    def _data(self) -> str:
        angles, labels, _, seeds = self.transferred.shape
        return f"{angles} angles, {labels} numbers of labels, {seeds} seeds a cell, {TEST_POINTS:,} sealed points each"


REGIONS = {"positive": 1, "neutral": 0, "negative": -1}


def network() -> nn.Sequential:
    """The one network of the map."""
    return nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2))


def run(budget: str, seed: int = 0, on_step: OnStep | None = None) -> MapOutcome:
    """Train every cell of the map, at the size of a budget.

    Args:
        seed: same seed, same outcome.
        on_step: called as the trainings go on; what it returns is not looked at.
    """
    size = SIZES[check_budget(budget)]
    return trained(size, [seed * 1_000 + one for one in range(size.seeds)], RATE, budget, seed, on_step)


def trained(
    size: Size,
    draws: list[int],
    rate: float,
    budget: str = "class",
    seed: int = 0,
    on_step: OnStep | None = None,
) -> MapOutcome:
    """The map of a size, a world for each of ``draws``, at a learning rate."""
    worlds, progress = [World(draw, size) for draw in draws], _Progress(on_step)
    sources = _learn_sources(worlds, progress)
    # Models in the order (start, labels, world), where a start is a source's angle or, at the end, random.
    random = start_weights(network, draws)
    grid = len(size.angles) + 1, len(size.labels), len(worlds)
    weights = {
        name: torch.cat([w, random[name]])
        .view(grid[0], 1, grid[2], -1)
        .expand(*grid, -1)
        .reshape(-1, *w.shape[1:])
        for name, w in sources.weights.items()
    }
    most = max(size.labels)
    x = torch.stack([world.x[:most] for world in worlds]).expand(*grid[:2], -1, -1, -1).flatten(0, 2)
    y = torch.stack([world.y[:most] for world in worlds]).expand(*grid[:2], -1, -1).flatten(0, 2)
    has = torch.arange(most) < torch.tensor(size.labels)[:, None]
    mask = has[None, :, None].expand(*grid, -1).flatten(0, 2)
    curves, seconds = [_tested(weights, worlds, grid)], sources.seconds
    for before, after in pairwise(CHECKPOINTS):
        # Plain gradient descent remembers nothing from step to step, so it may be cut anywhere.
        recipe = ManyRecipe(after - before, "sgd", 0.0)
        done = train_many(
            network, x, y, start=weights, rates=rate, mask=mask, recipe=recipe, device="cpu", on_step=progress
        )
        progress.done += recipe.steps
        weights, seconds = done.weights, seconds + done.seconds
        curves.append(_tested(weights, worlds, grid))
    accuracy = np.stack(curves, 2)
    return MapOutcome(
        np.array(size.angles), np.array(size.labels), np.array(CHECKPOINTS), accuracy[:-1], accuracy[-1],
        _at_home(sources, worlds), budget, seed, seconds, len(x) + len(size.angles) * len(worlds),
    )  # fmt: skip


class World:
    """One draw: a target's rule and labelled points of it, sealed points, and a source for each angle."""

    def __init__(self, draw: int, size: Size):
        chance = Chance(draw)
        rule, other = torch.linalg.qr(chance.normal(FEATURES, 2))[0].T
        self.x, self.y = labelled(rule, max(size.labels), chance)
        self.sealed = labelled(rule, TEST_POINTS, chance)
        angles = torch.tensor(size.angles).deg2rad()
        rules = angles.cos()[:, None] * rule + angles.sin()[:, None] * other
        self.sources = [labelled(one, SOURCE_LABELS, chance) for one in rules]
        self.sources_sealed = [labelled(one, TEST_POINTS, chance) for one in rules]
        self.seed = draw


def labelled(rule: Tensor, count: int, chance: Chance) -> tuple[Tensor, Tensor]:
    """Draw points (count, features) and their labels (count,), int64, by a rule (features,) of length 1."""
    x = chance.normal(count, FEATURES)
    second = (STEEPNESS * x @ rule).sigmoid()
    return x, (chance.uniform(count) < 2 * second - 1).long()


def _learn_sources(worlds: list[World], progress: _Progress) -> ManyTrained:
    """A network for each angle and world, in that order, each from the random start of its own."""
    of = list(zip(*(world.sources for world in worlds), strict=True))
    x, y = (torch.stack([pair[part] for by_world in of for pair in by_world]) for part in (0, 1))
    seeds = [2**31 + len(of) * world.seed + number for number in range(len(of)) for world in worlds]
    recipe = ManyRecipe(SOURCE_STEPS, "sgd", 0.0)
    done = train_many(
        network, x, y, start=seeds, rates=SOURCE_RATE, recipe=recipe, device="cpu", on_step=progress
    )
    progress.done += SOURCE_STEPS
    return done


def _at_home(sources: ManyTrained, worlds: list[World]) -> np.ndarray:
    """(A, S) Of each source's network on sealed points of its own."""
    sealed = list(zip(*(world.sources_sealed for world in worlds), strict=True))
    return np.array(
        [
            [_right(sources.model(angle * len(worlds) + number)(x), y) for number, (x, y) in enumerate(row)]
            for angle, row in enumerate(sealed)
        ]
    )


@torch.no_grad()
def _tested(weights: dict[str, Tensor], worlds: list[World], grid: tuple[int, ...]) -> np.ndarray:
    """(start, labels, world) accuracies on each world's sealed points."""
    found, hidden, out = np.empty(grid), *(name.split(".")[0] for name in list(weights)[::2])
    for number, world in enumerate(worlds):
        own = {name: w.view(*grid, *w.shape[1:])[:, :, number].flatten(0, 1) for name, w in weights.items()}
        x, y = world.sealed
        for start in range(grid[0]):
            some = slice(start * grid[1], (start + 1) * grid[1])
            inner = (x @ own[f"{hidden}.weight"][some].mT + own[f"{hidden}.bias"][some, None]).relu()
            outputs = inner @ own[f"{out}.weight"][some].mT + own[f"{out}.bias"][some, None]
            found[start, :, number] = (outputs.argmax(2) == y).float().mean(1).numpy()
    return found


def _right(outputs: Tensor, y: Tensor) -> float:
    return float((outputs.argmax(1) == y).float().mean())


class _Progress:
    """Several trainings as one, for whoever watches."""

    def __init__(self, on_step: OnStep | None):
        self.done, self._total, self._tell = 0, SOURCE_STEPS + CHECKPOINTS[-1], on_step

    def __call__(self, step: int, total: int, metrics: Mapping[str, float]) -> bool:
        if self._tell is not None:
            self._tell(self.done + step, self._total, metrics)
        return True
