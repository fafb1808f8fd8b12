"""Gradients of N MLPs under cross-entropy without autograd: a few batched products for all models.

With p the softmax and e the one-hot class, the gradient at the outputs is (p - e) times the example's share in
its model's mean; each layer below takes one product for the weights and one for the layer before.
"""

from __future__ import annotations

import torch
from torch import Tensor, baddbmm, bmm, nn

from workshop.kernels.engines.stacked_steps import Stack


def fits(network: nn.Module) -> bool:
    """Whether it is an ``nn.Sequential`` of Linear, ReLU, ..., Linear, with biases and a hidden layer or more."""
    modules = list(network) if type(network) is nn.Sequential else []  # a subclass may have its own forward
    linear, between = modules[::2], modules[1::2]
    return (
        len(linear) == len(between) + 1 >= 2
        and all(type(layer) is nn.Linear and layer.bias is not None for layer in linear)
        and all(type(layer) is nn.ReLU for layer in between)
        and len(set(linear)) == len(linear)  # no layer used twice
    )


class StackedMlp:
    """The same gradients as ``vmap`` of ``grad`` for a network that :func:`fits`."""

    name = "stacked_mlp"

    def __init__(self, network: nn.Sequential):
        self._layers = [name for name, layer in network.named_children() if isinstance(layer, nn.Linear)]

    @torch.no_grad()
    def __call__(self, stack: Stack, x: Tensor, y: Tensor, share: Tensor) -> Tensor:
        """Fill the stack's gradients.

        Args:
            x, y, share: (N, M, inputs), (N, M) int64, and (N, M), each example's weight in the mean.

        Returns:
            the losses (N,).
        """
        weights, gradients = stack.weights, stack.gradients
        *hidden, _ = self._layers
        a = [x]
        for layer in hidden:
            a.append(_linear(weights, layer, a[-1]).relu_())
        log_p = _linear(weights, self._layers[-1], a[-1]).log_softmax(2)
        y = y[..., None]
        losses = -(log_p.gather(2, y)[..., 0] * share).sum(1)
        share = share[..., None]
        d = log_p.exp_().mul_(share).scatter_add_(2, y, -share)
        for number in reversed(range(len(self._layers))):
            layer = self._layers[number]
            torch.bmm(d.mT, a[number], out=gradients[f"{layer}.weight"])
            torch.sum(d, 1, out=gradients[f"{layer}.bias"])
            if number:
                # A ReLU is open where its output is above 0: its sign is 1 there, and 0 where it is closed.
                d = bmm(d, weights[f"{layer}.weight"]).mul_(a[number].sign())
        return losses


def _linear(weights: dict[str, Tensor], layer: str, x: Tensor) -> Tensor:
    return baddbmm(weights[f"{layer}.bias"][:, None], x, weights[f"{layer}.weight"].mT)
