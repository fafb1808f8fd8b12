"""The figures of the counties: their words and tables say what the arrays hold."""

import io

import numpy as np
import pytest
from PIL import Image

from workshop.datasets.counties import CROPS, make_region
from workshop.figures.transfer_scenarios.counties import (
    accuracy_map,
    distance_scatter,
    hidden_factors,
    seasons,
)
from workshop.studies.transfer_scenarios.experiments.counties import WORLDS, CountiesOutcome

pytestmark = pytest.mark.fast


def made(worlds=tuple(WORLDS), draws=3):
    """An outcome whose accuracy falls with GDD distance and, where something is hidden, with its gap."""
    rng = np.random.default_rng(0)
    gdd = 1350 + 450 * np.sort(rng.random((draws, 36)), axis=1)
    hidden = np.zeros((len(worlds), draws, 36))
    hidden[1:] = 0.1 * rng.standard_normal((len(worlds) - 1, draws, 36))
    far = np.abs(gdd[:, :, None] - gdd[:, None, :])
    gap = np.abs(hidden[..., :, None] - hidden[..., None, :])
    right = 0.95 - 0.001 * far - gap + 0.01 * rng.standard_normal(gap.shape)
    return CountiesOutcome(worlds, gdd, hidden, right.clip(0, 1), "class", 0)


@pytest.fixture(scope="module")
def outcome():
    return made()


def is_picture(figure):
    with Image.open(io.BytesIO(figure.png)) as picture:
        dark = (np.asarray(picture.convert("L")) < 200).mean()
    return 0.01 < dark < 0.9 and "<table>" in figure.html()


def test_seasons_name_the_peaks_of_a_cool_and_a_warm_county():
    figure, region = seasons(seed=4), make_region(seed=4)
    assert is_picture(figure) and len(figure.rows) == 2 * len(CROPS)
    for (county, crop, gdd, date, height), (which, kind) in zip(
        figure.rows,
        [
            (which, kind)
            for which in (region.season_gdd.argmin(), region.season_gdd.argmax())
            for kind in CROPS
        ],
        strict=True,
    ):
        assert (crop, gdd) == (kind.name, region.season_gdd[which])
        curve = region.curve(kind, which)
        day = (np.datetime64(f"2001-{date}") - np.datetime64("2001-01-01")).astype(int)
        assert day == curve.argmax() and height == curve.max()
        assert date in figure.alt and county in ("cool", "warm")
    assert seasons(seed=5).png != figure.png


def test_a_map_marks_its_source_and_tells_its_worst(outcome):
    figure = accuracy_map(outcome, source=8, draw=1)
    assert is_picture(figure)
    right = outcome.accuracy[0, 1, 8]
    assert [row[4] for row in figure.rows] == right.tolist()
    assert [row[3] for row in figure.rows] == outcome.distance[1, 8].tolist()
    assert figure.rows[8][:2] == (2, 3) and "row 2, column 3" in figure.alt
    others = np.delete(right, 8)
    assert (
        f"right in {right[8]:.0%} of fields" in figure.alt and f"at worst in {others.min():.0%}" in figure.alt
    )
    assert accuracy_map(outcome, source=9, draw=1).png != figure.png


def test_a_scatter_gives_the_rank_correlation_and_counts_every_pair(outcome):
    figure = distance_scatter(outcome, draw=2)
    assert is_picture(figure)
    ranks = outcome.rank_correlation()
    assert f"Over 3 draws, Spearman's rank correlation is {ranks.mean():.2f} ±" in figure.alt
    assert sum(row[1] for row in figure.rows[:-1]) == 3 * 36 * 35
    near = outcome.pairs & (outcome.distance < 50)
    assert figure.rows[0][1:] == (near.sum(), pytest.approx(outcome.accuracy[0][near].mean()))
    assert figure.rows[-1][2] == ", ".join(f"{one:.3f}" for one in ranks)
    one = distance_scatter(made(draws=1))
    assert "Over 1 draw," in one.alt and "±" not in one.alt


def test_hidden_factors_are_compared_with_warmth_alone(outcome):
    figure = hidden_factors(outcome)
    assert is_picture(figure) and [row[0] for row in figure.rows] == list(WORLDS)
    assert figure.rows[0][3:5] == (None, None)
    for row in figure.rows[1:]:
        assert row[1] == pytest.approx(100 * outcome.accuracy_alike(row[0]).mean())
        assert row[3] == pytest.approx(100 * outcome.cost_alike(row[0]).mean())
        assert row[5] == pytest.approx(outcome.rank_correlation(row[0]).mean())
    worst = max(figure.rows[1:], key=lambda row: row[3])
    assert f"Lost in the mean to {worst[0]}: {worst[3]:.1f} points" in figure.alt
    assert f"soil {outcome.hidden_correlation('soil').mean():.2f}" in figure.alt


def test_a_guess_is_written_and_said(outcome):
    plain, guessed = hidden_factors(outcome), hidden_factors(outcome, guess="soil")
    assert guessed.alt == plain.alt + ' Your guess was "soil".' and guessed.png != plain.png
    plain, guessed = distance_scatter(outcome), distance_scatter(outcome, guess=61.0)
    assert guessed.alt == plain.alt + " Your guess at 400 to 450 was 61%." and guessed.png != plain.png


def test_where_the_worlds_were_not_run_the_figure_says_so():
    figure = hidden_factors(made(worlds=("only warmth",)))
    assert "What growing degree days hide is not part of this run" in figure.alt
