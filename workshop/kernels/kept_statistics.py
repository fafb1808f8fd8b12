"""Batch statistics that stay as they came, in thawed blocks too: the weights may move, the statistics may not.

A thawed block normalises each batch by the batch's own mean and variance, and later by their running average. With few
labels and a far task these are poor, and they can cost more than the weights' training gains.
"""

from __future__ import annotations

import copy
from functools import cache

from torch import nn

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
