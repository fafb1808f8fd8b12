"""Learning from labels in one domain: the lowest rung (trained on the source) and the highest (the oracle)."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F

from workshop.kernels.augment import Augmentation
from workshop.kernels.chance import Chance
from workshop.kernels.descent import Look, OnStep, Recipe, Trained, descend
from workshop.kernels.digit_net import DigitNet, initialised


def train_supervised(
    images: torch.Tensor,
    labels: torch.Tensor,
    *,
    recipe: Recipe,
    augment: Augmentation,
    seed: int = 0,
    on_step: OnStep | None = None,
    look: Look | None = None,
    looks: int = 8,
) -> Trained:
    """Train a :class:`DigitNet` by cross-entropy on labelled pictures of one domain.

    Args:
        images: (N, 1, 32, 32) float, standardised, on the device to train on.
        labels: (N,) int64 in 0..9, on the same device.
        augment: applied to every picture before the network sees it.

    Returns:
        the network, whose *source* batch statistics are those of ``images``.
    """
    chance = Chance(seed, images.device)
    network = initialised(DigitNet, chance)

    def loss_at(step: int):
        rows = chance.rows(recipe.batch, of=len(images))
        features = network.features(augment(images[rows], chance), source=recipe.batch, chance=chance)
        return F.cross_entropy(network.classifier(features), labels[rows]), {}

    return descend(
        network.parameters(), loss_at, network, recipe,
        seed=seed, device=images.device, on_step=on_step, look=look, looks=looks,
    )  # fmt: skip


@torch.no_grad()
def probabilities(
    network: DigitNet, images: torch.Tensor, *, source: bool, batch: int = 1000
) -> torch.Tensor:
    """Class probabilities (N, 10) of ``images`` (N, 1, 32, 32), by one domain's running statistics.

    Args:
        source: True for the source's batch statistics, False for the target's.
    """
    was_training = network.training
    network.eval()
    out = [network(x, source=len(x) if source else 0).softmax(1) for x in images.split(batch)]
    network.train(was_training)
    return torch.cat(out)


@torch.no_grad()
def with_batch_statistics(network: DigitNet, images: torch.Tensor, batch: int = 1000) -> DigitNet:
    """A copy of ``network`` whose *target* statistics are those of ``images``; no weight changes, no label is read.

    Adaptive batch normalisation: Li et al. (2017), "Revisiting Batch Normalization for Practical Domain
    Adaptation", ICLR workshop. Each layer's statistics are the average over batches of ``batch`` pictures.

    Args:
        images: (N, 1, 32, 32) unlabelled pictures of the target, not augmented.
    """
    adapted = copy.deepcopy(network)
    for norm in adapted.norms:
        norm.target.reset_running_stats()
        norm.target.momentum = None  # a plain average over the batches
    adapted.train()
    for x in images.split(batch):
        adapted.features(x, source=0)
    return adapted.eval()
