"""Training on labels some of which are wrong: how they go wrong, and three losses that mind it more or less."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from workshop.datasets.crowds import drawn
from workshop.errors import WorkshopError
from workshop.kernels.chance import Chance
from workshop.kernels.descent import OnStep, Recipe, Trained, descend
from workshop.kernels.digit_net import initialised

HIDDEN = 128


def noise_matrix(rate: float, wrong: np.ndarray | None, classes: int) -> np.ndarray:
    """(K, K), [true, said]: a label is wrong with probability ``rate``.

    Args:
        wrong: (K,) the class that each is taken for; None: any other class, all alike (symmetric noise).

    Raises:
        WorkshopError: a rate outside 0..1, fewer than two classes, a class that is taken for itself or for none.
    """
    if classes < 2:
        raise WorkshopError(f"With {classes} class no label can be wrong; take at least two.")
    if not 0 <= rate <= 1:
        raise WorkshopError(f"A noise rate lies between 0 and 1, not at {rate}.")
    if wrong is None:
        off = np.full((classes, classes), rate / (classes - 1))
    else:
        wrong = np.asarray(wrong)
        if wrong.shape != (classes,) or wrong.min() < 0 or wrong.max() >= classes:
            raise WorkshopError(
                f"Give for each of the {classes} classes the one it is taken for, from 0 to {classes - 1}."
            )
        if (wrong == np.arange(classes)).any():
            raise WorkshopError("A wrong class must differ from the true one.")
        off = np.zeros((classes, classes))
        off[np.arange(classes), wrong] = rate
    np.fill_diagonal(off, 1 - rate)
    return off


def corrupt(labels: np.ndarray, matrix: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(N,): each label drawn anew from its row of ``matrix``.

    Raises:
        WorkshopError: a label that the matrix does not know.
    """
    labels = np.asarray(labels)
    if len(labels) and not 0 <= labels.min() <= labels.max() < len(matrix):
        raise WorkshopError(
            f"The labels must lie between 0 and {len(matrix) - 1}, the classes of the noise matrix."
        )
    return drawn(matrix[labels], rng)


def generalised_cross_entropy(logits: torch.Tensor, labels: torch.Tensor, q: float = 0.7) -> torch.Tensor:
    """Mean of (1 - p^q) / q, where p is the probability of the label: cross-entropy as q goes to 0, 1 - p at q = 1.

    Zhang, Sabuncu (2018), "Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels",
    NeurIPS. A label that the network finds absurd pulls with a weight of p^q instead of 1.

    Args:
        logits: (N, K).
        labels: (N,) int64.
    """
    chosen = F.log_softmax(logits, 1).gather(1, labels[:, None])[:, 0]
    return ((1 - (q * chosen).exp()) / q).mean()


def absolute_error(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean of 1 - p: half of the absolute error between the probabilities and the one-hot label."""
    return 1 - logits.softmax(1).gather(1, labels[:, None]).mean()


#: loss(logits, labels) by name, from the least patient with wrong labels to the most.
LOSSES: Mapping[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "cross-entropy": F.cross_entropy,
    "generalised cross-entropy": generalised_cross_entropy,
    "absolute error": absolute_error,
}


def make_mlp(inputs: int, classes: int) -> nn.Sequential:
    """Two layers, 128 hidden units."""
    return nn.Sequential(nn.Linear(inputs, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, classes))


def train_on_labels(
    inputs: torch.Tensor,
    labels: torch.Tensor,
    loss: str = "cross-entropy",
    *,
    recipe: Recipe,
    classes: int = 10,
    seed: int = 0,
    make: Callable[[int, int], nn.Module] = make_mlp,
    on_step: OnStep | None = None,
) -> Trained:
    """Train a small network on labels as they are.

    Args:
        inputs: (N, D) float32, on the device to train on.
        labels: (N,) int64, on the same device.
        loss: of :data:`LOSSES`.
        make: (inputs, classes) -> network.

    Raises:
        WorkshopError: no such loss, a label for some inputs only, or a label that is none of the classes.
    """
    if len(labels) != len(inputs) or (labels.device.type != "meta" and int(labels.max()) >= classes):
        raise WorkshopError(f"Give a label from 0 to {classes - 1} for each of the {len(inputs)} inputs.")
    if loss not in LOSSES:
        raise WorkshopError(f"There is no loss {loss!r}. Choose from: {', '.join(LOSSES)}.")
    chance = Chance(seed, inputs.device)
    network = initialised(lambda: make(inputs.shape[1], classes), chance)

    def loss_at(step: int) -> tuple[torch.Tensor, dict]:
        rows = chance.rows(recipe.batch, of=len(inputs))
        return LOSSES[loss](network(inputs[rows]), labels[rows]), {}

    return descend(
        network.parameters(), loss_at, network, recipe, seed=seed, device=inputs.device, on_step=on_step
    )
