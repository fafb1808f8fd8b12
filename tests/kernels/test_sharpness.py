"""The largest curvature, against the Hessian written out."""

import pytest
import torch
from torch import nn
from torch.func import hessian

from workshop.errors import WorkshopError
from workshop.kernels.meta_learning import task_loss, weights_of
from workshop.kernels.sharpness import largest_curvature

pytestmark = pytest.mark.fast


def test_it_is_the_hessians_eigenvalue_of_largest_size():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(1, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    theta = weights_of(network)
    x, y = torch.randn(2, 6, 8, 1, dtype=torch.float64)
    found = largest_curvature(network, theta, x, y, iterations=400)
    shapes = {name: weight.shape for name, weight in theta.items()}

    def loss(flat, x, y):
        parts = flat.split([shape.numel() for shape in shapes.values()])
        weights = {name: p.view(shape) for (name, shape), p in zip(shapes.items(), parts, strict=True)}
        return task_loss(network, weights, x, y)

    flat = torch.cat([weight.flatten() for weight in theta.values()])
    for task in range(6):
        values = torch.linalg.eigvalsh(hessian(loss)(flat, x[task], y[task]))
        assert found[task] == pytest.approx(float(values[values.abs().argmax()]), rel=1e-4)


def test_a_line_has_the_curvature_of_its_points():
    """Of a bias alone, L = mean (b - y)^2: the curvature is 2, wherever one stands."""
    network = nn.Linear(1, 1)
    x = torch.zeros(3, 4, 1)
    assert largest_curvature(network, weights_of(network), x, torch.randn(3, 4, 1)).tolist() == pytest.approx(
        [2.0] * 3
    )


def test_no_task_has_no_curvature():
    network = nn.Linear(1, 1)
    with pytest.raises(WorkshopError, match="The batch holds no task"):
        largest_curvature(network, weights_of(network), torch.zeros(0, 4, 1), torch.zeros(0, 4, 1))
