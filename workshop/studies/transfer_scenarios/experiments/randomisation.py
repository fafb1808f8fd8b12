"""Learning from simulation: train on printed digits that a program drew, test on real handwriting.

Domain randomisation, after Tobin et al. (2017), "Domain Randomization for Transferring Deep Neural Networks from
Simulation to the Real World", IROS: a simulation need not look real, if it varies so much that reality is one more
variation. Every level draws as many pictures and trains as long; each varies one thing more than the one before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from workshop import datasets
from workshop.claims import Claim, Measurement, mean_and_half
from workshop.datasets.digits import standardised
from workshop.errors import WorkshopError
from workshop.kernels.augment import Augmentation
from workshop.kernels.descent import OnStep, Recipe
from workshop.kernels.digit_net import DigitNet
from workshop.kernels.supervised import probabilities, train_supervised
from workshop.settings import check_budget
from workshop.studies.transfer_scenarios.experiments.varied_renders import LEVELS, Variety, draw, level

REAL = "real digits"  #: in place of a level: as many real digits as renders, for comparison
SHAPES, EVERYTHING = "+ bending", "+ clutter"  #: the most varied in shape; the most varied of all
HELD_OUT = 1000  #: renders of a level's own kind that the network has not seen

SHAPE_CLAIM = Claim(
    "scenarios/domain_randomisation",
    "Renders of varied shape teach more about handwriting than those of one font, with as many pictures and steps.",
    "points", ">=", {"class": 30.0},
)  # fmt: skip

#: Nothing is varied while training: all variety is in the renders.
_AS_IT_IS = Augmentation(0, 0, 0, 0, 0, 0, 0, False, 0)


@dataclass(frozen=True)
class Size:
    """How much a budget pays for.

    Attributes:
        seeds: trainings of each level.
        levels: names, in order.
        count: pictures to train on, at every level.
        steps: of 64 pictures, at every level.
    """

    seeds: int
    levels: tuple[str, ...]
    count: int = 1500
    steps: int = 100


_ALL = (*(level.name for level in LEVELS), REAL)
SIZES: Mapping[str, Size] = {
    "smoke": Size(1, ("one font", SHAPES), count=200, steps=5),
    "ci": Size(3, ("one font", SHAPES), steps=80),
    "class": Size(5, _ALL),
    "full": Size(5, _ALL, count=6000, steps=800),
}


@dataclass(frozen=True, eq=False)
class RandomisationOutcome:
    """Accuracies of L levels and S seeds; each seed draws its renders, first weights and batches anew.

    Attributes:
        levels: (L) names of :data:`LEVELS`, and :data:`REAL`.
        real: (L, S) share of the sealed digits of mnist10k that are read rightly.
        own: (L, S) the same of new renders of the level's own kind; NaN for :data:`REAL`.
        samples: (L, 8, 28, 28) uint8, pictures that the first seed trained on.
        exam: (8, 28, 28) uint8, sealed digits.
        examined: how many sealed digits there are.
        budget, seed: that it was run at.
        stopped: whether it was asked to stop before the last seed; only whole seeds are kept.
    """

    levels: tuple[str, ...]
    real: np.ndarray
    own: np.ndarray
    samples: np.ndarray
    exam: np.ndarray
    examined: int
    budget: str
    seed: int
    stopped: bool = False

    def accuracy(self, level: str) -> np.ndarray:
        """(S,) on the sealed real digits, 0..1."""
        if level not in self.levels:
            raise WorkshopError(
                f"This run has no level {level!r}. At budget {self.budget} it has: {', '.join(self.levels)}."
            )
        return self.real[self.levels.index(level)]

    def gain(self, level: str, over: str = "one font") -> np.ndarray:
        """(S,) points that a level reads more than another, seed by seed."""
        return 100 * (self.accuracy(level) - self.accuracy(over))

    def measured(self) -> Measurement:
        """For :data:`SHAPE_CLAIM`: the mean over seeds, with Student's interval."""
        mean, half = (float(x) for x in mean_and_half(self.gain(SHAPES)))
        size = SIZES[self.budget]
        data = (
            f"{size.count:,} renders and {size.steps} steps each, {self.real.shape[1]} seeds, "
            f"{self.examined:,} sealed digits of mnist10k"
        )
        return Measurement(mean, (mean - half, mean + half), data, (self.seed,), self.budget, "run")


def run(budget: str, seed: int = 0, on_step: OnStep | None = None) -> RandomisationOutcome:
    """Draw, train and test every level, at the size of a budget.

    Args:
        seed: same seed, same outcome.
        on_step: called after each training; False stops, and what whole seeds there are is returned.
    """
    size = SIZES[check_budget(budget)]
    opened, sealed = datasets.split(datasets.load("mnist10k"))
    exam, answers = standardised(sealed.images), torch.from_numpy(sealed.labels)
    rows: list[np.ndarray] = []
    samples: list[np.ndarray] = []
    total, done, stopped = size.seeds * len(size.levels), 0, False
    for number in range(size.seeds):
        scores = []
        for name in size.levels:
            pictures, labels = training_set(name, size.count, _seed(seed, number, 0), opened)
            if number == 0:
                samples.append(pictures[:8])
            network = _taught(pictures, labels, size.steps, _seed(seed, number, 1))
            own = math.nan if name == REAL else _on_own_kind(network, level(name), _seed(seed, number, 2))
            scores.append((_accuracy(network, exam, answers), own))
            done += 1
            if on_step is not None and on_step(done, total, {"accuracy": scores[-1][0]}) is False:
                stopped = done < total
                break
        if len(scores) == len(size.levels):
            rows.append(np.array(scores))
        if stopped:
            break
    if not rows:
        raise WorkshopError("The run was stopped before its first seed was whole; there is nothing to show.")
    real, own = np.stack(rows).transpose(2, 1, 0)
    return RandomisationOutcome(
        size.levels, real, own, np.stack(samples), sealed.images[:8], len(sealed),
        budget, seed, stopped,
    )  # fmt: skip


def training_set(
    name: str, count: int, seed: int, opened: datasets.ImageSet
) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (count, 28, 28) uint8 and labels (count,) of a level; of ``opened`` for :data:`REAL`."""
    if name == REAL:
        rows = np.random.default_rng(seed).permutation(len(opened))[:count]
        return opened.images[rows], opened.labels[rows]
    return draw(level(name), count, seed)


def _taught(pictures: np.ndarray, labels: np.ndarray, steps: int, seed: int) -> DigitNet:
    recipe = Recipe(steps=steps, warm_up=min(20, steps))
    images, truth = standardised(pictures), torch.from_numpy(labels)
    return train_supervised(images, truth, recipe=recipe, augment=_AS_IT_IS, seed=seed).network


def _on_own_kind(network: DigitNet, variety: Variety, seed: int) -> float:
    new, answers = draw(variety, HELD_OUT, seed)
    return _accuracy(network, standardised(new), torch.from_numpy(answers))


def _accuracy(network: DigitNet, images: torch.Tensor, truth: torch.Tensor) -> float:
    return float((probabilities(network, images, source=True).argmax(1) == truth).double().mean())


def _seed(*numbers: int) -> int:
    """A seed of its own for each combination."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0] % 2**31)
