"""Repairing a shift without a label of the target: of P(Y) by the classes' shares, of P(X) by weighting points.

P(Y): Saerens, Latinne, Decaestecker (2002), "Adjusting the Outputs of a Classifier to New a Priori Probabilities: A
Simple Procedure", Neural Computation 14. P(X): Shimodaira (2000), "Improving predictive inference under covariate
shift by weighting the log-likelihood function", Journal of Statistical Planning and Inference 90; its weights by a
classifier of the two domains: Bickel, Brückner, Scheffer (2009), "Discriminative Learning Under Covariate Shift",
Journal of Machine Learning Research 10. Effective sample size: Kish (1965), "Survey Sampling".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from workshop.errors import WorkshopError

_OFF = 1e-6  #: by which shares may miss a sum of 1


def class_weights(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """What a point of each class counts in training so that the classes weigh what they do in the target.

    Args:
        source, target: (K,) P(Y) of each domain; sums to 1.

    Returns:
        (K,) target / source; 0 for a class that neither has.

    Raises:
        WorkshopError: no shares, or a class of the target that the source does not have.
    """
    source, target = _shares("source", source), _shares("target", target)
    if source.shape != target.shape:
        raise WorkshopError(
            f"The source has {len(source)} classes and the target {len(target)}; name the same."
        )
    unseen = np.flatnonzero((source == 0) & (target > 0))
    if len(unseen):
        raise WorkshopError(
            f"Class {unseen[0]} is in the target and not in the source: no weight makes up for what was never seen."
        )
    return np.divide(target, source, out=np.zeros_like(source), where=source > 0)


def corrected(posterior: np.ndarray, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """P(Y|X) where the classes are as common as in the target, of a P(Y|X) that was learned in the source.

    Bayes' rule: multiply by the classes' weights, and divide by the sum. It is exact where P(X|Y) stayed as it was.

    Args:
        posterior: (N, K), each row sums to 1.
        source, target: (K,) P(Y).

    Raises:
        WorkshopError: see :func:`class_weights`; or rows that are no probabilities, or are so only of classes that the
            target does not have.
    """
    joint = _rows(posterior, source) * class_weights(source, target)
    total = joint.sum(1, keepdims=True)
    if not total.all():
        raise WorkshopError(
            f"In row {int(total.argmin())} all probability is on classes of share 0 in the target: nothing is left."
        )
    return joint / total


@dataclass(frozen=True, eq=False)
class PriorEstimate:
    """P(Y) of a target, from posteriors alone.

    Attributes:
        prior: (K,).
        posterior: (N, K), corrected for it.
        log_likelihood: (iterations,) of the points under the prior before each step, up to a constant; it never falls.
        converged: whether the last step moved no share by more than the tolerance.
    """

    prior: np.ndarray
    posterior: np.ndarray
    log_likelihood: np.ndarray
    converged: bool


def estimate_prior(
    posterior: np.ndarray, source: np.ndarray, iterations: int = 2000, tolerance: float = 1e-8
) -> PriorEstimate:
    """EM for the target's P(Y), from what a classifier of the source says about points of the target.

    E step: correct the posteriors for the prior so far. M step: the new prior is their mean. It presumes that the
    posteriors are calibrated in the source, and that P(X|Y) did not move.

    Args:
        posterior: (N, K) of target points; no label is needed.
        source: (K,) P(Y) that the classifier was trained with.

    Raises:
        WorkshopError: see :func:`corrected`; no iteration, or a negative tolerance.
    """
    if not iterations >= 1 or not tolerance >= 0:
        raise WorkshopError(
            f"EM takes at least one iteration and a tolerance of at least 0, not {iterations} and {tolerance}."
        )
    prior = source = _shares("source", source)
    posterior = corrected(posterior, source, source)  # as it was; it checks all that is given
    climbed: list[float] = []
    converged = False
    while not converged and len(climbed) < iterations:
        joint = posterior * class_weights(source, prior)
        total = joint.sum(1, keepdims=True)
        climbed.append(float(np.log(total).sum()))
        following = (joint / total).mean(0)
        converged = bool(np.abs(following - prior).max() <= tolerance)
        prior = following / following.sum()
    return PriorEstimate(prior, corrected(posterior, source, prior), np.array(climbed), converged)


@dataclass(frozen=True, eq=False)
class Weights:
    """What each source point counts.

    Attributes:
        values: (n,) at least 0.
        clipped: share of the points that stood above the limit and were set to it.
    """

    values: np.ndarray
    clipped: float = 0.0

    @property
    def effective_size(self) -> float:
        """Of so many points of equal weight a mean would be as uncertain."""
        return effective_sample_size(self.values)

    @property
    def mean(self) -> float:
        """About 1 where the source has points wherever the target has; else about the target's share that it covers."""
        return float(self.values.mean())


def effective_sample_size(values: np.ndarray) -> float:
    """(sum w)^2 / sum w^2: n for equal weights, 1 where a single point has all the weight.

    Raises:
        WorkshopError: no weight above 0, or a weight that is negative or not finite.
    """
    values = np.asarray(values, float)
    if not np.isfinite(values).all() or (values < 0).any() or not values.any():
        raise WorkshopError("Weights are finite, at least 0, and one of them is above 0.")
    values = values / values.max()  # squares of large weights would overflow
    return float(values.sum() ** 2 / (values**2).sum())


def domain_weights(
    source: np.ndarray,
    target: np.ndarray,
    classifier: Any = None,
    most: float | None = None,
    folds: int = 5,
) -> Weights:
    """Importance weights P_target(x) / P_source(x) by a classifier that tells the domains apart; no label is used.

    w(x) = p(target|x) / p(source|x) * n_source / n_target. Each source point is judged by a classifier that was
    trained without it: one that has learned its own points by heart would give them no weight.

    Args:
        source: (n, features) to weight.
        target: (m, features), unlabelled.
        classifier: of scikit-learn's kind, with ``predict_proba``; logistic regression on all features, their squares
            and products by default, which is the right model for two normal distributions.
        most: the highest weight to give. Clipping trades a bias for a smaller variance.
        folds: that source and target are cut into.

    Raises:
        WorkshopError: shapes that do not fit, too few points for the folds, a limit that is not above 0, or, where
            there is no limit, a source point that the classifier is certain is of the target.
    """
    source, target = _points("source", source, folds), _points("target", target, folds)
    if source.shape[1] != target.shape[1]:
        raise WorkshopError(
            f"The source has {source.shape[1]} features and the target {target.shape[1]}; give both the same."
        )
    if most is not None and not most > 0:
        raise WorkshopError(f"The highest weight is {most}; it must be above 0.")
    x = np.concatenate([source, target])
    domain = np.repeat([0, 1], [len(source), len(target)])
    cut = StratifiedKFold(folds, shuffle=True, random_state=0)
    model = quadratic() if classifier is None else classifier
    said = cross_val_predict(model, x, domain, cv=cut, method="predict_proba")[: len(source)]
    with np.errstate(divide="ignore"):
        values = said[:, 1] / said[:, 0] * (len(source) / len(target))
    certain = int(np.isinf(values).sum())
    if certain and most is None:
        raise WorkshopError(
            f"The classifier is certain that {certain} of {len(source)} source points are of the target: "
            "set the highest weight (most), or take a classifier that is less sure."
        )
    if most is None:
        return Weights(values)
    return Weights(np.minimum(values, most), float((values > most).mean()))


def quadratic() -> Any:
    """Logistic regression on features, squares and products, all but unpenalised."""
    return make_pipeline(
        StandardScaler(), PolynomialFeatures(2, include_bias=False), LogisticRegression(C=1e3, max_iter=1000)
    )


def _shares(what: str, shares: np.ndarray) -> np.ndarray:
    shares = np.asarray(shares, float)
    if shares.ndim != 1 or len(shares) < 2 or not (shares >= 0).all() or abs(shares.sum() - 1) > _OFF:
        raise WorkshopError(
            f"The {what}'s P(Y) is {shares.tolist()}; give the share of each of two classes or more, "
            "at least 0, with a sum of 1."
        )
    return shares


def _rows(posterior: np.ndarray, shares: np.ndarray) -> np.ndarray:
    posterior = np.asarray(posterior, float)
    if posterior.ndim != 2 or not len(posterior) or posterior.shape[1] != len(shares):
        raise WorkshopError(
            f"The posteriors have the shape {posterior.shape}; make it (points, classes), {len(shares)} classes."
        )
    if not (posterior >= 0).all() or (np.abs(posterior.sum(1) - 1) > 1e-4).any():
        raise WorkshopError("A row of the posteriors is no distribution: at least 0 each, with a sum of 1.")
    return posterior


def _points(what: str, x: np.ndarray, folds: int) -> np.ndarray:
    x = np.asarray(x, float)
    if x.ndim != 2 or not x.shape[1]:
        raise WorkshopError(f"The {what} has the shape {x.shape}; make it (points, features).")
    if not np.isfinite(x).all():
        raise WorkshopError(f"The {what} holds NaN or infinite values; remove those points.")
    if folds < 2 or len(x) < folds:
        raise WorkshopError(
            f"The {what}'s {len(x)} points cannot be cut into {folds} folds; take at least 2 folds, "
            "and a point for each."
        )
    return x
