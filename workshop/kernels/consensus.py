"""What several workers' labels say together: majority vote, and three models of a worker, each learned by EM.

In all three a worker has a *confusion matrix* P(said | true). They differ in how free it is:

``dawid_skene``  any matrix. Dawid, Skene (1979), "Maximum Likelihood Estimation of Observer Error-Rates Using the EM
                 Algorithm", Applied Statistics 28.
``one_coin``     right with one probability, whatever the class; wrong answers are uniform.
``mace``         tells the truth, or spams with a habit of their own. Hovy, Berg-Kirkpatrick, Vaswani, Hovy (2013),
                 "Learning Whom to Trust with MACE", NAACL. By EM; the paper's variational variant is not here.

So they share the E step (:mod:`workshop.kernels.expectation`), and each has an M step of a few lines. EM finds a nearby
summit of the likelihood, not the highest. And the likelihood does not know what the classes mean: where most workers
make the same mistake, it believes them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from workshop.datasets.annotations import Annotations
from workshop.errors import WorkshopError
from workshop.kernels.em import Model, Summit, climb, engine_for
from workshop.kernels.expectation import Expected, vote_shares

#: Of ``dawid_skene`` with a prior, in :data:`METHODS`: chosen on simulated crowds.
PRIOR = 5.0


@dataclass(frozen=True, eq=False)
class Consensus:
    """What was found about N items, W workers, K classes.

    An item without any label has the class marginals as its posterior, whatever the method.

    Attributes:
        method: the name of the function that found it.
        posterior: (N, K) P(true class | labels); of majority vote, each class's share of the item's labels.
        marginals: (K,) P(true class): of majority vote the mean share; MACE takes it to be uniform.
        confusion: (W, K, K) of [worker, true, said], P(said | true); None for majority vote.
        log_likelihood: (iterations,) of all labels, before each M step. It never falls. With pseudo-counts it is
            the penalised one that EM climbs: the log prior, up to a constant, is added. The last entry belongs to
            the attributes above. Empty for majority vote.
        converged: the last iteration gained less than the tolerance.
    """

    method: str
    posterior: np.ndarray
    marginals: np.ndarray
    confusion: np.ndarray | None
    log_likelihood: np.ndarray
    converged: bool

    @property
    def label(self) -> np.ndarray:
        """(N,) the most probable class; where several are, the first of them."""
        return self.posterior.argmax(1)

    @property
    def skill(self) -> np.ndarray | None:
        """(W,) P(the worker is right), over the classes as they occur; None for majority vote."""
        if self.confusion is None:
            return None
        return np.einsum("k,wkk->w", self.marginals, self.confusion)


def by_lot(posterior: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(N,) the most probable class; where several are, one of them by lot.

    Votes tie often, and always taking the first of the tied classes would favour it.
    """
    tied = posterior >= posterior.max(1, keepdims=True)
    return np.where(tied, rng.random(posterior.shape), -1.0).argmax(1)


def majority_vote(annotations: Annotations) -> Consensus:
    """Each class's share of an item's labels. Where classes tie, ``label`` is the first of them."""
    shares = vote_shares(annotations)
    return Consensus("majority_vote", shares, shares.mean(0), None, np.zeros(0), True)


def dawid_skene(
    annotations: Annotations,
    *,
    iterations: int = 100,
    tolerance: float = 1e-6,
    smoothing: float = 0.0,
    prior: float = 0.0,
    engine: str = "auto",
) -> Consensus:
    """Any confusion matrix for every worker: K (K - 1) numbers each, so it needs many labels of each.

    Args:
        iterations: at most.
        tolerance: stop when an iteration gains less log-likelihood a label; 0 takes all iterations.
        smoothing: pseudo-count of every cell of every confusion matrix, as if each worker had also guessed. With few
            labels a worker that makes guessers of all of them: a ``prior`` is what helps then.
        prior: pseudo-count of every row of every confusion matrix, as if each worker had also given so many labels of
            every true class: as often right as the one-coin model finds that worker, and wrong as the whole crowd is.
        engine: who takes the E step, see :func:`workshop.kernels.em.engine_for`.
    """
    _check_pseudo_counts(smoothing, prior)
    added = smoothing + prior * as_the_crowd(annotations, engine) if prior else smoothing
    summit = climb(annotations, lambda found, _: any_matrix(found, added), iterations, tolerance, engine)
    return _consensus("dawid_skene", summit)


def any_matrix(found: Expected, added: np.ndarray | float = 0.0) -> Model:
    """M step of Dawid and Skene: who said what, as shares. A class of which nothing is known is answered at random.

    Args:
        added: pseudo-counts (W, K, K), or the same for all.
    """
    confusion = _shares(found.counts + added)
    return Model(confusion, found.marginals, _log_prior(added, confusion))


def as_the_crowd(annotations: Annotations, engine: str = "auto") -> np.ndarray:
    """(W, K, K): each worker as often right as the one-coin model says, and wrong as all workers together are."""
    coins, classes = one_coin(annotations, engine=engine), annotations.classes
    found = engine_for(engine, annotations).expect(coins.confusion, coins.marginals)
    right, total = np.trace(found.counts, axis1=1, axis2=2), found.counts.sum((1, 2))
    # Nobody is infallible: each gets one more label, as good as the crowd's; and the crowd one right, one wrong.
    skill = (right + (right.sum() + 1) / (total.sum() + 2)) / (total + 1)
    errors = found.counts.sum(0) + 1 / classes  # nor is an error impossible that was not made yet
    np.fill_diagonal(errors, 0)
    return skill[:, None, None] * np.eye(classes) + (1 - skill[:, None, None]) * _shares(errors)


def one_coin(
    annotations: Annotations,
    *,
    iterations: int = 100,
    tolerance: float = 1e-6,
    smoothing: float = 0.0,
    engine: str = "auto",
) -> Consensus:
    """One accuracy for every worker; a wrong answer is any other class with equal probability.

    Args:
        iterations, tolerance, engine: as in :func:`dawid_skene`.
        smoothing: pseudo-count of right answers, and of wrong ones, of every worker. Where hardly an item has more
            than one label it does harm: workers who err in one class' favour then explain everything.
    """
    _check_pseudo_counts(smoothing)
    summit = climb(annotations, lambda found, _: coin(found, smoothing), iterations, tolerance, engine)
    return _consensus("one_coin", summit)


def coin(found: Expected, smoothing: float = 0.0) -> Model:
    """M step of the one-coin model: each worker's share of right answers."""
    workers, classes, _ = found.counts.shape
    right = np.trace(found.counts, axis1=1, axis2=2)
    shares = _shares(np.stack([right, found.counts.sum((1, 2)) - right], 1) + smoothing)
    confusion = np.empty((workers, classes, classes))
    confusion[:] = shares[:, 1, None, None] / max(classes - 1, 1)
    confusion[:, range(classes), range(classes)] = shares[:, :1] if classes > 1 else 1.0
    return Model(confusion, found.marginals, _log_prior(smoothing, shares))


def mace(
    annotations: Annotations,
    *,
    iterations: int = 50,
    restarts: int = 10,
    seed: int = 0,
    tolerance: float = 1e-6,
    smoothing: float = 0.1,
    engine: str = "auto",
) -> Consensus:
    """A worker tells the truth, or spams: then they say class l with a probability of their own, whatever is true.

    Args:
        iterations, tolerance, engine: as in :func:`dawid_skene`.
        restarts: how often it starts: first from the majority vote, then from random workers, other ones every
            time. The highest log-likelihood is kept.
        seed: of the random workers.
        smoothing: pseudo-count of spamming, of telling the truth, and of each class when spamming, of every worker.
    """
    _check_pseudo_counts(smoothing)
    if not restarts >= 1:
        raise WorkshopError(f"MACE must start at least once, not {restarts} times.")
    workers, classes = annotations.workers, annotations.classes
    rng = np.random.default_rng(seed)
    guesses = (
        sometimes_spamming(rng.uniform(size=workers), rng.dirichlet(np.ones(classes), workers), smoothing)
        for _ in range(restarts - 1)
    )
    halves = sometimes_spamming(np.full(workers, 0.5), np.full((workers, classes), 1 / classes))
    step = partial(spam, smoothing=smoothing)
    return _consensus("mace", climb(annotations, step, iterations, tolerance, engine, halves, guesses))


def sometimes_spamming(spams: np.ndarray, habit: np.ndarray, smoothing: float = 0.0) -> Model:
    """MACE's workers: each spams with probability ``spams`` (W,), then saying l with probability ``habit`` (W, K)."""
    classes = habit.shape[1]
    confusion = np.repeat((spams[:, None] * habit)[:, None], classes, 1)
    confusion[:, range(classes), range(classes)] += 1 - spams[:, None]
    log_prior = _log_prior(smoothing, np.stack([spams, 1 - spams])) + _log_prior(smoothing, habit)
    return Model(confusion, np.full(classes, 1 / classes), log_prior)


def spam(found: Expected, before: Model, smoothing: float = 0.0) -> Model:
    """M step of MACE: how often each worker is expected to have spammed, and what was said then.

    A wrong answer was spam. A right one may have been, too: with the probability that spamming had of it ``before``.
    """
    diagonal = range(found.counts.shape[1])
    by_chance = before.confusion[:, np.roll(diagonal, -1), diagonal]  # P(said l | true is another)
    right = before.confusion[:, diagonal, diagonal]
    knowing = np.divide(right - by_chance, right, out=np.zeros_like(right), where=right > 0)
    truthful = found.counts[:, diagonal, diagonal] * knowing
    spammed = found.counts.sum(1) - truthful
    shares = _shares(np.stack([spammed.sum(1), truthful.sum(1)], 1) + smoothing)
    return sometimes_spamming(shares[:, 0], _shares(spammed + smoothing), smoothing)


#: By the name that a reader knows it by; each with its own settings' defaults.
METHODS: dict[str, Callable[[Annotations], Consensus]] = {
    "majority vote": majority_vote,
    "Dawid-Skene": dawid_skene,
    "Dawid-Skene with prior": partial(dawid_skene, prior=PRIOR),
    "one-coin": one_coin,
    "MACE": mace,
}


def _consensus(method: str, summit: Summit) -> Consensus:
    model = summit.model
    return Consensus(
        method, summit.posterior, model.marginals, model.confusion, summit.log_likelihood, summit.converged
    )


def _shares(counts: np.ndarray) -> np.ndarray:
    """Each entry's share of its row's sum; equal shares where there is nothing to share."""
    total = counts.sum(-1, keepdims=True)
    return np.divide(counts, total, out=np.full_like(counts, 1 / counts.shape[-1]), where=total > 0)


def _log_prior(added: np.ndarray | float, probabilities: np.ndarray) -> float:
    """Of the Dirichlet priors that add these pseudo-counts, up to a constant."""
    return float((added * np.log(probabilities)).sum()) if np.any(added) else 0.0


def _check_pseudo_counts(*given: float) -> None:
    for pseudo_count in given:
        if not 0 <= pseudo_count < np.inf:
            raise WorkshopError(f"A pseudo-count must be at least 0, not {pseudo_count}.")
