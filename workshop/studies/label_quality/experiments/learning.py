"""What wrong labels do to a model: noise of two shapes and three losses; labels against architecture."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from torch import nn

from workshop.datasets import crowds
from workshop.datasets.crowds import LOOKALIKE_DIGITS
from workshop.kernels.descent import Recipe
from workshop.kernels.noisy_labels import LOSSES, corrupt, make_mlp, noise_matrix, train_on_labels
from workshop.studies.label_quality.digit_task import CLASSES, DigitTask, digit_task
from workshop.studies.label_quality.experiments.design import Design

LABELS = 3_000
RECIPE = Recipe(steps=1_500, batch=64, learning_rate=3e-3, weight_decay=0.0, warm_up=50)
SHORT = Recipe(steps=600, batch=64, learning_rate=3e-3, weight_decay=0.0, warm_up=50)


def noise(shape: str, rate: float, loss: str, seed: int) -> Mapping[str, float]:
    """A two-layer network on 3,000 digits, of whose labels ``rate`` are wrong: accuracy on sealed digits."""
    task, rng = digit_task(), np.random.default_rng(seed)
    rows = rng.permutation(len(task.truth))[:LABELS]
    wrong = LOOKALIKE_DIGITS if shape == "lookalike" else None
    labels = corrupt(task.truth[rows], noise_matrix(rate, wrong, CLASSES), rng)
    trained = train_on_labels(
        torch.from_numpy(task.pictures[rows]), torch.from_numpy(labels), loss, recipe=RECIPE, seed=seed
    )
    return {"accuracy": _accuracy(trained.network, task)}


def labels_or_architecture(items: int, quality: float, architecture: str, seed: int) -> Mapping[str, float]:
    """One architecture on so many labels of that quality; the errors are those of a crowd."""
    task, rng = digit_task(), np.random.default_rng(seed)
    rows = rng.permutation(len(task.truth))[:items]
    labels = corrupt(task.truth[rows], crowds.careful_confusion(quality, CLASSES), rng)
    return {"accuracy": ARCHITECTURES[architecture](task, rows, labels, seed)}


def make_cnn(inputs: int, classes: int) -> nn.Sequential:
    """Two convolutions on 14 x 14 grey values that arrive as rows of 196."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 14, 14)),
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 3 * 3, classes),
    )  # fmt: skip


def _trained(make: Callable[[int, int], nn.Module]) -> Callable[..., float]:
    def accuracy(task: DigitTask, rows: np.ndarray, labels: np.ndarray, seed: int) -> float:
        pictures = torch.from_numpy(task.pictures[rows])
        trained = train_on_labels(pictures, torch.from_numpy(labels), recipe=SHORT, seed=seed, make=make)
        return _accuracy(trained.network, task)

    return accuracy


def _fitted(make: Callable[[int], object]) -> Callable[..., float]:
    def accuracy(task: DigitTask, rows: np.ndarray, labels: np.ndarray, seed: int) -> float:
        model = make(seed).fit(task.pictures[rows], labels)
        return float(model.score(task.sealed_pictures, task.sealed_truth))

    return accuracy


#: Six ways to learn, each as it comes, none of them tuned.
ARCHITECTURES: Mapping[str, Callable[..., float]] = {
    "logistic regression": _fitted(lambda seed: LogisticRegression(max_iter=200)),
    "nearest neighbours": _fitted(lambda seed: KNeighborsClassifier(5)),
    "random forest": _fitted(lambda seed: RandomForestClassifier(60, random_state=seed)),
    "kernel ridge": lambda task, rows, labels, seed: task.model_accuracy(rows, np.eye(CLASSES)[labels]),
    "two-layer network": _trained(make_mlp),
    "convolutional network": _trained(make_cnn),
}


@torch.no_grad()
def _accuracy(network: nn.Module, task: DigitTask) -> float:
    said = network(torch.from_numpy(task.sealed_pictures)).argmax(1).numpy()
    return float((said == task.sealed_truth).mean())


NOISE = Design(
    "Training on wrong labels",
    {"shape": ("symmetric", "lookalike"), "rate": (0.0, 0.2, 0.4, 0.6), "loss": tuple(LOSSES)},
    {"smoke": 1, "ci": 3, "class": 5, "full": 10},
    noise,
    shorter={"smoke": {"rate": (0.4,)}, "ci": {"rate": (0.4,), "loss": tuple(LOSSES)[:2]}},
)
LABELS_OR_ARCHITECTURE = Design(
    "Labels against architecture",
    {"items": (200, 800, 3_200), "quality": (1.0, 0.8, 0.55), "architecture": tuple(ARCHITECTURES)},
    {"smoke": 1, "ci": 3, "class": 4, "full": 10},
    labels_or_architecture,
    shorter={
        "smoke": {"items": (200,), "quality": (1.0, 0.55)},
        "ci": {"items": (200,)},
    },
)
