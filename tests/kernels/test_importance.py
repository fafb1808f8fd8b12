"""Repairing P(Y) and P(X): closed forms of normal distributions, optimisers of other kinds, and what goes wrong."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from workshop.errors import WorkshopError
from workshop.kernels import importance
from workshop.kernels.importance import (
    Weights,
    class_weights,
    corrected,
    domain_weights,
    effective_sample_size,
    estimate_prior,
)

pytestmark = pytest.mark.fast
MEANS = np.array([-1.0, 0.5, 2.0])


def clouds(shares, count, seed=0):
    """Three normal clouds on a line: points and labels."""
    rng = np.random.default_rng(seed)
    y = rng.choice(3, count, p=shares)
    return rng.normal(MEANS[y]), y


def posterior(x, shares):
    """Exact P(Y|X)."""
    joint = norm.pdf(x[:, None], MEANS) * shares
    return joint / joint.sum(1, keepdims=True)


# ---- P(Y) --------------------------------------------------------------------------------------------

SOURCE, TARGET = np.array([0.6, 0.3, 0.1]), np.array([0.1, 0.2, 0.7])


def test_the_corrected_posterior_is_that_of_the_target_exactly():
    x = np.linspace(-5, 6, 40)
    assert corrected(posterior(x, SOURCE), SOURCE, TARGET) == pytest.approx(posterior(x, TARGET), abs=1e-12)
    gone = np.array([0.5, 0.5, 0])
    assert corrected(posterior(x, SOURCE), SOURCE, gone) == pytest.approx(posterior(x, gone), abs=1e-12)


def test_weighting_the_classes_in_training_does_what_correcting_does_after_it():
    """Both of scikit-learn's logistic regression, without a penalty, on very many points."""
    (x, y), (_, other) = clouds(SOURCE, 60_000), clouds(TARGET, 60_000)
    assert class_weights(SOURCE, TARGET) == pytest.approx(TARGET / SOURCE)
    weighted = LogisticRegression(C=1e6).fit(x[:, None], y, class_weights(SOURCE, TARGET)[y])
    plain = LogisticRegression(C=1e6).fit(x[:, None], y)
    at = np.linspace(-3, 4, 20)
    after = corrected(plain.predict_proba(at[:, None]), SOURCE, TARGET)
    assert weighted.predict_proba(at[:, None]) == pytest.approx(after, abs=0.02)
    assert np.bincount(y, class_weights(SOURCE, TARGET)[y]) / len(y) == pytest.approx(
        np.bincount(other) / len(y), abs=0.01
    )


def test_a_threshold_moved_to_the_source_share_decides_as_the_correction_to_equal_shares():
    p = np.random.default_rng(0).random(500)
    even = corrected(np.stack([1 - p, p], 1), [0.98, 0.02], [0.5, 0.5])[:, 1]
    assert ((even > 0.5) == (p > 0.02)).all()


def test_em_finds_the_targets_prior_without_a_label():
    x, y = clouds(TARGET, 20_000, seed=3)
    found = estimate_prior(posterior(x, SOURCE), SOURCE)
    assert found.converged
    assert found.prior == pytest.approx(TARGET, abs=0.015)
    assert found.prior == pytest.approx(np.bincount(y) / len(y), abs=0.015)
    assert found.posterior == pytest.approx(posterior(x, found.prior), abs=1e-10)


def test_em_climbs_to_the_maximum_that_another_optimiser_finds():
    shares, there = np.array([0.9, 0.1]), np.array([0.5, 0.5])
    rng = np.random.default_rng(1)
    y = rng.choice(2, 300, p=there)
    p = norm.pdf(rng.normal(2.0 * y)[:, None], [0, 2])  # likelihoods, which need no prior

    def cost(share):
        return -np.log(p @ [1 - share, share]).sum()

    joint = p * shares
    found = estimate_prior(joint / joint.sum(1, keepdims=True), shares, tolerance=1e-12)
    best = minimize_scalar(cost, bounds=(0, 1), method="bounded", options={"xatol": 1e-10})
    assert found.prior[1] == pytest.approx(best.x, abs=1e-6)
    assert (np.diff(found.log_likelihood) >= -1e-9).all()
    gained = found.log_likelihood[-1] - found.log_likelihood[0]
    assert gained == pytest.approx(cost(0.1) - best.fun, abs=1e-6)


def test_em_stops_when_it_is_told_to():
    x, _ = clouds(TARGET, 200)
    few = estimate_prior(posterior(x, SOURCE), SOURCE, iterations=3)
    assert len(few.log_likelihood) == 3 and not few.converged
    assert estimate_prior(posterior(x, SOURCE), SOURCE, tolerance=1).converged


# ---- P(X) --------------------------------------------------------------------------------------------


def test_the_weights_of_two_normal_domains_are_their_density_ratio():
    """As near as the information in the points allows: within four standard errors of the log ratio at every point."""
    rng = np.random.default_rng(2)
    source, target = rng.normal(0, 1, (20_000, 1)), rng.normal(1, 0.7, (10_000, 1))
    exact = norm.pdf(source, 1, 0.7)[:, 0] / norm.pdf(source)[:, 0]
    found = domain_weights(source, target)
    x = np.concatenate([source, target])
    of_target = norm.pdf(x, 1, 0.7) / (norm.pdf(x, 1, 0.7) + 2 * norm.pdf(x))
    terms = x ** np.arange(3)
    covariance = np.linalg.inv((terms * of_target * (1 - of_target)).T @ terms) / 0.8  # four folds of five
    at = source ** np.arange(3)
    error = np.sqrt(np.einsum("ni,ij,nj->n", at, covariance, at))
    assert (np.abs(np.log(found.values / exact)) < 4 * error).all()
    assert np.abs(found.values - exact).mean() < 0.05
    assert found.mean == pytest.approx(1, abs=0.05) and found.clipped == 0
    # E[w^2] of two normal distributions, in closed form
    square = np.exp(1 / (2 - 0.7**2)) / 0.7**2 / np.sqrt(2 / 0.7**2 - 1)
    assert found.effective_size / len(source) == pytest.approx(1 / square, rel=0.1)


def test_alike_domains_give_equal_weights():
    rng = np.random.default_rng(0)
    found = domain_weights(rng.normal(size=(5000, 2)), rng.normal(size=(2500, 2)))
    assert np.abs(found.values - 1).mean() < 0.06 and found.effective_size > 4950


def test_a_point_is_judged_by_a_classifier_that_has_not_seen_it():
    rng = np.random.default_rng(0)
    source, target = rng.normal(0, 1, (3000, 1)), rng.normal(0.5, 1, (3000, 1))
    exact = norm.pdf(source, 0.5)[:, 0] / norm.pdf(source)[:, 0]
    by_heart = KNeighborsClassifier(1).fit(np.concatenate([source, target]), np.repeat([0, 1], 3000))
    assert not by_heart.predict_proba(source)[:, 1].any()  # it knows its own, and would give them no weight
    found = domain_weights(source, target, KNeighborsClassifier(1), most=2.0).values
    assert 0.4 < (found > 0).mean() < 0.6
    assert np.corrcoef(domain_weights(source, target, KNeighborsClassifier(300)).values, exact)[0, 1] > 0.9


def test_clipping_lowers_the_highest_weights_and_raises_the_effective_size():
    rng = np.random.default_rng(0)
    source, target = rng.normal(0, 1, (2000, 1)), rng.normal(2, 1, (2000, 1))
    free, held = domain_weights(source, target), domain_weights(source, target, most=5.0)
    assert held.values == pytest.approx(np.minimum(free.values, 5.0))
    assert held.clipped == (free.values > 5).mean() > 0
    assert held.effective_size > 1.5 * free.effective_size and held.mean < free.mean


class Certain(LogisticRegression):
    """Says "target" of whatever lies above 0, and has no doubt."""

    def predict_proba(self, x):
        above = (x[:, 0] > 0).astype(float)
        return np.stack([1 - above, above], 1)


def test_certainty_needs_a_limit():
    x = np.linspace(-1, 1, 20)[:, None]
    with pytest.raises(WorkshopError, match="certain that 10 of 20 source points are of the target"):
        domain_weights(x, x, Certain())
    found = domain_weights(x, x, Certain(), most=4.0)
    assert sorted(set(found.values)) == [0, 4] and found.clipped == 0.5


def test_effective_sample_size_by_hand():
    assert effective_sample_size([2, 2, 2, 2]) == 4
    assert effective_sample_size([0, 0, 5]) == 1
    assert effective_sample_size([1, 3]) == pytest.approx(16 / 10)
    assert effective_sample_size([1e200, 3e200]) == pytest.approx(1.6)
    assert Weights(np.array([1.0, 3.0])).effective_size == pytest.approx(1.6)


def test_the_effective_size_is_what_the_variance_of_a_weighted_mean_says():
    rng = np.random.default_rng(0)
    weights = rng.gamma(0.5, size=40)
    means = (rng.normal(size=(100_000, 40)) @ weights) / weights.sum()
    assert 1 / means.var() == pytest.approx(effective_sample_size(weights), rel=0.03)


# ---- errors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: class_weights([0.5, 0.6], [0.5, 0.5]), "The source's P.Y. is .0.5, 0.6."),
        (lambda: class_weights([0.5, 0.5], [1.5, -0.5]), "The target's P.Y."),
        (lambda: class_weights([1.0], [1.0]), "two classes or more"),
        (lambda: class_weights([0.5, 0.5], [0.2, 0.3, 0.5]), "source has 2 classes and the target 3"),
        (lambda: class_weights([1.0, 0.0], [0.5, 0.5]), "Class 1 is in the target and not in the source"),
        (lambda: corrected([[0.5, 0.5]], [0.2, 0.3, 0.5], [0.2, 0.3, 0.5]), "shape .1, 2.; make it"),
        (lambda: corrected([[0.5, 0.6]], [0.5, 0.5], [0.5, 0.5]), "no distribution"),
        (lambda: corrected([[0.5, 0.5], [0.0, 1.0]], [0.5, 0.5], [1.0, 0.0]), "In row 1 all probability"),
        (lambda: estimate_prior([[0.5, 0.5]], [0.5, 0.5], iterations=0), "at least one iteration"),
        (lambda: estimate_prior([[0.5, 0.5]], [0.5, 0.5], tolerance=-1), "tolerance of at least 0"),
        (lambda: effective_sample_size([0, 0]), "Weights are finite"),
        (lambda: effective_sample_size([1, -1]), "Weights are finite"),
        (lambda: effective_sample_size([1, np.inf]), "Weights are finite"),
        (lambda: domain_weights(np.zeros(9), np.zeros((9, 1))), "source has the shape .9,."),
        (
            lambda: domain_weights(np.zeros((9, 1)), np.zeros((9, 2))),
            "source has 1 features and the target 2",
        ),
        (
            lambda: domain_weights(np.zeros((9, 1)), np.zeros((3, 1))),
            "target's 3 points cannot be cut into 5",
        ),
        (lambda: domain_weights(np.zeros((9, 1)), np.zeros((9, 1)), folds=1), "at least 2 folds"),
        (lambda: domain_weights(np.full((9, 1), np.nan), np.zeros((9, 1))), "holds NaN"),
        (lambda: domain_weights(np.zeros((9, 1)), np.zeros((9, 1)), most=0), "highest weight is 0"),
    ],
)
def test_what_cannot_be_done_is_said(ask, said):
    with pytest.raises(WorkshopError, match=said):
        ask()


def test_the_default_classifier_sees_squares_and_products():
    x = np.random.default_rng(0).normal(size=(50, 2))
    model = importance.quadratic().fit(x, np.arange(50) % 2)
    assert model[1].get_feature_names_out(["a", "b"]).tolist() == ["a", "b", "a^2", "a b", "b^2"]
