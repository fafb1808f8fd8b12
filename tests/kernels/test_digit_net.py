"""The network: its size, its domains, its initialisation."""

import copy

import pytest
import torch
from torch import nn

from workshop.kernels.chance import Chance
from workshop.kernels.digit_net import DigitNet, DomainBatchNorm2d, critic, initialised

pytestmark = pytest.mark.fast


def test_size_and_shapes():
    network = initialised(DigitNet, Chance(0))
    assert sum(p.numel() for p in network.parameters()) == 156_154
    assert network(torch.zeros(5, 1, 32, 32), source=2).shape == (5, 10)
    assert network.features(torch.zeros(5, 1, 32, 32), source=5).shape == (5, 128)
    assert initialised(critic, Chance(0))(torch.zeros(5, 128)).shape == (5,)


@pytest.mark.parametrize("source", [0, 3, 8])
def test_each_domain_is_normalised_like_a_plain_batch_norm_of_its_own(source):
    torch.manual_seed(0)
    x = torch.randn(8, 4, 6, 6) * 3 + torch.arange(8.0).view(8, 1, 1, 1)
    both, plain_source, plain_target = DomainBatchNorm2d(4), nn.BatchNorm2d(4), nn.BatchNorm2d(4)
    out = both(x, source)
    if source:
        assert torch.allclose(out[:source], plain_source(x[:source]), atol=1e-6)
    if source < 8:
        assert torch.allclose(out[source:], plain_target(x[source:]), atol=1e-6)
    assert torch.allclose(both.source.running_mean, plain_source.running_mean)
    assert torch.allclose(both.target.running_mean, plain_target.running_mean)


@pytest.mark.parametrize("make", [DigitNet, lambda: initialised(DigitNet, Chance(0))])
def test_the_domains_share_scale_and_shift(make):
    """What the source's labels teach one layer reaches the target, also after initialisation and in a copy."""
    network = copy.deepcopy(make())
    assert len(list(network.norms[0].parameters())) == 2
    with torch.no_grad():
        network.norms[0].weight.fill_(0.0)
        network.norms[0].bias.fill_(7.0)
    x = torch.randn(6, 16, 4, 4)
    for source in (0, 2, 6):
        assert torch.equal(network.norms[0](x, source), torch.full_like(x, 7.0))


def test_initialised_like_torch_but_from_its_own_generator():
    """Same bounds as torch's constructors, same draws for the same seed, nothing from the global generator."""
    before = torch.get_rng_state()
    one, other = initialised(DigitNet, Chance(1)), initialised(DigitNet, Chance(1))
    assert torch.equal(before, torch.get_rng_state())
    plain = DigitNet()
    for (name, mine), theirs, again in zip(
        one.named_parameters(), plain.parameters(), other.parameters(), strict=True
    ):
        assert torch.equal(mine, again), name
        if mine.ndim in (2, 4):  # uniform: the largest of many draws is close to the bound
            assert mine.abs().max().item() == pytest.approx(theirs.abs().max().item(), rel=0.05), name
            assert mine.std().item() == pytest.approx(theirs.std().item(), rel=0.1), name
    assert all(torch.isfinite(b.float()).all() for b in one.buffers())


def test_dropout_hides_its_share_and_keeps_the_mean():
    network = initialised(DigitNet, Chance(0)).eval()
    network.to_features = nn.Identity()
    x = torch.randn(64, 1, 32, 32)
    with torch.no_grad():
        whole = network.features(x, source=64)
        dropped = network.features(x, source=64, chance=Chance(0))
    alive = whole > 0
    assert (dropped[alive] == 0).float().mean().item() == pytest.approx(0.3, abs=0.02)
    assert dropped.mean().item() == pytest.approx(whole.mean().item(), rel=0.05)
