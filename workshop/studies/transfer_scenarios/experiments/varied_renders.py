"""Printed digits from a program, as varied as one likes: pictures like MNIST's that no pen has made."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from workshop.datasets.glyphs import CELL, HEIGHT, glyph_atlas
from workshop.errors import WorkshopError

SIDE = 28  #: pixels of a picture, as those of the real digits
FILL = 20 / 28  #: height of a digit over its picture's, as in MNIST


@dataclass(frozen=True)
class Variety:
    """What differs from one drawn digit to the next. Single numbers are standard deviations.

    Attributes:
        name: of the level, for readers.
        fonts: how many of the workbook's fonts are used, from the first on.
        shift: of half the picture's side.
        turn, slant: degrees; tangent.
        stretch: of the log of width and height, each by itself.
        bend: of a smooth warp, of half the picture's side.
        grey: whether ink and paper take any shades, also dark ink on light paper.
        noise: of each pixel, at most; ink on paper is 1.
        clutter: lines across the picture, from one to so many; 0 for none.
    """

    name: str
    fonts: int = 1
    shift: float = 0.0
    turn: float = 0.0
    slant: float = 0.0
    stretch: float = 0.0
    bend: float = 0.0
    grey: bool = False
    noise: float = 0.0
    clutter: int = 0


_POSE = {"fonts": 18, "shift": 0.08, "turn": 12.0, "slant": 0.2, "stretch": 0.15}
_LIGHT = {"grey": True, "noise": 0.2}
LEVELS = (
    Variety("one font"),
    Variety("+ fonts", fonts=18),
    Variety("+ pose", **_POSE),
    Variety("+ bending", **_POSE, bend=0.12),
    Variety("+ light", **_POSE, bend=0.12, **_LIGHT),
    Variety("+ clutter", **_POSE, bend=0.12, **_LIGHT, clutter=3),
)


def level(name: str) -> Variety:
    """The level of that name."""
    for one in LEVELS:
        if one.name == name:
            return one
    raise WorkshopError(f"There is no level {name!r}. There are: {', '.join(one.name for one in LEVELS)}.")


def draw(variety: Variety, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw digits, light on dark unless ``grey``.

    Returns:
        pictures (count, 28, 28) uint8 and labels (count,) int64, drawn uniformly from 0..9.
    """
    chance, atlas = torch.Generator().manual_seed(seed), glyph_atlas()

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(count, *shape, generator=chance)

    def uniform(*shape: int) -> torch.Tensor:
        return torch.rand(count, *shape, generator=chance)

    labels = torch.randint(10, (count,), generator=chance)
    font = torch.randint(variety.fonts, (count,), generator=chance)
    line = (torch.arange(SIDE) * 2 + 1) / SIDE - 1
    y, x = torch.meshgrid(line, line, indexing="ij")
    at = torch.stack([x, y], -1) - variety.shift * normal(1, 1, 2)
    at = at + variety.bend * _smooth(normal(2, 4, 4)).permute(0, 2, 3, 1)
    angle = math.radians(variety.turn) * normal()
    cos, sin = angle.cos(), angle.sin()
    across, down = (variety.stretch * normal(2)).exp().T
    slant = variety.slant * normal()
    turned = torch.stack([cos, sin, -sin, cos], -1).view(-1, 2, 2)
    shaped = torch.stack([across, slant, 0 * slant, down], -1).view(-1, 2, 2)
    where = at @ (shaped @ turned).transpose(1, 2)[:, None] * (HEIGHT / CELL / FILL)
    ink = F.grid_sample(atlas.masks[font, labels][:, None], where, align_corners=False)[:, 0]
    for number in range(variety.clutter):
        theta, off = math.pi * uniform(1, 1), 1.6 * uniform(1, 1) - 0.8
        away = (theta.cos() * x + theta.sin() * y - off).abs() * SIDE / 2  # pixels from the line
        there = uniform(1, 1) * variety.clutter > number
        ink = torch.maximum(ink, there * (1.5 - away).clamp(0, 1))
    if variety.grey:
        paper, shade = uniform(1, 1), uniform(1, 1)
        shade = torch.where((shade - paper).abs() < 0.2, (paper + 0.5) % 1, shade)  # to be legible
        ink = paper + (shade - paper) * ink
    ink = ink + variety.noise * uniform(1, 1) * normal(SIDE, SIDE)
    return ink.clamp(0, 1).mul(255).round().byte().numpy(), labels.numpy()


def _smooth(coarse: torch.Tensor) -> torch.Tensor:
    return F.interpolate(coarse, SIDE, mode="bicubic", align_corners=True)
