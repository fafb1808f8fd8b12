"""Reading with one domain's statistics or the other's."""

import pytest
import torch

from workshop.kernels.chance import Chance
from workshop.kernels.digit_net import DigitNet, initialised
from workshop.kernels.supervised import probabilities, with_batch_statistics

pytestmark = pytest.mark.fast


@pytest.fixture
def network():
    return initialised(DigitNet, Chance(0))


def test_probabilities_do_not_depend_on_the_batch_and_leave_the_mode_alone(network):
    images = torch.randn(30, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    whole = probabilities(network.train(), images, source=True)
    assert network.training
    assert torch.allclose(whole, probabilities(network, images, source=True, batch=7), atol=1e-6)
    assert torch.allclose(whole.sum(1), torch.ones(30))


def test_new_statistics_are_the_pictures_own(network):
    """The first layer's statistics are the plain mean and variance of its outputs over all pictures."""
    images = 3 + 2 * torch.randn(400, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    adapted = with_batch_statistics(network, images, batch=100)
    with torch.no_grad():
        first = network.convolutions[0](images)
    assert torch.allclose(adapted.norms[0].target.running_mean, first.mean((0, 2, 3)), atol=1e-4)
    assert torch.allclose(adapted.norms[0].target.running_var, first.var((0, 2, 3)), rtol=0.05)


def test_no_weight_and_no_source_statistic_changes(network):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    adapted = with_batch_statistics(network, torch.randn(50, 1, 32, 32))
    for name, value in adapted.state_dict().items():
        if ".target.running" not in name and ".target.num_batches" not in name:
            assert torch.equal(value, before[name]), name
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
