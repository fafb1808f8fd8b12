"""Augmentation against torchvision's warps and against what it promises to leave alone."""

import math

import pytest
import torch
from torchvision.transforms.v2 import functional as tv

from workshop.kernels.augment import Augmentation
from workshop.kernels.chance import Chance

pytestmark = pytest.mark.fast

NOTHING = Augmentation(
    rotation=0, scale=0, shear=0, shift=0, zoom=0, elastic=0, gain=0, inversion=False, noise=0, cutout=0
)


def smooth(count: int = 4) -> torch.Tensor:
    """Pictures without sharp edges, so that two ways to interpolate agree."""
    line = torch.linspace(-1, 1, 32)
    y, x = torch.meshgrid(line, line, indexing="ij")
    waves = [torch.sin(2 * x + i) * torch.cos(3 * y - i) for i in range(count)]
    return torch.stack(waves)[:, None]


def inner(images: torch.Tensor) -> torch.Tensor:
    return images[..., 8:24, 8:24]


def test_nothing_asked_nothing_done():
    images = smooth()
    assert torch.allclose(NOTHING(images, Chance(0)), images, atol=1e-5)


class Fixed(Chance):
    """Every uniform draw is 1: the largest change either way."""

    def uniform(self, *shape):
        return torch.ones(*shape)


def test_rotation_agrees_with_torchvision():
    turned = Augmentation(**{**vars(NOTHING), "rotation": 20.0})(smooth(), Fixed(0))
    expected = tv.rotate(smooth(), 20.0, interpolation=tv.InterpolationMode.BILINEAR)
    assert torch.allclose(inner(turned), inner(expected), atol=2e-3)


def test_shift_moves_by_a_share_of_the_half_side():
    moved = Augmentation(**{**vars(NOTHING), "shift": 0.25})(smooth(), Fixed(0))  # 4 of 16 pixels
    assert torch.allclose(inner(moved), smooth()[..., 12:28, 12:28], atol=1e-4)


def test_zoom_out_makes_the_digit_smaller():
    square = torch.zeros(1, 1, 32, 32)
    square[..., 8:24, 8:24] = 1
    small = Augmentation(**{**vars(NOTHING), "zoom": math.log(2)})(square, Chance(0))
    assert small.sum().item() == pytest.approx(square.sum().item() / 4, rel=0.05)


def test_inversion_flips_about_half_of_the_pictures():
    flipped = Augmentation(**{**vars(NOTHING), "inversion": True})(torch.ones(2000, 1, 8, 8), Chance(0))
    assert sorted(flipped.round().unique().tolist()) == [-1, 1]
    assert abs(flipped.mean().item()) < 0.08


def test_cutout_hides_one_square_of_the_size_asked_for():
    cut = Augmentation(**{**vars(NOTHING), "cutout": 10})(torch.ones(500, 1, 32, 32), Chance(0))
    hidden = (cut.abs() < 1e-6).sum((1, 2, 3))
    assert hidden.max() <= 100
    whole = hidden[hidden > 90]
    assert len(whole) > 200  # the others reach over the edge


def test_each_picture_suffers_in_its_own_way():
    out = Augmentation()(smooth(1).expand(8, -1, -1, -1), Chance(0))
    assert len({tuple(picture.flatten().tolist()) for picture in out}) == 8


@pytest.mark.peers
def test_affine_part_agrees_with_kornia():
    kornia = pytest.importorskip("kornia", reason="kornia is an optional peer: make peers")
    turned = Augmentation(**{**vars(NOTHING), "rotation": 15.0})(smooth(), Fixed(0))
    angle = torch.full((4,), 15.0)
    expected = kornia.geometry.transform.rotate(smooth(), angle, padding_mode="border", align_corners=False)
    assert torch.allclose(inner(turned), inner(expected), atol=2e-3)
