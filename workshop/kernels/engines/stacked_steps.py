"""The weights of N models in one flat vector, and the optimisers that step on it: a few operations for all."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import torch
from torch import Tensor


class Stack:
    """Weights and gradients of N models.

    Each tensor of ``weights`` and ``gradients`` is a contiguous view, (N, ...), of the vector ``flat`` or
    ``flat_gradient``: writing into one writes into the other.
    """

    def __init__(self, start: Mapping[str, Tensor], device: torch.device, dtype: torch.dtype):
        self.flat = torch.cat([w.detach().to(device, dtype).flatten() for w in start.values()])  # a copy
        self.flat_gradient = torch.zeros_like(self.flat)
        self._shapes = {name: tuple(w.shape) for name, w in start.items()}
        self.weights, self.gradients = self._views(self.flat), self._views(self.flat_gradient)

    def spread(self, of_each: Tensor) -> Tensor:
        """(N,), a number for each model, as a vector beside ``flat``."""
        parts = [of_each[:, None].expand(len(of_each), prod(s[1:])).flatten() for s in self._shapes.values()]
        return torch.cat(parts)

    def _views(self, flat: Tensor) -> dict[str, Tensor]:
        parts = flat.split([prod(shape) for shape in self._shapes.values()])
        return {name: p.view(shape) for p, (name, shape) in zip(parts, self._shapes.items(), strict=True)}


class Adam:
    """Kingma and Ba (2015), as ``torch.optim.Adam`` with its defaults; a rate for each weight."""

    def __init__(self, stack: Stack, rates: Tensor):
        self._stack, self._rates, self._taken = stack, rates, 0
        self._m, self._v, self._spare = (torch.zeros_like(stack.flat) for _ in range(3))

    def step(self, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> None:
        gradient = self._stack.flat_gradient
        self._taken += 1
        first, second = 1 - beta1**self._taken, (1 - beta2**self._taken) ** 0.5
        self._m.lerp_(gradient, 1 - beta1)
        self._v.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        torch.sqrt(self._v, out=self._spare).add_(epsilon * second)
        torch.div(self._m, self._spare, out=self._spare)
        self._stack.flat.addcmul_(self._spare, self._rates, value=-second / first)


class Momentum:
    """``torch.optim.SGD`` with momentum (0: without); a rate for each weight."""

    def __init__(self, stack: Stack, rates: Tensor, momentum: float):
        self._stack, self._rates, self._momentum = stack, rates, momentum
        self._velocity = torch.zeros_like(stack.flat)

    def step(self) -> None:
        self._velocity.mul_(self._momentum).add_(self._stack.flat_gradient)
        self._stack.flat.addcmul_(self._velocity, self._rates, value=-1.0)
