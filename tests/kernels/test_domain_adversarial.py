"""Gradient reversal against a plain model with the gradient scaled by hand; schedules against the paper's formula."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.stats import norm

from workshop.kernels.domain_adversarial import (
    delayed,
    ganin_strength,
    proxy_a_distance,
    reverse_gradient,
)

pytestmark = pytest.mark.fast


def critic_gradients(reverse, strength):
    torch.manual_seed(0)
    base, judge = torch.nn.Linear(6, 4).double(), torch.nn.Linear(4, 1).double()
    x, y = torch.randn(7, 6).double(), torch.rand(7, 1).round().double()
    features = torch.tanh(base(x))
    loss = F.binary_cross_entropy_with_logits(judge(reverse(features, strength)), y)
    loss.backward()
    return loss.item(), base.weight.grad, judge.weight.grad


@pytest.mark.parametrize("strength", [0.0, 0.1, 1.0, 2.5])
def test_reversal_scales_what_lies_before_it_and_nothing_else(strength):
    loss, base, judge = critic_gradients(reverse_gradient, strength)
    plain_loss, plain_base, plain_judge = critic_gradients(lambda f, _: f, strength)
    assert loss == plain_loss
    assert torch.equal(judge, plain_judge)
    assert torch.allclose(base, -strength * plain_base, atol=1e-15)


def test_reversal_against_finite_differences():
    """Forward it is the identity, so its slope must *not* agree with a difference quotient but be its opposite."""
    x = torch.randn(5, dtype=torch.double, generator=torch.Generator().manual_seed(0), requires_grad=True)
    (reverse_gradient(x, 0.7) ** 3).sum().backward()
    step = 1e-6
    quotient = (((x.detach() + step) ** 3) - ((x.detach() - step) ** 3)) / (2 * step)
    assert torch.allclose(x.grad, -0.7 * quotient, atol=1e-8)


def test_strength_is_the_papers():
    for p in np.linspace(0, 1, 11):
        assert ganin_strength(p) == pytest.approx(math.tanh(5 * p), abs=1e-12)
    assert ganin_strength(0) == 0


def test_delayed_ramp_waits_and_reaches_its_peak():
    ramp = delayed(peak=0.1, start=0.3)
    assert [ramp(p) for p in (0, 0.1, 0.3)] == [0, 0, 0]
    assert ramp(0.31) > 0
    assert ramp(1.0) == pytest.approx(0.1 * math.tanh(5))


@pytest.mark.parametrize("apart", [0.0, 1.0, 3.0])
def test_proxy_a_distance_of_two_gaussians(apart):
    """The best linear critic between two round Gaussians errs with probability Phi(-apart / 2)."""
    rng = np.random.default_rng(0)
    here, there = rng.normal(size=(4000, 5)), rng.normal(size=(6000, 5))
    there[:, 2] += apart
    expected = 2 * (1 - 2 * norm.cdf(-apart / 2))
    assert proxy_a_distance(here, there) == pytest.approx(expected, abs=0.08)


def test_proxy_a_distance_of_separate_domains_is_two():
    rng = np.random.default_rng(0)
    assert proxy_a_distance(rng.normal(size=(200, 3)), rng.normal(size=(200, 3)) + 30) == 2.0
