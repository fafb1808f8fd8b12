"""Direct transfer between counties: the forest, the arrays it leaves, the claim, and what breaks it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr, t
from sklearn.ensemble import RandomForestClassifier

from workshop.claims import judge
from workshop.datasets.counties import Hidden, make_region
from workshop.errors import WorkshopError
from workshop.studies.transfer_scenarios.experiments import counties
from workshop.studies.transfer_scenarios.experiments.counties import (
    FIELDS,
    GDD_CLAIM,
    TREES,
    WORLDS,
    CountiesOutcome,
    Size,
    run,
    transfer,
)


@pytest.fixture(scope="module")
def ci():
    return run("ci", 0)


@pytest.fixture(scope="module")
def hidden():
    """One draw of three worlds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(counties.SIZES, "ci", Size(1, ("only warmth", "sowing date", "soil")))
        return run("ci", 3)


@pytest.fixture
def few(monkeypatch):
    """The region's diagonal of six counties, and small forests, so that a run takes a moment."""
    monkeypatch.setattr(counties, "TREES", 4)
    monkeypatch.setattr(counties, "make_region", lambda *what: only(make_region(*what), np.arange(0, 36, 7)))


def only(region, which):
    return replace(
        region,
        **{
            name: getattr(region, name)[which]
            for name in ("normal", "lowest", "highest", "sowing", "variety", "soil")
        },
    )


def by_hand():
    """Three counties at 1,400, 1,440 and 1,600 °C days: two draws, two worlds."""
    right = np.array([[0.9, 0.8, 0.4], [0.7, 0.9, 0.5], [0.3, 0.6, 0.9]])
    gdd = np.array([[1400.0, 1440, 1600], [1600, 1440, 1400]])
    habits = np.array([[[0.0, 0, 0]] * 2, [[0, 10.0, -5]] * 2])
    accuracy = np.stack(
        [np.stack([right, right[::-1, ::-1]]), np.stack([right - 0.1, right[::-1, ::-1] - 0.3])]
    )
    return CountiesOutcome(("only warmth", "sowing date"), gdd, habits, accuracy, "ci", 0)


def test_each_row_is_a_forest_of_that_county_and_of_no_other():
    region, seed = only(make_region(seed=2), [0, 20, 35]), 11
    accuracy = transfer(region, seed)
    x, y = region.fields(1, FIELDS, np.random.default_rng([seed, 1, 0]))
    forest = RandomForestClassifier(TREES, random_state=seed + 1).fit(x, y)
    alone = [
        forest.score(*region.fields(one, FIELDS, np.random.default_rng([seed, one, 1]))) for one in range(3)
    ]
    assert accuracy[1] == pytest.approx(alone)


def test_without_a_difference_of_climate_nothing_is_lost():
    region = only(make_region(seed=2), [14] * 8)
    accuracy = transfer(region, 0)
    home = np.eye(8, dtype=bool)
    assert accuracy[home].mean() > 0.88
    assert accuracy[~home].mean() == pytest.approx(accuracy[home].mean(), abs=0.03)


def test_a_forest_is_good_at_home_and_better_than_guessing_elsewhere(ci):
    home = np.diagonal(ci.accuracy, axis1=2, axis2=3)
    assert home.mean() > 0.88 and home.min() > 0.8
    assert 1 / 3 < ci.accuracy[0][:, ci.pairs].mean() < home.mean() - 0.05


def test_the_rank_correlation_of_the_stored_arrays(ci):
    counties_ = ci.season_gdd.shape[1]
    assert ci.accuracy.shape == (1, 3, 36, 36) and ci.season_gdd.shape == (3, 36)
    for draw, found in enumerate(ci.rank_correlation()):
        far, right = [], []
        for source in range(counties_):
            for target in range(counties_):
                if source != target:
                    far.append(abs(ci.season_gdd[draw, source] - ci.season_gdd[draw, target]))
                    right.append(ci.accuracy[0, draw, source, target])
        assert found == pytest.approx(spearmanr(far, right).statistic)
        assert found == pytest.approx(np.corrcoef(rankdata(far), rankdata(right))[0, 1])


def test_the_claim_holds_at_ci_with_an_interval_over_draws(ci):
    ranks, measured = ci.rank_correlation(), ci.measured()
    half = t.ppf(0.975, 2) * ranks.std(ddof=1) / np.sqrt(3)
    assert measured.value == pytest.approx(ranks.mean())
    assert measured.interval == pytest.approx((ranks.mean() - half, ranks.mean() + half))
    assert "36 simulated counties, 3 draws, 1,260 pairs each" in measured.data
    verdict = judge(GDD_CLAIM, measured)
    assert verdict.id == "scenarios/gdd_rank_correlation" and verdict.threshold == -0.8
    assert verdict.holds is True


def test_smoke_judges_nothing(few):
    assert judge(GDD_CLAIM, run("smoke").measured()).holds is None


def test_pairs_that_are_alike_by_hand():
    outcome = by_hand()
    assert outcome.distance[0].tolist() == [[0, 40, 200], [40, 0, 160], [200, 160, 0]]
    assert outcome.alike(0).tolist() == [[False, True, False], [True, False, False], [False] * 3]
    assert outcome.alike(1).tolist() == [[False] * 3, [False, False, True], [False, True, False]]
    assert outcome.accuracy_alike("only warmth") == pytest.approx([0.75, 0.75])
    assert outcome.cost_alike("sowing date") == pytest.approx([0.1, 0.3])
    assert outcome.hidden_gap("sowing date")[0].tolist() == [[0, 10, 5], [10, 0, 15], [5, 15, 0]]


def test_another_sowing_date_makes_like_counties_transfer_badly(hidden):
    """And the more, the further apart their dates are; soil costs less."""
    assert hidden.cost_alike("sowing date")[0] > 0.03
    assert hidden.cost_alike("soil")[0] < hidden.cost_alike("sowing date")[0] / 2
    assert hidden.hidden_correlation("sowing date")[0] < -0.4
    near, warm, sown = hidden.alike(0), hidden.world("only warmth"), hidden.world("sowing date")
    assert hidden.hidden_correlation("sowing date")[0] == pytest.approx(
        spearmanr(hidden.hidden_gap("sowing date")[0][near], hidden.accuracy[sown, 0][near]).statistic
    )
    assert (
        not hidden.hidden[warm].any() and hidden.rank_correlation("sowing date") > hidden.rank_correlation()
    )


def test_the_seed_decides_the_outcome_and_draws_differ(few):
    first, again, other = run("ci", 1), run("ci", 1), run("ci", 2)
    assert np.array_equal(first.accuracy, again.accuracy) and np.array_equal(
        first.season_gdd, again.season_gdd
    )
    assert not np.array_equal(first.accuracy, other.accuracy)
    assert not np.array_equal(first.season_gdd[0], first.season_gdd[1])


def test_class_has_every_world_on_the_same_weather(few):
    outcome = run("class", 1)
    assert outcome.worlds == tuple(WORLDS) and outcome.accuracy.shape == (5, 5, 6, 6)
    for name, factor in zip(outcome.worlds[1:], ("sowing", "variety", "soil", "variety"), strict=True):
        region = counties.make_region(WORLDS[name], counties._seed(1, 4))
        assert np.array_equal(outcome.hidden[outcome.world(name), 4], getattr(region, factor))
        assert np.array_equal(outcome.season_gdd[4], region.season_gdd)


def test_a_run_reports_and_stops_with_the_whole_draws_it_has(few):
    seen = []
    whole = run("class", 0, lambda *step: seen.append(step) is None)
    assert [step[:2] for step in seen] == [(done, 25) for done in range(1, 26)]
    assert seen[0][2]["accuracy"] == pytest.approx(whole.accuracy[0, 0].mean()) and not whole.stopped
    cut = run("class", 0, lambda done, *_: done < 13)  # in the third draw
    assert cut.stopped and cut.accuracy.shape[1] == 2
    assert np.array_equal(cut.accuracy, whole.accuracy[:, :2])
    with pytest.raises(WorkshopError, match="stopped before its first draw was whole"):
        run("class", 0, lambda *_: False)
    assert not run("smoke", 0, lambda *_: False).stopped  # there was nothing left to stop


def test_what_is_not_there_is_named():
    with pytest.raises(WorkshopError, match="no budget 'tiny'"):
        run("tiny")
    with pytest.raises(
        WorkshopError, match=r"no world 'soil'. At budget ci it has: only warmth, sowing date"
    ):
        by_hand().rank_correlation("soil")
    with pytest.raises(WorkshopError, match="'only warmth' nothing is hidden"):
        by_hand().hidden_correlation("only warmth")
    assert Hidden() == WORLDS["only warmth"]
