"""A control: the numbers of a trained network without its features.

Raghu, Zhang, Kleinberg, Bengio (2019), "Transfusion: Understanding Transfer Learning for Medical Imaging", NeurIPS, ask
how much of a gain comes from the features, and how much from weights of a good size. Shuffled weights keep the second.
"""

from __future__ import annotations

import copy

import torch

from workshop.kernels.block_net import BlockNet
from workshop.kernels.chance import Chance


@torch.no_grad()
def shuffled(network: BlockNet, chance: Chance) -> BlockNet:
    """A copy in which the weights of each layer have changed places at random.

    Each layer keeps its numbers, so their mean and spread, and batch normalisation keeps its scales and shifts, moved
    from channel to channel. Statistics are forgotten: they belonged to the features.
    """
    fresh = copy.deepcopy(network)
    for parameter in fresh.parameters():
        order = torch.randperm(parameter.numel(), generator=chance.generator, device=chance.device)
        parameter.copy_(parameter.flatten()[order].view_as(parameter))
    for layer in fresh.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.reset_running_stats()
    return fresh
