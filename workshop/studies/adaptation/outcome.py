"""What is kept of a training: what it reads, what it misreads, and how it got there."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from scipy.stats import binomtest
from sklearn.manifold import TSNE

from workshop.datasets.digits import Digits
from workshop.kernels.descent import OnStep, Recipe, Trained
from workshop.kernels.digit_net import DigitNet
from workshop.kernels.domain_adversarial import proxy_a_distance
from workshop.kernels.self_training import mutual_information
from workshop.kernels.supervised import probabilities, with_batch_statistics
from workshop.studies.adaptation.rungs import RUNGS, train

MAPPED = 150  #: pictures of each domain on the feature map
COMPARED = 1000  #: pictures of each domain whose features a fresh critic compares
SHOWN = 24  #: mistakes kept to be looked at


@dataclass(frozen=True, eq=False)
class Frames:
    """A training seen at F moments.

    Attributes:
        step: (F,) after which step.
        target_accuracy, source_accuracy: (F,) per cent of the sealed pictures.
        mutual_information: (F,) nats, of the opinions on unlabelled target pictures.
        feature_map: (F, 2, MAPPED, 2) t-SNE of features; source pictures first, then target pictures.
    """

    step: np.ndarray
    target_accuracy: np.ndarray
    source_accuracy: np.ndarray
    mutual_information: np.ndarray
    feature_map: np.ndarray


@dataclass(frozen=True, eq=False)
class Outcome:
    """One finished training of one rung, from the outside.

    Attributes:
        confusion: (10, 10) counts of sealed target pictures, true digit by named digit.
        source_confusion: the same of the sealed source pictures.
        mutual_information: nats, of the opinions on unlabelled target pictures.
        proxy_a_distance: of the two domains' features, 0..2.
        history: curves over training; "step" and one per metric.
        mapped: (2, MAPPED) true digits of the pictures on the feature map.
        mistakes: (<= SHOWN, 3) row among the sealed target pictures, true digit, named digit.
        seconds: of training alone.
    """

    rung: str
    source: str
    target: str
    seed: int
    budget: str
    steps: int
    seconds: float
    device: str
    stopped: bool
    confusion: np.ndarray = field(repr=False)
    source_confusion: np.ndarray = field(repr=False)
    mutual_information: float
    proxy_a_distance: float
    history: dict[str, np.ndarray] = field(repr=False)
    frames: Frames = field(repr=False)
    mapped: np.ndarray = field(repr=False)
    mistakes: np.ndarray = field(repr=False)

    @property
    def accuracy(self) -> float:
        """Per cent of sealed target pictures read right."""
        return accuracy_of(self.confusion)

    @property
    def source_accuracy(self) -> float:
        """Per cent of sealed source pictures read right."""
        return accuracy_of(self.source_confusion)


def accuracy_of(confusion: np.ndarray) -> float:
    """Per cent on the diagonal of a (10, 10) confusion matrix."""
    return 100 * float(np.trace(confusion)) / float(confusion.sum())


def wilson_interval(confusion: np.ndarray) -> tuple[float, float]:
    """95% interval of an accuracy in per cent, for the pictures it was counted on (not for other seeds)."""
    right = binomtest(int(np.trace(confusion)), int(confusion.sum())).proportion_ci(method="wilson")
    return 100 * float(right.low), 100 * float(right.high)


class Watcher:
    """Looks at a network in training as one rung reads it, and writes the outcome.

    Args:
        rung: decides whose batch statistics read the target: those the network was trained with, the target's
            own gathered afterwards (rung 1), or the target's own gathered while training (rungs 2 and 3).
    """

    def __init__(self, rung: str, source: Digits, target: Digits):
        self.rung, self.source, self.target = rung, source, target
        self.mapped = min(MAPPED, len(source.sealed), len(target.sealed))
        self._by_target = rung in ("batch_statistics", "adversarial", "pseudo_labels")
        self._seen: list[dict] = []

    def __call__(self, step: int, network: DigitNet) -> None:
        """Take one frame; called by a kernel as its ``look``."""
        if self.rung == "batch_statistics":
            network = with_batch_statistics(network, self.target.train)
        self._network, target, source = network, self.target, self.source
        named = probabilities(network, target.sealed, source=not self._by_target).argmax(1)
        source_named = probabilities(network, source.sealed, source=True).argmax(1)
        self._seen.append({
            "step": step,
            "confusion": _confusion(target.sealed_labels, named),
            "source_confusion": _confusion(source.sealed_labels, source_named),
            "information": mutual_information(probabilities(network, target.train[:2000], source=not self._by_target)),
            "features": self._features(self.mapped),
            "named": named.cpu(),
        })  # fmt: skip

    def outcome(self, trained: Trained, budget: str) -> Outcome:
        """The outcome as of the last look."""
        last, truth = self._seen[-1], self.target.sealed_labels.cpu()
        wrong = (last["named"] != truth).nonzero()[:, 0]
        pairs = torch.stack([wrong, truth[wrong], last["named"][wrong]], dim=1)
        labels = [domain.sealed_labels[: self.mapped].cpu() for domain in (self.source, self.target)]
        return Outcome(
            rung=self.rung, source=self.source.name, target=self.target.name, seed=trained.seed,
            budget=budget, steps=last["step"], seconds=trained.seconds, device=trained.device,
            stopped=trained.stopped, confusion=last["confusion"], source_confusion=last["source_confusion"],
            mutual_information=last["information"], proxy_a_distance=proxy_a_distance(*self._features(COMPARED)),
            history=trained.history, frames=self._frames(),
            mapped=torch.stack(labels).numpy().astype(np.uint8),
            mistakes=pairs[:SHOWN].numpy().astype(np.int32),
        )  # fmt: skip

    @torch.no_grad()
    def _features(self, count: int) -> list[np.ndarray]:
        """Features of the first ``count`` sealed pictures of each domain, by the network of the last look."""
        network, source, target = self._network, self.source.sealed[:count], self.target.sealed[:count]
        was_training = network.training
        network.eval()
        features = [
            network.features(source, source=len(source)),
            network.features(target, source=0 if self._by_target else len(target)),
        ]
        network.train(was_training)
        return [each.cpu().numpy() for each in features]

    def _frames(self) -> Frames:
        def column(take, kind) -> np.ndarray:
            return np.asarray([take(seen) for seen in self._seen], dtype=kind)

        points = [np.concatenate(seen["features"]) for seen in self._seen]
        return Frames(
            step=column(lambda seen: seen["step"], np.int32),
            target_accuracy=column(lambda seen: accuracy_of(seen["confusion"]), np.float32),
            source_accuracy=column(lambda seen: accuracy_of(seen["source_confusion"]), np.float32),
            mutual_information=column(lambda seen: seen["information"], np.float32),
            feature_map=feature_maps(points).reshape(len(points), 2, self.mapped, 2),
        )


def feature_maps(points: list[np.ndarray]) -> np.ndarray:
    """t-SNE of the same rows at F moments, each begun where the last ended, so that a film does not jump.

    Args:
        points: F arrays (N, D).

    Returns:
        (F, N, 2) float16.
    """
    maps, start = [], "pca"
    for rows in points:
        tsne = TSNE(
            init=start, perplexity=min(30, len(rows) / 4), max_iter=400, random_state=0, n_jobs=1,
            early_exaggeration=12.0 if isinstance(start, str) else 2.0,
        )  # fmt: skip
        start = tsne.fit_transform(rows)
        maps.append(start - start.mean(0))
    return np.asarray(maps, dtype=np.float16)


def run_training(
    training: str,
    source: Digits,
    target: Digits,
    *,
    recipe: Recipe,
    budget: str,
    seed: int = 0,
    strength: str = "ganin",
    frames: int = 8,
    on_step: OnStep | None = None,
) -> dict[str, Outcome]:
    """Train once, and write down the outcome of every rung that shows this training.

    Args:
        frames: how many moments of the training to keep for replays.

    Returns:
        outcomes by rung; of a training that was stopped, those of the network as it then was.
    """
    watchers = [Watcher(rung.key, source, target) for rung in RUNGS.values() if rung.training == training]

    def look(step: int, network: DigitNet) -> None:
        for watcher in watchers:
            watcher(step, network)

    trained = train(
        training, source, target,
        recipe=recipe, seed=seed, strength=strength,
        on_step=on_step, look=look, looks=frames,
    )  # fmt: skip
    return {watcher.rung: watcher.outcome(trained, budget) for watcher in watchers}


def _confusion(truth: torch.Tensor, named: torch.Tensor) -> np.ndarray:
    return torch.bincount(truth * 10 + named, minlength=100).view(10, 10).cpu().numpy().astype(np.int32)
