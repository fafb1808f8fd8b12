"""Two demonstrations on the small network: statistics that drift though the weights are frozen, and a cache that
changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from workshop.datasets.tasks import task
from workshop.kernels.block_net import BlockNet, with_new_head
from workshop.kernels.chance import Chance
from workshop.kernels.feature_cache import FeatureCache
from workshop.kernels.fine_tuning import FineTuneRecipe, examine, fine_tune
from workshop.kernels.small_net import small_net
from workshop.studies.fine_tuning.recipes import HEAD, SMALL, SOME

RECIPE = FineTuneRecipe(epochs=30, learning_rate=3e-3)


@dataclass(frozen=True, eq=False)
class Drift:
    """A network that reads street numbers gets a second head, for handwritten digits; everything else is frozen.

    Attributes:
        before: per cent right on street numbers, before.
        old: per cent right on street numbers afterwards, by the old head: statistics (kept, drifting).
        new: per cent right on handwritten digits, by the new head: (kept, drifting).
        moved: how far the running means of the last frozen block went, in their own deviations: (kept, drifting).
    """

    before: float
    old: tuple[float, float]
    new: tuple[float, float]
    moved: tuple[float, float]
    seed: int
    budget: str


def run_drift(network: BlockNet, budget: str, seed: int, labels: int = SOME) -> Drift:
    """Train the new head twice on the same labels: with the frozen blocks' statistics kept, and without."""
    street, hand, side = task("renders"), task("digits"), SMALL.side
    sealed, exam = street.examined(side), hand.examined(side)
    before, _ = examine(network, *sealed)
    old, new, moved = [], [], []
    for statistics in (True, False):
        headed = with_new_head(network, 10, Chance(seed))
        done = fine_tune(
            headed, *hand.labelled(labels, side, seed), frozen=SMALL.frozen(HEAD), statistics=statistics,
            recipe=RECIPE if budget != "smoke" else FineTuneRecipe(1), exam=exam, seed=seed,
        )  # fmt: skip
        new.append(100 * float(done.score[-1]))
        theirs, ours = network.blocks["block 3"][1], headed.blocks["block 3"][1]
        moved.append(
            float(((ours.running_mean - theirs.running_mean) / theirs.running_var.sqrt()).abs().mean())
        )
        headed.blocks["head"] = network.blocks["head"]
        old.append(100 * examine(headed, *sealed)[0])
    return Drift(100 * before, tuple(old), tuple(new), tuple(moved), seed, budget)


@dataclass(frozen=True, eq=False)
class Equality:
    """The largest difference between weights trained with and without the cache, relative to the largest weight.

    Attributes:
        gaps: number of frozen blocks -> difference, in float64.
    """

    gaps: dict[str, float]
    seed: int
    budget: str

    @property
    def largest(self) -> float:
        return max(self.gaps.values())


def run_equality(budget: str, seed: int) -> Equality:
    """Train twice for every cut of the small network, in double precision, from the same weights."""
    images, labels = task("digits").labelled(100, SMALL.side, seed)
    gaps = {}
    for cut in range(1, len(SMALL.blocks)):
        trained = [
            fine_tune(
                small_net(10, Chance(seed), SMALL.side).double(), images, labels, frozen=SMALL.blocks[:cut],
                recipe=FineTuneRecipe(4), cache=cache, seed=seed,
            ).network.state_dict().values()
            for cache in (FeatureCache(), None)
        ]  # fmt: skip
        differences = [float((a - b).abs().max()) for a, b in zip(*trained, strict=True)]
        largest = max(float(a.abs().max()) for a in trained[0] if torch.is_floating_point(a))
        gaps[f"{cut} frozen"] = max(differences) / largest
    return Equality(gaps, seed, budget)
