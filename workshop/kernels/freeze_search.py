"""Which blocks to thaw? A search that thaws one block more as long as held-out labels say that it helps.

The question is SpotTune's: Guo et al. (2019), "SpotTune: Transfer Learning through Adaptive Fine-tuning", CVPR. The
answer here is much simpler. SpotTune trains a second network that routes *each picture by itself* through the frozen
or the fine-tuned copy of each block. This search makes one choice for all pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from workshop.kernels.block_net import BlockNet
from workshop.kernels.chance import Chance
from workshop.kernels.descent import OnStep
from workshop.kernels.feature_cache import FeatureCache
from workshop.kernels.fine_tuning import FineTuneRecipe, fine_tune


@dataclass(frozen=True, eq=False)
class Tried:
    """One choice of blocks.

    Attributes:
        thawed: names, from the pixels to the head.
        scores: (F,) share of right answers on each held-out fold.
    """

    thawed: tuple[str, ...]
    scores: np.ndarray

    @property
    def mean(self) -> float:
        return float(self.scores.mean())


@dataclass(frozen=True, eq=False)
class Found:
    """A finished search: what was tried, in order, and what is proposed."""

    tried: tuple[Tried, ...]
    proposal: tuple[str, ...]


def folds(labels: Tensor, count: int) -> list[tuple[Tensor, Tensor]]:
    """``count`` pairs of row numbers (to learn from, held out); every row is held out once, each class evenly."""
    fold, seen = torch.empty_like(labels), {}
    for row, label in enumerate(labels.tolist()):
        seen[label] = seen.get(label, -1) + 1
        fold[row] = seen[label] % count
    return [((fold != one).nonzero()[:, 0], (fold == one).nonzero()[:, 0]) for one in range(count)]


def search(
    make: Callable[[Chance], BlockNet],
    images: Tensor,
    labels: Tensor,
    *,
    recipe: FineTuneRecipe,
    cache: FeatureCache,
    parts: int = 4,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> Found:
    """Begin with the head alone; thaw the block that helps most on held-out labels; end when none does.

    Args:
        make: a network with a new head.
        images, labels: all that may be looked at: (N, 3, side, side) uint8 and (N,) int64. The exam is not among them.
        parts: folds. Each choice is trained on all but one of them and scored on that one, in turn.
        on_step: called with (choices tried, at most so many, {}).
    """
    names, divided = make(Chance(seed, images.device)).names, folds(labels, parts)
    most = 1 + sum(range(len(names)))
    tried: dict[frozenset[str], Tried] = {}

    def scored(thawed: frozenset[str]) -> Tried:
        frozen = [name for name in names if name not in thawed]
        scores = [
            fine_tune(
                make(Chance(seed, images.device)), images[learn], labels[learn], frozen=frozen, recipe=recipe,
                cache=cache, exam=(images[held], labels[held]), seed=seed,
            ).score[-1]
            for learn, held in divided
        ]  # fmt: skip
        tried[thawed] = Tried(tuple(name for name in names if name in thawed), np.array(scores))
        return tried[thawed]

    best, goes_on = scored(frozenset(names[-1:])), True
    while goes_on and len(best.thawed) < len(names):
        for name in names:
            if name not in best.thawed and goes_on:
                scored(frozenset((*best.thawed, name)))
                goes_on = on_step is None or on_step(len(tried), most, {"score": best.mean}) is not False
        leader = max(
            tried.values(), key=lambda one: one.mean
        )  # the first of equals: the one with fewer blocks
        goes_on, best = goes_on and leader is not best, leader
    if on_step:
        on_step(most, most, {"score": best.mean})
    return Found(tuple(tried.values()), best.thawed)
