"""The world of five shifts: each slider moves its own object and leaves alone what it says it leaves alone."""

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from workshop.datasets.shifts import (
    COMMON_SHARE,
    COVARIANCE,
    MEANS,
    NEW_SHARE,
    SITUATIONS,
    SLIDERS,
    TILT,
    Setting,
    moved,
    situation,
    source,
    target,
)
from workshop.errors import WorkshopError

pytestmark = pytest.mark.fast

POINTS = np.random.default_rng(0).uniform(-4, 4, (200, 2))
ALL = Setting(0.3, 0.4, 0.5, 0.6, 0.7)


def clouds(x):
    """Densities of the three clouds, by SciPy: (n, 3)."""
    return np.stack([multivariate_normal(mean, COVARIANCE).pdf(x) for mean in MEANS], axis=1)


def turned(x, degrees):
    """Points turned anticlockwise, by complex numbers."""
    z = (x[:, 0] + 1j * x[:, 1]) * np.exp(1j * math.radians(degrees))
    return np.stack([z.real, z.imag], axis=1)


def test_the_source_is_two_normal_clouds():
    assert np.allclose(source().joint(POINTS), clouds(POINTS) * [0.5, 0.5, 0])


def test_inputs_multiply_the_density_and_leave_the_rule():
    tilted, strength = target(Setting(inputs=0.7)), 0.7
    ratio = tilted.marginal(POINTS) / source().marginal(POINTS) / np.exp(POINTS @ TILT * strength)
    assert np.allclose(ratio, ratio[0])
    assert np.allclose(tilted.posterior(POINTS), source().posterior(POINTS))
    with_new = target(Setting(labels=1.0, inputs=1.0)).posterior(POINTS)
    assert np.allclose(with_new, target(Setting(labels=1.0)).posterior(POINTS))


def test_labels_add_a_class_to_what_was_there():
    joint = target(Setting(labels=0.5)).joint(POINTS)
    new = NEW_SHARE / 2
    assert np.allclose(joint, clouds(POINTS) * [(1 - new) / 2, (1 - new) / 2, new])


def test_the_rule_turns_and_the_points_stay():
    other = target(Setting(rule=0.5))
    assert np.allclose(other.marginal(POINTS), source().marginal(POINTS))
    assert np.allclose(other.posterior(turned(POINTS, 45)), source().posterior(POINTS))


def test_priors_change_how_common_the_clouds_are_and_not_the_clouds():
    joint = target(Setting(priors=1.0)).joint(POINTS)
    assert np.allclose(joint, clouds(POINTS) * [1 - COMMON_SHARE, COMMON_SHARE, 0])


def test_features_turn_what_is_measured():
    assert np.allclose(target(Setting(features=1.0)).joint(turned(POINTS, 90)), source().joint(POINTS))


@pytest.mark.parametrize("setting", [Setting(), ALL, *(one.setting for one in SITUATIONS[1:])])
def test_a_sample_follows_the_density(setting):
    """The joint distribution, summed over half planes."""
    domain = target(setting)
    x, y = domain.sample(40_000, seed=3)
    middles = (np.arange(240) + 0.5) / 240 * 16 - 8
    grid = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
    joint = domain.joint(grid) * (16 / 240) ** 2
    assert joint.sum() == pytest.approx(1, abs=1e-4)
    for across in np.array([[1, 0], [0, 1], [1, 1], [1, -1]]):
        # Between the rows of cells, which along a diagonal lie half a cell off.
        cut = 0.6 if 0 in across else 0.6 + 1 / 30
        expected = joint[grid @ across > cut].sum(0)
        found = np.bincount(y[x @ across > cut], minlength=3) / len(y)
        assert found == pytest.approx(expected, abs=4 * np.sqrt(0.25 / 40_000))


def test_the_seed_decides_the_sample_and_the_points_move_smoothly():
    first, again, other = (target(ALL).sample(50, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    near = target(Setting(features=0.01)).sample(500, 1)[0]
    assert np.abs(near - source().sample(500, 1)[0]).max() < 0.1


def test_all_situations_but_the_first_move_something():
    assert moved(SITUATIONS[0].setting) == ()
    assert all(moved(one.setting) for one in SITUATIONS[1:])
    assert {name for one in SITUATIONS for name in moved(one.setting)} == set(SLIDERS)
    assert situation("Other topics").setting.inputs > 0


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), "half", None])
def test_a_slider_that_is_out_of_range_is_named(value):
    with pytest.raises(WorkshopError, match="The slider rule goes from 0 to 1; it was given"):
        Setting(rule=value)


def test_an_empty_sample_and_an_unknown_situation_are_refused():
    with pytest.raises(WorkshopError, match="at least one point; 0 were asked for"):
        source().sample(0, 0)
    with pytest.raises(WorkshopError, match=r'no situation "Elsewhere". There are: "Nothing moved"'):
        situation("Elsewhere")
