"""A network as a ladder of named blocks, from the pixels up to a head; a part of it can be frozen.

Frozen means two things. The weights get no gradient, so no update. And the block stays in evaluation mode: its batch
normalisation goes on using the statistics it came with. Without the second, a "frozen" block still drifts.
"""

from __future__ import annotations

import copy
import difflib
import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from workshop.errors import WorkshopError
from workshop.kernels.chance import Chance

BYTES = 4  #: of a weight in float32


class Pixels(nn.Module):
    """uint8 pictures as numbers in -1..1 (mean = deviation = one half of the range), in the weights' own type."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("middle", torch.tensor(127.5), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        scaled = images.to(self.middle.dtype) / self.middle - 1
        return scaled.contiguous(memory_format=torch.channels_last)


class BlockNet(nn.Module):
    """Named blocks, applied in order. The last one is the head: a linear layer on a feature vector.

    Args:
        blocks: name -> block; the first takes uint8 pictures (N, 3, side, side).
        side: of the pictures, in pixels.
    """

    def __init__(self, blocks: dict[str, nn.Module], side: int):
        super().__init__()
        self.blocks = nn.ModuleDict(blocks)
        self.side = side

    @property
    def names(self) -> tuple[str, ...]:
        """Of the blocks, from the pixels to the head."""
        return tuple(self.blocks)

    @property
    def head(self) -> nn.Linear:
        return self.blocks[self.names[-1]]

    def forward(self, x: Tensor, start: int = 0, stop: int | None = None) -> Tensor:
        """Blocks ``start`` to ``stop`` (exclusive) on ``x``: pictures where ``start`` is 0, else activations."""
        for name in self.names[start:stop]:
            x = self.blocks[name](x)
        return x


@dataclass(frozen=True)
class Share:
    """What a choice of frozen blocks leaves to be trained.

    Attributes:
        trainable, total: weights.
        gradient_bytes: of the gradients, in float32.
        optimiser_bytes: of Adam's two running means besides.
    """

    trainable: int
    total: int

    @property
    def percent(self) -> float:
        return 100 * self.trainable / self.total

    @property
    def gradient_bytes(self) -> int:
        return BYTES * self.trainable

    @property
    def optimiser_bytes(self) -> int:
        return 2 * BYTES * self.trainable


def check_frozen(names: tuple[str, ...], frozen: Iterable[str]) -> tuple[str, ...]:
    """``frozen`` in the order of the network.

    Raises:
        WorkshopError: a block that is not there, or nothing left to train.
    """
    frozen = [frozen] if isinstance(frozen, str) else list(frozen)
    for name in frozen:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            raise WorkshopError(f"There is no block {name!r}.{meant} The blocks are: {', '.join(names)}.")
    if set(frozen) >= set(names):
        raise WorkshopError(
            f"Every block is frozen, so nothing is left to train. Thaw at least one: {names[-1]!r} is the usual one."
        )
    return tuple(name for name in names if name in frozen)


def freeze(network: BlockNet, frozen: Iterable[str], statistics: bool = True) -> BlockNet:
    """Freeze these blocks and thaw all others, in place; returns the network.

    Args:
        frozen: names of blocks; none: everything is trained.
        statistics: whether the batch statistics of frozen blocks stay as they are, too. False is the common mistake:
            the weights stand still, the statistics follow the new pictures.

    Raises:
        WorkshopError: a block that is not there, or nothing left to train.
    """
    frozen = check_frozen(network.names, frozen)
    for name, block in network.blocks.items():
        block.requires_grad_(name not in frozen)
        block.train(name not in frozen or not statistics)
    return network


def frozen_prefix(names: tuple[str, ...], frozen: Collection[str]) -> int:
    """How many blocks from the pixels on are frozen without a gap: what they compute never changes."""
    return next((place for place, name in enumerate(names) if name not in frozen), len(names))


def counts(network: BlockNet) -> dict[str, int]:
    """Weights by block."""
    return {name: sum(p.numel() for p in block.parameters()) for name, block in network.blocks.items()}


def share(weights: dict[str, int], frozen: Collection[str]) -> Share:
    """What is trained when ``frozen`` blocks are not; ``weights`` comes from :func:`counts`."""
    return Share(sum(count for name, count in weights.items() if name not in frozen), sum(weights.values()))


def with_new_head(network: BlockNet, outputs: int, chance: Chance) -> BlockNet:
    """A copy with a new random head for ``outputs`` classes; every other weight is kept."""
    fresh = copy.deepcopy(network)
    old = fresh.head
    weight = next(network.parameters())
    head = nn.Linear(old.in_features, outputs, device=weight.device, dtype=weight.dtype)
    _draw_linear(head, chance)
    fresh.blocks[fresh.names[-1]] = head
    return fresh


def from_scratch(network: BlockNet, outputs: int, chance: Chance) -> BlockNet:
    """A copy in which nothing is kept but the architecture: every weight drawn anew, statistics forgotten.

    Convolutions after He et al. (2015), by the number of outputs that an input reaches; a group counts by itself.
    """
    fresh = with_new_head(network, outputs, chance)
    for layer in fresh.modules():
        if isinstance(layer, nn.Conv2d):
            reached = layer.weight[0, 0].numel() * layer.out_channels // layer.groups
            nn.init.normal_(layer.weight, 0.0, math.sqrt(2 / reached), generator=chance.generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            layer.reset_parameters()
        elif isinstance(layer, nn.Linear):
            _draw_linear(layer, chance)
    return fresh


def _draw_linear(layer: nn.Linear, chance: Chance) -> None:
    bound = 1 / math.sqrt(layer.in_features)
    for weights in (layer.weight, layer.bias):
        nn.init.uniform_(weights, -bound, bound, generator=chance.generator)
