"""Landscapes from above: satellite-like tiles, made by a program, whose hidden wealth shows in what is built.

Real satellite pictures and household surveys are not ours to ship. These stand in for them: 64x64 colour tiles of
fields, roads and houses. Nothing measured on them is a number about a real place. The rules of this world:

==================  =========================================================================================
``wealth``          latent, standard normal, a number a tile; nobody observes it directly
``density``         latent, standard normal, correlated 0.3 with wealth: how many people live there
houses              their number grows with density alone. Wealth makes them larger, and turns brown thatch
                    into bright metal roofs, house by house
roads               wealth turns dirt tracks into wider, paved, grey ones, and adds a second one
fields              strips of parcels, their size, crop, season and light are the same for rich and poor
``lights``          night lights: the lit share of houses grows with wealth. Lit roof area, a glow from the paved
                    road, blooming and noise, saturated: log(1 + .), as a number a tile
``survey``          what a survey says of the wealth of a few tiles: wealth plus noise (deviation 0.45)
==================  =========================================================================================

The kind of settlement (:data:`KINDS`) is drawn by itself: it tells where the houses stand, not how rich they are.
The same seed and the same version of torch give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

SIDE = 64  #: pixels of a tile
BATCH = 250  #: tiles painted at once
VERSION = 1  #: raise it whenever the same seed would give other tiles
SURVEY_NOISE = 0.45
HOUSES = 26  #: at most, in a tile
STRIPS, PARCELS = 5, 6  #: of fields, and parcels in each, at most

#: What a tile is to be classified as: where the houses stand, or that there are none.
KINDS = ("open fields", "scattered farms", "road village", "compact village", "town grid", "plantation")

#: Reflectance of crops: pasture, wheat, ripe wheat, bare soil, maize, rape.
CROPS = torch.tensor(
    [[0.22, 0.38, 0.16], [0.30, 0.45, 0.20], [0.55, 0.50, 0.28],
     [0.42, 0.33, 0.24], [0.18, 0.33, 0.14], [0.50, 0.52, 0.18]]
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Landscape:
    """N tiles and what is true of them.

    Attributes:
        images: (N, 64, 64, 3) uint8.
        parcels: (N, 64, 64) uint8, which parcel a pixel belongs to, from 1; 0 on the road.
        kind: (N,) int64, of :data:`KINDS`.
        wealth, lights, survey: (N,) float32; see the rules above.
        buildings: (N,) float32, share of the tile under roofs.
        paved: (N,) float32, share of the tile under paved road.
    """

    images: np.ndarray
    parcels: np.ndarray
    kind: np.ndarray
    wealth: np.ndarray
    lights: np.ndarray
    survey: np.ndarray
    buildings: np.ndarray
    paved: np.ndarray

    def __len__(self) -> int:
        return len(self.kind)

    def __getitem__(self, rows: slice | np.ndarray) -> Landscape:
        return Landscape(**{one.name: getattr(self, one.name)[rows] for one in fields(self)})


def boundaries(parcels: np.ndarray) -> np.ndarray:
    """(N, H, W) bool from parcel numbers (N, H, W): pixels beside another parcel, on both sides of the border."""
    found = np.zeros(parcels.shape, bool)
    across = parcels[:, :, 1:] != parcels[:, :, :-1]
    down = parcels[:, 1:] != parcels[:, :-1]
    found[:, :, 1:] |= across
    found[:, :, :-1] |= across
    found[:, 1:] |= down
    found[:, :-1] |= down
    return found


def landscape(
    count: int,
    seed: int = 0,
    kinds: tuple[float, ...] | None = None,
    on_step: Callable[[int, int, dict], bool] | None = None,
) -> Landscape:
    """Paint ``count`` tiles.

    Args:
        count: at least 1.
        seed: of the generator that every choice comes from.
        kinds: how often each of :data:`KINDS` occurs; equally often by default.
        on_step: called with (done, count, {}) after each batch; painting stops when it returns False.
    """
    generator = torch.Generator().manual_seed(seed)
    weights = torch.tensor(kinds or [1.0] * len(KINDS), dtype=torch.float)
    parts = []
    for start in range(0, count, BATCH):
        parts.append(_paint(_Draw(min(BATCH, count - start), generator), weights))
        if on_step and on_step(min(count, start + BATCH), count, {}) is False:
            break
    return Landscape(
        **{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Landscape)}
    )


class _Draw:
    """Random numbers for a batch of tiles, shaped to broadcast over (tiles, ..., SIDE, SIDE)."""

    def __init__(self, tiles: int, generator: torch.Generator):
        self.tiles, self._generator = tiles, generator

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(self.tiles, *shape, generator=self._generator)

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(self.tiles, *shape, generator=self._generator)

    def pick(self, choices: int, *shape: int) -> Tensor:
        return torch.randint(choices, (self.tiles, *shape), generator=self._generator)

    def weighted(self, weights: Tensor) -> Tensor:
        return torch.multinomial(weights, self.tiles, replacement=True, generator=self._generator)


_LINE = torch.arange(SIDE) + 0.5 - SIDE / 2
_Y, _X = torch.meshgrid(_LINE, _LINE, indexing="ij")


def _turned(angle: Tensor) -> tuple[Tensor, Tensor]:
    """Coordinates (B, SIDE, SIDE) along and across a direction (B,)."""
    cos, sin = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    return cos * _X + sin * _Y, cos * _Y - sin * _X


def _paint(draw: _Draw, weights: Tensor) -> Landscape:
    wealth = draw.normal()
    density = 0.3 * wealth + math.sqrt(1 - 0.3**2) * draw.normal()
    kind = draw.weighted(weights)
    angle = draw.uniform(0, math.pi)
    along, across = _turned(angle)
    parcels, ground = _fields(draw, along, across)
    ground = _plantation(draw, kind, along, across, ground)
    road, paved, ground = _roads(draw, wealth, kind, along, across, ground)
    roofs, lit, ground = _houses(draw, wealth, density, kind, angle, ground)
    lights = _lights(draw, lit, paved)
    light = draw.uniform(0.85, 1.15, 1, 1, 1) * (1 + 0.05 * draw.normal(1, 1, 3))
    haze = draw.uniform(0, 0.12, 1, 1, 1)
    seen = (ground * light * (1 - haze) + 0.8 * haze + 0.025 * draw.normal(SIDE, SIDE, 3)).clamp(0, 1)
    return Landscape(
        images=(255 * seen).round().byte().numpy(),
        parcels=torch.where(road > 0.5, 0, parcels).byte().numpy(),
        kind=kind.numpy(),
        wealth=wealth.numpy(),
        lights=lights.numpy(),
        survey=(wealth + SURVEY_NOISE * draw.normal()).numpy(),
        buildings=roofs.mean((1, 2)).numpy(),
        paved=paved.mean((1, 2)).numpy(),
    )


def _fields(draw: _Draw, along: Tensor, across: Tensor) -> tuple[Tensor, Tensor]:
    """Strips of parcels: numbers (B, S, S) from 1, and their colour (B, S, S, 3) with rows of plants."""
    tiles, half = draw.tiles, SIDE * 0.72
    strips = draw.uniform(-half, half, STRIPS - 1).sort(1).values
    bent = across + 1.5 * torch.sin(along / 14 + draw.uniform(0, 6.3, 1, 1))
    strip = (bent[:, None] > strips[:, :, None, None]).sum(1)
    cuts = draw.uniform(-half, half, STRIPS, PARCELS - 1).sort(2).values
    own = torch.gather(cuts, 1, strip.view(tiles, -1, 1).expand(-1, -1, PARCELS - 1))
    parcel = (along.reshape(tiles, -1, 1) > own).sum(2).view(tiles, SIDE, SIDE)
    number = strip * PARCELS + parcel
    palette = CROPS[draw.pick(len(CROPS), STRIPS * PARCELS)] + 0.025 * draw.normal(STRIPS * PARCELS, 3)
    flat = number.view(tiles, -1, 1)
    ground = torch.gather(palette, 1, flat.expand(-1, -1, 3)).view(tiles, SIDE, SIDE, 3)
    turn = draw.uniform(0, math.pi, STRIPS * PARCELS)
    period, depth = draw.uniform(2.6, 5.0, STRIPS * PARCELS), draw.uniform(0.0, 0.05, STRIPS * PARCELS)
    turn, period, depth = (torch.gather(t, 1, flat[..., 0]).view_as(number) for t in (turn, period, depth))
    rows = depth * torch.sin(2 * math.pi * (torch.cos(turn) * _X + torch.sin(turn) * _Y) / period)
    patch = F.interpolate(draw.normal(1, 9, 9), SIDE, mode="bilinear")[:, 0] * 0.025
    edge = torch.from_numpy(boundaries(number.numpy())) & (draw.uniform(0, 1, 1, 1) < 0.7)
    ground = ground + (rows + patch)[..., None]
    return number + 1, torch.where(edge[..., None], ground * 0.75, ground)


def _plantation(draw: _Draw, kind: Tensor, along: Tensor, across: Tensor, ground: Tensor) -> Tensor:
    """A grid of dark crowns over part of the tile."""
    spacing = draw.uniform(4.5, 7, 1, 1)
    crown = torch.cos(2 * math.pi * along / spacing) + torch.cos(2 * math.pi * across / spacing)
    where = (along - draw.uniform(-12, 12, 1, 1) > 0) | (draw.uniform(0, 1, 1, 1) < 0.4)
    trees = ((crown - 0.5) * 3).sigmoid() * where * (kind == 5).view(-1, 1, 1)
    return torch.lerp(ground, torch.tensor([0.08, 0.2, 0.08]).expand_as(ground), trees[..., None])


def _band(distance: Tensor, width: Tensor) -> Tensor:
    """1 within half a width, with an edge a pixel soft."""
    return ((width / 2 - distance.abs()) * 2 + 0.5).clamp(0, 1)


def _roads(draw: _Draw, wealth, kind, along, across, ground) -> tuple[Tensor, Tensor, Tensor]:
    """Coverage by roads and by paved roads (B, S, S), and the ground with them. A town has a grid of streets."""
    level = wealth.view(-1, 1, 1)
    is_paved = (draw.uniform(0, 1, 1, 1) < torch.sigmoid(1.5 * level)).float()
    width = 1.3 + 0.5 * torch.sigmoid(level) + 1.0 * is_paved
    first = across + 2 * torch.sin(along / 12 + draw.uniform(0, 6.3, 1, 1))
    road = _band(first, width)
    second = (draw.uniform(0, 1, 1, 1) < torch.sigmoid(1.5 * level - 0.5)).float()
    road = torch.maximum(road, second * _band(along - draw.uniform(-22, 22, 1, 1), width))
    spacing = draw.uniform(13, 17, 1, 1)
    streets = torch.maximum(
        *(_band((t + spacing / 2) % spacing - spacing / 2, 0.9 * width) for t in (along, first))
    )
    road = torch.where((kind == 4).view(-1, 1, 1), streets, road)
    dirt, tar = torch.tensor([0.50, 0.40, 0.28]), torch.tensor([0.40, 0.40, 0.42])
    colour = torch.lerp(dirt, tar, is_paved[..., None]) + 0.03 * draw.normal(1, 1, 1)
    return road, road * is_paved, torch.lerp(ground, colour.expand_as(ground), road[..., None])


def _places(draw: _Draw, kind: Tensor) -> tuple[Tensor, Tensor]:
    """Where houses stand, along and across the road (B, HOUSES): each kind of settlement has its own rule."""
    spread = SIDE * 0.46
    scattered = draw.uniform(-spread, spread, HOUSES), draw.uniform(-spread, spread, HOUSES)
    side = 2.0 * draw.pick(2, HOUSES) - 1
    village = draw.uniform(-spread, spread, HOUSES), side * (4.5 + draw.normal(HOUSES).abs() * 1.2)
    centre = draw.uniform(-9, 9, 2, 1)
    compact = centre[:, 0] + 6.5 * draw.normal(HOUSES), centre[:, 1] + 6.5 * draw.normal(HOUSES)
    cell = draw.uniform(6.5, 8.5, 1)
    grid = tuple(((t / cell).round() + 0.5) * cell + 0.5 * draw.normal(HOUSES) for t in scattered)
    rule = torch.tensor([0, 0, 1, 2, 3, 0])[kind][:, None]
    every = (scattered, village, compact, grid)
    return tuple(
        sum(torch.where(rule == i, one[axis], 0.0) for i, one in enumerate(every)) for axis in (0, 1)
    )


#: How many houses a tile of each kind has on average.
_MEAN_HOUSES = torch.tensor([0.0, 7.0, 12.0, 13.0, 18.0, 2.0])


def _houses(draw: _Draw, wealth, density, kind, angle, ground) -> tuple[Tensor, Tensor, Tensor]:
    """Coverage by roofs (B, S, S), lit roof area (B,), and the ground with houses and their shadows."""
    level, tiles = wealth[:, None], draw.tiles
    number = (_MEAN_HOUSES[kind] * torch.exp(0.35 * density)).round().clamp(max=HOUSES)
    stands = torch.arange(HOUSES) < number[:, None]
    metal = (draw.uniform(0, 1, HOUSES) < torch.sigmoid(1.6 * level)).float()
    size = (1.15 + 0.35 * torch.sigmoid(1.2 * level) + 0.35 * metal) * torch.exp(0.15 * draw.normal(HOUSES))
    u, v = _places(draw, kind)
    turn = angle[:, None] + 0.15 * draw.normal(HOUSES) + (kind == 1)[:, None] * draw.uniform(0, 3.2, HOUSES)
    cos, sin = torch.cos(angle)[:, None], torch.sin(angle)[:, None]
    x, y = cos * u - sin * v, sin * u + cos * v
    brown, bright = torch.tensor([0.36, 0.27, 0.17]), torch.tensor([0.78, 0.78, 0.80])
    red = torch.tensor([0.66, 0.36, 0.28])
    modern = torch.where(draw.pick(3, HOUSES)[..., None] == 0, red, bright)
    colour = torch.lerp(brown.expand(tiles, HOUSES, 3), modern, metal[..., None]) + 0.04 * draw.normal(
        HOUSES, 1
    )
    roofs = torch.zeros(tiles, SIDE, SIDE)
    for house in range(int(number.max())):
        dx, dy = _X - x[:, house, None, None], _Y - y[:, house, None, None]
        c, s = torch.cos(turn[:, house])[:, None, None], torch.sin(turn[:, house])[:, None, None]
        half = size[:, house, None, None]

        def cover(dx, dy, c=c, s=s, half=half):
            return torch.minimum(_band(c * dx + s * dy, 3.2 * half), _band(c * dy - s * dx, 2.2 * half))

        here = stands[:, house].float()[:, None, None]
        ground = ground * (1 - 0.45 * here * cover(dx - 1.2, dy - 1.2))[..., None]
        roof = here * cover(dx, dy)
        ground = torch.lerp(ground, colour[:, house, None, None].expand_as(ground), roof[..., None])
        roofs = torch.maximum(roofs, roof)
    is_lit = stands * (draw.uniform(0, 1, HOUSES) < torch.sigmoid(1.8 * level + 0.3))
    return roofs, (is_lit * size.square()).sum(1), ground


def _lights(draw: _Draw, lit: Tensor, paved: Tensor) -> Tensor:
    """The night light of a tile, after saturation."""
    shine = lit * torch.exp(0.2 * draw.normal()) + 60 * paved.mean((1, 2)) + 0.3 * draw.normal().abs()
    return torch.log1p(shine.clamp(max=63))
