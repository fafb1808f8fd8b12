"""Training an initialisation: meta-batches in, an outer step each, by whichever engine applies."""

from __future__ import annotations

import copy
import math
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from workshop.datasets.sines import Batches, SineFamily
from workshop.errors import WorkshopError
from workshop.kernels.chance import Chance
from workshop.kernels.descent import Look, OnStep, Trained
from workshop.kernels.digit_net import initialised
from workshop.kernels.engines.autograd import AutogradEngine
from workshop.kernels.engines.by_hand import ByHandEngine
from workshop.kernels.engines.compiled import compiler
from workshop.kernels.engines.mlp import FAST_VARIANTS, linear_layers
from workshop.kernels.engines.native import NativeEngine
from workshop.kernels.meta_learning import check_inner

Engine = AutogradEngine | ByHandEngine | NativeEngine
ENGINES = ("auto", "autograd", "by_hand", "native")
#: Iterations between two reports; their meta-batches are drawn together.
CHUNK = 100
#: A loss beyond this is no loss of a wave: the training has diverged.
LOST = 1e6
#: Iterations from which compiling the native engine pays: it takes about a second and saves 0.2 ms an iteration.
WORTH_COMPILING = 5000


@dataclass(frozen=True)
class MetaRecipe:
    """How to meta-train; the defaults are those of Finn et al. (2017), with K = 10.

    Raises:
        WorkshopError: a number that no training can work with.
    """

    iterations: int = 70_000
    tasks: int = 25  #: of a meta-batch
    shots: int = 10  #: points of a support set, and of a query set: the paper's K
    inner_rate: float = 0.01  #: the paper's alpha
    inner_steps: int = 1
    outer_rate: float = 1e-3  #: the paper's beta, for Adam
    variant: str = "maml"  #: of :data:`~workshop.kernels.meta_learning.VARIANTS`

    def __post_init__(self) -> None:
        check_inner(self.variant, steps=self.inner_steps, tasks=self.tasks, shots=self.shots)
        if self.iterations < 1:
            raise WorkshopError(f"{self.iterations} iterations train nothing. Take at least 1.")
        if not (0 < self.inner_rate < math.inf and 0 < self.outer_rate < math.inf):
            raise WorkshopError(
                f"The step sizes are {self.inner_rate:g} (inner) and {self.outer_rate:g} (outer); both must be finite "
                "and above 0."
            )


@dataclass(frozen=True)
class MetaTrained(Trained):
    """A finished meta-training: theta is in ``network``; ``engine`` is the one that took the steps."""

    engine: str
    iterations: int  #: taken; fewer than asked for when it was stopped


def sine_net() -> nn.Sequential:
    """The network of the sine experiment: 1,761 weights, two hidden layers of 40 ReLUs."""
    return nn.Sequential(nn.Linear(1, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 1))


def meta_train(
    family: SineFamily,
    recipe: MetaRecipe,
    *,
    network: nn.Module | None = None,
    seed: int = 0,
    device: torch.device | str = "cpu",
    engine: str = "auto",
    on_step: OnStep | None = None,
    look: Look | None = None,
    look_at: Sequence[int] = (),
) -> MetaTrained:
    """Train an initialisation on tasks of ``family``.

    The variant ``joint`` sees the same number of points: all 2 K of a task at once, without an inner loop.

    Args:
        network: to begin from, left as it is; a :func:`sine_net` drawn from ``seed`` by default.
        engine: ``auto`` takes the fastest that applies and pays; the result says which.
        on_step: progress, every :data:`CHUNK` iterations.
        look, look_at: show the network after these iterations (0: as it starts), and at the end.

    Raises:
        WorkshopError: an unknown engine, one that does not apply, or a training that diverges.
    """
    chance = Chance(seed, device)
    network = initialised(sine_net, chance) if network is None else copy.deepcopy(network).to(device)
    started, looking = time.perf_counter(), 0.0  # compiling counts, looking does not
    joint = recipe.variant == "joint"
    mover = _engine(engine, network, recipe, shots=2 * recipe.shots if joint else recipe.shots)
    moments = {moment for moment in look_at if 0 <= moment < recipe.iterations}
    done, history, stopped, dtype = 0, [], False, next(network.parameters()).dtype

    def show() -> None:
        nonlocal looking
        pause = time.perf_counter()
        network.load_state_dict(mover.weights(), strict=False)  # buffers stay as they are
        look(done, network)
        looking += time.perf_counter() - pause

    if look and 0 in moments:
        show()
    while done < recipe.iterations and not stopped:
        batches = _meta_batches(family, recipe, min(CHUNK, recipe.iterations - done), chance, dtype)
        # Drawn whole and cut where somebody wants to look, so that looking changes no draw.
        cuts = sorted(moment - done for moment in moments if done < moment < done + len(batches[0]))
        losses = []
        for piece in zip(*(t.tensor_split(cuts) for t in batches), strict=True):
            losses.append(mover.advance(piece))
            done += len(piece[0])
            if look and done in moments:
                show()
        if chance.device.type == "meta":
            continue
        history.append((done, torch.cat(losses).mean().item()))
        if not history[-1][1] <= LOST:  # nan is not, either
            raise WorkshopError(
                f"The meta-training diverged: after {done:,} iterations the loss is {history[-1][1]:.2g}. "
                f"Take an inner step below {recipe.inner_rate:g}, or an outer one below {recipe.outer_rate:g}."
            )
        stopped = on_step is not None and on_step(done, recipe.iterations, {"loss": history[-1][1]}) is False
        if look and done not in moments and (stopped or done == recipe.iterations):
            show()
    network.load_state_dict(mover.weights(), strict=False)
    seconds = time.perf_counter() - started - looking
    steps, curve = np.array(history, np.float32).reshape(-1, 2).T
    return MetaTrained(
        network, {"step": steps, "loss": curve}, seconds=seconds, seed=seed, device=str(chance.device),
        stopped=stopped, engine=mover.name, iterations=done,
    )  # fmt: skip


def _meta_batches(
    family: SineFamily, recipe: MetaRecipe, count: int, chance: Chance, dtype: torch.dtype
) -> Batches:
    """``count`` meta-batches; for joint training support and query points are one set, which is also its own query."""
    drawn = family.batches(count, recipe.tasks, recipe.shots, chance.generator, chance.device)
    batches = tuple(t.to(dtype) for t in drawn)
    if recipe.variant != "joint":
        return batches
    x, y = torch.cat(batches[::2], dim=2), torch.cat(batches[1::2], dim=2)
    return x, y, x, y


def _engine(name: str, network: nn.Module, recipe: MetaRecipe, shots: int) -> Engine:
    """The engine of that name; for ``auto``, the fastest that applies to this network and this recipe."""
    if name not in ENGINES:
        raise WorkshopError(f"There is no engine {name!r}. Choose one of: {', '.join(ENGINES)}.")
    inner = {
        "rate": recipe.inner_rate,
        "steps": recipe.inner_steps,
        "outer_rate": recipe.outer_rate,
        "variant": recipe.variant,
    }
    if name == "native":
        return NativeEngine(network, shots=shots, **inner)
    if name == "by_hand":
        return ByHandEngine(network, **inner)
    if name == "autograd" or not _fast_applies(network, recipe.variant):
        return AutogradEngine(network, **inner)
    on_cpu = next(network.parameters()).device.type == "cpu"
    if on_cpu and compiler() and recipe.iterations >= WORTH_COMPILING:
        try:
            return NativeEngine(network, shots=shots, **inner)
        except WorkshopError as problem:
            warnings.warn(f"{problem} Going on without it, at about half the speed.", stacklevel=3)
    return ByHandEngine(network, **inner)


def _fast_applies(network: nn.Module, variant: str) -> bool:
    try:
        linear_layers(network)
    except WorkshopError:
        return False
    return variant in FAST_VARIANTS
