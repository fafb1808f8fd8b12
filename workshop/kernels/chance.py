"""Randomness that belongs to one training: a generator of its own, on the device, never the global one."""

from __future__ import annotations

import random

import torch


class Chance:
    """All random draws of one training, made where the data lives, so that no step waits for the host.

    Args:
        seed: same seed, same device, same number of threads: the same draws.
        device: where tensors are drawn. ``meta`` draws shapes only (there is nothing to seed there).
    """

    def __init__(self, seed: int, device: torch.device | str = "cpu"):
        self.device = torch.device(device)
        self.host = random.Random(seed)  # for the few choices that must be plain numbers
        self.generator = None
        if self.device.type != "meta":
            self.generator = torch.Generator(device=self.device).manual_seed(seed)

    def uniform(self, *shape: int) -> torch.Tensor:
        """Uniform in -1..1."""
        return torch.rand(*shape, device=self.device, generator=self.generator).mul_(2).sub_(1)

    def normal(self, *shape: int) -> torch.Tensor:
        """Standard normal."""
        return torch.randn(*shape, device=self.device, generator=self.generator)

    def signs(self, *shape: int) -> torch.Tensor:
        """-1 or 1, each with probability one half."""
        return torch.randint(2, shape, device=self.device, generator=self.generator).mul_(2).sub_(1)

    def rows(self, count: int, of: int) -> torch.Tensor:
        """``count`` row numbers out of ``of``, with replacement, int64."""
        return torch.randint(of, (count,), device=self.device, generator=self.generator)
