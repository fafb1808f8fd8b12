"""The simulated counties: degree days by hand, the shape of a season, and what is hidden where it is switched on."""

from dataclasses import replace

import numpy as np
import pytest

from workshop.datasets import counties
from workshop.datasets.counties import (
    COLUMNS,
    CROPS,
    DATES,
    FIELD_SPREAD,
    MAIZE,
    ROWS,
    SOYBEAN,
    SPREAD,
    WHEAT,
    Hidden,
    Region,
    growing_degree_days,
    make_region,
    vegetation_index,
)
from workshop.errors import WorkshopError

pytestmark = pytest.mark.fast
COUNTIES = ROWS * COLUMNS
GDD = np.arange(-500, 2600)


@pytest.fixture(scope="module")
def region():
    return make_region(seed=5)


@pytest.fixture
def plain(monkeypatch):
    """No noise, no clouds, no spread between fields."""
    monkeypatch.setattr(counties, "NOISE", 0.0)
    monkeypatch.setattr(counties, "CLOUDED", 0.0)
    monkeypatch.setattr(counties, "FIELD_SPREAD", dict.fromkeys(FIELD_SPREAD, 0.0))


def steady(warmth):
    """One county that is as warm every day, give or take 6 °C between night and noon."""
    days = np.full((1, 365), float(warmth))
    none = np.zeros(1)
    return Region(days, days - 6, days + 6, none, none, none)


@pytest.mark.parametrize(
    ("lowest", "highest", "by_hand"),
    [(12, 26, 9.0), (5, 25, 7.5), (18, 36, 14.0), (2, 8, 0.0), (31, 40, 20.0), (10, 30, 10.0), (-5, 12, 1.0)],
)
def test_growing_degree_days_by_hand(lowest, highest, by_hand):
    assert growing_degree_days(lowest, highest) == by_hand


def test_growing_degree_days_of_wheat_and_of_many_days():
    assert growing_degree_days(-4, 10, base=0) == 5
    assert growing_degree_days([12, 5], [26, 25]).tolist() == [9.0, 7.5]


def test_a_season_is_the_sum_of_its_days(region):
    total = 0.0
    for low, high in zip(region.lowest[7, 120:273], region.highest[7, 120:273], strict=True):
        total += (min(max(low, 10), 30) + min(max(high, 10), 30)) / 2 - 10
    assert region.season_gdd[7] == pytest.approx(total)
    assert 273 - 120 == 31 + 30 + 31 + 31 + 30  # May to September


def test_the_clock_counts_from_sowing():
    """At 20 °C every day adds 10 °C days over base 10 and 20 over base 0."""
    sown = np.array([100.0, 104.4])
    assert steady(20).clock(MAIZE, sown, 0, np.array([94, 109])).tolist() == [[-50, 100], [-90, 60]]
    assert steady(20).clock(WHEAT, sown, 0, np.array([109])).tolist() == [[200], [120]]


@pytest.mark.parametrize("crop", CROPS, ids=lambda crop: crop.name)
def test_a_season_rises_once_and_falls_once(crop):
    curve = vegetation_index(crop, GDD)
    top = curve.argmax()
    assert GDD[top] == crop.peak
    assert (np.diff(curve[: top + 1]) >= 0).all() and (np.diff(curve[top:]) <= 0).all()
    stages = (crop.emergence, crop.green_up, crop.peak, crop.senescence, crop.maturity)
    assert list(stages) == sorted(stages)
    bare, half, full = 0.17, 0.17 + crop.height / 2, 0.17 + crop.height
    at = vegetation_index(crop, np.array([0, crop.green_up, crop.peak, crop.senescence, crop.maturity + 200]))
    assert at == pytest.approx([bare, half, full, half, bare], abs=0.02)


@pytest.mark.parametrize("crop", CROPS, ids=lambda crop: crop.name)
def test_the_index_stays_within_its_range(crop):
    variety, soil = np.meshgrid(np.linspace(-0.5, 0.5, 11), np.linspace(-5, 5, 11))
    curves = vegetation_index(crop, GDD, variety[..., None], soil[..., None])
    assert curves.min() >= 0.1 and curves.max() <= 1


def test_variety_and_soil_move_what_they_say():
    late, usual = (vegetation_index(MAIZE, GDD, variety) for variety in (0.1, 0.0))
    assert GDD[late.argmax()] == pytest.approx(1.1 * GDD[usual.argmax()], rel=0.02)
    wet, dry = (vegetation_index(MAIZE, GDD, soil=soil) for soil in (1.0, -1.0))
    assert wet.max() > dry.max() and (wet > dry)[GDD.tolist().index(MAIZE.senescence)]
    assert wet[0] < dry[0]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_crops_peak_in_the_order_of_the_fields(seed):
    """Wheat, then maize, then soybean, in every county; and all of them earlier where it is warmer."""
    made = make_region(seed=seed)
    peaks = np.array(
        [[made.curve(crop, one).argmax() for one in range(COUNTIES)] for crop in (WHEAT, MAIZE, SOYBEAN)]
    )
    assert (np.diff(peaks, axis=0) > 0).all()
    assert (peaks[:, made.season_gdd.argmin()] > peaks[:, made.season_gdd.argmax()] + 10).all()


def test_the_region_is_a_corn_belt(region):
    """Cool to warm from north-west to south-east; sown and warmed as Minnesota to southern Illinois are."""
    gdd = region.season_gdd.reshape(ROWS, COLUMNS)
    assert (np.diff(gdd.mean(1)) > 0).all() and gdd[:, -1].mean() > gdd[:, 0].mean()
    assert 1100 < gdd.min() < 1500 < 1650 < gdd.max() < 2000
    for crop, first, last in ((WHEAT, 60, 115), (MAIZE, 100, 140), (SOYBEAN, 110, 150)):
        days = region.sowing_day(crop)
        assert first < days.min() < days.max() < last
        assert (region.normal[np.arange(COUNTIES), days] >= crop.sown_at).all()
        assert (region.normal[np.arange(COUNTIES), days - 1] < crop.sown_at).all()


def test_what_is_hidden_is_switched_on_alone_and_the_weather_stays(region):
    for name in SPREAD:
        other = make_region(Hidden(**{name: 1.0}), seed=5)
        assert np.array_equal(other.lowest, region.lowest)
        for habit in SPREAD:
            assert getattr(other, habit).any() == (habit == name), habit
            assert not getattr(region, habit).any()
    drawn = [make_region(Hidden(1.0, 1.0, 1.0), seed) for seed in range(20)]
    for name, spread in SPREAD.items():
        assert np.std([getattr(one, name) for one in drawn]) == pytest.approx(spread, rel=0.1)


def test_adapted_varieties_need_what_the_season_gives():
    adapted = make_region(Hidden(adapted=1.0), seed=5)
    need = (1 + adapted.variety) / (1 + adapted.variety).mean()
    usual = growing_degree_days(adapted.normal - 6, adapted.normal + 6)[:, 120:273].sum(1)
    assert need == pytest.approx(usual / usual.mean())


def test_the_seed_decides_the_year():
    first, again, other = (make_region(Hidden(soil=1), seed).__dict__ for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["lowest"], other["lowest"]) and not np.array_equal(
        first["soil"], other["soil"]
    )


@pytest.mark.parametrize("hidden", [Hidden(), Hidden(1, 1, 1)])
def test_without_noise_a_field_is_the_curve_of_its_county(plain, hidden):
    """Habits of sowing, variety and soil reach the fields as they reach the curve, and once."""
    made = make_region(hidden, seed=9)
    for county in (0, 17, 35):
        x, y = made.fields(county, 6, np.random.default_rng(0))
        assert x == pytest.approx(np.stack([made.curve(CROPS[crop], county)[DATES] for crop in y]))


def test_a_county_that_sows_later_is_green_later(region):
    late = replace(region, sowing=np.full(COUNTIES, 10.0))
    assert all(late.curve(crop, 20).argmax() > region.curve(crop, 20).argmax() + 2 for crop in CROPS)


def test_clouds_are_bridged_by_straight_lines(plain, region, monkeypatch):
    clear, _ = region.fields(3, 300, np.random.default_rng(4))
    monkeypatch.setattr(counties, "CLOUDED", 0.25)
    clouded, _ = region.fields(3, 300, np.random.default_rng(4))
    assert clouded.min() >= clear.min() and clouded.max() <= clear.max()
    assert 0.2 < (clouded != clear).mean() < 0.3
    # A look that was lost between two that were not: half-way between them, the dates being as far apart.
    lost = (clouded != clear)[:, 1:-1] & (clouded == clear)[:, :-2] & (clouded == clear)[:, 2:]
    assert lost.sum() > 200
    assert clouded[:, 1:-1][lost] == pytest.approx(((clear[:, :-2] + clear[:, 2:]) / 2)[lost])
    monkeypatch.setattr(counties, "CLOUDED", 1.0)
    never, _ = region.fields(3, 9, np.random.default_rng(4))
    assert (never == 0.17).all()


def test_fields_are_seen_with_noise_and_crops_are_equally_common(region):
    x, y = region.fields(2, 90, np.random.default_rng(1))
    assert x.shape == (90, len(DATES)) and x.min() >= 0 and x.max() <= 1
    assert np.bincount(y).tolist() == [30, 30, 30]
    again, other = (region.fields(2, 90, np.random.default_rng(seed))[0] for seed in (1, 2))
    assert np.array_equal(x, again) and not np.array_equal(x, other)


def test_what_cannot_be_is_named(region):
    rng = np.random.default_rng(0)
    with pytest.raises(WorkshopError, match="cap must be above the base; they are 10 and 10"):
        growing_degree_days(5, 20, base=10, cap=10)
    for lowest, highest in ((21, 20), (float("nan"), 20)):
        with pytest.raises(
            WorkshopError, match="lowest temperature is above its highest, or is not a number"
        ):
            growing_degree_days(lowest, highest)
    for county in (-1, 36):
        with pytest.raises(WorkshopError, match=f"no county {county}. They are numbered 0 to 35"):
            region.fields(county, 9, rng)
        with pytest.raises(WorkshopError, match=f"no county {county}"):
            region.curve(MAIZE, county)
    with pytest.raises(WorkshopError, match="a field of each crop, 3 at least; it was given 2"):
        region.fields(0, 2, rng)


@pytest.mark.parametrize("value", [-0.1, 3.1, float("nan"), "much", None])
def test_a_hidden_factor_out_of_range_is_named(value):
    with pytest.raises(WorkshopError, match="hidden factor soil goes from 0 to 3; it was given"):
        Hidden(soil=value)
