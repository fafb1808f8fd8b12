"""The network of the adaptation lesson: three convolutions, batch statistics of each domain kept apart.

Domain-specific batch normalisation: Chang et al. (2019), "Domain-Specific Batch Normalization for
Unsupervised Domain Adaptation", CVPR. Both domains share every weight; each is normalised by its own
mean and variance.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

from workshop.kernels.chance import Chance

FEATURES = 128  #: length of the feature vector that classifier and critic read


class DomainBatchNorm2d(nn.Module):
    """Batch normalisation with statistics per domain, and one scale and shift for both.

    The scale and shift are shared because the target has no labels to learn its own from.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.source = nn.BatchNorm2d(channels, affine=False)
        self.target = nn.BatchNorm2d(channels, affine=False)
        self.weight = nn.Parameter(torch.ones(channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: torch.Tensor, source: int) -> torch.Tensor:
        """Normalise the first ``source`` rows of ``x`` as source images, the rest as target images."""
        if source == len(x):
            x = self.source(x)
        elif source == 0:
            x = self.target(x)
        else:
            x = torch.cat([self.source(x[:source]), self.target(x[source:])])
        return torch.addcmul(self.bias, x, self.weight)


class DigitNet(nn.Module):
    """156,000 weights: 32x32 grey picture -> 128 features -> 10 logits.

    Convolutions halve the picture by their stride: pooling would cost twice the time for the same accuracy.
    """

    def __init__(self, classes: int = 10):
        super().__init__()
        channels = (1, 16, 32, 64)
        kernels = (5, 3, 3)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(i, o, k, stride=2, padding=k // 2, bias=False)
            for i, o, k in zip(channels, channels[1:], kernels, strict=False)
        )
        self.norms = nn.ModuleList(DomainBatchNorm2d(o) for o in channels[1:])
        self.to_features = nn.Linear(64 * 4 * 4, FEATURES)
        self.classifier = nn.Linear(FEATURES, classes)

    def features(self, images: torch.Tensor, source: int, chance: Chance | None = None) -> torch.Tensor:
        """Features (N, 128) of ``images`` (N, 1, 32, 32), of which the first ``source`` come from the source.

        Args:
            chance: where dropout takes its randomness; without it nothing is dropped.
        """
        x = images.contiguous(memory_format=torch.channels_last)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = F.relu(norm(convolution(x), source), inplace=True)
        x = x.flatten(1)
        if chance is not None:
            x = x * (chance.uniform(*x.shape) > 2 * DROPOUT - 1) / (1 - DROPOUT)
        return F.relu(self.to_features(x))

    def forward(self, images: torch.Tensor, source: int) -> torch.Tensor:
        """Logits (N, 10)."""
        return self.classifier(self.features(images, source))


DROPOUT = 0.3  #: share of the last convolution's outputs hidden in training


def critic() -> nn.Sequential:
    """The domain critic: 128 features -> one logit, positive for "comes from the source"."""
    return nn.Sequential(nn.Linear(FEATURES, 100), nn.ReLU(), nn.Linear(100, 1), nn.Flatten(0))


def initialised(make, chance: Chance) -> nn.Module:
    """``make()`` on the device of ``chance``, with torch's usual initialisation drawn from ``chance``.

    Torch's constructors draw from the global generator. Made on ``meta`` they draw nothing, and what they
    would have drawn is drawn here.
    """
    with torch.device("meta"):
        module = make()
    module.to_empty(device=chance.device)
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            bound = 1 / math.sqrt(layer.weight[0].numel())
            for weights in (layer.weight, layer.bias):
                if weights is not None:
                    nn.init.uniform_(weights, -bound, bound, generator=chance.generator)
        elif isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
        elif isinstance(layer, DomainBatchNorm2d):
            nn.init.ones_(layer.weight)
            nn.init.zeros_(layer.bias)
    return module.to(memory_format=torch.channels_last)
