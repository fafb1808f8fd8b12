"""learn2learn beside ours: the same meta-gradient by an established library, where it is installed."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from dataclasses import dataclass
from types import ModuleType

import torch
import torch.nn.functional as F
from torch import Tensor

from workshop.datasets.sines import Batches
from workshop.errors import WorkshopError
from workshop.kernels.chance import Chance
from workshop.kernels.digit_net import initialised
from workshop.kernels.engines.by_hand import ByHandEngine
from workshop.kernels.engines.compiled import compiler
from workshop.kernels.engines.native import NativeEngine
from workshop.kernels.meta_learning import meta_gradient, weights_of
from workshop.kernels.meta_training import sine_net
from workshop.studies.meta_learning.recipes import FAMILY

RATE = 0.01


def is_installed() -> bool:
    """Whether learn2learn can be imported here."""
    return importlib.util.find_spec("learn2learn") is not None


def learn2learn() -> ModuleType | None:
    """The library, or None where it is not installed.

    Its reinforcement-learning part asks for gym, which nobody maintains; an empty module in its place will do.
    """
    if not is_installed():
        return None
    sys.modules.setdefault("learn2learn.gym", ModuleType("learn2learn.gym"))
    return importlib.import_module("learn2learn")


def one_support_set(shots: int = 10, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Inputs and outputs (K, 1) of one task, to take a step on."""
    x, y, _, _ = FAMILY.batches(1, 1, shots, torch.Generator().manual_seed(seed))
    return x[0, 0], y[0, 0]


@dataclass(frozen=True)
class Agreement:
    """How far our meta-gradients are from learn2learn's, in float64, relative to its largest number.

    Attributes:
        differences: by engine and number of inner steps, for example ``"by hand, 5 steps"``.
        version: of learn2learn.
    """

    differences: dict[str, float]
    version: str

    @property
    def largest(self) -> float:
        return max(self.differences.values())


def compare(steps: tuple[int, ...] = (1, 5), seed: int = 0, tasks: int = 25, shots: int = 10) -> Agreement:
    """Meta-gradients at a random theta by every engine of this machine, beside learn2learn's.

    Raises:
        WorkshopError: learn2learn is not installed.
    """
    if not is_installed():
        raise WorkshopError("The comparison needs learn2learn, which is not installed. Run `make peers`.")
    chance = Chance(seed)
    network = initialised(sine_net, chance).double()
    drawn = FAMILY.batches(1, tasks, shots, chance.generator)
    batches = tuple(t.double() for t in drawn)
    differences = {}
    for count in steps:
        theirs = _theirs(network, batches, count)
        for engine, ours in _ours(network, batches, count, shots).items():
            gap = max(float((ours[name] - theirs[name]).abs().max()) for name in theirs)
            scale = max(float(gradient.abs().max()) for gradient in theirs.values())
            differences[f"{engine}, {count} step{'s' if count > 1 else ''}"] = gap / scale
    return Agreement(differences, importlib.metadata.version("learn2learn"))


def _theirs(network, batches: Batches, steps: int) -> dict[str, Tensor]:
    maml = learn2learn().algorithms.MAML(network, lr=RATE)
    losses = []
    for support_x, support_y, query_x, query_y in zip(*(t[0] for t in batches), strict=True):
        learner = maml.clone()
        for _ in range(steps):
            learner.adapt(F.mse_loss(learner(support_x), support_y))
        losses.append(F.mse_loss(learner(query_x), query_y))
    names, weights = zip(*network.named_parameters(), strict=True)
    return dict(zip(names, torch.autograd.grad(torch.stack(losses).mean(), weights), strict=True))


def _ours(network, batches: Batches, steps: int, shots: int) -> dict[str, dict[str, Tensor]]:
    batch, inner = tuple(t[0] for t in batches), {"rate": RATE, "steps": steps}
    found = {"torch.func": meta_gradient(network, weights_of(network), batch, **inner)[0]}
    by_hand = ByHandEngine(network, outer_rate=1e-3, **inner)
    by_hand.advance(batches)
    found["by hand"] = by_hand.last_gradient()
    if compiler():
        native = NativeEngine(network, shots=shots, outer_rate=1e-3, **inner)
        native.advance(batches)
        found["C++"] = native.last_gradient()
    return found
