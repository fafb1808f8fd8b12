"""Domain randomisation: the renders, the equal terms of all levels, the arrays, and the claim."""

from dataclasses import astuple, replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.stats import t

from workshop import datasets
from workshop.claims import judge
from workshop.errors import WorkshopError
from workshop.studies.transfer_scenarios.experiments import randomisation
from workshop.studies.transfer_scenarios.experiments.randomisation import (
    REAL,
    SHAPE_CLAIM,
    SHAPES,
    RandomisationOutcome,
    Size,
    run,
    training_set,
)
from workshop.studies.transfer_scenarios.experiments.varied_renders import LEVELS, Variety, draw, level


@pytest.fixture(scope="module")
def ci():
    return run("ci", 0)


@pytest.fixture
def few(monkeypatch):
    """Tiny trainings of three kinds of pictures."""
    tiny = Size(2, ("one font", "+ fonts", REAL), count=64, steps=2)
    monkeypatch.setitem(randomisation.SIZES, "class", tiny)


def by_hand():
    real = np.array([[0.2, 0.3], [0.6, 0.75], [0.5, 0.5]])
    pictures = np.zeros((3, 8, 28, 28), np.uint8)
    return RandomisationOutcome(
        ("one font", SHAPES, "+ clutter"), real, real, pictures, pictures[0], 2000, "ci", 7
    )


def spread(pictures):
    """How much the pictures of one digit differ, pixel by pixel."""
    return float((pictures / 255).std(0).mean())


def of_digit(variety, digit, count=400):
    pictures, labels = draw(variety, count, 3)
    return pictures[labels == digit]


def test_one_font_draws_each_digit_in_one_way_and_every_digit_in_another():
    pictures, labels = draw(LEVELS[0], 200, 1)
    assert pictures.shape == (200, 28, 28) and pictures.dtype == np.uint8
    assert set(labels) == set(range(10)) and labels.dtype == np.int64
    ways = {digit: {one.tobytes() for one in pictures[labels == digit]} for digit in range(10)}
    assert all(len(way) == 1 for way in ways.values())
    assert len(set.union(*ways.values())) == 10


def test_a_plain_digit_lies_in_the_middle_and_is_as_high_as_a_real_one():
    for picture in draw(LEVELS[0], 50, 1)[0]:
        rows, columns = (np.flatnonzero(picture.max(axis) > 100) for axis in (1, 0))
        assert 19 <= np.ptp(rows) + 1 <= 21
        assert abs(rows.mean() - 13.5) <= 1 and abs(columns.mean() - 13.5) <= 1.5


def test_each_level_keeps_the_variety_of_the_one_before_and_adds_to_it():
    knobs = [astuple(one)[1:] for one in LEVELS]
    for before, after in pairwise(knobs):
        assert all(more >= less for less, more in zip(before, after, strict=True)) and after != before
    spreads = [spread(of_digit(one, 3)) for one in LEVELS[:5]]
    assert all(more > less + 0.005 for less, more in pairwise(spreads))


def test_clutter_lays_lines_over_the_digit():
    """Of light ink on black: nothing of the digit is lost, and lines are added to every picture."""
    plain, cluttered = (of_digit(Variety("lines", clutter=lines), 4) for lines in (0, 3))
    more = cluttered.astype(int) - plain[:1]
    assert more.min() >= 0
    assert (more.max((1, 2)) > 100).all() and len({one.tobytes() for one in more}) == len(more)


@pytest.mark.parametrize(
    "change",
    [{"fonts": 18}, {"shift": 0.1}, {"turn": 20}, {"slant": 0.3}, {"stretch": 0.2}, {"bend": 0.1}, {"grey": True},
     {"noise": 0.2}, {"clutter": 2}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_each_knob_does_something_by_itself(change):
    assert spread(of_digit(Variety("plain"), 4)) == pytest.approx(0, abs=1e-12)
    assert spread(of_digit(replace(Variety("one knob"), **change), 4)) > 0.01


def test_grey_stays_legible_and_swaps_dark_and_light_about_as_often():
    pictures = draw(Variety("grey", grey=True), 400, 5)[0].astype(int)
    paper, strongest = pictures[:, 0, 0], np.abs(pictures - pictures[:, :1, :1]).max((1, 2))
    assert strongest.min() > 40
    darker = pictures.reshape(400, -1).min(1) < paper - 20
    assert 0.35 < darker.mean() < 0.65


def test_the_seed_decides_the_renders():
    first, again, other = (draw(LEVELS[-1], 30, seed) for seed in (1, 1, 2))
    assert np.array_equal(first[0], again[0]) and np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])
    torch.manual_seed(0)
    state = torch.random.get_rng_state()
    draw(LEVELS[-1], 3, 1)
    assert torch.equal(state, torch.random.get_rng_state())


def test_real_digits_to_train_on_are_of_the_open_side():
    opened, sealed = datasets.split(datasets.load("mnist10k"))
    pictures, labels = training_set(REAL, 500, 3, opened)
    assert len(labels) == 500
    known = {one.tobytes() + bytes([digit]) for one, digit in zip(opened.images, opened.labels, strict=True)}
    assert all(one.tobytes() + bytes([digit]) in known for one, digit in zip(pictures, labels, strict=True))
    assert not {one.tobytes() for one in pictures} & {one.tobytes() for one in sealed.images}


def test_every_level_gets_as_many_pictures_steps_and_the_same_first_weights(few, monkeypatch):
    seen = []
    real_training = randomisation.train_supervised

    def watched(images, labels, *, recipe, augment, seed):
        seen.append((len(images), len(labels), recipe, augment, seed))
        return real_training(images, labels, recipe=recipe, augment=augment, seed=seed)

    monkeypatch.setattr(randomisation, "train_supervised", watched)
    outcome = run("class", 1)
    assert len(seen) == 6 and len(set(seen[:3])) == 1 and len(set(seen[3:])) == 1 and seen[0] != seen[3]
    assert outcome.real.shape == outcome.own.shape == (3, 2) and outcome.examined == 2000
    assert np.isnan(outcome.own[2]).all() and np.isfinite(outcome.own[:2]).all()


def test_no_sealed_label_is_used_but_to_score(few, monkeypatch):
    """Other sealed labels give other scores and the same networks."""
    trained = []
    real_training = randomisation.train_supervised

    def watched(*what, **how):
        trained.append(real_training(*what, **how))
        return trained[-1]

    monkeypatch.setattr(randomisation, "train_supervised", watched)
    honest = run("class", 2)
    split = datasets.split

    def shuffled(image_set):
        opened, sealed = split(image_set)
        return opened, replace(sealed, labels=(sealed.labels + 1) % 10)

    monkeypatch.setattr(randomisation.datasets, "split", shuffled)
    other = run("class", 2)
    assert not np.array_equal(honest.real, other.real)
    assert np.array_equal(honest.own, other.own, equal_nan=True)
    for one, two in zip(trained[:6], trained[6:], strict=True):
        assert torch.equal(one.network.classifier.weight, two.network.classifier.weight)


def test_the_claim_holds_at_ci_with_an_interval_over_seeds(ci):
    gains, measured = ci.gain(SHAPES), ci.measured()
    half = t.ppf(0.975, 2) * gains.std(ddof=1) / np.sqrt(3)
    assert measured.value == pytest.approx(gains.mean())
    assert measured.interval == pytest.approx((gains.mean() - half, gains.mean() + half))
    assert "1,500 renders and 80 steps each, 3 seeds, 2,000 sealed digits of mnist10k" in measured.data
    verdict = judge(SHAPE_CLAIM, measured)
    assert verdict.id == "scenarios/domain_randomisation" and verdict.holds is True


def test_one_font_is_learned_by_heart_and_teaches_little(ci):
    assert ci.own[0].min() > 0.99 and ci.accuracy("one font").max() < 0.4
    assert ci.own[1].mean() < ci.own[0].mean() - 0.1  # harder to learn, and more is learned


def test_gains_by_hand():
    outcome = by_hand()
    assert outcome.gain(SHAPES) == pytest.approx([40, 45])
    assert outcome.gain("+ clutter", SHAPES) == pytest.approx([-10, -25])
    assert outcome.measured().value == pytest.approx(42.5) and outcome.measured().seeds == (7,)


def test_smoke_judges_nothing():
    assert judge(SHAPE_CLAIM, run("smoke").measured()).holds is None


def test_a_run_reports_repeats_and_stops_with_the_whole_seeds_it_has(few):
    seen = []
    whole = run("class", 0, lambda *step: seen.append(step) is None)
    assert [step[:2] for step in seen] == [(done, 6) for done in range(1, 7)] and not whole.stopped
    assert seen[4][2]["accuracy"] == whole.real[1, 1]
    cut = run("class", 0, lambda done, *_: done < 5)  # in the second seed
    assert cut.stopped and np.array_equal(cut.real, whole.real[:, :1])
    assert not np.array_equal(whole.real, run("class", 1).real)
    with pytest.raises(WorkshopError, match="stopped before its first seed was whole"):
        run("class", 0, lambda *_: False)
    assert not run("class", 0, lambda done, total, _: done < total).stopped  # nothing was left to stop


def test_what_is_not_there_is_named():
    with pytest.raises(WorkshopError, match="no budget 'tiny'"):
        run("tiny")
    with pytest.raises(WorkshopError, match=r"no level '\+ pose'. At budget ci it has: one font, \+ bending"):
        by_hand().accuracy("+ pose")
    with pytest.raises(WorkshopError, match=r"There is no level 'all'. There are: one font"):
        level("all")
