"""What is kept of a fine-tuning, and of a network to fine-tune."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import torch

from workshop.datasets.tasks import Task, task
from workshop.kernels.block_net import BlockNet, from_scratch, with_new_head
from workshop.kernels.chance import Chance
from workshop.kernels.descent import OnStep
from workshop.kernels.feature_cache import FeatureCache
from workshop.kernels.fine_tuning import FineTuned, FineTuneRecipe, fine_tune
from workshop.kernels.small_net import small_net
from workshop.studies.fine_tuning.recipes import EXAM, SCRATCH, SOURCES, looks, recipe, source_recipe


@dataclass(frozen=True, eq=False)
class Pretrained:
    """A small network that has learnt something.

    Attributes:
        weights: of all its tensors, flat, float32.
        score: on its own exam.
        labels: that it learnt from.
        seconds: of training, on one core.
    """

    weights: np.ndarray = field(repr=False)
    score: float
    labels: int
    seconds: float
    seed: int
    budget: str

    def network(self, outputs: int, side: int) -> BlockNet:
        """The network, in evaluation mode, on the cpu."""
        network = small_net(outputs, Chance(0), side)
        tensors, place = network.state_dict(), 0
        for tensor in tensors.values():
            if tensor.is_floating_point():
                part = torch.from_numpy(self.weights[place : place + tensor.numel()].copy())
                tensor.copy_(part.view(tensor.shape))
                place += tensor.numel()
        return network.eval()


def flattened(network: BlockNet) -> np.ndarray:
    """Weights and statistics as one vector; the inverse of :meth:`Pretrained.network`."""
    tensors = [t.flatten() for t in network.state_dict().values() if t.is_floating_point()]
    return torch.cat(tensors).cpu().numpy().astype(np.float32)


@dataclass(frozen=True, eq=False)
class Run:
    """One fine-tuning, seen from the outside.

    Attributes:
        source: of :data:`~.recipes.SOURCES`.
        depth: of that source's depths, :data:`~.recipes.SCRATCH`, or the names of thawed blocks.
        trainable, total: weights.
        epochs, score: (E,) passes over the labels, and the share of right answers on the exam then.
        right: (M,) whether each picture of the exam was named right at the end.
        seconds: of training, on one core.
    """

    source: str
    task: str
    depth: str
    labels: int
    trainable: int
    total: int
    epochs: np.ndarray = field(repr=False)
    score: np.ndarray = field(repr=False)
    right: np.ndarray = field(repr=False)
    seconds: float

    @property
    def percent(self) -> float:
        """Right at the end."""
        return 100 * float(self.right.mean())


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Several trainings that share a seed.

    Attributes:
        runs: in the order in which they were made.
    """

    runs: tuple[Run, ...]
    seed: int
    budget: str
    device: str

    def find(self, depth: str, labels: int | None = None) -> Run | None:
        """The run of a depth (and of a number of labels), if there is one."""
        found = [run for run in self.runs if run.depth == depth and labels in (None, run.labels)]
        return found[0] if found else None

    def labels(self, depth: str) -> tuple[int, ...]:
        """For which numbers of labels there is a run of that depth."""
        return tuple(run.labels for run in self.runs if run.depth == depth)


def ready(network: BlockNet, depth: str, classes: int, chance: Chance) -> BlockNet:
    """The network to train: with a new head, or with nothing but its architecture left."""
    return (from_scratch if depth == SCRATCH else with_new_head)(network, classes, chance).to(chance.device)


def train_run(
    network: BlockNet,
    source: str,
    of: Task,
    depth: str,
    labels: int,
    *,
    budget: str,
    seed: int,
    cache: FeatureCache,
    device: torch.device | str = "cpu",
    frozen: Iterable[str] | None = None,
    how: FineTuneRecipe | None = None,
    on_step: OnStep | None = None,
) -> tuple[Run, FineTuned]:
    """Fine-tune at one depth and sit the exam.

    Args:
        network: pre-trained.
        frozen, how: instead of what the depth and the budget say.
    """
    side = SOURCES[source].side
    images, answers = of.labelled(labels, side, seed, device)
    exam = tuple(t[: EXAM[budget]] for t in of.examined(side, device))
    how = how or recipe(source, depth, labels, budget)
    done = fine_tune(
        ready(network, depth, len(of.classes), Chance(seed, device)), images, answers,
        frozen=SOURCES[source].frozen(depth) if frozen is None else frozen, recipe=how, cache=cache, exam=exam,
        looks=looks(source, depth, how, labels), seed=seed, on_step=on_step,
    )  # fmt: skip
    run = Run(
        source, of.name, depth, labels, done.share.trainable, done.share.total,
        done.epochs.astype(np.float32), done.score.astype(np.float32), done.right, done.seconds,
    )  # fmt: skip
    return run, done


def pretrain(
    budget: str, seed: int, labels: int, device: torch.device | str, on_step: OnStep | None
) -> Pretrained:
    """The small network, trained on street-number renders."""
    of, side = task("renders"), SOURCES["small"].side
    done = fine_tune(
        small_net(len(of.classes), Chance(seed, device), side), *of.labelled(labels, side, seed, device),
        recipe=source_recipe(budget), exam=of.examined(side, device), seed=seed, on_step=on_step,
    )  # fmt: skip
    return Pretrained(flattened(done.network), float(done.score[-1]), labels, done.seconds, seed, budget)
