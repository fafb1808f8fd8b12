"""Weighting under a shift of P(X): the lines against closed forms, where it carries, and the two ways it fails."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from workshop.datasets.curve import CUT, CurveShift, curve
from workshop.errors import WorkshopError
from workshop.kernels.importance import effective_sample_size
from workshop.studies.transfer_scenarios.experiments import covariate_shift
from workshop.studies.transfer_scenarios.experiments.covariate_shift import (
    COUNTS,
    GAP_POINTS,
    GAPS,
    WEIGHTS,
    Size,
    drawn,
    fit,
    run,
    weights_at,
)

ALIKE, CLASSIFIER, CLIPPED, EXACT = range(4)


@pytest.fixture(scope="module")
def ten():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(covariate_shift.SIZES, "ci", Size(10))
        return run("ci", 0)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setitem(covariate_shift.SIZES, "ci", Size(2))
    monkeypatch.setattr(covariate_shift, "COUNTS", (50, 60))


def middle(sweep):
    """(S, M) medians over draws."""
    return np.median(sweep.excess, -1)


def test_a_line_is_that_of_the_weighted_normal_equations():
    x, y, _ = drawn(1.0, False, 200, 3, 1)
    found, weights = fit(1.0, False, 200, 3, 1), CurveShift(1.0).ratio(x)
    design = np.stack([np.ones_like(x), x], 1)
    line = np.linalg.solve(design.T @ (design * weights[:, None]), design.T @ (weights * y))
    assert found.lines[EXACT] == pytest.approx(line)
    assert found.lines[ALIKE] == pytest.approx(np.polyfit(x, y, 1)[::-1])
    assert found.effective[EXACT] == pytest.approx(effective_sample_size(weights))
    assert found.effective[ALIKE] == pytest.approx(200) and found.mean[ALIKE] == 1
    assert found.mean[EXACT] == pytest.approx(weights.mean())


def test_with_exact_weights_the_line_becomes_the_best_one(ten):
    lines = ten.by_count.lines[-1]  # (M, D, 2)
    assert lines[EXACT].mean(0) == pytest.approx(CurveShift(1.0).best, abs=0.02)
    assert lines[CLASSIFIER].mean(0) == pytest.approx(CurveShift(1.0).best, abs=0.02)
    source = CurveShift(1.0)
    slope = 3 * (0.5**2 + 0.5**2) - 1  # Stein's lemma, in the source
    assert lines[ALIKE].mean(0)[1] == pytest.approx(slope, abs=0.03) and abs(slope - source.best[1]) > 1


def test_weighting_helps_and_the_more_points_the_better(ten):
    at_one = middle(ten.by_gap)[GAPS.index(1.0)]
    assert at_one[CLASSIFIER] < at_one[ALIKE] / 10 and at_one[EXACT] < at_one[ALIKE] / 10
    found = middle(ten.by_count)
    assert (np.diff(found[:, EXACT]) < 0).all() and (np.diff(found[:, CLASSIFIER]) < 0).all()
    assert found[-1, CLASSIFIER] < found[-1, ALIKE] / 100
    assert found[-1, ALIKE] > 0.7 * found[0, ALIKE]  # points alone do not help who weights them alike


def test_the_effective_size_falls_as_the_closed_form_says(ten):
    for at, gap in enumerate(GAPS[:4]):  # beyond, a mean of ten draws is led by single points
        share = ten.by_gap.effective[at, EXACT].mean() / GAP_POINTS
        assert share == pytest.approx(CurveShift(gap).effective_share, rel=0.15)
    share = ten.by_count.effective[-1, CLASSIFIER].mean() / COUNTS[-1]
    assert share == pytest.approx(CurveShift(1.0).effective_share, rel=0.05)


def test_far_away_a_handful_of_points_is_left_and_weighting_is_a_gamble(ten):
    far = GAPS.index(3.0)
    assert ten.by_gap.effective[far, EXACT].mean() < 5
    worse = (ten.by_gap.excess > ten.by_gap.excess[:, :1]).mean(-1)  # shares of the draws
    assert not worse[GAPS.index(1.0)].any() and (worse[far, 1:] >= 0.2).all()
    assert (ten.by_gap.effective[far, CLIPPED] > ten.by_gap.effective[far, CLASSIFIER]).all()


def test_where_the_source_has_no_points_more_of_them_do_not_help(ten):
    """The line becomes the best one of the part of the target that is covered, not of the target."""
    whole, cut = middle(ten.by_count), middle(ten.by_count_cut)
    assert cut[-1, EXACT] > 100 * whole[-1, EXACT] and cut[-1, EXACT] > 0.7 * cut[1, EXACT]
    assert cut[-1, CLASSIFIER] > cut[0, CLASSIFIER]

    def over_covered(function):
        return quad(lambda x: function(x) * norm.pdf(x, 0, 0.3), CUT, 4)[0] / norm.sf(CUT, 0, 0.3)

    mean = over_covered(lambda x: x)
    slope = over_covered(lambda x: (x - mean) * curve(x)) / over_covered(lambda x: (x - mean) ** 2)
    limit = over_covered(curve) - slope * mean, slope
    assert ten.by_count_cut.lines[-1, EXACT].mean(0) == pytest.approx(limit, abs=0.05)
    assert cut[-1, EXACT] == pytest.approx(CurveShift(1.0).excess(limit), rel=0.2)


def test_the_effective_size_does_not_warn_of_that_and_the_mean_weight_does(ten):
    whole, cut = (
        sweep.effective[-1, EXACT].mean() / COUNTS[-1] for sweep in (ten.by_count, ten.by_count_cut)
    )
    assert cut == pytest.approx(whole, abs=0.05)
    assert ten.by_count.mean[-1, EXACT].mean() == pytest.approx(1, abs=0.02)
    assert ten.by_count_cut.mean[-1, EXACT].mean() == pytest.approx(CurveShift(1.0, True).covered, abs=0.02)
    assert ten.by_count_cut.mean[-1, CLASSIFIER].max() < 0.6
    assert ten.by_count.mean[-1, CLASSIFIER].min() > 0.9


def test_two_sweeps_meet_in_the_same_sample(ten):
    gap, count = GAPS.index(1.0), COUNTS.index(GAP_POINTS)
    assert np.array_equal(ten.by_gap.lines[gap], ten.by_count.lines[count])


def test_shapes_and_seeds(small):
    first, again, other = run("ci", 1), run("ci", 1), run("ci", 2)
    assert first.by_gap.lines.shape == (len(GAPS), len(WEIGHTS), 2, 2)
    assert first.by_count_cut.excess.shape == (2, len(WEIGHTS), 2) and first.by_count_cut.cut
    assert first.by_count.counts.tolist() == [50, 60] and first.by_gap.gaps.tolist() == list(GAPS)
    assert np.array_equal(first.by_count.lines, again.by_count.lines)
    assert not np.array_equal(first.by_count.lines, other.by_count.lines)


def test_a_run_reports_and_stops(small):
    seen = []
    whole = run("ci", 0, lambda *step: seen.append(step) is None)
    assert [step[:2] for step in seen] == [(1, 2), (2, 2)] and not whole.stopped
    share = whole.by_gap.effective[GAPS.index(1.0), CLASSIFIER] / GAP_POINTS
    assert [step[2]["effective share"] for step in seen] == pytest.approx(share)
    cut = run("ci", 0, lambda *_: False)
    assert cut.stopped and np.array_equal(cut.by_gap.lines, whole.by_gap.lines[:, :, :1])


def test_what_is_not_there_is_named():
    with pytest.raises(WorkshopError, match="no budget 'tiny'"):
        run("tiny")
    with pytest.raises(WorkshopError, match="no weights 'kernel mean matching'; choose one of: all alike"):
        weights_at("kernel mean matching")
    assert weights_at("exact ratio") == EXACT
