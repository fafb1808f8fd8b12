"""Learning an initialisation that is good to adapt from: MAML, and four algorithms that differ from it by a line.

Finn, Abbeel, Levine (2017), "Model-Agnostic Meta-Learning for Fast Adaptation of Deep Networks", ICML.
theta is the initialisation, phi what a few gradient steps on one task's support set make of it. The query set
of the same task judges phi, and theta moves so that phi will be judged better: the outer gradient goes through
the inner steps. Any ``nn.Module`` will do that ``torch.func`` can call.

========================  ========================================================================
``maml``                  as above
``first_order`` (FOMAML)  the inner gradient is taken for a constant on the way back
``anil``                  inner steps move the last layer alone (Raghu et al. 2020, ICLR)
``reptile``               theta moves towards the phis; no query set (Nichol, Achiam, Schulman 2018)
``joint``                 no inner step: ordinary training on the points of all tasks, the baseline
========================  ========================================================================
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call, grad, grad_and_value, vmap

from workshop.datasets.sines import Batches
from workshop.errors import WorkshopError

#: Weights by name, as ``network.named_parameters()`` gives them; with a leading N for N tasks.
Weights = Mapping[str, Tensor]
VARIANTS = ("maml", "first_order", "anil", "reptile", "joint")


def weights_of(network: nn.Module) -> dict[str, Tensor]:
    """A copy of the network's weights: two trainings begun from one network share nothing."""
    return {name: weight.detach().clone() for name, weight in network.named_parameters()}


def task_loss(network: nn.Module, weights: Weights, x: Tensor, y: Tensor) -> Tensor:
    """Mean squared error of one task, with ``weights`` in place of the network's own."""
    return F.mse_loss(functional_call(network, dict(weights), (x,)), y)


def adapt(
    network: nn.Module,
    theta: Weights,
    x: Tensor,
    y: Tensor,
    *,
    rate: float,
    steps: int,
    variant: str = "maml",
) -> dict[str, Tensor]:
    """The inner loop: phi, after ``steps`` gradient steps of size ``rate`` from theta on one support set.

    Args:
        x, y: (K, ...) inputs and outputs.

    Returns:
        phi, differentiable with respect to theta as far as ``variant`` lets it be.

    Raises:
        WorkshopError: an unknown variant.
    """
    check_variant(variant)
    phi = dict(theta)
    for _ in range(0 if variant == "joint" else steps):
        gradient = grad(task_loss, argnums=1)(network, phi, x, y)
        if variant == "first_order":
            gradient = {name: g.detach() for name, g in gradient.items()}
        moving = _last_layer(theta) if variant == "anil" else theta
        phi = {name: w - rate * gradient[name] if name in moving else w for name, w in phi.items()}
    return phi


def meta_gradient(
    network: nn.Module, theta: Weights, batch: Batches, *, rate: float, steps: int, variant: str = "maml"
) -> tuple[dict[str, Tensor], Tensor]:
    """The outer gradient over a batch of tasks, and the mean query loss at the adapted weights.

    Args:
        batch: support inputs and outputs, query inputs and outputs, each (T, K, ...).

    Returns:
        what theta is to descend along, by name; the loss, a scalar.

    Raises:
        WorkshopError: an unknown variant, no task, no point, or fewer than one inner step.
    """
    check_inner(variant, steps=steps, tasks=len(batch[0]), shots=batch[0].shape[1])
    inner = {"rate": rate, "steps": steps, "variant": variant}

    def after_adaptation(theta, support_x, support_y, query_x, query_y):
        phi = adapt(network, theta, support_x, support_y, **inner)
        return task_loss(network, phi, query_x, query_y), phi

    each_task = vmap(after_adaptation, in_dims=(None, 0, 0, 0, 0))
    if variant == "reptile":
        losses, phis = each_task(theta, *batch)
        return {name: (theta[name] - phi).mean(0) for name, phi in phis.items()}, losses.mean()
    return grad_and_value(lambda theta: each_task(theta, *batch)[0].mean())(theta)


@torch.no_grad()
def learning_curve(
    network: nn.Module,
    theta: Weights,
    support: tuple[Tensor, Tensor],
    query: tuple[Tensor, Tensor],
    *,
    rate: float,
    steps: int,
    variant: str = "maml",
    chunk: int = 500,
) -> Tensor:
    """Test time: the query error of each task after 0, 1, ... ``steps`` gradient steps on its support set.

    Args:
        support, query: inputs and outputs, (N, K, 1) and (N, M, 1).
        variant: ``anil`` moves the last layer alone at test time, too; ``maml`` everything.
        chunk: tasks adapted at once; it bounds the memory.

    Returns:
        (N, steps + 1) mean squared errors. A rate that is too large gives inf or nan, which is the answer.

    Raises:
        WorkshopError: ``joint``, which takes no steps; an unknown variant; no task, no point, no step.
    """
    if variant == "joint":
        raise WorkshopError(
            "At test time 'joint' adapts by ordinary gradient steps; ask for the variant 'maml'."
        )
    check_inner(variant, steps=steps, tasks=len(support[0]), shots=support[0].shape[1])
    one_step = vmap(lambda phi, x, y: adapt(network, phi, x, y, rate=rate, steps=1, variant=variant))
    errors = vmap(lambda phi, x, y: task_loss(network, phi, x, y))
    curves = []
    for xs, ys, xq, yq in zip(*(t.split(chunk) for t in (*support, *query)), strict=True):
        phi = {name: w.expand(len(xs), *w.shape) for name, w in theta.items()}
        curve = [errors(phi, xq, yq)]
        for _ in range(steps):
            phi = one_step(phi, xs, ys)
            curve.append(errors(phi, xq, yq))
        curves.append(torch.stack(curve, dim=1))
    return torch.cat(curves)


def check_inner(variant: str, *, steps: int, tasks: int, shots: int) -> None:
    """Raise a :class:`WorkshopError` for what no inner loop can work with."""
    check_variant(variant)
    check_tasks(tasks, shots)
    if steps < 1 and variant != "joint":
        raise WorkshopError(
            f"{steps} inner steps adapt nothing. Take at least 1, or the variant 'joint', which has no inner loop."
        )


def check_variant(variant: str) -> None:
    """Raise a :class:`WorkshopError` unless ``variant`` is one of :data:`VARIANTS`."""
    if variant not in VARIANTS:
        raise WorkshopError(f"There is no variant {variant!r}. Choose one of: {', '.join(VARIANTS)}.")


def check_tasks(tasks: int, shots: int) -> None:
    """Raise a :class:`WorkshopError` for a batch without tasks, or tasks without points."""
    if tasks < 1:
        raise WorkshopError("The batch holds no task. Draw at least one.")
    if shots < 1:
        raise WorkshopError(
            f"Each task has {shots} points. It needs at least 1 (K is 5 or 10 in the lesson)."
        )


def _last_layer(weights: Weights) -> set[str]:
    module = list(weights)[-1].rpartition(".")[0]
    return {name for name in weights if name.rpartition(".")[0] == module}
