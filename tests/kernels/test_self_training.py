"""Pseudo-labels, alignment, teacher and mutual information, each against a way to know the answer without them."""

import copy
import math

import numpy as np
import pytest
import torch
from scipy.stats import entropy

from workshop.exercises.references.adaptation import pseudo_label_loss as by_hand
from workshop.kernels.chance import Chance
from workshop.kernels.digit_net import DigitNet, initialised
from workshop.kernels.self_training import (
    DistributionAlignment,
    follow,
    mutual_information,
    pseudo_label_loss,
    weak_view,
)

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("seed", range(5))
def test_pseudo_label_loss_against_a_loop(seed):
    rng = np.random.default_rng(seed)
    student = rng.normal(size=(9, 4))
    teacher = rng.dirichlet(np.full(4, 0.3), size=9)
    loss, counted = pseudo_label_loss(torch.tensor(student), torch.tensor(teacher), 0.8)
    assert loss.item() == pytest.approx(by_hand(student, teacher, 0.8), abs=1e-6)
    assert counted.item() == pytest.approx((teacher.max(1) > 0.8).mean())


def test_nobody_confident_costs_nothing_and_pulls_nowhere():
    student = torch.randn(4, 3, requires_grad=True, generator=None)
    loss, counted = pseudo_label_loss(student, torch.full((4, 3), 1 / 3), 0.9)
    loss.backward()
    assert loss.item() == 0 and counted.item() == 0
    assert student.grad.abs().max() == 0


def test_alignment_moves_a_lopsided_teacher_towards_an_even_split():
    align = DistributionAlignment(3, torch.device("cpu"), memory=0.9)
    lopsided = torch.tensor([[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.7, 0.1, 0.2]])
    for _ in range(200):
        aligned = align(lopsided)
    assert torch.allclose(align.average, lopsided.mean(0), atol=1e-4)
    assert torch.allclose(aligned.sum(1), torch.ones(3))
    expected = lopsided / lopsided.mean(0)
    assert torch.allclose(aligned, expected / expected.sum(1, keepdim=True), atol=1e-3)
    assert (aligned.mean(0) - 1 / 3).abs().max() < (lopsided.mean(0) - 1 / 3).abs().max() / 4


def test_an_even_teacher_is_left_alone():
    align = DistributionAlignment(2, torch.device("cpu"))
    even = torch.tensor([[0.9, 0.1], [0.1, 0.9]])
    assert torch.allclose(align(even), even)


def test_teacher_is_the_exponential_average_of_its_students():
    """Unrolled by hand: t_n = d t_{n-1} + (1 - d) s_n, for weights and batch statistics alike."""
    student = initialised(DigitNet, Chance(0))
    teacher = copy.deepcopy(student)
    expected = {name: value.clone() for name, value in teacher.state_dict().items()}
    for step in range(3):
        with torch.no_grad():
            for value in (*student.parameters(), *student.buffers()):
                if value.is_floating_point():
                    value.add_(0.1 * (step + 1))
        follow(teacher, student, decay=0.8)
        for name, value in student.state_dict().items():
            if value.is_floating_point():
                expected[name] = 0.8 * expected[name] + 0.2 * value
    for name, value in teacher.state_dict().items():
        assert torch.allclose(value, expected[name], atol=1e-6), name


def test_weak_view_shifts_by_at_most_a_pixel_and_may_invert():
    image = torch.zeros(1, 1, 9, 9)
    image[..., 4, 4] = 1
    for seed in range(20):
        view = weak_view(image, Chance(seed))
        (row, column) = view[0, 0].abs().nonzero()[0].tolist()
        assert abs(row - 4) <= 1 and abs(column - 4) <= 1
        assert view.abs().sum() == 1


def test_mutual_information_of_known_tables():
    assert mutual_information(torch.eye(10)) == pytest.approx(math.log(10))
    assert mutual_information(torch.full((7, 10), 0.1)) == pytest.approx(0, abs=1e-9)
    assert mutual_information(torch.eye(10)[[3] * 8]) == pytest.approx(0, abs=1e-6)


def test_mutual_information_against_scipy():
    p = np.random.default_rng(0).dirichlet(np.ones(6), size=40)
    expected = entropy(p.mean(0)) - entropy(p, axis=1).mean()
    assert mutual_information(torch.tensor(p)) == pytest.approx(expected, abs=1e-12)
