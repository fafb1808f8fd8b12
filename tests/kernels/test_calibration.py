"""Tallies and the calibration error, beside scikit-learn's curve and cases small enough for paper."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from workshop.errors import WorkshopError
from workshop.kernels.calibration import calibration_error, tally

pytestmark = pytest.mark.fast


def test_bins_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    said = rng.random(3000) ** 3
    happened = (rng.random(3000) < said**0.7).astype(int)
    found = tally(said, happened)
    share, mean = calibration_curve(happened, said, n_bins=10)
    assert found[:, 2] / found[:, 0] == pytest.approx(share)
    assert found[:, 1] / found[:, 0] == pytest.approx(mean)
    assert calibration_error(found) == pytest.approx(found[:, 0] / 3000 @ np.abs(share - mean))


def test_by_hand():
    found = tally([0.0, 0.1, 0.6, 1.0], [0, 1, 1, 1], bins=2)
    assert found.tolist() == [[2, 0.1, 1], [2, 1.6, 2]]
    assert calibration_error(found) == pytest.approx((0.9 + 0.4) / 4)
    assert calibration_error(np.stack([found, 3 * found])) == pytest.approx([0.325, 0.325])


def test_honest_probabilities_have_an_error_of_chance_only():
    rng = np.random.default_rng(0)
    said = rng.random(200_000)
    happened = rng.random(200_000) < said
    assert calibration_error(tally(said, happened)) < 0.005
    assert calibration_error(tally(said**2, happened)) == pytest.approx(1 / 2 - 1 / 3, abs=0.01)


@pytest.mark.parametrize(
    ("said", "happened", "told"),
    [
        ([0.5, 0.5], [1], "give one of each a point"),
        ([], [], "give one of each a point"),
        ([1.5], [1], "lie in 0..1"),
        ([np.nan], [1], "lie in 0..1"),
        ([0.5], [2], "an event is 0 or 1"),
    ],
)
def test_what_cannot_be_tallied_is_said(said, happened, told):
    with pytest.raises(WorkshopError, match=told):
        tally(said, happened)
