"""Fine-tuning: train some blocks of a network that has learnt something else, leave the others as they are.

The spectrum of Yosinski et al. (2014), "How transferable are features in deep neural networks?", NeurIPS: a feature
extractor with a new head, the last blocks, or everything. Frozen blocks at the bottom compute the same for a picture
every time, so their activations are computed once (:mod:`workshop.kernels.feature_cache`), and only what lies above is
run again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from workshop.errors import WorkshopError
from workshop.kernels.block_net import BlockNet, Share, counts, freeze, frozen_prefix, share
from workshop.kernels.chance import Chance
from workshop.kernels.descent import OnStep, Recipe, descend
from workshop.kernels.feature_cache import BATCH, FeatureCache, activations


@dataclass(frozen=True)
class FineTuneRecipe:
    """How to fine-tune: AdamW, a short warm-up, a cosine to zero.

    Attributes:
        epochs: passes over the labelled pictures.
        batch: pictures a step; all of them where there are fewer.
        learning_rate: of the head.
        decay: factor on the learning rate for each block further from the head; 1: the same for all.
    """

    epochs: int = 12
    batch: int = 32
    learning_rate: float = 1e-3
    decay: float = 1.0
    weight_decay: float = 1e-4

    def batch_of(self, labels: int) -> int:
        """Pictures a step when there are that many labels."""
        return min(self.batch, labels)

    def steps(self, labels: int) -> int:
        """Of a training on that many labels."""
        return max(1, round(self.epochs * labels / self.batch_of(labels)))


class _BlockRates(Recipe):
    """The usual recipe, where a group of weights may take a ``scale`` times as long step."""

    def optimiser(self, parameters, device: torch.device) -> torch.optim.Optimizer:
        optimiser = super().optimiser(parameters, device)
        optimiser.register_step_pre_hook(_scale_rates)
        return optimiser


def _scale_rates(optimiser: torch.optim.Optimizer, *_: object) -> None:
    for group in optimiser.param_groups:  # `descend` sets the common rate anew before each step
        group["lr"] *= group["scale"]


@dataclass(frozen=True, eq=False)
class FineTuned:
    """A finished fine-tuning.

    Attributes:
        network: in evaluation mode.
        frozen: its frozen blocks.
        share: what was trained.
        cut: blocks whose activations came from the cache; 0 where none did.
        epochs: (E,) passes over the labels after which it was examined.
        score: (E,) on the exam then: the share of right answers, or R2 of a regression; empty without an exam.
        right: (M,) at the end, whether each exam picture was named right; empty for a regression.
        history: "step" and "loss" as reported, and "score" as last seen then, from the first look on.
        seconds: of training, making activations included, looking at exams not.
        stopped: by ``on_step``.
    """

    network: BlockNet
    frozen: tuple[str, ...]
    share: Share
    cut: int
    epochs: np.ndarray
    score: np.ndarray
    right: np.ndarray = field(repr=False)
    history: dict[str, np.ndarray] = field(repr=False)
    seconds: float
    seed: int
    stopped: bool


def fine_tune(
    network: BlockNet,
    images: Tensor,
    targets: Tensor,
    *,
    frozen: Iterable[str] = (),
    recipe: FineTuneRecipe | None = None,
    cache: FeatureCache | None = None,
    statistics: bool = True,
    exam: tuple[Tensor, Tensor] | None = None,
    looks: int = 1,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> FineTuned:
    """Train the blocks of ``network`` that are not ``frozen``, in place.

    Args:
        network: with a head that fits the targets (:func:`workshop.kernels.block_net.with_new_head`).
        images: (N, 3, side, side) uint8.
        targets: (N,) int64 classes, or (N,) floating point for a regression (squared error).
        frozen: names of blocks.
        cache: where activations of the frozen prefix are kept; None: they are computed again for every batch.
        statistics: False lets the batch statistics of frozen blocks drift; see :func:`~.block_net.freeze`. Then
            nothing below is fixed, and the cache is left aside.
        exam: pictures and targets to be scored on, ``looks`` times, evenly spaced. They train nothing.
        seed: of the order in which pictures are drawn.
        on_step: told the loss, and the score of the last look.

    Raises:
        WorkshopError: an unknown block, nothing left to train, pictures or labels that do not fit.
    """
    check(network, images, targets)
    recipe = recipe or FineTuneRecipe()
    frozen = tuple(frozen) if not isinstance(frozen, str) else (frozen,)
    freeze(network, frozen, statistics)
    chance = Chance(seed, images.device)
    cut = frozen_prefix(network.names, frozen) if cache is not None and statistics else 0
    started = time.perf_counter()
    x = cache(network, cut, images) if cut else images
    making = time.perf_counter() - started
    asked = (cache(network, cut, exam[0]) if cut else exam[0], exam[1]) if exam else None
    steps, batch = recipe.steps(len(images)), recipe.batch_of(len(images))
    order = Epochs(len(images), batch, chance)
    epochs, scores, right = [], [], np.empty(0, bool)

    def loss_at(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        rows = order.next()
        reported = {"score": scores[-1]} if scores else {}
        return loss_of(network(x[rows], start=cut), targets[rows]), reported

    def look(step: int, network: BlockNet) -> None:
        nonlocal right
        score, right = examine(network, *asked, start=cut)
        epochs.append(step * batch / len(images))
        scores.append(score)
        freeze(network, frozen, statistics)

    trained = descend(
        _groups(network, frozen, recipe), loss_at, network,
        _BlockRates(
            steps, batch, recipe.learning_rate, recipe.weight_decay, warm_up=max(1, min(20, steps // 10))
        ),
        seed=seed, device=images.device, on_step=on_step, look=look if asked else None, looks=looks,
        report_every=max(1, min(20, steps // 20)),
    )  # fmt: skip
    return FineTuned(
        network.eval(), frozen, share(counts(network), frozen), cut, np.array(epochs), np.array(scores), right,
        trained.history, trained.seconds + making, seed, trained.stopped,
    )  # fmt: skip


def loss_of(outputs: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of logits (N, C) with classes (N,), or the squared error of (N, 1) with numbers (N,)."""
    if targets.is_floating_point():
        return F.mse_loss(outputs[:, 0], targets)
    return F.cross_entropy(outputs, targets)


@torch.no_grad()
def examine(network: BlockNet, x: Tensor, targets: Tensor, start: int = 0) -> tuple[float, np.ndarray]:
    """Score and, for classes, whether each answer is right, in evaluation mode (which is left on).

    Args:
        x: pictures, or activations below block ``start``.
    """
    network.eval()
    outputs = torch.cat([network(part, start=start) for part in x.split(BATCH)])
    if targets.is_floating_point():
        left = (outputs[:, 0] - targets).square().mean() / (targets - targets.mean()).square().mean()
        return 1 - float(left), np.empty(0, bool)
    right = (outputs.argmax(1) == targets).cpu().numpy()
    return float(right.mean()), right


class Epochs:
    """Row numbers batch by batch: every row once a pass, in an order drawn anew for each pass."""

    def __init__(self, rows: int, batch: int, chance: Chance):
        self._rows, self._batch, self._chance = rows, batch, chance
        self._left = self._pass()

    def next(self) -> Tensor:
        if len(self._left) < self._batch:
            self._left = torch.cat([self._left, self._pass()])
        rows, self._left = self._left[: self._batch], self._left[self._batch :]
        return rows

    def _pass(self) -> Tensor:
        return torch.randperm(self._rows, generator=self._chance.generator, device=self._chance.device)


def _groups(network: BlockNet, frozen: tuple[str, ...], recipe: FineTuneRecipe) -> list[dict]:
    """The thawed blocks' weights, a group a block, with the scale of its learning rate."""
    from_head = {name: place for place, name in enumerate(reversed(network.names))}
    return [
        {"params": list(block.parameters()), "scale": recipe.decay ** from_head[name]}
        for name, block in network.blocks.items()
        if name not in frozen
    ]


def check(network: BlockNet, images: Tensor, targets: Tensor) -> None:
    """What can be wrong with pictures and labels, said before anything is trained.

    Raises:
        WorkshopError: a sentence that names what is wrong and what to do.
    """
    side, outputs = network.side, network.head.out_features
    if images.dtype != torch.uint8:
        raise WorkshopError(
            f"The pictures are of type {images.dtype}; give whole numbers 0..255 as torch.uint8. "
            "The network scales them itself."
        )
    if images.ndim != 4 or tuple(images.shape[1:]) != (3, side, side):
        raise WorkshopError(
            f"The pictures have the shape {tuple(images.shape)}; this network takes (N, 3, {side}, {side}). "
            "workshop.datasets.tasks.as_pictures resizes and colours them."
        )
    if targets.shape != (len(images),):
        raise WorkshopError(
            f"There are {len(images)} pictures and targets of shape {tuple(targets.shape)}; give one target a picture."
        )
    if targets.is_floating_point():
        if outputs != 1:
            raise WorkshopError(
                f"The targets are numbers and the head has {outputs} outputs; give it 1, with "
                "with_new_head(network, 1, ...)."
            )
        return
    if targets.device.type == "meta":
        return
    if len(targets) < outputs:
        raise WorkshopError(
            f"{len(targets)} labels are fewer than the {outputs} classes; give at least one of each class."
        )
    low, high = int(targets.min()), int(targets.max())
    if low < 0 or high >= outputs:
        raise WorkshopError(
            f"The labels run from {low} to {high}, and the head has {outputs} outputs: classes 0 to {outputs - 1}. "
            "Give it a new head with with_new_head(network, classes, ...)."
        )


def epochs_to(score: np.ndarray, epochs: np.ndarray, part: float = 0.95) -> float:
    """Passes over the labels until the score first reaches ``part`` of the final one."""
    return float(epochs[np.argmax(score >= part * score[-1])])


def prefix_features(network: BlockNet, images: Tensor, cache: FeatureCache | None = None) -> Tensor:
    """What the head reads: the activations (N, F) of every block below it."""
    cut = len(network.names) - 1
    return cache(network, cut, images) if cache is not None else activations(network, cut, images)
