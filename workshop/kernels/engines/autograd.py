"""The text-book engine: torch.func differentiates through the inner loop, torch.optim moves theta."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from workshop.datasets.sines import Batches
from workshop.kernels.meta_learning import meta_gradient, weights_of


class AutogradEngine:
    """Any network that ``torch.func`` can call, any variant, any device."""

    name = "autograd"

    def __init__(
        self, network: nn.Module, *, rate: float, steps: int, outer_rate: float, variant: str = "maml"
    ):
        self._network, self._theta = network, weights_of(network)
        self._inner = {"rate": rate, "steps": steps, "variant": variant}
        self._optimiser = torch.optim.Adam(list(self._theta.values()), outer_rate)

    def advance(self, batches: Batches) -> Tensor:
        """One Adam step for each of B meta-batches (B, T, K, ...); returns the losses (B,) before each step."""
        losses = []
        for batch in zip(*batches, strict=True):
            gradient, loss = meta_gradient(self._network, self._theta, batch, **self._inner)
            for name, weight in self._theta.items():
                weight.grad = gradient[name]
            self._optimiser.step()
            losses.append(loss)
        return torch.stack(losses)

    def weights(self) -> dict[str, Tensor]:
        """Theta as it is now, a copy."""
        return {name: weight.clone() for name, weight in self._theta.items()}
