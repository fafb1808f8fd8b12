"""Noise, losses and training on wrong labels."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from workshop.datasets.crowds import LOOKALIKE_DIGITS
from workshop.errors import WorkshopError
from workshop.kernels.descent import Recipe
from workshop.kernels.noisy_labels import (
    LOSSES,
    absolute_error,
    corrupt,
    generalised_cross_entropy,
    noise_matrix,
    train_on_labels,
)  # fmt: skip

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("wrong", [None, LOOKALIKE_DIGITS])
def test_labels_go_wrong_as_the_matrix_says(wrong):
    matrix = noise_matrix(0.3, wrong, 10)
    truth = np.repeat(np.arange(10), 20_000)
    said = corrupt(truth, matrix, np.random.default_rng(0))
    shares = np.zeros((10, 10))
    np.add.at(shares, (truth, said), 1 / 20_000)
    assert np.abs(shares - matrix).max() < 0.015  # four standard errors
    assert np.allclose(matrix.sum(1), 1) and np.allclose(matrix.diagonal(), 0.7)


def test_symmetric_noise_spreads_evenly_and_lookalike_noise_does_not():
    symmetric, alike = noise_matrix(0.3, None, 10), noise_matrix(0.3, LOOKALIKE_DIGITS, 10)
    assert np.allclose(symmetric[~np.eye(10, dtype=bool)], 0.3 / 9)
    assert np.allclose(alike[np.arange(10), LOOKALIKE_DIGITS], 0.3)


def test_no_noise_changes_nothing():
    truth = np.arange(10).repeat(50)
    assert np.array_equal(corrupt(truth, noise_matrix(0, None, 10), np.random.default_rng(0)), truth)


def test_generalised_cross_entropy_lies_between_its_two_ends():
    """q to 0: cross-entropy. q = 1: one minus the probability (Zhang, Sabuncu 2018)."""
    logits, labels = torch.randn(20, 5, dtype=torch.float64), torch.arange(20) % 5
    chosen = logits.softmax(1)[torch.arange(20), labels]
    assert torch.isclose(
        generalised_cross_entropy(logits, labels, 1e-6), F.cross_entropy(logits, labels), atol=1e-4
    )
    assert torch.isclose(generalised_cross_entropy(logits, labels, 1.0), (1 - chosen).mean())
    assert torch.isclose(absolute_error(logits, labels), (1 - chosen).mean())
    half = ((1 - chosen**0.5) / 0.5).mean()
    assert torch.isclose(generalised_cross_entropy(logits, labels, 0.5), half)


def test_absurd_labels_pull_less():
    """The gradient of the generalised loss is that of cross-entropy, times p^q."""
    logits = torch.tensor([[8.0, 0.0], [0.5, 0.0]], dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([1, 1])
    (cross,) = torch.autograd.grad(F.cross_entropy(logits, labels), logits)
    (general,) = torch.autograd.grad(generalised_cross_entropy(logits, labels, 0.7), logits)
    weight = logits.softmax(1)[:, 1] ** 0.7
    assert torch.allclose(general, cross * weight[:, None])


def test_the_losses_do_not_overflow():
    logits = torch.tensor([[1e4, -1e4]], requires_grad=True)
    for loss in LOSSES.values():
        (gradient,) = torch.autograd.grad(loss(logits, torch.tensor([1])), logits)
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("loss", list(LOSSES))
def test_a_network_learns_two_heaps(loss):
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(200) % 2
    inputs = torch.randn(200, 2, generator=generator) + 6 * labels[:, None]
    recipe = Recipe(steps=200, batch=32, learning_rate=1e-2, warm_up=10)
    trained = train_on_labels(inputs, labels, loss, recipe=recipe, classes=2)
    assert (trained.network(inputs).argmax(1) == labels).float().mean() > 0.98


def test_training_is_seeded_and_leaves_the_global_generator_alone():
    inputs, labels = torch.randn(50, 3), torch.arange(50) % 2
    before = torch.get_rng_state()
    recipe = Recipe(steps=5, batch=8)
    weights = [
        next(train_on_labels(inputs, labels, recipe=recipe, classes=2, seed=seed).network.parameters())
        for seed in (0, 0, 1)
    ]
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_a_step_makes_no_stray_tensor():
    inputs, labels = torch.empty(50, 3, device="meta"), torch.empty(50, dtype=torch.int64, device="meta")
    train_on_labels(inputs, labels, "generalised cross-entropy", recipe=Recipe(steps=2, batch=8), classes=2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: noise_matrix(1.5, None, 10), "between 0 and 1"),
        (lambda: noise_matrix(0.5, np.array([0, 0]), 2), "must differ"),
        (
            lambda: train_on_labels(torch.zeros(2, 2), torch.zeros(2), "hinge", recipe=Recipe(steps=1)),
            "no loss 'hinge'",
        ),
    ],
)
def test_bad_input_gets_a_sentence(call, words):
    with pytest.raises(WorkshopError, match=words):
        call()
