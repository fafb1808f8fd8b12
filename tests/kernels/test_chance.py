"""Randomness of one training: seeded, and nobody else's."""

import pytest
import torch

from workshop.kernels.chance import Chance

pytestmark = pytest.mark.fast


def test_same_seed_same_draws():
    one, other = Chance(3), Chance(3)
    assert torch.equal(one.normal(5), other.normal(5))
    assert torch.equal(one.rows(20, of=7), other.rows(20, of=7))
    assert one.host.random() == other.host.random()


def test_another_seed_gives_other_draws():
    assert not torch.equal(Chance(3).normal(5), Chance(4).normal(5))


def test_draws_have_their_distributions():
    chance = Chance(0)
    uniform, signs, rows = chance.uniform(20_000), chance.signs(20_000), chance.rows(20_000, of=4)
    assert uniform.min() >= -1 and uniform.max() <= 1
    assert uniform.var().item() == pytest.approx(1 / 3, rel=0.03)
    assert sorted(signs.unique().tolist()) == [-1, 1]
    assert abs(signs.float().mean().item()) < 0.03
    assert torch.bincount(rows).tolist() == pytest.approx([5000] * 4, rel=0.06)


def test_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    chance = Chance(0)
    chance.normal(10), chance.uniform(10), chance.signs(10), chance.rows(10, of=3)
    assert torch.equal(before, torch.get_rng_state())
