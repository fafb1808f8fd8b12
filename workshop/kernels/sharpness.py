"""How sharp a loss is where one stands: the largest curvature, which bounds the steps that gradient descent can take.

On a parabola of curvature h a step of size alpha shrinks the distance to the bottom while alpha h < 2, and grows it
beyond. Power iteration finds the Hessian's largest eigenvalue from products with vectors alone.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import grad, vmap

from workshop.kernels.meta_learning import Weights, check_tasks, task_loss


@torch.no_grad()
def largest_curvature(
    network: nn.Module, theta: Weights, x: Tensor, y: Tensor, *, iterations: int = 40, seed: int = 0
) -> Tensor:
    """The eigenvalue of largest size of each task's Hessian of the support loss at theta.

    Args:
        x, y: support sets of N tasks, (N, K, ...).
        iterations: of the power method, from one random direction.

    Returns:
        (N,) one curvature a task, in units of the loss over squared weights; negative where the loss bends down most.

    Raises:
        WorkshopError: no task, or no point.
    """
    check_tasks(len(x), x.shape[1])
    names, parts = list(theta), list(theta.values())
    flat = torch.cat([part.flatten() for part in parts])

    def loss(weights: Tensor, x: Tensor, y: Tensor) -> Tensor:
        pieces = weights.split([part.numel() for part in parts])
        shaped = {n: p.view(part.shape) for n, p, part in zip(names, pieces, parts, strict=True)}
        return task_loss(network, shaped, x, y)

    def hessian_product(v: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return grad(lambda weights: grad(loss)(weights, x, y) @ v)(flat)

    product = vmap(hessian_product)
    generator = torch.Generator(flat.device).manual_seed(seed)
    start = torch.randn(flat.shape, generator=generator, dtype=flat.dtype, device=flat.device)
    v = (start / start.norm()).expand(len(x), -1)
    for _ in range(iterations):
        pushed = product(v, x, y)
        size = (v * pushed).sum(1)
        v = pushed / pushed.norm(dim=1, keepdim=True).clamp_min(torch.finfo(flat.dtype).tiny)
    return size
