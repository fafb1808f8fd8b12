"""Batch statistics of thawed blocks: kept as they came, or computed afresh once the training is over.

A thawed block normalises each batch by the batch's own mean and variance, and later by their running average. With few
labels the average is collected while the weights move, and at the end it may not fit them. That can cost more than the
training of the weights gains.
"""

from __future__ import annotations

import copy
from functools import cache

import torch
from torch import Tensor, nn

from workshop.kernels.block_net import BlockNet


@cache
def _kept(kind: type[nn.Module]) -> type[nn.Module]:
    """The same layer, always in evaluation mode. Its weights are trained all the same."""

    def train(self: nn.Module, mode: bool = True) -> nn.Module:
        return kind.train(self, False)

    return type(f"Kept{kind.__name__}", (kind,), {"train": train})


def keep_statistics(network: BlockNet) -> BlockNet:
    """A copy whose every batch normalisation uses and keeps its running statistics, whatever is thawed."""
    fresh = copy.deepcopy(network)
    for layer in fresh.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.__class__ = _kept(type(layer))
            layer.train(False)
    return fresh


@torch.no_grad()
def recompute_statistics(network: BlockNet, images: Tensor) -> BlockNet:
    """A copy whose batch statistics are those of ``images``, of all at once, under the weights as they are now.

    Args:
        images: (N, 3, side, side) uint8, at least 2.
    """
    fresh = copy.deepcopy(network)
    layers = [layer for layer in fresh.modules() if isinstance(layer, nn.BatchNorm2d)]
    for layer in layers:
        layer.momentum = 1.0  # the running statistics become those of the one batch
    fresh.train()(images)
    for layer, old in zip(
        layers, (m for m in network.modules() if isinstance(m, nn.BatchNorm2d)), strict=True
    ):
        layer.momentum = old.momentum
    return fresh.eval()
