"""Training many small networks at once: the same steps that each would take alone, taken together.

A map of transfer needs hundreds of small trainings: seeds x similarities x numbers of labels. One by one they
spend their time in Python and in starting tiny operations. Stacked along a leading axis of N models
(``torch.func.stack_module_state``), one operation serves all of them; ``vmap`` of ``grad`` is the readable form.
No model sees another: a gradient is that of the model's own mean loss, and both optimisers act weight by weight.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from workshop import settings
from workshop.errors import WorkshopError
from workshop.kernels.chance import Chance
from workshop.kernels.descent import OnStep
from workshop.kernels.digit_net import initialised
from workshop.kernels.engines.stacked_mlp import StackedMlp, fits
from workshop.kernels.engines.stacked_steps import Adam, Momentum, Stack

Weights = Mapping[str, Tensor]
#: (outputs (M, ...), y (M, ...)) -> a loss for each example, (M,).
ExampleLoss = Callable[[Tensor, Tensor], Tensor]
ENGINES = ("auto", "vmap", "stacked_mlp")
#: Models stacked together on a processor: few enough that what a step touches stays in its cache.
GROUP = 32


@dataclass(frozen=True)
class ManyRecipe:
    """How all models descend; learning rates are each model's own.

    Raises:
        WorkshopError: a number that no training can work with, or an unknown optimiser.
    """

    steps: int = 200
    optimiser: Literal["adam", "sgd"] = "adam"  #: as ``torch.optim`` has them, Adam with its defaults
    momentum: float = 0.9  #: of ``sgd``
    report_every: int = 20  #: steps between two records of the losses

    def __post_init__(self) -> None:
        if self.steps < 1 or self.report_every < 1:
            raise WorkshopError(
                f"{self.steps} steps with a report every {self.report_every}: both must be at least 1."
            )
        if self.optimiser not in ("adam", "sgd"):
            raise WorkshopError(f"There is no optimiser {self.optimiser!r}. Choose 'adam' or 'sgd'.")
        if not 0 <= self.momentum < 1:
            raise WorkshopError(f"The momentum is {self.momentum:g}; it must be at least 0 and below 1.")


@dataclass(frozen=True)
class ManyTrained:
    """N finished trainings."""

    weights: dict[str, Tensor]  #: by the network's own names, each with a leading N
    step: np.ndarray  #: (R,) the steps whose losses were kept, counted from 1
    losses: np.ndarray = field(repr=False)  #: (R, N) before those steps; nan or inf where a model diverged
    seconds: float
    device: str
    engine: str
    steps: int  #: taken; fewer than asked for when it was stopped
    stopped: bool  #: True when ``on_step`` asked to stop before the last step
    make: Callable[[], nn.Module] = field(repr=False)

    @torch.no_grad()
    def outputs(self, x: Tensor) -> Tensor:
        """What each model says.

        Args:
            x: (M, ...), the same examples for all.

        Returns:
            (N, M, ...).
        """
        network = _skeleton(self.make)
        return vmap(lambda w: functional_call(network, w, (x.to(self.device),)))(self.weights)

    def model(self, number: int) -> nn.Module:
        """One of the models, with a copy of its weights."""
        network = _skeleton(self.make).to_empty(device=self.device)
        own = {name: w[number].clone() for name, w in self.weights.items()}
        network.load_state_dict(own, assign=True)
        return network


def cross_entropy(outputs: Tensor, y: Tensor) -> Tensor:
    """Of each example: (M, classes) and (M,) int64 to (M,)."""
    return F.cross_entropy(outputs, y, reduction="none")


def squared_error(outputs: Tensor, y: Tensor) -> Tensor:
    """Of each example, the mean over its outputs: (M, ...) twice to (M,)."""
    return (outputs - y).square().flatten(1).mean(1)


def start_weights(
    make: Callable[[], nn.Module], seeds: Sequence[int], device: torch.device | str = "cpu"
) -> dict[str, Tensor]:
    """Stacked random weights, model i's drawn from ``seeds[i]`` as torch would draw them.

    Raises:
        WorkshopError: no seed, or a layer with weights that is neither linear nor a convolution.
    """
    if not len(seeds):
        raise WorkshopError("There is no model to train: give at least one seed.")
    for layer in _skeleton(make).modules():
        if list(layer.parameters(recurse=False)) and not isinstance(layer, nn.Conv2d | nn.Linear):
            raise WorkshopError(
                f"Seeds draw linear layers and convolutions, and this network has a {type(layer).__name__}. "
                "Give starting weights instead."
            )
    networks = [initialised(make, Chance(seed, device)) for seed in seeds]
    return {name: w.detach() for name, w in stack_module_state(networks)[0].items()}


def train_many(
    make: Callable[[], nn.Module],
    x: Tensor,
    y: Tensor,
    *,
    start: Weights | Sequence[int],
    rates: Tensor | float,
    recipe: ManyRecipe | None = None,
    mask: Tensor | None = None,
    rows: Tensor | None = None,
    loss: ExampleLoss = cross_entropy,
    engine: str = "auto",
    device: torch.device | str | None = None,
    on_step: OnStep | None = None,
) -> ManyTrained:
    """Train N networks of one shape, each on its own examples, from its own weights, at its own rate.

    Model i ends where ``torch.optim`` would take it alone, on its unmasked examples. One that diverges ends in
    nan and disturbs no other.

    Args:
        make: the network; no batch normalisation (examples of a masked batch would count) and no dropout.
        x, y: (N, M, ...) floating point, and (N, M) int64 classes, or what ``loss`` takes.
        start: stacked weights, which are left as they are, or N seeds.
        rates: learning rates, (N,), or one for all.
        mask: (N, M) bool, True for the examples that model i has; what stands elsewhere is not looked at.
        rows: (steps, N, B) int64, the examples of each step's batch; full batches by default.
        loss: of each example; a step descends its mean over the model's batch.
        engine: ``vmap`` is the readable one; ``stacked_mlp`` takes only MLPs with cross-entropy; ``auto``
            takes the faster one that applies.
        device: None or ``auto`` for the machine's best.
        on_step: progress at each report: the mean loss of the models that are still finite, and how many have
            diverged.

    Raises:
        WorkshopError: shapes that do not go together, a model without examples, a rate that is no rate, a
            network or an engine that does not apply.
    """
    recipe = recipe or ManyRecipe()
    device = settings.device(None if device is None else str(device))
    network = _skeleton(make)
    _check_network(network)
    models, examples = _check_data(x, y, mask)
    _check_outputs(network, x, y, mask, loss)
    if not isinstance(start, Mapping):
        start = start_weights(make, start, device)
    _check_start(network, start, models)
    rates = _checked_rates(rates, models)
    mask = torch.ones(models, examples, dtype=torch.bool) if mask is None else mask
    _check_rows(rows, mask, recipe.steps)
    mover = _engine(engine, network, loss)

    start, started = {name: start[name] for name, _ in network.named_parameters()}, time.perf_counter()
    groups = [
        _Group(which, x, y, mask, start, rates, rows, recipe, mover, device)
        for which in _alike(mask, models if device.type == "cuda" else GROUP)
    ]
    kept, done, stopped = [], 0, False
    while done < recipe.steps and not stopped:
        until = min(done + recipe.report_every, recipe.steps)
        losses = torch.cat([group.advance(done, until) for group in groups])
        done = until
        if device.type != "meta":
            kept.append((done, _in_order(losses, groups).cpu().numpy()))
            stopped = _told_to_stop(on_step, done, recipe.steps, kept[-1][1])
    return ManyTrained(
        {name: _in_order(torch.cat([g.stack.weights[name] for g in groups]), groups) for name in start},
        np.array([step for step, _ in kept], int),
        np.array([of_all for _, of_all in kept]).reshape(-1, models),
        time.perf_counter() - started,
        str(device), mover.name, done, stopped and done < recipe.steps, make,
    )  # fmt: skip


class _Group:
    """Models that are stacked together: their examples, weights, and optimiser."""

    def __init__(
        self,
        which: Tensor,
        x: Tensor,
        y: Tensor,
        mask: Tensor,
        start: Weights,
        rates: Tensor,
        rows: Tensor | None,
        recipe: ManyRecipe,
        mover: Vmapped | StackedMlp,
        device: torch.device,
    ):
        def own(t: Tensor) -> Tensor:
            return t[which.to(t.device)]

        x, y, mask = own(x), own(y), own(mask)
        if rows is None:
            x, y, mask = _without_gaps(x, y, mask)
        x, y, mask = x.to(device), y.to(device), mask.to(device)
        self.which, self._mover = which, mover
        self.stack = Stack({name: own(w) for name, w in start.items()}, device, x.dtype)
        spread = self.stack.spread(own(rates).to(device, x.dtype))
        self._optimiser = (
            Adam(self.stack, spread)
            if recipe.optimiser == "adam"
            else Momentum(self.stack, spread, recipe.momentum)
        )
        if rows is not None:
            rows = rows[:, which.to(rows.device)].to(device)
        self._batches = _Batches(x, y, mask, rows)

    def advance(self, done: int, until: int) -> Tensor:
        """Take these steps; returns the losses before the last of them, one a model."""
        for step in range(done, until):
            losses = self._mover(self.stack, *self._batches.at(step))
            self._optimiser.step()
        return losses


def _alike(mask: Tensor, most: int) -> list[Tensor]:
    """The models in groups of at most ``most``, those with like numbers of examples together."""
    if mask.device.type == "meta":
        return list(torch.arange(len(mask)).split(most))
    return list(mask.sum(1).argsort(dim=0, stable=True).cpu().split(most))


def _in_order(of_groups: Tensor, groups: list[_Group]) -> Tensor:
    """A tensor whose first axis goes through the groups, put into the order of the models."""
    order = torch.cat([group.which for group in groups]).to(of_groups.device)
    return torch.empty_like(of_groups).index_copy_(0, order, of_groups)


def _without_gaps(x: Tensor, y: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Each model's examples moved to the front, and as many places as the largest needs."""
    if "meta" in (x.device.type, mask.device.type):
        return x, y, mask
    most = int(mask.sum(1).max())
    order = mask.byte().argsort(dim=1, descending=True, stable=True)[:, :most]
    model = torch.arange(len(mask))[:, None]
    return tuple(t[model.to(t.device), order.to(t.device)] for t in (x, y, mask))


class Vmapped:
    """The gradients of all models, for any network that ``torch.func`` can call."""

    name = "vmap"

    def __init__(self, network: nn.Module, loss: ExampleLoss):
        def model_loss(weights: Weights, x: Tensor, y: Tensor, share: Tensor) -> Tensor:
            return (loss(functional_call(network, dict(weights), (x,)), y) * share).sum()

        self._each_model = vmap(grad_and_value(model_loss))

    def __call__(self, stack: Stack, x: Tensor, y: Tensor, share: Tensor) -> Tensor:
        """Fill the stack's gradients; returns the losses (N,)."""
        gradients, losses = self._each_model(stack.weights, x, y, share)
        for name, gradient in gradients.items():
            stack.gradients[name].copy_(gradient)
        return losses


class _Batches:
    """Each step's examples, and the share that each has in the mean: 1 / its model's count, or 0."""

    def __init__(self, x: Tensor, y: Tensor, mask: Tensor, rows: Tensor | None):
        # Zeros where there is no example: a nan there would reach the gradient in spite of a share of 0.
        x, y = (t.where(mask.view(*mask.shape, *[1] * (t.ndim - 2)), torch.zeros_like(t)) for t in (x, y))
        self._x, self._y, self._mask, self._rows = x, y, mask, rows
        self._full = x, y, _share(mask, x.dtype)
        self._model = torch.arange(len(x), device=x.device)[:, None]

    def at(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        if self._rows is None:
            return self._full
        x, y, mask = (t[self._model, self._rows[step]] for t in (self._x, self._y, self._mask))
        return x, y, _share(mask, x.dtype)


def _share(mask: Tensor, dtype: torch.dtype) -> Tensor:
    return mask.to(dtype) / mask.sum(1, keepdim=True)


def _told_to_stop(on_step: OnStep | None, done: int, steps: int, losses: np.ndarray) -> bool:
    if on_step is None:
        return False
    finite = losses[np.isfinite(losses)]
    mean = float(finite.mean()) if finite.size else math.nan
    return on_step(done, steps, {"loss": mean, "diverged": float(len(losses) - finite.size)}) is False


def _engine(name: str, network: nn.Module, loss: ExampleLoss) -> Vmapped | StackedMlp:
    if name not in ENGINES:
        raise WorkshopError(f"There is no engine {name!r}. Choose one of: {', '.join(ENGINES)}.")
    applies = fits(network) and loss is cross_entropy
    if name == "stacked_mlp" and not applies:
        raise WorkshopError(
            "The engine 'stacked_mlp' takes an nn.Sequential of Linear, ReLU, ..., Linear with biases, and "
            "cross-entropy. For anything else choose engine='vmap'."
        )
    return StackedMlp(network) if applies and name != "vmap" else Vmapped(network, loss)


def _skeleton(make: Callable[[], nn.Module]) -> nn.Module:
    with torch.device("meta"):  # shapes alone: no memory, no draws
        return make()


def _check_network(network: nn.Module) -> None:
    for layer in network.modules():
        if list(layer.buffers(recurse=False)) or isinstance(layer, nn.modules.dropout._DropoutNd):
            raise WorkshopError(
                f"The network has a {type(layer).__name__}. Models are trained together only without batch "
                "normalisation, other buffers, and dropout."
            )


def _check_data(x: Tensor, y: Tensor, mask: Tensor | None) -> tuple[int, int]:
    shapes = f"x is {tuple(x.shape)} and y is {tuple(y.shape)}"
    if x.ndim < 2 or x.shape[:2] != y.shape[:2]:
        raise WorkshopError(f"{shapes}. Both must begin with (models, examples), the same for both.")
    if not x.is_floating_point():
        raise WorkshopError(f"x holds {x.dtype}; it must be floating point, say x.float().")
    models, examples = x.shape[:2]
    if not models or not examples:
        raise WorkshopError(f"{shapes}. There must be at least one model and one example.")
    if mask is None:
        return models, examples
    if mask.dtype != torch.bool or mask.shape != (models, examples):
        raise WorkshopError(
            f"The mask is {tuple(mask.shape)} of {mask.dtype}; it must be ({models}, {examples}) of torch.bool."
        )
    if mask.device.type != "meta" and (empty := (~mask.any(1)).nonzero().flatten().tolist()):
        raise WorkshopError(
            f"{_models(empty)} no example: the mask is False everywhere. Leave at least one True."
        )
    return models, examples


def _check_outputs(network: nn.Module, x: Tensor, y: Tensor, mask: Tensor | None, loss: ExampleLoss) -> None:
    """The network takes such examples and, under cross-entropy, its outputs cover the classes."""
    try:
        outputs = network(torch.empty(1, *x.shape[2:], device="meta"))
    except RuntimeError as problem:
        raise WorkshopError(
            f"The network does not take examples of shape {tuple(x.shape[2:])}: {problem}"
        ) from None
    if loss is not cross_entropy:
        return
    if y.dtype != torch.int64 or y.ndim != 2 or outputs.ndim != 2:
        raise WorkshopError(
            f"y is {tuple(y.shape)} of {y.dtype}; cross-entropy needs a class each, (models, examples) of torch.int64."
        )
    labels = (
        y if mask is None else y[mask.to(y.device)] if "meta" not in (y.device.type, mask.device.type) else y
    )
    if labels.device.type != "meta" and not 0 <= labels.min() <= labels.max() < outputs.shape[1]:
        raise WorkshopError(
            f"The classes go from {labels.min()} to {labels.max()}; the network has outputs for 0 to "
            f"{outputs.shape[1] - 1}."
        )


def _check_start(network: nn.Module, start: Weights, models: int) -> None:
    wanted = {name: (models, *w.shape) for name, w in network.named_parameters()}
    given = {name: tuple(w.shape) for name, w in start.items()}
    if wanted.keys() != given.keys():
        raise WorkshopError(
            f"The starting weights are {', '.join(given)}; the network has {', '.join(wanted)}."
        )
    for name, shape in wanted.items():
        if given[name] != shape:
            raise WorkshopError(
                f"The starting weights of {name} are {given[name]}; for {models} models they must be {shape}."
            )


def _checked_rates(rates: Tensor | float, models: int) -> Tensor:
    rates = torch.as_tensor(rates, dtype=torch.float64)
    if rates.shape not in ((), (models,)):
        raise WorkshopError(
            f"The rates are {tuple(rates.shape)}; give one number, or one for each of {models} models."
        )
    if not bool(((rates > 0) & rates.isfinite()).all()):
        raise WorkshopError("Every learning rate must be finite and above 0.")
    return rates.expand(models)


def _check_rows(rows: Tensor | None, mask: Tensor, steps: int) -> None:
    if rows is None:
        return
    models, examples = mask.shape
    if rows.dtype != torch.int64 or rows.ndim != 3 or rows.shape[:2] != (steps, models) or not rows.shape[2]:
        raise WorkshopError(
            f"rows is {tuple(rows.shape)} of {rows.dtype}; it must be ({steps}, {models}, batch) of torch.int64."
        )
    if "meta" in (rows.device.type, mask.device.type):
        return
    low, high = rows.min().item(), rows.max().item()
    if low < 0 or high >= examples:
        raise WorkshopError(f"rows go from {low} to {high}; the examples go from 0 to {examples - 1}.")
    rows = rows.to(mask.device)
    some = mask[torch.arange(models, device=mask.device)[:, None], rows].any(2).all(0)
    if empty := (~some).nonzero().flatten().tolist():
        raise WorkshopError(
            f"{_models(empty)} a batch without any example that the mask leaves. Draw its rows among those."
        )


def _models(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:5])) + (", ..." if len(numbers) > 5 else "")
    return f"Model {shown} has" if len(numbers) == 1 else f"Models {shown} have"
