"""The five rungs. Same network, same augmentation, same number of steps; each may use one thing more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workshop.datasets.digits import Digits, extent
from workshop.kernels.augment import Augmentation
from workshop.kernels.descent import Look, OnStep, Recipe, Trained
from workshop.kernels.domain_adversarial import delayed, ganin_strength, train_domain_adversarial
from workshop.kernels.self_training import train_self_training
from workshop.kernels.supervised import train_supervised


@dataclass(frozen=True)
class Rung:
    """One way to get from the source to the target.

    Attributes:
        key: its name in code and in stored results.
        title: its name in figures.
        uses: what it takes from the target domain, in words.
        training: the key of the training it shows; rungs 0 and 1 are the same training, read in two ways.
    """

    key: str
    title: str
    uses: str
    training: str


RUNGS = {
    rung.key: rung
    for rung in (
        Rung("source_only", "0 source only", "no target image", "source_only"),
        Rung("batch_statistics", "1 batch statistics", "mean and variance of target images", "source_only"),
        Rung("adversarial", "2 adversarial (DANN)", "target images", "adversarial"),
        Rung(
            "pseudo_labels", "3 pseudo-labels", "target images and its own confident guesses", "pseudo_labels"
        ),
        Rung("oracle", "4 oracle", "target images and their labels", "oracle"),
    )
}

#: What a budget means for one training of this lesson.
RECIPES = {
    "smoke": Recipe(steps=24, batch=16, warm_up=4),
    "ci": Recipe(steps=1000),
    "class": Recipe(steps=3600),
    "full": Recipe(steps=10_000, batch=128),
}

#: How hard the features push against the critic, progress -> lambda. The lesson's panel offers them all.
STRENGTHS: dict[str, Callable[[float], float]] = {
    "ganin": ganin_strength,
    "gentle": delayed(peak=0.1, start=0.3),
    "none": lambda progress: 0.0,
}

#: How many moments of a training are kept for its replay.
FRAMES = {"smoke": 3, "ci": 4, "class": 8, "full": 8}


def augmentations(source: Digits, target: Digits) -> tuple[Augmentation, Augmentation]:
    """What source and target pictures suffer in training, on every rung.

    Source digits are drawn a little smaller when they fill more of their crop than the target's do (street
    numbers against MNIST's margins), otherwise a little larger. No label is needed to see which.
    A part of each target picture is hidden, so that no single stroke decides.
    """
    smaller = extent(source.train) > extent(target.train)
    return Augmentation(zoom=0.1 if smaller else -0.1), Augmentation(cutout=10)


def train(
    training: str,
    source: Digits,
    target: Digits,
    *,
    recipe: Recipe,
    seed: int = 0,
    strength: str = "ganin",
    on_step: OnStep | None = None,
    look: Look | None = None,
    looks: int = 8,
) -> Trained:
    """Train a network from scratch. Only the oracle reads target labels; nobody reads a sealed picture.

    Args:
        training: the ``training`` of a rung.
        strength: a key of :data:`STRENGTHS`, for the adversarial rung.
    """
    augment_source, augment_target = augmentations(source, target)
    both = {"augment_source": augment_source, "augment_target": augment_target}
    watched = {"recipe": recipe, "seed": seed, "on_step": on_step, "look": look, "looks": looks}
    pair = source.train, source.train_labels, target.train
    if training == "adversarial":
        return train_domain_adversarial(*pair, strength=STRENGTHS[strength], **both, **watched)
    if training == "pseudo_labels":
        return train_self_training(*pair, **both, **watched)
    if training == "oracle":
        return train_supervised(target.train, target.train_labels, augment=augment_target, **watched)
    return train_supervised(source.train, source.train_labels, augment=augment_source, **watched)
