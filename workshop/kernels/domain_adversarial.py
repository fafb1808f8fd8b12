"""Domain-adversarial training: features that tell digits apart and do not tell domains apart.

Ganin et al. (2016), "Domain-Adversarial Training of Neural Networks", JMLR 17. A critic learns to name the
domain a feature comes from. Its gradient is reversed on the way into the features, so that they learn to
mislead it: min over features and classifier, max over critic, in one backward pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from workshop.kernels.augment import Augmentation
from workshop.kernels.chance import Chance
from workshop.kernels.descent import Look, OnStep, Recipe, Trained, descend
from workshop.kernels.digit_net import DigitNet, critic, initialised


class GradientReversal(torch.autograd.Function):
    """The identity on the way forward; minus ``strength`` times the gradient on the way back."""

    @staticmethod
    def forward(ctx, x: torch.Tensor, strength: float) -> torch.Tensor:
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient: torch.Tensor):
        return -ctx.strength * gradient, None


def reverse_gradient(x: torch.Tensor, strength: float) -> torch.Tensor:
    """``x`` unchanged; whoever differentiates through it gets minus ``strength`` times the gradient."""
    return GradientReversal.apply(x, strength)


def ganin_strength(progress: float, steepness: float = 10.0) -> float:
    """Lambda of Ganin et al.: 0 at ``progress`` 0, near 1 at 1, so that the critic learns before it is believed."""
    return 2 / (1 + math.exp(-steepness * progress)) - 1


def delayed(peak: float, start: float) -> Callable[[float], float]:
    """Ganin's ramp scaled to ``peak`` and begun after a share ``start`` of the training.

    Where the full ramp overtakes a classifier that has not learnt anything yet, the features may collapse:
    the easiest way to mislead the critic is to say nothing.
    """
    return lambda progress: peak * ganin_strength(max(0.0, (progress - start) / (1 - start)))


def train_domain_adversarial(
    source_images: torch.Tensor,
    source_labels: torch.Tensor,
    target_images: torch.Tensor,
    *,
    recipe: Recipe,
    augment_source: Augmentation,
    augment_target: Augmentation,
    strength: Callable[[float], float],
    seed: int = 0,
    on_step: OnStep | None = None,
    look: Look | None = None,
    looks: int = 8,
) -> Trained:
    """Train a :class:`DigitNet` on labelled source and unlabelled target pictures against a domain critic.

    Args:
        source_images, target_images: (N, 1, 32, 32) and (M, 1, 32, 32) float, standardised, on one device.
        source_labels: (N,) int64.
        strength: progress in 0..1 -> lambda, how hard the features push against the critic.

    Returns:
        the network; its history has the critic's accuracy (0.5: misled) and ``strength``.
    """
    chance = Chance(seed, source_images.device)
    network, judge = initialised(DigitNet, chance), initialised(critic, chance)
    half = recipe.batch
    from_source = (torch.arange(2 * half, device=chance.device) < half).float()

    def loss_at(step: int):
        s, t = chance.rows(half, of=len(source_images)), chance.rows(half, of=len(target_images))
        pictures = torch.cat(
            [augment_source(source_images[s], chance), augment_target(target_images[t], chance)]
        )
        features = network.features(pictures, source=half, chance=chance)
        class_loss = F.cross_entropy(network.classifier(features[:half]), source_labels[s])
        push = strength(step / recipe.steps)
        guess = judge(reverse_gradient(features, push))
        domain_loss = F.binary_cross_entropy_with_logits(guess, from_source)
        right = ((guess > 0) == (from_source > 0)).float().mean()
        return class_loss + domain_loss, {"critic_accuracy": right, "strength": push}

    return descend(
        [*network.parameters(), *judge.parameters()], loss_at, network, recipe,
        seed=seed, device=source_images.device, on_step=on_step, look=look, looks=looks,
    )  # fmt: skip


def proxy_a_distance(source_features: np.ndarray, target_features: np.ndarray, seed: int = 0) -> float:
    """How far apart two sets of features are: 2 (1 - 2 error) of a linear critic on features it has not seen.

    0 when the critic can only guess, 2 when it never errs. Ben-David et al. (2007), "Analysis of
    Representations for Domain Adaptation", NeurIPS.

    Args:
        source_features, target_features: (N, D) and (M, D). Half of each trains the critic, half tests it.
    """
    rng = np.random.default_rng(seed)
    halves = [np.array_split(rng.permutation(f), 2) for f in (source_features, target_features)]
    (train, test), domain = zip(*halves, strict=True), np.array([0, 1])
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    linear.fit(np.concatenate(train), domain.repeat([len(f) for f in train]))
    # the mean over domains, so that an unequal number of rows does not count
    error = 1 - np.mean([linear.score(f, np.full(len(f), d)) for f, d in zip(test, domain, strict=True)])
    return float(2 * (1 - 2 * min(error, 1 - error)))
