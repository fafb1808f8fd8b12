"""MAML on an MLP without autograd: every backward pass and Hessian-vector product is a few batched products.

With phi = theta - rate g(theta), the outer gradient is (I - rate H) v, where v is the query gradient at phi and
H the Hessian of the support loss. H v comes from differentiating the backward pass in the direction of v
(Pearlmutter 1994, "Fast exact multiplication by the Hessian", Neural Computation 6). Names follow him: ``r_a``
is the derivative of ``a`` in that direction. Several inner steps are undone one by one, the last first.

What makes it fast on one core: all T tasks in one batched product; the first step, where all tasks still share
theta, as one plain product over T * K points; products and sums fused in ``baddbmm``, the sums over points of the
biases among them; the factors of the loss left to the scale of a product; the output layer as a row, so that no
product has a side of length one at the wrong place.
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


class Points(NamedTuple):
    """Support or query sets of N tasks; N = 1 where they are all one set."""

    x: Tensor  #: (N, K, inputs + 1); the last column is ones
    y: Tensor  #: (N, 1, K)
    ones: Tensor  #: (N, 1, K)


def forward_backward(weights: Mlp, points: Points) -> Pass:
    """Both passes of the squared error."""
    a = [bmm(points.x, weights.first).relu_()]
    for w, b in weights.hidden:
        a.append(baddbmm(b, a[-1], w).relu_())
    on = [layer.sign() for layer in a]
    w, b = weights.last
    residual = baddbmm(b, w, a[-1].mT).sub_(points.y)
    d = [(residual.mT * w).mul_(on[-1])]
    for (w, _), gate in zip(reversed(weights.hidden), reversed(on[:-1]), strict=True):
        d.append(bmm(d[-1], w.mT).mul_(gate))
    return Pass(weights, a, on, d[::-1], residual)


def moved(weights: Mlp, points: Points, seen: Pass, scale: float, keep: float = 1.0) -> Mlp:
    """``keep`` times the weights plus ``scale`` times the gradient that ``seen`` holds; the gradient alone at 0."""
    x, _, ones = points
    how = {"beta": keep, "alpha": scale}
    hidden = [
        (baddbmm(w, a.mT, d, **how), baddbmm(b, ones, d, **how))
        for (w, b), a, d in zip(weights.hidden, seen.a, seen.d[1:], strict=False)
    ]
    w, b = weights.last
    last = baddbmm(w, seen.residual, seen.a[-1], **how), baddbmm(b, seen.residual, ones.mT, **how)
    return Mlp(baddbmm(weights.first, x.mT, seen.d[0], **how), hidden, last)


def add_hessian_product(
    v: Mlp, points: Points, seen: Pass, cut: Pass, scale: float, total: Mlp | None = None
) -> Mlp:
    """``v`` plus ``scale`` times H v, in place.

    Args:
        v: the direction, for each of T tasks.
        points: the support sets.
        seen: the pass at which H is taken.
        cut: the same, task by task; another only where all tasks share the weights of ``seen``.
        total: given where they do; receives the sum over tasks.
    """
    shared = total is not None

    # Where tasks share weights, their points stand side by side.
    def one(t: Tensor) -> Tensor:
        return t.view(1, -1, t.shape[-1]) if shared else t

    def row(t: Tensor) -> Tensor:
        return t.view(1, 1, -1) if shared else t

    weights = seen.weights
    r_a = [one(bmm(points.x, v.first)).mul_(seen.on[0])]
    for (v_w, v_b), (w, _), before, gate in zip(v.hidden, weights.hidden, cut.a, seen.on[1:], strict=False):
        r_a.append(one(baddbmm(v_b, before, v_w)).baddbmm_(r_a[-1], w).mul_(gate))
    (v_w, v_b), (w, _) = v.last, weights.last
    r_residual = baddbmm(v_b, v_w, cut.a[-1].mT)
    row(r_residual).baddbmm_(w, r_a[-1].mT)
    r_d = [one(torch.addcmul(r_residual.mT * w, cut.residual.mT, v_w)).mul_(seen.on[-1])]
    for layer in reversed(range(len(v.hidden))):
        along_v = bmm(cut.d[layer + 1], v.hidden[layer][0].mT)
        r_d.append(one(along_v).baddbmm_(r_d[-1], weights.hidden[layer][0].mT).mul_(seen.on[layer]))
    r_d.reverse()

    if shared:
        v = _sum(v, total)
    x, ones, r_residual = one(points.x), row(points.ones), row(r_residual)
    v.first.baddbmm_(x.mT, r_d[0], alpha=scale)
    for layer, (v_w, v_b) in enumerate(v.hidden):
        v_w.baddbmm_(r_a[layer].mT, seen.d[layer + 1], alpha=scale)
        v_w.baddbmm_(seen.a[layer].mT, r_d[layer + 1], alpha=scale)
        v_b.baddbmm_(ones, r_d[layer + 1], alpha=scale)
    v_w, v_b = v.last
    v_w.baddbmm_(seen.residual, r_a[-1], alpha=scale).baddbmm_(r_residual, seen.a[-1], alpha=scale)
    v_b.baddbmm_(r_residual, ones.mT, alpha=scale)
    return v


def meta_gradient(
    theta: Mlp, support: Points, query: Points, *, rate: float, steps: int, second_order: bool, total: Mlp
) -> Tensor:
    """Fill ``total`` with the outer gradient; returns the query residuals, T K of them.

    Args:
        steps: 0 for joint training, where only the query points count.
    """
    tasks, shots = support.x.shape[:2]
    scale = -2 * rate / shots
    phi, passes = theta, []
    for step in range(steps):
        if step == 0:  # all tasks still share theta
            seen = forward_backward(phi, _side_by_side(support))
            cut = _task_by_task(seen, tasks)
        else:
            seen = cut = forward_backward(phi, support)
        passes.append((seen, cut))
        phi = moved(phi, support, cut, scale)
    if steps == 0:
        query = _side_by_side(query)
    judged = forward_backward(phi, query)
    v = moved(phi, query, judged, scale=2 / (tasks * shots), keep=0.0)
    if not second_order or steps == 0:
        _sum(v, total)
        return judged.residual
    for seen, cut in reversed(passes[1:]):
        v = add_hessian_product(v, support, seen, cut, scale)
    add_hessian_product(v, support, *passes[0], scale, total)
    return judged.residual


def _side_by_side(points: Points) -> Points:
    """The points of all tasks as one set."""
    x, y, ones = points
    return Points(x.view(1, -1, x.shape[-1]), y.view(1, 1, -1), ones.view(1, 1, -1))


def _task_by_task(seen: Pass, tasks: int) -> Pass:
    """A pass over the points of all tasks, cut into tasks."""
    a, d = ([t.view(tasks, -1, t.shape[-1]) for t in layers] for layers in (seen.a, seen.d))
    return seen._replace(a=a, d=d, residual=seen.residual.view(tasks, 1, -1))


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
        theta, total, ones = (
            self._views(self._theta),
            self._views(self._gradient),
            torch.ones_like(ready[1][0]),
        )
        residuals = []
        for x, y, x_query, y_query in zip(*ready, strict=True):
            support, query = Points(x, y, ones), Points(x_query, y_query, ones)
            residuals.append(meta_gradient(theta, support, query, **self._inner, total=total))
            self._adam()
        return torch.stack(residuals).square_().mean((1, 2, 3))

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
