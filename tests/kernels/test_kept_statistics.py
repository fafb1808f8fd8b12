"""Statistics that stay: in evaluation mode whatever is asked, weights trained all the same."""

import pytest
import torch
from torch import nn

from workshop.kernels.block_net import with_new_head
from workshop.kernels.chance import Chance
from workshop.kernels.fine_tuning import FineTuneRecipe, fine_tune
from workshop.kernels.kept_statistics import keep_statistics
from workshop.kernels.small_net import small_net

pytestmark = pytest.mark.fast


@pytest.fixture
def pictures():
    labels = torch.arange(30) % 3
    return torch.randint(0, 256, (30, 3, 32, 32), generator=torch.Generator().manual_seed(0)).byte(), labels


def test_weights_move_and_statistics_do_not(pictures):
    net = with_new_head(keep_statistics(small_net(3, Chance(0))), 3, Chance(1))
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    fine_tune(net, *pictures, recipe=FineTuneRecipe(2))
    for name, tensor in net.state_dict().items():
        still = "running" in name or "num_batches" in name
        assert torch.equal(tensor, before[name]) == still, name


def test_it_is_the_same_network_in_evaluation_mode_and_a_fixed_map_in_training(pictures):
    net = small_net(3, Chance(0))
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.uniform_(-1, 1)
    kept = keep_statistics(net)
    net.eval(), kept.train()
    with torch.no_grad():
        assert torch.equal(kept(pictures[0]), net(pictures[0]))
        assert torch.allclose(kept(pictures[0][:1]), kept(pictures[0])[:1], atol=1e-5)
    assert type(net.blocks["stem"][2]) is nn.BatchNorm2d  # the original is left alone
