"""A small network of named blocks that a laptop retrains whole in seconds."""

from __future__ import annotations

import torch
from torch import nn

from workshop.kernels.block_net import BlockNet, Pixels, from_scratch
from workshop.kernels.chance import Chance

CHANNELS = (16, 32, 64, 128)


def _block(inputs: int, outputs: int, kernel: int, stride: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def small_net(outputs: int, chance: Chance, side: int = 32) -> BlockNet:
    """About 100,000 random weights: four convolutions, then 2 x 2 x 128 features, then a head.

    Args:
        outputs: of the head.
        side: of the pictures, in pixels.
    """
    with torch.device("meta"):
        one, two, three, four = CHANNELS
        skeleton = BlockNet(
            {
                "stem": nn.Sequential(Pixels(), *_block(3, one, 5, 2)),
                "block 1": nn.Sequential(*_block(one, two, 3, 2)),
                "block 2": nn.Sequential(*_block(two, three, 3, 2)),
                "block 3": nn.Sequential(*_block(three, four, 3, 1), nn.AdaptiveAvgPool2d(2), nn.Flatten()),
                "head": nn.Linear(4 * four, outputs),
            },
            side,
        )
    network = skeleton.to_empty(device=chance.device)
    if chance.device.type != "meta":
        network.blocks["stem"][0].middle.fill_(127.5)
    return from_scratch(network, outputs, chance).to(memory_format=torch.channels_last)
