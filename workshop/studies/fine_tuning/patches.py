"""What features see: the pieces of pictures that excite a channel most, in low, middle and high blocks.

After Zeiler, Fergus (2014), "Visualizing and Understanding Convolutional Networks", ECCV (arXiv 2013).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from sklearn.datasets import load_sample_images
from torch import Tensor

from workshop.datasets.landscape import landscape
from workshop.datasets.tasks import as_pictures, task
from workshop.kernels.feature_cache import activations
from workshop.kernels.imagenet_net import SIDE, imagenet_net

#: Block -> the side of the patch that is shown, in pixels: about what one activation mostly looks at.
LEVELS = {"stage 1": 14, "stage 3": 30, "stage 7": SIDE}
CHANNELS, BEST = 6, 8  #: channels of each block; patches of each channel
STEP = 56  #: pixels between two crops of a photograph: near copies would fill the rows
SHOWN = 36  #: pixels, of a patch as it is kept


@dataclass(frozen=True, eq=False)
class Patches:
    """Of each level the patches that excite some of its channels most.

    Attributes:
        levels: names of blocks.
        pieces: (L, CHANNELS, BEST, SHOWN, SHOWN, 3) uint8.
        channels: (L, CHANNELS) their numbers.
        strength: (L, CHANNELS, BEST) the activation, as a multiple of the channel's mean.
        origins: (L, CHANNELS, BEST) of :data:`ORIGINS`.
        looked_at: how many pictures.
    """

    levels: tuple[str, ...]
    pieces: np.ndarray = field(repr=False)
    channels: np.ndarray
    strength: np.ndarray = field(repr=False)
    origins: np.ndarray = field(repr=False)
    looked_at: int
    seed: int
    budget: str


ORIGINS = (
    "photograph of a pagoda",
    "photograph of a flower",
    "landscape tile",
    "street-number render",
    "handwritten digit",
)


def pictures(few: bool = False) -> tuple[Tensor, np.ndarray]:
    """Pictures (N, 3, 64, 64) uint8 to look at, and where each comes from (N,)."""
    parts = []
    for photograph in load_sample_images().images:
        crops = []
        for scale in (1, 2):
            small = photograph[::scale, ::scale]
            height, width = small.shape[:2]
            crops += [
                small[y : y + SIDE, x : x + SIDE]
                for y in range(0, height - SIDE, STEP)
                for x in range(0, width - SIDE, STEP)
            ]
        parts.append(as_pictures(np.stack(crops), SIDE))
    parts.append(as_pictures(landscape(300, seed=9).images, SIDE))
    parts += [task(name).labelled(count, SIDE)[0] for name, count in (("renders", 150), ("digits", 100))]
    if few:
        parts = [part[:40] for part in parts]
    return torch.cat(parts), np.repeat(np.arange(len(parts)), [len(part) for part in parts])


def run_patches(budget: str, seed: int) -> Patches:
    """Look at all pictures; of each level take channels that are excited rarely and strongly."""
    images, origin = pictures(few=budget == "smoke")
    network, found = imagenet_net(), []
    for level, size in LEVELS.items():
        seen = activations(network, network.names.index(level) + 1, images)
        peak, where = seen.flatten(2).max(2)
        mean = seen.mean((0, 2, 3)).abs() + seen.std((0, 2, 3)) * 1e-3 + 1e-6
        top = peak.topk(BEST, 0)
        picky = (top.values.mean(0) / seen.std((0, 2, 3)).clamp_min(1e-6)).topk(CHANNELS).indices
        rows = top.indices[:, picky].T
        pieces = [
            [_piece(images[row], int(where[row, channel]), seen.shape[3], size) for row in each]
            for channel, each in zip(picky.tolist(), rows.tolist(), strict=True)
        ]
        strength = (top.values / mean)[:, picky].T.numpy()
        found.append((np.array(pieces), picky.numpy(), strength.astype(np.float32), origin[rows.numpy()]))
    pieces, channels, strength, origins = (np.stack(each) for each in zip(*found, strict=True))
    return Patches(tuple(LEVELS), pieces, channels, strength, origins, len(images), seed, budget)


def _piece(image: Tensor, position: int, columns: int, size: int) -> np.ndarray:
    """The piece of ``image`` (3, S, S) around a place of the activation map, (SHOWN, SHOWN, 3)."""
    stride = image.shape[1] / columns
    top, left = (int((place + 0.5) * stride - size / 2) for place in divmod(position, columns))
    top, left = (min(max(edge, 0), image.shape[1] - size) for edge in (top, left))
    piece = image[:, top : top + size, left : left + size].permute(1, 2, 0).numpy()
    return as_pictures(piece[None], SHOWN)[0].permute(1, 2, 0).numpy()
