"""Batched augmentation on the device: one affine and elastic warp, one gain, one noise for the whole batch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from workshop.kernels.chance import Chance


@dataclass(frozen=True)
class Augmentation:
    """What a picture may suffer without changing its label. Zeros leave it as it is.

    Pictures are standardised (mean 0), so that a change of sign swaps dark and light.
    """

    rotation: float = 15.0  #: degrees either way
    scale: float = 0.2  #: log of the scale either way, each axis for itself
    shear: float = 0.25
    shift: float = 0.12  #: of the half side, either way
    zoom: float = 0.0  #: log; above 0 the digit shrinks, below 0 it grows
    elastic: float = 0.06  #: deviation of a 4x4 grid of displacements, in half sides
    gain: float = 0.3  #: log of the contrast either way
    inversion: bool = True  #: swap dark and light in half of the pictures
    noise: float = 0.1
    cutout: int = 0  #: side of a square set to the mean, in pixels

    def __call__(self, images: torch.Tensor, chance: Chance) -> torch.Tensor:
        """Warp, dim and dirty each of ``images`` (N, 1, H, W) in its own way; returns the same shape."""
        images = F.grid_sample(
            images, self.grid(images.shape, chance), padding_mode="border", align_corners=False
        )
        if self.cutout:
            images = images * self._window(images.shape, chance)
        gain = torch.exp(self.gain * chance.uniform(len(images), 1, 1, 1))
        if self.inversion:
            gain = gain * chance.signs(len(images), 1, 1, 1)
        return torch.addcmul(self.noise * chance.normal(*images.shape), images, gain)

    def grid(self, shape: torch.Size, chance: Chance) -> torch.Tensor:
        """Where each output pixel looks, (N, H, W, 2) in -1..1: an affine map plus a smooth displacement."""
        count, _, height, width = shape
        angle = math.radians(self.rotation) * chance.uniform(count)
        cos, sin, shear = torch.cos(angle), torch.sin(angle), self.shear * chance.uniform(count)
        scale = torch.exp(self.scale * chance.uniform(2, count) + self.zoom)
        shift = self.shift * chance.uniform(2, count)
        rows = [
            torch.stack([scale[0] * cos, scale[0] * (shear * cos - sin), shift[0]], dim=1),
            torch.stack([scale[1] * sin, scale[1] * (cos + shear * sin), shift[1]], dim=1),
        ]
        grid = F.affine_grid(torch.stack(rows, dim=1), [count, 1, height, width], align_corners=False)
        if not self.elastic:
            return grid
        bend = F.interpolate(self.elastic * chance.normal(count, 2, 4, 4), (height, width), mode="bilinear")
        return grid + bend.permute(0, 2, 3, 1)

    def _window(self, shape: torch.Size, chance: Chance) -> torch.Tensor:
        """1 everywhere but in one square per picture, (N, 1, H, W)."""
        outside = None
        for axis, size in ((2, shape[2]), (3, shape[3])):
            centre = (chance.uniform(shape[0], 1, 1, 1) + 1) * size / 2
            line = torch.arange(size, device=chance.device).view([-1 if a == axis else 1 for a in range(4)])
            away = (line - centre).abs() >= self.cutout / 2
            outside = away if outside is None else outside | away
        return outside
