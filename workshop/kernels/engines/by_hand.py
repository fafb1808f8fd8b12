"""MAML on an MLP without autograd: every backward pass and Hessian-vector product is a few batched products.

With phi = theta - rate g(theta), the outer gradient is (I - rate H) v, where v is the query gradient at phi and
H the Hessian of the support loss. H v comes from differentiating the backward pass in the direction of v
(Pearlmutter 1994, "Fast exact multiplication by the Hessian", Neural Computation 6). Names follow him: ``r_a``
is the derivative of ``a`` in that direction. Several inner steps are undone one by one, the last first.

What makes it fast on one core: all T tasks in one batched product; the first step, where all tasks still share
theta, as one plain product over T * K points; products and sums fused in ``baddbmm``; the factor 2/K of the loss
left to the end; the output layer as a row, so that no product has a side of length one at the wrong place.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, baddbmm, bmm, nn

from workshop.datasets.sines import Batches
from workshop.kernels.engines.mlp import check_variant, linear_layers


class Mlp(NamedTuple):
    """Weights of an MLP for N tasks, or N = 1 where all share them. Its input carries a column of ones."""

    first: Tensor  #: (N, inputs + 1, width); the last row is the bias
    hidden: list[tuple[Tensor, Tensor]]  #: (N, width, width) and (N, 1, width)
    last: tuple[Tensor, Tensor]  #: (N, 1, width) and (N, 1, 1)


class Pass(NamedTuple):
    """What a forward and backward pass left behind, with the weights it used."""

    weights: Mlp
    a: list[Tensor]  #: of each hidden layer, (N, K, width)
    on: list[Tensor]  #: where the ReLU is open, 1 or 0
    d: list[Tensor]  #: of each hidden layer, half of K times the gradient, (N, K, width)
    residual: Tensor  #: (N, 1, K)


def forward_backward(weights: Mlp, x: Tensor, y: Tensor) -> Pass:
    """Both passes of the squared error; ``x`` (N, K, inputs + 1), ``y`` (N, 1, K)."""
    a = [bmm(x, weights.first).relu_()]
    for w, b in weights.hidden:
        a.append(baddbmm(b, a[-1], w).relu_())
    on = [layer.sign() for layer in a]
    w, b = weights.last
    residual = baddbmm(b, w, a[-1].mT).sub_(y)
    d = [(residual.mT * w).mul_(on[-1])]
    for (w, _), gate in zip(reversed(weights.hidden), reversed(on[:-1]), strict=True):
        d.append(bmm(d[-1], w.mT).mul_(gate))
    return Pass(weights, a, on, d[::-1], residual)


def gradient_step(weights: Mlp, x: Tensor, seen: Pass, scale: float) -> Mlp:
    """``weights`` moved by ``scale`` times the gradient that ``seen`` holds."""
    hidden = [
        (baddbmm(w, a.mT, d, alpha=scale), torch.add(b, d.sum(1, keepdim=True), alpha=scale))
        for (w, b), a, d in zip(weights.hidden, seen.a, seen.d[1:], strict=False)
    ]
    w, b = weights.last
    last = (
        baddbmm(w, seen.residual, seen.a[-1], alpha=scale),
        torch.add(b, seen.residual.sum(2, keepdim=True), alpha=scale),
    )
    return Mlp(baddbmm(weights.first, x.mT, seen.d[0], alpha=scale), hidden, last)


def gradient(x: Tensor, seen: Pass) -> Mlp:
    """The gradient that ``seen`` holds, task by task."""
    hidden = [(bmm(a.mT, d), d.sum(1, keepdim=True)) for a, d in zip(seen.a, seen.d[1:], strict=False)]
    last = bmm(seen.residual, seen.a[-1]), seen.residual.sum(2, keepdim=True)
    return Mlp(bmm(x.mT, seen.d[0]), hidden, last)


def subtract_hessian_product(v: Mlp, x: Tensor, seen: Pass, scale: float, total: Mlp | None = None) -> Mlp:
    """``v`` plus ``scale`` times H v, in place.

    Args:
        v: the direction, for each of T tasks.
        seen: the pass at which H is taken; its weights are each task's own.
        total: where all tasks share the weights of ``seen``: receives the sum over tasks.
    """
    shared = total is not None
    tasks = len(x)

    # Views: `one` puts all tasks' points side by side where they share weights, `each` undoes it.
    def one(t: Tensor) -> Tensor:
        return t.view(1, -1, t.shape[-1]) if shared else t

    def row(t: Tensor) -> Tensor:
        return t.view(1, 1, -1) if shared else t

    def each(t: Tensor) -> Tensor:
        return t.view(tasks, -1, t.shape[-1]) if shared else t

    weights = seen.weights
    a, d, residual = [each(t) for t in seen.a], [each(t) for t in seen.d], seen.residual.view(tasks, 1, -1)
    r_a = [one(bmm(x, v.first)).mul_(seen.on[0])]
    for (v_w, v_b), (w, _), before, gate in zip(v.hidden, weights.hidden, a, seen.on[1:], strict=False):
        r_a.append(one(baddbmm(v_b, before, v_w)).baddbmm_(r_a[-1], w).mul_(gate))
    (v_w, v_b), (w, _) = v.last, weights.last
    r_residual = baddbmm(v_b, v_w, a[-1].mT)
    row(r_residual).baddbmm_(w, r_a[-1].mT)
    r_d = [one(torch.addcmul(r_residual.mT * w, residual.mT, v_w)).mul_(seen.on[-1])]
    for layer in reversed(range(len(v.hidden))):
        along_v = bmm(d[layer + 1], v.hidden[layer][0].mT)
        r_d.append(one(along_v).baddbmm_(r_d[-1], weights.hidden[layer][0].mT).mul_(seen.on[layer]))
    r_d.reverse()

    if shared:
        v = _sum(v, total)
    v.first.baddbmm_(one(x).mT, r_d[0], alpha=scale)
    for layer, (v_w, v_b) in enumerate(v.hidden):
        v_w.baddbmm_(r_a[layer].mT, seen.d[layer + 1], alpha=scale)
        v_w.baddbmm_(seen.a[layer].mT, r_d[layer + 1], alpha=scale)
        v_b.add_(r_d[layer + 1].sum(1, keepdim=True), alpha=scale)
    v_w, v_b = v.last
    v_w.baddbmm_(seen.residual, r_a[-1], alpha=scale).baddbmm_(row(r_residual), seen.a[-1], alpha=scale)
    v_b.add_(row(r_residual).sum(2, keepdim=True), alpha=scale)
    return v


def meta_gradient(
    theta: Mlp, batch: Batches, *, rate: float, steps: int, second_order: bool, total: Mlp
) -> Tensor:
    """Fill ``total`` with the outer gradient times K T / 2; returns the query residuals (T, 1, K).

    Args:
        batch: inputs (T, K, inputs + 1) with a column of ones, outputs (T, 1, K).
        steps: 0 for joint training, where only the query points count.
    """
    x, y, x_query, y_query = batch
    scale = -2 * rate / x.shape[1]
    phi, passes = theta, []
    for step in range(steps):
        if step == 0:  # all tasks still share theta
            shared = forward_backward(phi, x.view(1, -1, x.shape[-1]), y.view(1, 1, -1))
            passes.append(shared)
            tasks = len(x)
            seen = shared._replace(
                a=[t.view(tasks, -1, t.shape[-1]) for t in shared.a],
                d=[t.view(tasks, -1, t.shape[-1]) for t in shared.d],
                residual=shared.residual.view(tasks, 1, -1),
            )
        else:
            seen = forward_backward(phi, x, y)
            passes.append(seen)
        phi = gradient_step(phi, x, seen, scale)
    if steps == 0:
        x_query, y_query = x_query.view(1, -1, x_query.shape[-1]), y_query.view(1, 1, -1)
    judged = forward_backward(phi, x_query, y_query)
    v = gradient(x_query, judged)
    if not second_order or steps == 0:
        _sum(v, total)
        return judged.residual
    for seen in reversed(passes[1:]):
        v = subtract_hessian_product(v, x, seen, scale)
    subtract_hessian_product(v, x, passes[0], scale, total)
    return judged.residual


def _sum(v: Mlp, total: Mlp) -> Mlp:
    """The sum over tasks, written into ``total``."""
    for part, out in zip(_tensors(v), _tensors(total), strict=True):
        torch.sum(part, 0, keepdim=True, out=out)
    return total


def _tensors(weights: Mlp) -> list[Tensor]:
    return [weights.first, *(t for pair in weights.hidden for t in pair), *weights.last]


class ByHandEngine:
    """An MLP (see :func:`~workshop.kernels.engines.mlp.linear_layers`) on any device, by batched products."""

    name = "by_hand"

    def __init__(
        self, network: nn.Module, *, rate: float, steps: int, outer_rate: float, variant: str = "maml"
    ):
        check_variant(variant)
        layers = linear_layers(network)
        self._names = [name for name, _ in network.named_parameters()]
        self._sizes = [(layer.in_features, layer.out_features) for layer in layers]
        flat = [t.detach() for layer in layers for t in (layer.weight.T, layer.bias)]
        self._theta = torch.cat([t.flatten() for t in flat])  # a copy
        self._gradient, self._m, self._v = (torch.zeros_like(self._theta) for _ in range(3))
        self._inner = {
            "rate": rate,
            "steps": 0 if variant == "joint" else steps,
            "second_order": variant == "maml",
        }
        self._outer_rate, self._taken = outer_rate, 0

    @torch.inference_mode()
    def advance(self, batches: Batches) -> Tensor:
        """One Adam step for each of B meta-batches (B, T, K, ...); returns the losses (B,) before each step."""
        x, y, x_query, y_query = batches
        ready = (_with_ones(x), y.mT.contiguous(), _with_ones(x_query), y_query.mT.contiguous())
        theta, total = self._views(self._theta), self._views(self._gradient)
        losses = []
        for batch in zip(*ready, strict=True):
            residuals = meta_gradient(theta, batch, **self._inner, total=total)
            self._gradient.mul_(2 / residuals.numel())
            self._adam()
            losses.append(residuals.square().mean())
        return torch.stack(losses)

    def weights(self) -> dict[str, Tensor]:
        """Theta as it is now, a copy, under the network's own names and in its own layout."""
        return self._unpacked(self._theta)

    def last_gradient(self) -> dict[str, Tensor]:
        """The outer gradient of the last step, likewise."""
        return self._unpacked(self._gradient)

    def _unpacked(self, flat: Tensor) -> dict[str, Tensor]:
        seen = self._views(flat)
        pairs = [(seen.first[0, :-1], seen.first[0, -1]), *((w[0], b[0, 0]) for w, b in seen.hidden)]
        pairs.append((seen.last[0].reshape(-1, 1), seen.last[1].reshape(1)))
        parts = [t for w, b in pairs for t in (w.T, b)]
        return {
            name: t.clone(memory_format=torch.contiguous_format)
            for name, t in zip(self._names, parts, strict=True)
        }

    def _views(self, flat: Tensor) -> Mlp:
        """The flat vector seen as weights: writing into one writes into the other."""
        (inputs, width), *middle, (before, _) = self._sizes
        shapes = [(1, inputs + 1, width), *(s for i, o in middle for s in ((1, i, o), (1, 1, o)))]
        shapes += [(1, 1, before), (1, 1, 1)]
        parts = flat.split([a * b for _, a, b in shapes])
        first, *rest = (part.view(shape) for part, shape in zip(parts, shapes, strict=True))
        pairs = list(zip(rest[::2], rest[1::2], strict=True))
        return Mlp(first, pairs[:-1], pairs[-1])

    def _adam(self, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> None:
        """Kingma and Ba (2015) in six operations on one vector, as ``torch.optim.Adam`` with its defaults."""
        self._taken += 1
        first, second = 1 - beta1**self._taken, (1 - beta2**self._taken) ** 0.5
        self._m.lerp_(self._gradient, 1 - beta1)
        self._v.mul_(beta2).addcmul_(self._gradient, self._gradient, value=1 - beta2)
        self._theta.addcdiv_(
            self._m, self._v.sqrt().add_(epsilon * second), value=-self._outer_rate * second / first
        )


def _with_ones(x: Tensor) -> Tensor:
    return torch.cat((x, torch.ones_like(x[..., :1])), dim=-1)
