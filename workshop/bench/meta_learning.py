"""Bench of lesson 05: whole outer iterations of MAML, against three libraries and against the arithmetic.

An iteration is the meta-gradient over 25 tasks (K = 10) and the Adam step; tasks are drawn beforehand. Two
ways are timed only after they have shown the same losses from the same weights.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.func import grad, vmap

from workshop.bench.timing import Row, throughput
from workshop.datasets.sines import Batches, SineFamily
from workshop.errors import WorkshopError
from workshop.kernels.chance import Chance
from workshop.kernels.digit_net import initialised
from workshop.kernels.engines.autograd import AutogradEngine
from workshop.kernels.engines.by_hand import ByHandEngine
from workshop.kernels.engines.mlp import linear_layers
from workshop.kernels.engines.native import NativeEngine, build, library
from workshop.kernels.meta_learning import task_loss, weights_of
from workshop.kernels.meta_training import MetaRecipe, meta_train, sine_net
from workshop.studies.meta_learning.beside import learn2learn

RECIPE = MetaRecipe()
UNIT, ROUNDS = "iterations/s", 11
#: Engine -> how to make it, and its iterations in a timed call: at least 30 ms of them.
ENGINES = {
    "native": (partial(NativeEngine, shots=RECIPE.shots), 200),
    "by_hand": (ByHandEngine, 100),
    "autograd": (AutogradEngine, 10),
}
#: The first iterations' losses are compared: from the second on they show the gradient and Adam, too.
COMPARED, TOLERANCE = 3, 1e-4
#: The matrix products that tell what this core can do: their side, and how many make a timed call.
SIDE, PRODUCTS = 768, 4

#: Takes an outer step for each of its meta-batches and returns the losses, each something that float() takes.
Way = Callable[[], Iterable[Any]]


@dataclass(frozen=True)
class Peer:
    """Somebody else's way to take the same steps: ``make(network, batches, inner steps)``."""

    package: str
    name: str
    make: Callable[[nn.Module, Batches, int], Way]
    iterations: int  #: of a timed call


def rows() -> list[Row]:
    """Measure all rows; about a minute and a quarter on a quiet core."""
    loop = Peer("learn2learn", "learn2learn", learn2learn_loop, 4)
    jit = Peer("jax", "JAX, jit of a step", jax_jit, 200)
    scan = Peer("jax", "JAX, jit of lax.scan", jax_scan, 200)
    torchopt = Peer("torchopt", "TorchOpt's sgd under vmap", torchopt_vmap, 10)
    fastest, how = _fastest()
    return [
        _against(loop, "maml_1_step_vs_learn2learn", fastest, 1, how),
        _against(loop, "maml_5_steps_vs_learn2learn", fastest, 5, how),
        _against(loop, "maml_by_hand_1_step_vs_learn2learn", "by_hand", 1),
        _against(loop, "maml_by_hand_5_steps_vs_learn2learn", "by_hand", 5),
        _against(loop, "maml_readable_1_step_vs_learn2learn", "autograd", 1),
        _against(jit, "maml_1_step_vs_jax", fastest, 1, how),
        _against(jit, "maml_5_steps_vs_jax", fastest, 5, how),
        _against(scan, "maml_1_step_vs_jax_scan", fastest, 1, how),
        _against(scan, "maml_5_steps_vs_jax_scan", fastest, 5, how),
        _against(torchopt, "maml_1_step_vs_torchopt", fastest, 1, how),
        _against_floor("maml_1_step_vs_floor", fastest, 1, how),
        _against_floor("maml_5_steps_vs_floor", fastest, 5, how),
        _whole_training(),
    ]


def _fastest() -> tuple[str, str]:
    """The fastest engine that this machine can have, and a word on how it came to be."""
    network, started = _network(), time.perf_counter()
    try:
        library(_sizes(network), RECIPE.shots, torch.float32)
    except WorkshopError as problem:
        return "by_hand", f"by_hand, because: {problem}"
    return "native", f"native, compiled in {time.perf_counter() - started:.1f} s"


def _against(peer: Peer, name: str, engine: str, steps: int, note: str = "") -> Row:
    """Our engine beside a peer; without a ratio where the peer is not installed."""
    ours, note, iterations = _ours(engine, steps), note or engine, ENGINES[engine][1]
    if importlib.util.find_spec(peer.package) is None:
        note = f"{note}; {peer.package} is not installed: make peers"
        return throughput(name, UNIT, iterations, ours, None, peer.name, note, ROUNDS)
    theirs = peer.make(_network(), _batches(peer.iterations), steps)
    _check_same(name, ours, theirs)
    return throughput(name, UNIT, iterations, ours, theirs, peer.name, note, ROUNDS, peer.iterations)


def _against_floor(name: str, engine: str, steps: int, note: str) -> Row:
    """Our engine beside the time that its products alone would take at the rate of one large product."""
    operations = least_operations(_sizes(_network()), RECIPE.tasks, RECIPE.shots, steps)
    left, right = torch.randn(2, SIDE, SIDE, generator=Chance(0).generator)
    product = torch.empty(SIDE, SIDE)

    def large_products() -> None:
        for _ in range(PRODUCTS):
            torch.mm(left, right, out=product)

    worth = PRODUCTS * 2 * SIDE**3 / operations  # iterations with as many operations
    ours, iterations = _ours(engine, steps), ENGINES[engine][1]
    row = throughput(name, UNIT, iterations, ours, large_products, "the arithmetic", "", ROUNDS, worth)
    rate = f"{operations / 1e6:.1f} MFLOP an iteration, {row.peer * operations / 1e9:.0f} GFLOP/s"
    return replace(row, note=f"{note}; {rate} in {SIDE} x {SIDE} products")


def least_operations(sizes: tuple[int, ...], tasks: int, shots: int, steps: int) -> int:
    """Floating point operations in the matrix products of one outer iteration of MAML by back-propagation.

    As torch's ``FlopCounterMode`` counts them in the readable engine: without biases, ReLUs, the loss, sums
    over tasks and Adam, as if those were free. That all tasks share the weights of the first inner step joins
    their products and saves none. (An arrangement by Gram matrices can do with fewer where points are fewer
    than units.)

    Args:
        sizes: units of the input, of each hidden layer, and of the output.
    """
    layers = [2 * shots * before * after for before, after in pairwise(sizes)]
    full = sum(layers)  # a w in every layer, or the weights' gradients a^T d
    inner = sum(layers[1:])  # d w^T: no gradient goes back to the input
    gradient = full + inner + full  # forward, backward, the weights' gradients
    # The same three differentiated along v: two terms a layer, but one where the input, a constant, stands.
    hessian_product = (full + inner) + 2 * inner + (full + inner)
    return tasks * ((steps + 1) * gradient + steps * hessian_product)


def _whole_training() -> Row:
    """The paper's training, once, from nothing: drawing the tasks and compiling count."""
    build.cache_clear()
    started = time.perf_counter()
    trained = meta_train(SineFamily(), MetaRecipe(iterations=70_000))
    taken = time.perf_counter() - started
    note = f"{trained.engine}; K = 10, 1 inner step; sampling and compiling included"
    return Row("maml_70k_iterations", "s", "lower", taken, None, None, None, note)


def _check_same(name: str, ours: Way, theirs: Way) -> None:
    """Raise a :class:`WorkshopError` unless the two ways, both fresh, see the same losses."""
    pairs = list(zip(ours(), theirs(), strict=False))[:COMPARED]
    for iteration, (own, other) in enumerate((float(a), float(b)) for a, b in pairs):
        if not abs(own - other) <= TOLERANCE * abs(other):
            raise WorkshopError(
                f"{name} would compare different work: the losses before iteration {iteration + 1} "
                f"are {own:.7g} and {other:.7g}."
            )


def _network() -> nn.Sequential:
    return initialised(sine_net, Chance(0))


def _sizes(network: nn.Module) -> tuple[int, ...]:
    layers = linear_layers(network)
    return layers[0].in_features, *(layer.out_features for layer in layers)


def _batches(count: int) -> Batches:
    """The first ``count`` of the meta-batches that every way gets."""
    most = max(iterations for _, iterations in ENGINES.values())
    drawn = SineFamily().batches(most, RECIPE.tasks, RECIPE.shots, Chance(0).generator)
    return tuple(t[:count] for t in drawn)


def _ours(engine: str, steps: int) -> Way:
    make, iterations = ENGINES[engine]
    made = make(_network(), rate=RECIPE.inner_rate, steps=steps, outer_rate=RECIPE.outer_rate)
    return partial(made.advance, _batches(iterations))


def learn2learn_loop(network: nn.Module, batches: Batches, steps: int) -> Way:
    """The loop of learn2learn's documentation: a clone for each task, adapted by its own autograd step."""
    maml = learn2learn().algorithms.MAML(deepcopy(network), lr=RECIPE.inner_rate)
    optimiser = torch.optim.Adam(maml.parameters(), RECIPE.outer_rate)

    def one(batch: Batches) -> torch.Tensor:
        loss = 0.0
        for xs, ys, xq, yq in zip(*batch, strict=True):
            learner = maml.clone()
            for _ in range(steps):
                learner.adapt(F.mse_loss(learner(xs), ys))
            loss = loss + F.mse_loss(learner(xq), yq)
        return _descend(optimiser, loss / len(batch[0]))

    return lambda: [one(batch) for batch in zip(*batches, strict=True)]


def torchopt_vmap(network: nn.Module, batches: Batches, steps: int) -> Way:
    """TorchOpt's functional form, all tasks at once, as in its example ``maml_omniglot_vmap.py``."""
    import torchopt

    theta = {name: weight.requires_grad_() for name, weight in weights_of(network).items()}
    optimiser = torch.optim.Adam(list(theta.values()), RECIPE.outer_rate)
    inner = torchopt.sgd(RECIPE.inner_rate)

    def after_adaptation(xs, ys, xq, yq):
        phi, state = theta, inner.init(theta)
        for _ in range(steps):
            gradient = grad(task_loss, argnums=1)(network, phi, xs, ys)
            updates, state = inner.update(gradient, state, inplace=False)
            phi = torchopt.apply_updates(phi, updates, inplace=False)
        return task_loss(network, phi, xq, yq)

    each_task = vmap(after_adaptation)
    return lambda: [_descend(optimiser, each_task(*batch).mean()) for batch in zip(*batches, strict=True)]


def _descend(optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> torch.Tensor:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.detach()


def jax_jit(network: nn.Module, batches: Batches, steps: int) -> Way:
    """A compiled step, called from Python for each meta-batch."""
    jax, step, state, batches = _jax(network, batches, steps)
    compiled, each = jax.jit(step, donate_argnums=0), list(zip(*batches, strict=True))

    def way() -> Iterable[Any]:
        nonlocal state
        losses = []
        for batch in each:
            state, loss = compiled(state, batch)
            losses.append(loss)
        return jax.block_until_ready(losses)

    return way


def jax_scan(network: nn.Module, batches: Batches, steps: int) -> Way:
    """The loop over meta-batches compiled, too."""
    jax, step, state, batches = _jax(network, batches, steps)
    compiled = jax.jit(partial(jax.lax.scan, step), donate_argnums=0)

    def way() -> Iterable[Any]:
        nonlocal state
        state, losses = compiled(state, batches)
        return jax.block_until_ready(losses)

    return way


def _jax(network: nn.Module, batches: Batches, steps: int) -> tuple[ModuleType, Callable, tuple, tuple]:
    """jax, an outer step ``(state, batch) -> (state, loss)``, its first state, and the batches."""
    if "jax" not in sys.modules:  # it reads these once
        one_thread = "--xla_cpu_multi_thread_eigen=false"
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {one_thread}".strip()
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax
    import jax.numpy as jnp

    each = jax.tree.map  # weights are pairs of a matrix and a bias

    def loss_of(weights, x, y):
        *hidden, (w, b) = weights
        for w_hidden, b_hidden in hidden:
            x = jax.nn.relu(x @ w_hidden + b_hidden)
        return jnp.mean((x @ w + b - y) ** 2)

    def after_adaptation(theta, xs, ys, xq, yq):
        phi = theta
        for _ in range(steps):
            phi = each(lambda w, g: w - RECIPE.inner_rate * g, phi, jax.grad(loss_of)(phi, xs, ys))
        return loss_of(phi, xq, yq)

    def mean_loss(theta, batch):
        return jax.vmap(after_adaptation, in_axes=(None, 0, 0, 0, 0))(theta, *batch).mean()

    def step(state, batch):
        theta, m, v, taken = state
        loss, gradient = jax.value_and_grad(mean_loss)(theta, batch)
        m = each(lambda m, g: 0.9 * m + 0.1 * g, m, gradient)
        v = each(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradient)
        first, second = 1 - 0.9**taken, 1 - 0.999**taken
        theta = each(
            lambda w, m, v: w - RECIPE.outer_rate * (m / first) / (jnp.sqrt(v / second) + 1e-8), theta, m, v
        )
        return (theta, m, v, taken + 1), loss

    theta = [
        tuple(jnp.array(t.detach().numpy()) for t in (layer.weight.T, layer.bias))
        for layer in linear_layers(network)
    ]
    start = (theta, each(jnp.zeros_like, theta), each(jnp.zeros_like, theta), jnp.float32(1))
    return jax, step, start, tuple(jnp.array(t.numpy()) for t in batches)
