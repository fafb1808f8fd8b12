"""How many weights well-known networks have: the lecture's table beside torchvision's own count."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import nn

#: The lecture's numbers, in millions: 2-D networks, and their 3-D relatives.
LECTURE = {
    "VGG-16": (134.7, 179.1),
    "ResNet-18": (11.4, 33.3),
    "ResNet-34": (21.5, 63.6),
    "ResNet-50": (23.9, 46.4),
    "ResNet-101": (42.8, 85.5),
    "ResNet-152": (58.5, 117.6),
    "DenseNet-121": (7.2, 11.4),
    "DenseNet-169": (12.8, 18.8),
}


@dataclass(frozen=True)
class Counted:
    """One network.

    Attributes:
        lecture, lecture_3d: in millions, as told.
        body: weights below the last layer; ``per_class``: weights of the last layer for each class (the bias is one).
    """

    name: str
    lecture: float
    lecture_3d: float
    body: int
    per_class: int

    def total(self, classes: int) -> int:
        """Weights with a head for that many classes."""
        return self.body + self.per_class * classes

    def classes(self) -> tuple[int, int]:
        """The numbers of classes, from and to, at which the total rounds to the lecture's number."""
        low, high = (1e6 * (self.lecture + end) - self.body for end in (-0.05, 0.05))
        return max(0, -int(-low // self.per_class)), int(high // self.per_class)

    @property
    def head_percent(self) -> float:
        """Share of the last layer at 1000 classes: what a frozen network leaves to be trained."""
        return 100 * self.per_class * 1000 / self.total(1000)


@cache
def counted() -> tuple[Counted, ...]:
    """Every network of :data:`LECTURE` as torchvision builds it; on ``meta``, so without a single number in memory."""
    from torchvision import models  # here: importing it takes a second

    rows = []
    for name, (flat, deep) in LECTURE.items():
        with torch.device("meta"):
            network = getattr(models, name.lower().replace("-", ""))()
        last = [layer for layer in network.modules() if isinstance(layer, nn.Linear)][-1]
        total = sum(p.numel() for p in network.parameters())
        per_class = last.in_features + 1
        rows.append(Counted(name, flat, deep, total - per_class * last.out_features, per_class))
    return tuple(rows)
