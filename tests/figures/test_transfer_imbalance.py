"""The figures of the rare class: their words and tables say what the arrays hold."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from workshop.claims import mean_and_half, short
from workshop.figures.transfer_scenarios.imbalance import costs, operating_points, reliability, target_priors
from workshop.studies.transfer_scenarios.experiments.imbalance import (
    SCORES,
    TARGET_SHARES,
    TRAINED,
    WAYS,
    WORLDS,
    ImbalanceOutcome,
    by_digit,
)

pytestmark = pytest.mark.fast


def made(draws=12):
    rng = np.random.default_rng(0)
    points = rng.integers(20, 400, (2, len(WAYS), 10, draws))
    said = points * (np.arange(10)[:, None] + 0.5) / 10
    came = (said * rng.uniform(0.5, 1, (2, len(WAYS), 1, 1))).round()
    shares = np.array(TARGET_SHARES)[:, None]
    return ImbalanceOutcome(
        scores=rng.uniform(0.2, 0.9, (2, len(WAYS), len(SCORES), draws)),
        tallies=np.stack([points, said, came], 3),
        curves=np.sort(rng.random((2, len(TRAINED), 20, draws)), 2)[:, :, ::-1],
        equal_recall=rng.uniform(0.4, 0.6, (2, len(TRAINED), draws)),
        estimated=shares + rng.normal(0, 0.002, (2, len(TARGET_SHARES), draws)),
        target_brier=rng.uniform(0.01, 0.1, (2, 3, len(TARGET_SHARES), draws)),
        budget="class",
        seed=0,
    )


@pytest.fixture(scope="module")
def outcome():
    return made()


def is_picture(figure):
    with Image.open(io.BytesIO(figure.png)) as picture:
        dark = (np.asarray(picture.convert("L")) < 200).mean()
    return 0.005 < dark < 0.9 and "<table>" in figure.html()


def test_operating_points_are_the_means_over_digits(outcome):
    figure = operating_points(outcome)
    assert is_picture(figure)
    table = {row[:2]: row[2:] for row in figure.rows}
    for world in WORLDS:
        for way in (*TRAINED, "threshold moved"):
            recall, precision = (
                mean_and_half(by_digit(outcome.score(world, way, one))) for one in SCORES[:2]
            )
            assert table[world, way] == pytest.approx((*recall, *precision))
    recall, _, precision, _ = table["digits", "SMOTE"]
    assert f"SMOTE finds {recall:.0%} with {precision:.0%}" in figure.alt
    equal = table["digits", "plain, at SMOTE's recall"]
    assert equal[2] == pytest.approx(by_digit(outcome.equal_recall[1, 0]).mean())
    assert f"precision is {outcome.equal_recall[1, 0].mean():.0%}, SMOTE's is" in figure.alt


@pytest.mark.parametrize("world", WORLDS)
def test_costs_have_every_way_and_every_score(outcome, world):
    figure = costs(outcome, world)
    assert is_picture(figure) and [row[0] for row in figure.rows] == list(WAYS)
    for row in figure.rows:
        for at, one in enumerate(SCORES):
            mean, half = mean_and_half(by_digit(outcome.score(world, row[0], one)))
            assert row[1 + 2 * at : 3 + 2 * at] == pytest.approx((mean, half))
    error = outcome.score(world, "SMOTE, corrected", "calibration error").mean()
    assert f"a rare class of {world}" in figure.alt and f"SMOTE's is {short(error)}" in figure.alt


def test_reliability_adds_up_the_draws_and_leaves_out_bins_that_are_all_but_empty(outcome):
    tallies = outcome.tallies.copy()
    tallies[1, 0, 7] = 0
    figure = reliability(replace(outcome, tallies=tallies))
    assert is_picture(figure) and len(figure.rows) == 2 * 3 * 10 - 1
    points, said, came = outcome.tallies[0, WAYS.index("SMOTE"), 4].sum(-1)
    assert ("clouds", "SMOTE", int(points), said / points, came / points) in figure.rows
    assert f"{came / points:.0%} by SMOTE and" in figure.alt
    tallies[1, 0, 4] = 0
    assert "of digits, none by plain training" in reliability(replace(outcome, tallies=tallies)).alt


def test_target_priors_stand_beside_the_true_ones(outcome):
    figure = target_priors(outcome)
    assert is_picture(figure) and len(figure.rows) == 2 * len(TARGET_SHARES)
    world, share, found, half, *brier = figure.rows[-1]
    assert (world, share) == ("digits", TARGET_SHARES[-1])
    assert (found, half) == pytest.approx(mean_and_half(by_digit(outcome.estimated[1, -1])))
    assert brier == pytest.approx(outcome.target_brier[1, :, -1].mean(-1))
    assert f"it finds {found:.1%} of the digits" in figure.alt
    assert f"{short(brier[1])} corrected for EM's prior" in figure.alt


def test_a_single_draw_has_no_intervals():
    one = made(draws=1)
    for draw in (operating_points, costs, reliability, target_priors):
        assert is_picture(draw(one))


def test_a_guess_is_written_and_said(outcome):
    for draw in (operating_points, costs, target_priors):
        plain, guessed = draw(outcome), draw(outcome, guess="it costs nothing")
        assert guessed.alt == plain.alt + ' Your guess was "it costs nothing".' and guessed.png != plain.png
