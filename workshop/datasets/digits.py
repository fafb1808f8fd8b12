"""Any set of digits as the adaptation kernels want it: grey, 32x32, each picture standardised, on the device."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from workshop.datasets.images import ImageSet, split

SIDE = 32


@dataclass(frozen=True, eq=False)
class Digits:
    """One domain, split once and for all.

    Attributes:
        name: what a reader calls it.
        train: (N, 1, 32, 32) float32, standardised; unlabelled when the domain is a target.
        train_labels: (N,) int64. Of a target, only the oracle may read them.
        sealed: (M, 1, 32, 32), for reporting, never for choosing.
        sealed_labels: (M,) int64.
        fingerprint: of the pictures behind it and of the way they were split.
        pictures: the sealed pictures as they were, uint8 (M, H, W) or (M, H, W, 3), to show.
    """

    name: str
    train: torch.Tensor
    train_labels: torch.Tensor
    sealed: torch.Tensor
    sealed_labels: torch.Tensor
    fingerprint: str
    pictures: np.ndarray


def as_digits(image_set: ImageSet, device: torch.device | str = "cpu", limit: int | None = None) -> Digits:
    """Split ``image_set`` (80% to learn from, 20% sealed) and put it on ``device``.

    Args:
        limit: keep at most this many pictures of each side, for a run of seconds.
    """
    train, sealed = split(image_set)
    return Digits(
        name=image_set.name,
        train=standardised(train.images[:limit], device),
        train_labels=torch.from_numpy(train.labels[:limit]).to(device),
        sealed=standardised(sealed.images[:limit], device),
        sealed_labels=torch.from_numpy(sealed.labels[:limit]).to(device),
        fingerprint=train.fingerprint if limit is None else f"{train.fingerprint}-first{limit}",
        pictures=sealed.images[:limit],
    )


def standardised(images: np.ndarray, device: torch.device | str = "cpu", batch: int = 2000) -> torch.Tensor:
    """Grey, resized to 32x32, mean 0 and deviation about 1 within each picture: (N, 1, 32, 32) float32.

    Brightness and contrast differ between cameras and pens, and say nothing about the digit. A picture of
    a single shade becomes all zeros.

    Args:
        images: uint8 (N, H, W) or (N, H, W, 3).
    """
    return torch.cat([_standardised(torch.from_numpy(images[i : i + batch])).to(device)
                      for i in range(0, len(images), batch)])  # fmt: skip


def _standardised(images: torch.Tensor) -> torch.Tensor:
    grey = images.float() / 255
    if grey.ndim == 4:
        grey = grey @ torch.tensor([0.299, 0.587, 0.114])  # luma of ITU-R BT.601
    grey = grey[:, None]
    if grey.shape[2:] != (SIDE, SIDE):
        grey = F.interpolate(grey, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False)
    mean, deviation = grey.mean((1, 2, 3), keepdim=True), grey.std((1, 2, 3), keepdim=True)
    return (grey - mean) / (deviation + 0.05)


def extent(images: torch.Tensor) -> float:
    """How far from the middle a picture's contrast lies on average: about 0.7 where it fills the crop, less where not.

    Args:
        images: (N, 1, H, W), standardised.

    Returns:
        the mean over pictures of the contrast-weighted squared distance from the middle, in half sides.
    """
    height, width = (torch.linspace(-1, 1, size, device=images.device) for size in images.shape[2:])
    distance = height[:, None] ** 2 + width**2
    weight = images.square()
    return float(((weight * distance).sum((1, 2, 3)) / weight.sum((1, 2, 3)).clamp_min(1e-6)).mean())
