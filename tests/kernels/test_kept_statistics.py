"""Statistics that stay: in evaluation mode whatever is asked, weights trained all the same."""

import pytest
import torch
from torch import nn

from workshop.kernels.block_net import with_new_head
from workshop.kernels.chance import Chance
from workshop.kernels.fine_tuning import FineTuneRecipe, fine_tune
from workshop.kernels.kept_statistics import keep_statistics, recompute_statistics
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


def test_recomputed_statistics_are_those_of_the_pictures_under_the_weights_as_they_are(pictures):
    net = small_net(3, Chance(0)).eval()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    fresh = recompute_statistics(net, pictures[0])
    x = pictures[0]
    with torch.no_grad():
        for name in net.names[:-1]:  # layer by layer: by the batch's own mean and variance
            layers = list(fresh.blocks[name])
            norm = next(place for place, layer in enumerate(layers) if isinstance(layer, nn.BatchNorm2d))
            for layer in layers[:norm]:
                x = layer(x)
            assert torch.allclose(layers[norm].running_mean, x.mean((0, 2, 3)), atol=1e-5)
            assert torch.allclose(layers[norm].running_var, x.var((0, 2, 3)), rtol=1e-4)
            x = nn.functional.batch_norm(
                x, None, None, layers[norm].weight, layers[norm].bias, True, 0.0, layers[norm].eps
            )
            for layer in layers[norm + 1 :]:
                x = layer(x)
    assert not fresh.training and all(torch.equal(t, before[n]) for n, t in net.state_dict().items())
    assert all(m.momentum == 0.1 for m in fresh.modules() if isinstance(m, nn.BatchNorm2d))
