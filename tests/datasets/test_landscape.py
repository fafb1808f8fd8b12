"""The landscape keeps its own rules: wealth shows in roofs, roads and lights, and in nothing else."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from workshop.datasets.landscape import KINDS, SIDE, SURVEY_NOISE, boundaries, landscape


@pytest.fixture(scope="module")
def tiles():
    return landscape(1500, seed=3)


def correlation(a, b):
    return np.corrcoef(a, b)[0, 1]


def test_shapes_types_and_ranges(tiles):
    assert tiles.images.shape == (1500, SIDE, SIDE, 3) and tiles.images.dtype == np.uint8
    assert tiles.parcels.shape == (1500, SIDE, SIDE) and tiles.parcels.dtype == np.uint8
    assert set(np.unique(tiles.kind)) == set(range(len(KINDS)))
    assert 20 < tiles.images.mean() < 180 and tiles.images.std() > 25
    assert tiles.lights.min() >= 0 and tiles.lights.max() <= np.log(64) + 1e-5
    assert (tiles.buildings >= 0).all() and (tiles.paved <= tiles.buildings.max() + 1).all()


def test_the_same_seed_gives_the_same_tiles_and_another_does_not():
    a, b, c = landscape(30, 1), landscape(30, 1), landscape(30, 2)
    assert np.array_equal(a.images, b.images) and np.array_equal(a.lights, b.lights)
    assert not np.array_equal(a.images, c.images)


def test_wealth_is_standard_normal_and_the_survey_adds_the_stated_noise(tiles):
    assert abs(tiles.wealth.mean()) < 0.1 and 0.93 < tiles.wealth.std() < 1.07
    noise = tiles.survey - tiles.wealth
    assert (
        noise.std() == pytest.approx(SURVEY_NOISE, rel=0.07) and abs(correlation(noise, tiles.wealth)) < 0.08
    )


def test_wealth_shows_in_what_is_built_and_lit(tiles):
    lived_in = np.isin(tiles.kind, [1, 2, 3, 4])
    assert correlation(tiles.wealth, tiles.lights) > 0.5
    assert correlation(tiles.wealth[lived_in], tiles.buildings[lived_in]) > 0.4
    assert correlation(tiles.wealth, tiles.paved) > 0.3
    assert tiles.buildings[tiles.kind == 0].max() == 0


def test_fields_do_not_tell_of_wealth(tiles):
    """Where nothing is built, colours and the number of parcels say nothing that the road does not."""
    empty = tiles[tiles.kind == 0]
    parcels = np.array([len(np.unique(p)) for p in empty.parcels])
    off_road = np.array([i[p > 0].mean() for i, p in zip(empty.images, empty.parcels, strict=True)])
    assert abs(correlation(empty.wealth, off_road)) < 0.2
    # a wide road hides a little: no more than that
    assert abs(correlation(empty.wealth, parcels)) < 0.25


def test_lights_follow_roofs_and_wealth_together(tiles):
    known = np.stack([tiles.wealth, tiles.buildings, tiles.paved], axis=1)
    everything = LinearRegression().fit(known, tiles.lights).score(known, tiles.lights)
    wealth = correlation(tiles.wealth, tiles.lights) ** 2
    assert everything > wealth + 0.2


def test_kinds_can_be_chosen():
    tiles = landscape(60, seed=0, kinds=(0, 0, 1, 0, 0, 1))
    assert set(np.unique(tiles.kind)) == {2, 5}


@pytest.mark.fast
def test_a_boundary_is_on_both_sides_of_a_border():
    parcels = np.ones((1, 4, 4), np.uint8)
    parcels[:, :, 2:] = 2
    assert boundaries(parcels)[0].tolist() == [[False, True, True, False]] * 4


@pytest.mark.fast
def test_painting_stops_when_asked():
    seen = []
    tiles = landscape(600, on_step=lambda done, total, _: seen.append((done, total)) or False)
    assert seen == [(250, 600)] and len(tiles) == 250
