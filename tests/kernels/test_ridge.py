"""Closed-form ridge against scikit-learn's, and its leave-one-out predictions against leaving one out."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge, RidgeCV

from workshop.errors import WorkshopError
from workshop.kernels.ridge import fit_ridge

pytestmark = pytest.mark.fast


def data(rows: int = 60, features: int = 12, classes: int = 3, seed: int = 0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, features)) + 3  # not centred: the mean must be taken care of
    y = np.eye(classes)[rng.integers(0, classes, rows)] + 0.1 * rng.normal(size=(rows, classes))
    return x, y


def mean_eigenvalue(x):
    centred = x - x.mean(0)
    return np.trace(centred.T @ centred) / x.shape[1]


@pytest.mark.parametrize("rows", [60, 9])  # more rows than features, and fewer
def test_weights_and_predictions_are_those_of_scikit_learn(rows):
    x, y = data(rows)
    ours = fit_ridge(x, y, strengths=(0.03,))
    theirs = Ridge(alpha=0.03 * mean_eigenvalue(x)).fit(x, y)
    assert np.allclose(ours.weights, theirs.coef_.T, atol=1e-9)
    new = data(20, seed=1)[0]
    assert np.allclose(ours.predict(new), theirs.predict(new), atol=1e-9)


@pytest.mark.parametrize(("rows", "features", "strength"), [(25, 6, 0.1), (9, 12, 1e-5)])
def test_the_left_out_prediction_is_that_of_a_fit_without_the_row(rows, features, strength):
    """Also where there are fewer rows than features, and a leverage is nearly 1."""
    x, y = data(rows, features)
    alpha = strength * mean_eigenvalue(x)
    left_out = fit_ridge(x, y, strengths=(strength,)).left_out
    for row in range(len(x)):
        others = np.arange(len(x)) != row
        theirs = Ridge(alpha=alpha).fit(x[others], y[others]).predict(x[row : row + 1])
        assert np.allclose(left_out[row], theirs, atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_the_strength_is_the_one_that_leave_one_out_prefers(seed):
    x, y = data(40, 10, seed=seed)
    strengths = (1e-4, 1e-2, 1.0, 100.0)
    alphas = [strength * mean_eigenvalue(x) for strength in strengths]
    theirs = RidgeCV(alphas=alphas).fit(x, y)
    assert fit_ridge(x, y, strengths).strength == strengths[alphas.index(theirs.alpha_)]


def test_float32_is_near_float64():
    x, y = data(200, 30)
    one, other = fit_ridge(x.astype(np.float32), y.astype(np.float32)), fit_ridge(x, y)
    assert one.strength == other.strength
    assert np.allclose(one.predict(x.astype(np.float32)), other.predict(x), atol=1e-3)


def test_features_that_are_all_alike_predict_the_mean():
    x, y = np.ones((5, 3)), np.arange(10.0).reshape(5, 2)
    assert np.allclose(fit_ridge(x, y).predict(x), y.mean(0))


@pytest.mark.parametrize(
    ("x", "y", "strengths", "words"),
    [
        (np.zeros((3, 2)), np.zeros((4, 2)), (1,), "same N of at least 2"),
        (np.zeros((1, 2)), np.zeros((1, 2)), (1,), "same N of at least 2"),
        (np.zeros(3), np.zeros((3, 1)), (1,), "same N of at least 2"),
        (np.full((3, 2), np.nan), np.zeros((3, 2)), (1,), "must be finite"),
        (np.zeros((3, 2)), np.full((3, 1), np.inf), (1,), "must be finite"),
        (np.zeros((3, 2)), np.zeros((3, 2)), (0,), "above 0"),
        (np.zeros((3, 2)), np.zeros((3, 2)), (), "above 0"),
    ],
)
def test_bad_input_gets_a_sentence(x, y, strengths, words):
    with pytest.raises(WorkshopError, match=words):
        fit_ridge(x, y, strengths)
