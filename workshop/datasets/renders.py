"""Street-number renders: pictures of house numbers, made by a program and not by a camera.

Real street numbers (SVHN) are not ours to ship. These stand in for them: 32x32 colour crops of a digit
between its neighbours, on a plate, lit unevenly, seen at an angle, photographed at a low resolution.
They are like SVHN and are not SVHN; nothing measured on them is a number about SVHN.

Every random choice comes from one generator with a fixed seed. The same seed and the same versions of
torch, pillow and matplotlib give the same bytes.
"""

from __future__ import annotations

import io
import math
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from workshop import settings
from workshop.datasets.glyphs import CELL, HEIGHT, GlyphAtlas, glyph_atlas
from workshop.datasets.images import ImageSet

SIDE = 32  #: side of a finished crop
CANVAS = 40  #: side of the scene before it is photographed
BATCH = 1000  #: scenes painted at once
VERSION = 1  #: raise it whenever the same seed would give other pictures


@dataclass(frozen=True)
class Style:
    """How varied the scenes are. Pairs are ranges, single numbers standard deviations, unless said otherwise.

    The defaults came closest to real street numbers among the settings that were tried: a small network
    trained on 8,000 of these renders reads 79% of real SVHN crops.
    """

    rotation: float = 5.0  # degrees
    shear: float = 0.06
    perspective: float = 0.03
    shift: float = 0.05  # of the crop's half side
    height: tuple[float, float] = (0.62, 1.0)  # of the crop's height
    narrowing: tuple[float, float] = (0.25, 0.15)  # mean and deviation of the log of height over width
    neighbour: float = 0.6  # probability of a digit on the left, and on the right
    gap: tuple[float, float] = (-0.08, 0.12)  # between digits, of their height
    luminance: tuple[float, float] = (0.15, 0.75)
    contrast: tuple[float, float] = (0.05, 0.5)
    chroma: float = 0.04
    texture: float = 0.03
    lighting: float = 0.09
    stripes: float = 0.2  # probability
    plate: float = 0.25  # probability of a plate's edge in the crop
    shadow: float = 0.35  # probability
    resolution: tuple[int, int] = (6, 30)  # pixels of the capture's side
    noise: tuple[float, float] = (0.0, 0.02)
    jpeg: tuple[int, int] = (25, 95)  # quality


class _Chance:
    """The scene's one source of randomness; a column per scene, shaped to broadcast over pixels."""

    def __init__(self, scenes: int, generator: torch.Generator):
        self.scenes, self.generator = scenes, generator

    def uniform(self, low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(self.scenes, 1, 1, 1, generator=self.generator)

    def normal(self, *shape: int) -> torch.Tensor:
        return torch.randn(self.scenes, *(shape or (1, 1, 1)), generator=self.generator)

    def happens(self, probability: float) -> torch.Tensor:
        return (self.uniform(0, 1) < probability).float()

    def pick(self, choices: int) -> torch.Tensor:
        return torch.randint(choices, (self.scenes,), generator=self.generator)


def _viewpoint(
    style: Style, chance: _Chance
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Where each canvas pixel looks: (plain x, plain y, glyph u, glyph v), each (scenes, 1, CANVAS, CANVAS)."""
    line = torch.linspace(-1, 1, CANVAS)
    x = line.view(1, 1, 1, -1) - chance.normal() * style.shift
    y = line.view(1, 1, -1, 1) - chance.normal() * style.shift
    depth = 1 + chance.normal() * style.perspective * x + chance.normal() * style.perspective * y
    x, y = x / depth, y / depth
    angle = chance.normal() * math.radians(style.rotation)
    u = torch.cos(angle) * x + torch.sin(angle) * y
    v = torch.cos(angle) * y - torch.sin(angle) * x
    u = u + chance.normal() * style.shear * v
    scale = (HEIGHT / CELL) / chance.uniform(*style.height)
    mean, deviation = style.narrowing
    return x, y, u * scale * torch.exp(mean + deviation * chance.normal()), v * scale


def _digit_mask(
    style: Style, chance: _Chance, atlas: GlyphAtlas, labels, u, v
) -> Callable[..., torch.Tensor]:
    """Choose a font and neighbours; return a function (du, dv) -> coverage of the shifted number, in 0..1."""
    font = chance.pick(len(atlas.masks))
    beside = chance.pick(10), chance.pick(10)
    present = chance.happens(style.neighbour), chance.happens(style.neighbour)
    bump = 0.03 * chance.normal(), 0.03 * chance.normal()
    gap = chance.uniform(*style.gap).flatten() * HEIGHT
    distance = [
        (atlas.widths[font, labels] / 2 + atlas.widths[font, b] / 2 + gap) / (CELL / 2) for b in beside
    ]

    def look(digit: torch.Tensor, du, dv) -> torch.Tensor:
        grid = torch.stack([(u - du)[:, 0], (v - dv)[:, 0]], dim=-1)
        return F.grid_sample(atlas.masks[font, digit][:, None], grid, align_corners=False)

    def mask(du=0.0, dv=0.0) -> torch.Tensor:
        covered = look(labels, du, dv)
        for side, digit, away, here, up in zip((-1, 1), beside, distance, present, bump, strict=True):
            covered = torch.maximum(covered, here * look(digit, du + side * away.view(-1, 1, 1, 1), dv + up))
        return covered

    return mask


def _paint(style: Style, chance: _Chance, mask, x, y) -> torch.Tensor:
    """The scene in colour, (scenes, 3, CANVAS, CANVAS), about 0..1: wall, stripes, plate, shadow, number, light."""

    def colour(luminance: torch.Tensor) -> torch.Tensor:
        return luminance + chance.normal(3, 1, 1) * style.chroma * chance.uniform(0, 1.6)

    middle = chance.uniform(*style.luminance)
    half = (
        chance.uniform(*style.contrast) / 2 * (2 * chance.happens(0.5) - 1)
    )  # dark on light, or light on dark
    middle = torch.minimum(torch.maximum(middle, 0.03 + half.abs()), 0.97 - half.abs())
    grain = F.interpolate(chance.normal(1, 5, 5), CANVAS, mode="bicubic", align_corners=True)
    grain = grain * style.texture * chance.uniform(0, 1)

    scene = colour(middle - half) + grain
    along = torch.where(chance.happens(0.5) > 0, x, y)
    stripes = (torch.sin(chance.uniform(3, 14) * along + chance.uniform(0, 2 * math.pi)) > 0.9).float()
    scene = scene + stripes * chance.happens(style.stripes) * chance.uniform(-0.15, 0.15)

    side = chance.pick(4).view(-1, 1, 1, 1) * math.pi / 2 + 0.08 * chance.normal()
    beyond = torch.cos(side) * x + torch.sin(side) * y - chance.uniform(0.72, 1.1)
    plate = torch.sigmoid(beyond * CANVAS / 3) * chance.happens(style.plate)
    scene = torch.lerp(scene, colour(chance.uniform(0.05, 0.95)), plate)

    shade = mask(chance.uniform(-0.1, 0.1), chance.uniform(-0.1, 0.1))
    shade = shade * chance.happens(style.shadow) * chance.uniform(0.2, 0.8)
    scene = scene * (1 - shade * (1 - chance.uniform(0.2, 0.7)))
    scene = torch.lerp(scene, colour(middle + half) + grain / 2, mask())

    sun = chance.uniform(0, 2 * math.pi)
    return scene * (1 + (torch.cos(sun) * x + torch.sin(sun) * y) * chance.normal() * style.lighting)


def _photograph(style: Style, chance: _Chance, scene: torch.Tensor) -> torch.Tensor:
    """Capture at a low resolution, with noise, enlarge to SIDE, store as JPEG: (scenes, SIDE, SIDE, 3) uint8."""
    low, high = (math.log(side) for side in style.resolution)
    sides = torch.exp(chance.uniform(low, high)).round().long().flatten().clamp(max=SIDE)
    noise = chance.uniform(*style.noise)
    crops = torch.empty(len(scene), 3, SIDE, SIDE)
    for side in sides.unique().tolist():
        rows = (sides == side).nonzero()[:, 0]
        small = F.interpolate(scene[rows], side, mode="bilinear", antialias=True, align_corners=False)
        small = small + torch.randn(small.shape, generator=chance.generator) * noise[rows] / 2
        crops[rows] = F.interpolate(small, SIDE, mode="bicubic", align_corners=False)
    crops = crops + chance.normal(3, SIDE, SIDE) * noise * 0.4
    crops = crops.clamp(0, 1).mul(255).round().byte()
    qualities = chance.uniform(*style.jpeg).flatten().int().tolist()
    pictures = crops.permute(0, 2, 3, 1).numpy()
    return torch.from_numpy(np.stack([_as_jpeg(*one) for one in zip(pictures, qualities, strict=True)]))


def _as_jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    """``picture`` after it was stored and read again."""
    stored = io.BytesIO()
    Image.fromarray(picture).save(stored, "JPEG", quality=quality)
    return np.asarray(Image.open(stored))


def render(
    count: int,
    seed: int = 1,
    style: Style | None = None,
    on_step: Callable[[int, int, dict], bool] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Render ``count`` street-number crops, without the cache.

    Args:
        count: how many; at least 1.
        seed: of the generator that every choice comes from.
        style: how varied the scenes are.
        on_step: called with (done, count, {}) after every batch; rendering stops when it returns False.

    Returns:
        images (count, 32, 32, 3) uint8, and labels (count,) int64, drawn uniformly from 0..9.
    """
    style, atlas = style or Style(), glyph_atlas()
    generator = torch.Generator().manual_seed(seed)
    images, labels = [], []
    for start in range(0, count, BATCH):
        chance = _Chance(min(BATCH, count - start), generator)
        digits = chance.pick(10)
        x, y, u, v = _viewpoint(style, chance)
        scene = _paint(style, chance, _digit_mask(style, chance, atlas, digits, u, v), x, y)
        images.append(_photograph(style, chance, scene))
        labels.append(digits)
        if on_step and on_step(start + chance.scenes, count, {}) is False:
            break
    return torch.cat(images).numpy(), torch.cat(labels).numpy()


def renders(
    count: int = 12_000, seed: int = 1, on_step: Callable[[int, int, dict], bool] | None = None
) -> ImageSet:
    """The workbook's street-number renders, read from the cache or rendered into it (about 7 s)."""
    fingerprint = f"renders-v{VERSION}-n{count}-s{seed}"
    cached = settings.cache_folder() / f"{fingerprint}.npz"
    try:
        with np.load(cached, allow_pickle=False) as stored:
            return ImageSet("renders", stored["images"], stored["labels"], fingerprint)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        images, labels = render(count, seed, on_step=on_step)  # not there yet, or damaged
        if len(labels) < count:  # stopped half-way: use nothing, keep nothing
            raise InterruptedError("Rendering was stopped.") from None
        with tempfile.TemporaryDirectory(dir=cached.parent) as folder:
            partial = Path(folder) / cached.name
            np.savez_compressed(partial, images=images, labels=labels)
            partial.replace(cached)
        return ImageSet("renders", images, labels, fingerprint)
