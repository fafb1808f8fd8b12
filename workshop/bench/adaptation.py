"""Bench of lesson 03: one adversarial training step, the augmentation in it, self-training, the renderer."""

from __future__ import annotations

import importlib.util
from itertools import cycle, islice

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from workshop.bench.timing import Row, throughput
from workshop.datasets.renders import render
from workshop.kernels.augment import Augmentation
from workshop.kernels.chance import Chance
from workshop.kernels.descent import Recipe
from workshop.kernels.digit_net import DigitNet, critic, initialised
from workshop.kernels.domain_adversarial import ganin_strength, reverse_gradient, train_domain_adversarial
from workshop.kernels.self_training import train_self_training

BATCH, STEPS, IMAGES = 64, 30, 4000
#: Both sides warp and add noise; the elastic part has no counterpart in the peers and is left out for all.
PLAIN = Augmentation(elastic=0.0, gain=0.0, inversion=False)


def rows() -> list[Row]:
    """Measure all rows; about a minute."""
    generator = torch.Generator().manual_seed(0)
    source, target = torch.randn(2, IMAGES, 1, 32, 32, generator=generator)
    labels = torch.randint(10, (IMAGES,), generator=generator)
    recipe = Recipe(steps=STEPS, batch=BATCH)
    augment = {"recipe": recipe, "augment_source": PLAIN, "augment_target": PLAIN}
    pictures = 2 * BATCH * STEPS
    return [
        throughput(
            "dann_training_vs_dataloader", "pictures/s", pictures,
            lambda: train_domain_adversarial(source, labels, target, strength=ganin_strength, **augment),
            lambda: dataloader_dann(source, labels, target, recipe),
            "a loop over two DataLoaders, torchvision transforms per picture, two forward passes",
            "same network, same optimiser, same batch", rounds=5,
        ),
        _augmentation(source),
        throughput(
            "self_training", "pictures/s", pictures,
            lambda: train_self_training(source, labels, target, **augment), note="no peer: a combination of our own",
        ),
        throughput("street_number_renders", "pictures/s", 1000, lambda: render(1000), note="no peer", rounds=3),
    ]  # fmt: skip


def _augmentation(images: torch.Tensor) -> Row:
    name, batch, chance = "augmentation_vs_kornia", images[:BATCH], Chance(0)

    def ours() -> None:
        for _ in range(20):
            PLAIN(batch, chance)

    if importlib.util.find_spec("kornia") is None:
        return throughput(
            name, "pictures/s", 20 * BATCH, ours, None, "kornia", "kornia is not installed: make peers"
        )
    from kornia import augmentation as K

    degrees = PLAIN.shear * 45  # a comparable amount; the work does not depend on it
    theirs = K.AugmentationSequential(
        K.RandomAffine(
            PLAIN.rotation, (PLAIN.shift, PLAIN.shift), (0.8, 1.2), degrees, p=1.0, padding_mode="border"
        ),
        K.RandomGaussianNoise(std=PLAIN.noise, p=1.0),
    )

    def peer() -> None:
        for _ in range(20):
            theirs(batch)

    return throughput(
        name, "pictures/s", 20 * BATCH, ours, peer, "kornia", "affine warp and noise, batch of 64"
    )


class _Pictures(Dataset):
    """Pictures one by one, each through its own transforms: the usual form in published code."""

    def __init__(self, images: torch.Tensor, labels: torch.Tensor):
        self.images, self.labels = images, labels
        self.transform = v2.Compose(
            [
                v2.RandomAffine(PLAIN.rotation, (PLAIN.shift, PLAIN.shift), (0.8, 1.2), 10),
                v2.GaussianNoise(0.0, 0.1),
            ]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self.transform(self.images[row]), self.labels[row]


def dataloader_dann(source: torch.Tensor, labels: torch.Tensor, target: torch.Tensor, recipe: Recipe) -> None:
    """The same training as a loop over DataLoaders with a forward pass for each domain."""
    chance = Chance(0)
    network, judge = initialised(DigitNet, chance), initialised(critic, chance)
    optimiser = recipe.optimiser([*network.parameters(), *judge.parameters()], torch.device("cpu"))
    loaders = [
        cycle(DataLoader(_Pictures(images, labels), recipe.batch, shuffle=True, drop_last=True))
        for images in (source, target)
    ]
    for step, ((xs, ys), (xt, _)) in enumerate(islice(zip(*loaders, strict=False), recipe.steps)):
        push = ganin_strength(step / recipe.steps)
        here = network.features(xs, source=len(xs), chance=chance)
        there = network.features(xt, source=0, chance=chance)
        loss = F.cross_entropy(network.classifier(here), ys)
        for features, side in ((here, 1.0), (there, 0.0)):
            guess = judge(reverse_gradient(features, push))
            loss = loss + F.binary_cross_entropy_with_logits(guess, torch.full_like(guess, side)) / 2
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
