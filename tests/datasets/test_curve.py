"""The curve: closed forms beside integration, published numbers, and least squares on very many points."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.linear_model import LinearRegression

from workshop.datasets.curve import CUT, NOISE, CurveShift, curve
from workshop.errors import WorkshopError

pytestmark = pytest.mark.fast


def over_target(shift, function):
    """The mean of a function of x in the target, by integration."""
    return quad(
        lambda x: function(x) * norm.pdf(x, shift.target_mean, 0.3), -6, 4, points=[shift.target_mean]
    )[0]


@pytest.mark.parametrize("gap", [0.0, 1.0, 2.5])
def test_the_best_line_is_that_of_very_many_points(gap):
    shift = CurveShift(gap)
    x = norm.ppf((np.arange(200_000) + 0.5) / 200_000, shift.target_mean, 0.3)
    model = LinearRegression().fit(x[:, None], curve(x))
    assert shift.best == pytest.approx([model.intercept_, model.coef_[0]], abs=1e-3)


def test_the_best_slope_is_the_mean_derivative():
    """Stein's lemma: of x^3 - x, 3 (mean^2 + variance) - 1."""
    for gap in (0.0, 1.0, 3.0):
        shift = CurveShift(gap)
        assert shift.best[1] == pytest.approx(3 * (shift.target_mean**2 + 0.3**2) - 1)


def test_excess_is_the_difference_of_two_integrals():
    shift, lines = CurveShift(1.5), np.array([[[0.3, -0.2], [0.0, 1.0]]])

    def error(line):
        return over_target(shift, lambda x: (curve(x) - line[0] - line[1] * x) ** 2)

    found = shift.excess(lines)
    assert found.shape == (1, 2) and shift.excess(shift.best) == pytest.approx(0, abs=1e-12)
    assert found[0] == pytest.approx([error(line) - error(shift.best) for line in lines[0]])


@pytest.mark.parametrize("cut", [False, True])
def test_weights_turn_means_of_the_source_into_means_of_the_target(cut):
    shift = CurveShift(1.0, cut)
    x, y, seen = shift.sample(400_000, np.random.default_rng(0))
    weights = shift.ratio(x)
    assert weights.mean() == pytest.approx(shift.covered, abs=0.005)
    wanted = over_target(shift, lambda at: at * (at > CUT if cut else 1)) / shift.covered
    assert (weights @ x) / weights.sum() == pytest.approx(wanted, abs=0.005)
    assert seen.mean() == pytest.approx(0, abs=0.002) and seen.std() == pytest.approx(0.3, abs=0.002)
    assert (y - curve(x)).std() == pytest.approx(NOISE, abs=0.002)
    assert (x.min() >= CUT) == cut and x.max() > 1.9


@pytest.mark.parametrize("gap", [0.0, 1.0, 2.0])
def test_the_effective_share_is_one_over_the_mean_square_weight(gap):
    shift = CurveShift(gap)
    square = over_target(shift, lambda x: float(shift.ratio(x)))
    assert shift.effective_share == pytest.approx(1 / square, rel=1e-6)


def test_shimodairas_target_is_at_a_gap_of_one():
    shift = CurveShift(1.0)
    assert shift.target_mean == 0 and shift.covered == 1
    assert shift.best == pytest.approx([0, 3 * 0.09 - 1])


def test_what_has_no_value_is_said():
    shift = CurveShift(1.0, cut=True)
    with pytest.raises(WorkshopError, match=r"no point below 0\.2"):
        shift.ratio(np.array([0.5, 0.1]))
    with pytest.raises(WorkshopError, match="only where the source is not cut"):
        _ = shift.effective_share
    with pytest.raises(WorkshopError, match="0 were asked for"):
        shift.sample(0, np.random.default_rng(0))
