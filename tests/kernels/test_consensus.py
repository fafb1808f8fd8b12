"""Consensus against the enumeration of everything that can be true, against crowd-kit, and on real crowds."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from workshop.datasets import real_crowds
from workshop.datasets.annotations import Annotations
from workshop.errors import WorkshopError
from workshop.kernels import consensus, em
from workshop.kernels.consensus import METHODS, dawid_skene, mace, majority_vote, one_coin
from workshop.kernels.expectation import Readable, e_step

EM_METHODS = {name: method for name, method in METHODS.items() if method is not majority_vote}
#: Every method, and what changes what EM climbs: log-likelihood, or with a log prior.
VARIANTS = {
    **EM_METHODS,
    "Dawid-Skene, smoothed": lambda a, **how: dawid_skene(a, smoothing=0.3, **how),
    "Dawid-Skene, smoothed, with prior": lambda a, **how: dawid_skene(a, smoothing=0.1, prior=2.0, **how),
    "one-coin, smoothed": lambda a, **how: one_coin(a, smoothing=0.7, **how),
    "MACE, not smoothed": lambda a, **how: mace(a, smoothing=0.0, **how),
}


def random_labels(seed, items=30, workers=7, classes=4, labels=90, noise=0.4):
    """Workers of unequal skill; some items have no label, some workers answer an item twice."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, items)
    item, worker = rng.integers(0, items, labels), rng.integers(0, workers, labels)
    errs = rng.random(labels) < rng.uniform(0, 2 * noise, workers)[worker]
    label = np.where(errs, rng.integers(0, classes, labels), truth[item])
    return Annotations.of(item, worker, label, items=items, workers=workers, classes=classes)


TINY = {
    "3 items, 2 classes": Annotations.of([0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1], [0, 1, 1, 1, 0, 0]),
    "4 items, 3 classes": Annotations.of(
        [0, 0, 0, 1, 1, 2, 2, 3, 3, 3], [0, 1, 2, 0, 2, 1, 2, 0, 1, 2], [0, 0, 1, 1, 1, 2, 0, 2, 2, 2]
    ),
    "a worker twice": Annotations.of([0, 0, 0, 1, 1, 2], [0, 0, 1, 0, 1, 1], [0, 1, 1, 1, 0, 2]),
    "an item without labels": Annotations.of([0, 0, 2, 2, 3], [0, 1, 0, 1, 1], [0, 1, 1, 1, 0], items=5),
}


def truths(annotations, confusion, marginals):
    """All (true classes of all items, their joint probability with the labels): K**N of them."""
    for truth in itertools.product(range(annotations.classes), repeat=annotations.items):
        probability = math.prod(marginals[k] for k in truth)
        for i, w, said in zip(annotations.item, annotations.worker, annotations.label, strict=True):
            probability *= confusion[w, truth[i], said]
        yield truth, probability


def enumerated(annotations, confusion, marginals):
    """Log-likelihood, posterior (N, K) and expected counts (W, K, K), by adding up over all that can be true."""
    likelihood = 0.0
    posterior = np.zeros((annotations.items, annotations.classes))
    counts = np.zeros_like(confusion)
    for truth, probability in truths(annotations, confusion, marginals):
        likelihood += probability
        posterior[range(annotations.items), truth] += probability
        for i, w, said in zip(annotations.item, annotations.worker, annotations.label, strict=True):
            counts[w, truth[i], said] += probability
    return math.log(likelihood), posterior / likelihood, counts / likelihood


# ---- against enumeration -----------------------------------------------------------------------------


@pytest.mark.fast
@pytest.mark.parametrize("annotations", TINY.values(), ids=TINY)
def test_the_e_step_is_what_enumeration_says(annotations):
    rng = np.random.default_rng(0)
    confusion = rng.dirichlet(np.ones(annotations.classes), (annotations.workers, annotations.classes))
    marginals = rng.dirichlet(np.ones(annotations.classes))
    found = e_step(annotations, confusion, marginals)
    log_likelihood, posterior, counts = enumerated(annotations, confusion, marginals)
    assert found.log_likelihood == pytest.approx(log_likelihood, rel=1e-12)
    assert found.posterior == pytest.approx(posterior, rel=1e-10)
    assert found.counts == pytest.approx(counts, rel=1e-10)
    assert found.marginals == pytest.approx(posterior[np.unique(annotations.item)].mean(0), rel=1e-12)


@pytest.mark.fast
@pytest.mark.parametrize("method", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("annotations", TINY.values(), ids=TINY)
def test_posterior_and_model_belong_together(annotations, method):
    found = method(annotations, iterations=4)
    _, posterior, _ = enumerated(annotations, found.confusion, found.marginals)
    assert found.posterior == pytest.approx(posterior, rel=1e-8, abs=1e-12)
    assert found.confusion.sum(2) == pytest.approx(1, rel=1e-12)
    assert found.marginals.sum() == pytest.approx(1, rel=1e-12)


@pytest.mark.fast
@pytest.mark.parametrize("annotations", TINY.values(), ids=TINY)
def test_an_iteration_of_dawid_skene_is_what_enumeration_says(annotations):
    """Shares of expected counts, pseudo-counts added; and what it climbs has the log prior in it."""
    before, after = (
        dawid_skene(annotations, iterations=count, tolerance=0, smoothing=0.3) for count in (2, 3)
    )
    log_likelihood, posterior, counts = enumerated(annotations, before.confusion, before.marginals)
    for w, true in np.ndindex(annotations.workers, annotations.classes):
        row = counts[w, true] + 0.3
        assert after.confusion[w, true] == pytest.approx(row / row.sum(), rel=1e-9)
    assert after.marginals == pytest.approx(posterior[np.unique(annotations.item)].mean(0), rel=1e-9)
    log_prior = 0.3 * sum(math.log(p) for p in before.confusion.flat)
    assert before.log_likelihood[-1] == pytest.approx(log_likelihood + log_prior, rel=1e-10)


@pytest.mark.fast
@pytest.mark.parametrize("annotations", TINY.values(), ids=TINY)
def test_an_iteration_of_one_coin_is_what_enumeration_says(annotations):
    before, after = (one_coin(annotations, iterations=count, tolerance=0, smoothing=0.5) for count in (2, 3))
    log_likelihood, _, counts = enumerated(annotations, before.confusion, before.marginals)
    classes = annotations.classes
    for w in range(annotations.workers):
        right = sum(counts[w, k, k] for k in range(classes))
        accuracy = (right + 0.5) / (counts[w].sum() + 1)
        for true, said in np.ndindex(classes, classes):
            expected = accuracy if true == said else (1 - accuracy) / (classes - 1)
            assert after.confusion[w, true, said] == pytest.approx(expected, rel=1e-9)
        log_likelihood += 0.5 * (math.log(before.skill[w]) + math.log(1 - before.skill[w]))
    assert before.log_likelihood[-1] == pytest.approx(log_likelihood, rel=1e-10)


def habits(confusion):
    """MACE's parameters from its confusion matrices: P(spams) (W,), and what is said then (W, K)."""
    classes = confusion.shape[1]
    said = np.array([[worker[(k + 1) % classes, k] for k in range(classes)] for worker in confusion])
    return said.sum(1), said / said.sum(1, keepdims=True)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("annotations", TINY.values(), ids=TINY)
def test_an_iteration_of_mace_is_what_enumeration_of_truths_and_spam_says(annotations, smoothing):
    before, after = (
        mace(annotations, iterations=count, tolerance=0, restarts=1, smoothing=smoothing) for count in (2, 3)
    )
    spams, habit = habits(before.confusion)
    rows = list(zip(annotations.item, annotations.worker, annotations.label, strict=True))
    likelihood, posterior = 0.0, np.zeros_like(before.posterior)
    spammed, truthful = np.zeros_like(habit), np.zeros(annotations.workers)
    for truth in itertools.product(range(annotations.classes), repeat=annotations.items):
        for spam in itertools.product([False, True], repeat=len(rows)):
            probability = annotations.classes ** -float(annotations.items)
            for (i, w, said), s in zip(rows, spam, strict=True):
                probability *= spams[w] * habit[w, said] if s else (1 - spams[w]) * (truth[i] == said)
            likelihood += probability
            posterior[range(annotations.items), truth] += probability
            for (_, w, said), s in zip(rows, spam, strict=True):
                spammed[w, said] += probability * s
                truthful[w] += probability * (not s)
    assert before.posterior == pytest.approx(posterior / likelihood, rel=1e-8, abs=1e-12)
    spammed, truthful = spammed / likelihood, truthful / likelihood
    total = spammed.sum(1)
    new_spams, new_habit = habits(after.confusion)
    assert new_spams == pytest.approx((total + smoothing) / (total + truthful + 2 * smoothing), rel=1e-8)
    shares = (spammed + smoothing) / (total + annotations.classes * smoothing)[:, None]
    assert new_habit == pytest.approx(shares, rel=1e-8, abs=1e-12)
    climbed = math.log(likelihood)
    if smoothing:
        climbed += smoothing * (np.log(spams) + np.log(1 - spams) + np.log(habit).sum(1)).sum()
    assert before.log_likelihood[-1] == pytest.approx(climbed, rel=1e-10)


# ---- what EM promises --------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["readable", "sparse"])
@pytest.mark.parametrize("method", VARIANTS.values(), ids=VARIANTS)
def test_the_log_likelihood_never_falls(method, engine):
    rose = 0
    for seed in range(40):
        rng = np.random.default_rng(1_000 + seed)
        annotations = random_labels(
            seed, items=rng.integers(1, 40), workers=rng.integers(1, 12), classes=rng.integers(1, 6),
            labels=rng.integers(1, 150), noise=rng.uniform(0, 0.6),
        )  # fmt: skip
        found = method(annotations, iterations=30, tolerance=0, engine=engine)
        steps = np.diff(found.log_likelihood)
        assert len(found.log_likelihood) == 30 and not found.converged
        assert np.isfinite(found.log_likelihood).all() and np.isfinite(found.posterior).all()
        assert steps.min() >= -1e-11 * abs(found.log_likelihood).max(), seed
        rose += steps.max() > 1e-3
    assert rose > 20


@pytest.mark.fast
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_at_the_summit_no_neighbour_is_higher(smoothing):
    """So what is reported is what was climbed, and the M step goes to the top of it."""
    annotations = random_labels(3)
    found = dawid_skene(annotations, iterations=3_000, tolerance=1e-13, smoothing=smoothing)
    assert found.converged
    rng = np.random.default_rng(0)
    for _ in range(60):
        confusion = found.confusion * np.exp(0.05 * rng.standard_normal(found.confusion.shape))
        confusion /= confusion.sum(2, keepdims=True)
        marginals = found.marginals * np.exp(0.05 * rng.standard_normal(len(found.marginals)))
        other = e_step(annotations, confusion, marginals / marginals.sum()).log_likelihood
        if smoothing:
            other += smoothing * np.log(confusion).sum()
        assert other < found.log_likelihood[-1] + 1e-9


@pytest.mark.fast
def test_it_stops_when_an_iteration_gains_less_than_the_tolerance_a_label():
    annotations, tolerance = random_labels(4), 1e-4
    found = dawid_skene(annotations, tolerance=tolerance)
    gains = np.diff(found.log_likelihood) / len(annotations)
    assert found.converged and gains[-1] < tolerance <= gains[:-1].min()
    full = dawid_skene(annotations, tolerance=0, iterations=len(found.log_likelihood))
    assert not full.converged and np.array_equal(full.log_likelihood, found.log_likelihood)
    assert not dawid_skene(annotations, tolerance=tolerance, iterations=2).converged


@pytest.mark.fast
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_the_order_of_the_labels_does_not_matter(method):
    annotations = random_labels(5)
    order = np.random.default_rng(0).permutation(len(annotations))
    columns = (annotations.item[order], annotations.worker[order], annotations.label[order])
    shuffled = Annotations(*columns, annotations.items, annotations.workers, annotations.classes)
    one, other = method(annotations), method(shuffled)
    assert other.posterior == pytest.approx(one.posterior, abs=1e-9)


@pytest.mark.fast
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_the_numbers_of_items_workers_and_classes_are_only_names(method):
    if method is mace:
        method = lambda annotations: mace(annotations, restarts=1)  # noqa: E731  # others start at random workers
    a, rng = random_labels(6), np.random.default_rng(0)
    items, workers, classes = (rng.permutation(n) for n in (a.items, a.workers, a.classes))
    renamed = Annotations(items[a.item], workers[a.worker], classes[a.label], a.items, a.workers, a.classes)
    one, other = method(a), method(renamed)
    assert other.posterior[items][:, classes] == pytest.approx(one.posterior, abs=1e-9)
    assert other.marginals[classes] == pytest.approx(one.marginals, abs=1e-9)
    if one.confusion is not None:
        assert other.confusion[workers][:, classes][:, :, classes] == pytest.approx(one.confusion, abs=1e-9)
        assert other.skill[workers] == pytest.approx(one.skill, abs=1e-9)


# ---- what the methods are for ------------------------------------------------------------------------


def crowd(accuracies, items=400, classes=4, seed=0, bots=0):
    """Every worker labels every item; wrong answers are uniform; bots always say class 1."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, items)
    said = []
    for accuracy in accuracies:
        wrong = (truth + rng.integers(1, classes, items)) % classes
        said.append(np.where(rng.random(items) < accuracy, truth, wrong))
    said += [np.ones(items, int)] * bots
    workers = len(said)
    item, worker = np.tile(np.arange(items), workers), np.repeat(np.arange(workers), items)
    return truth, Annotations.of(item, worker, np.concatenate(said), classes=classes)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("name", "bots"),
    [(name, bots) for name in EM_METHODS for bots in (1, 3) if (name, bots) != ("one-coin", 3)],
)
def test_workers_are_known_by_their_labels_and_bots_do_not_count(name, bots):
    """Bots that agree deceive one-coin: that is the next test."""
    method = METHODS[name]
    accuracies = [0.9, 0.7, 0.6, 0.5]
    truth, annotations = crowd(accuracies, bots=bots)
    found, voted = method(annotations), majority_vote(annotations)
    assert (found.label == truth).mean() > max(0.92, (voted.label == truth).mean() + 0.08)
    assert found.skill[:4] == pytest.approx(accuracies, abs=0.08)
    assert found.skill[4:] == pytest.approx(1 / 4, abs=0.06)


@pytest.mark.fast
def test_two_bots_that_agree_deceive_one_coin():
    """It knows only good and bad workers; that everything is of one class makes two of them infallible."""
    truth, annotations = crowd([0.9, 0.7, 0.6, 0.5], bots=2)
    found = one_coin(annotations)
    assert (found.label == 1).all() and found.skill[4:] == pytest.approx(1, abs=1e-3)
    assert (dawid_skene(annotations).label == truth).mean() > 0.92


@pytest.mark.fast
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_without_two_labels_of_one_item_the_votes_stay(method):
    """Nothing says who is right; pseudo-counts alone must not make everything one class."""
    rng = np.random.default_rng(0)
    truth, worker = rng.integers(0, 5, 500), rng.integers(0, 20, 500)
    label = np.where(rng.random(500) < 0.6, truth, rng.integers(0, 5, 500))
    found = method(Annotations.of(np.arange(500), worker, label))
    assert (found.label == label).mean() > 0.95


@pytest.mark.fast
def test_a_bots_matrix_says_one_class_whatever_is_true():
    _, annotations = crowd([0.9, 0.7, 0.6, 0.5], bots=1)
    for method in (dawid_skene, mace):
        assert method(annotations).confusion[4, :, 1] == pytest.approx(1, abs=0.03)


@pytest.mark.fast
def test_skill_weighs_classes_as_often_as_they_occur():
    """Nine items in ten are of class 0, and the last worker says nothing else."""
    truth = np.repeat([0, 1], [900, 100])
    good = np.where(np.arange(1_000) % 10 < 9, truth, 1 - truth)
    item, worker = np.tile(np.arange(1_000), 4), np.repeat(np.arange(4), 1_000)
    label = np.concatenate([good, truth, truth, np.zeros(1_000, int)])
    found = dawid_skene(Annotations.of(item, worker, label))
    assert found.skill == pytest.approx([0.9, 1, 1, 0.9], abs=0.01)
    assert found.marginals == pytest.approx([0.9, 0.1], abs=0.01)
    by_hand = [sum(p * worker[k, k] for k, p in enumerate(found.marginals)) for worker in found.confusion]
    assert found.skill == pytest.approx(by_hand)


@pytest.mark.fast
def test_only_a_full_matrix_learns_who_swaps_two_classes():
    """Whose answers are always wrong in the same way are as good as right ones."""
    truth, annotations = crowd([0.7, 0.7, 0.7, 0.7, 1.0], classes=3)
    swapped = annotations.label.copy()
    hers = annotations.worker == 4
    swapped[hers] = (swapped[hers] + 1) % 3
    annotations = Annotations(annotations.item, annotations.worker, swapped, annotations.items, 5, 3)
    assert (dawid_skene(annotations).label == truth).mean() > 0.99
    assert (one_coin(annotations).label == truth).mean() < 0.95


@pytest.mark.fast
def test_where_most_workers_swap_two_classes_the_names_of_the_classes_are_swapped():
    """The labels themselves cannot tell: with the names exchanged the likelihood is the same."""
    truth, annotations = crowd([0.95, 0.95, 0.95], classes=2)
    most = Annotations.of(
        annotations.item,
        annotations.worker,
        np.where(annotations.worker < 2, 1 - annotations.label, annotations.label),
    )
    found = dawid_skene(most)
    assert (found.label == 1 - truth).mean() > 0.95
    other = e_step(most, found.confusion[:, ::-1], found.marginals[::-1])
    assert other.log_likelihood == pytest.approx(found.log_likelihood[-1], rel=1e-12)
    assert other.posterior[:, ::-1] == pytest.approx(found.posterior, abs=1e-12)


def few_labels(seed):
    """200 items, three labels each, by 40 workers: fifteen labels of each for a matrix of a hundred numbers."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 10, 200)
    worker = np.concatenate([rng.permutation(40)[:3] for _ in range(200)])
    item = np.repeat(np.arange(200), 3)
    right = rng.random(600) < rng.uniform(0.3, 0.9, 40)[worker]
    label = np.where(right, truth[item], (truth[item] + rng.integers(1, 10, 600)) % 10)
    return truth, Annotations.of(item, worker, label, items=200, workers=40, classes=10)


def test_with_few_labels_a_worker_the_full_matrix_loses_and_a_prior_or_one_coin_repairs_it():
    score = {name: [] for name in (*METHODS, "guesses")}
    for seed in range(12):
        truth, annotations = few_labels(seed)
        for name, method in METHODS.items():
            score[name].append((method(annotations).label == truth).mean())
        score["guesses"].append((dawid_skene(annotations, smoothing=1.0).label == truth).mean())
    mean = {name: np.mean(values) for name, values in score.items()}
    assert mean["Dawid-Skene"] < mean["majority vote"] - 0.02
    assert mean["Dawid-Skene with prior"] > mean["majority vote"] + 0.02
    assert mean["one-coin"] > mean["majority vote"] + 0.02
    assert mean["guesses"] < mean["Dawid-Skene"] - 0.2  # pseudo-counts of guessing make it worse


@pytest.mark.fast
def test_the_prior_is_each_workers_skill_and_the_crowds_errors():
    annotations = random_labels(7)
    coins, prior = one_coin(annotations), consensus.as_the_crowd(annotations)
    right, total, errors = np.zeros(7), np.zeros(7), np.full((4, 4), 1 / 4)
    for i, w, said in zip(annotations.item, annotations.worker, annotations.label, strict=True):
        right[w] += coins.posterior[i, said]
        total[w] += 1
        errors[:, said] += coins.posterior[i]
    crowds = (right.sum() + 1) / (total.sum() + 2)
    for w, true, said in np.ndindex(prior.shape):
        skill = (right[w] + crowds) / (total[w] + 1)
        others = sum(errors[true]) - errors[true, true]
        expected = skill if true == said else (1 - skill) * errors[true, said] / others
        assert prior[w, true, said] == pytest.approx(expected, rel=1e-9)
    strong = dawid_skene(annotations, prior=1e9)
    assert strong.confusion == pytest.approx(prior, abs=1e-6)


def test_maces_restarts_differ_and_the_highest_is_kept():
    higher = further = 0
    for seed in range(12):
        annotations = random_labels(seed, items=20, workers=20, classes=4, labels=60, noise=0.6)
        climbed = [mace(annotations, restarts=count, seed=1).log_likelihood[-1] for count in (1, 2, 3, 30)]
        assert climbed == sorted(climbed)
        higher += climbed[-1] > climbed[0] + 0.01
        further += climbed[-1] > climbed[1] + 0.01
    assert higher >= 3 and further >= 1
    one = [
        em.em(Readable(annotations), consensus.spam, guess, 1) for guess in guesses(annotations, 3, seed=1)
    ]
    assert len({summit.log_likelihood[0] for summit in one}) == 3


def guesses(annotations, count, seed):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield consensus.sometimes_spamming(
            rng.uniform(size=annotations.workers),
            rng.dirichlet(np.ones(annotations.classes), annotations.workers),
        )


@pytest.mark.fast
def test_mace_is_seeded_and_leaves_the_global_generator_alone():
    annotations = random_labels(2, items=20, workers=20, classes=4, labels=60, noise=0.6)
    np.random.seed(5)
    before = np.random.get_state()[1].copy()
    one, again = (mace(annotations, seed=3, iterations=3) for _ in range(2))
    assert np.array_equal(one.posterior, again.posterior)
    assert np.array_equal(np.random.get_state()[1], before)
    found = {mace(annotations, seed=seed, iterations=9, restarts=5).log_likelihood[-1] for seed in range(8)}
    assert len(found) > 1


# ---- right answers to odd questions ------------------------------------------------------------------


@pytest.mark.fast
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
class TestOddInput:
    def test_one_worker_is_believed(self, method):
        found = method(Annotations.of([0, 1, 2, 3], [0] * 4, [2, 0, 1, 2]))
        assert list(found.label) == [2, 0, 1, 2]
        assert np.isfinite(found.posterior).all()

    def test_only_one_class_was_used(self, method):
        found = method(Annotations.of([0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 0, 0], classes=3))
        assert list(found.label) == [0, 0] and np.isfinite(found.posterior).all()

    def test_there_is_only_one_class(self, method):
        found = method(Annotations.of([0, 0, 1], [0, 1, 0], [0, 0, 0]))
        assert found.posterior.tolist() == [[1.0], [1.0]]
        if found.confusion is not None:
            assert found.confusion == pytest.approx(1) and np.isfinite(found.log_likelihood).all()

    def test_a_single_label(self, method):
        found = method(Annotations.of([1], [2], [1]))
        assert found.label[1] == 1 and np.isfinite(found.posterior).all()

    def test_an_item_without_labels_gets_the_class_marginals(self, method):
        found = method(Annotations.of([0, 0, 2, 2, 3], [0, 1, 0, 1, 1], [0, 1, 1, 1, 1], items=5))
        for item in (1, 4):
            assert found.posterior[item] == pytest.approx(found.marginals, rel=1e-12)
        assert found.marginals.sum() == pytest.approx(1)

    def test_items_without_labels_change_nothing_for_the_others(self, method):
        a = random_labels(8)
        columns = a.item, a.worker, a.label
        more = Annotations(*columns, a.items + 50, a.workers, a.classes)
        one, other = method(a), method(more)
        assert other.posterior[: a.items] == pytest.approx(one.posterior, rel=1e-9, abs=1e-12)

    def test_a_worker_without_labels_changes_nothing_for_the_others(self, method):
        a = random_labels(8)
        more = Annotations(a.item, a.worker, a.label, a.items, a.workers + 3, a.classes)
        if method is mace:
            method = lambda annotations: mace(annotations, restarts=1)  # noqa: E731  # guesses are drawn for all
        one, other = method(a), method(more)
        assert other.posterior == pytest.approx(one.posterior, rel=1e-3)
        if other.confusion is not None:
            assert np.isfinite(other.confusion).all() and np.isfinite(other.skill).all()

    def test_workers_who_never_disagree_are_right(self, method):
        truth = np.array([0, 1, 2, 0, 1, 2, 2])
        item, worker = np.tile(np.arange(7), 3), np.repeat(np.arange(3), 7)
        found = method(Annotations.of(item, worker, np.tile(truth, 3)))
        assert list(found.label) == list(truth)
        if found.skill is not None:
            assert found.skill.min() > 0.8

    def test_400_labels_of_one_item_do_not_underflow(self, method):
        rng = np.random.default_rng(0)
        label = np.where(rng.random(800) < 0.4, np.repeat([0, 1], 400), rng.integers(0, 5, 800))
        found = method(Annotations.of(np.repeat([0, 1], 400), np.tile(np.arange(400), 2), label))
        assert list(found.label) == [0, 1] and np.isfinite(found.posterior).all()
        assert found.posterior.sum(1) == pytest.approx(1)


@pytest.mark.fast
def test_majority_vote_counts_votes_and_a_tie_goes_to_the_first_class():
    found = majority_vote(Annotations.of([0, 0, 0, 1, 1, 3], [0, 1, 2, 0, 1, 2], [2, 2, 0, 2, 1, 0]))
    assert found.posterior[0] == pytest.approx([1 / 3, 0, 2 / 3])
    assert list(found.label[[0, 1, 3]]) == [2, 1, 0]
    assert found.marginals == pytest.approx(np.array([1 / 3 + 0 + 1, 0.5, 2 / 3 + 0.5]) / 3)
    assert found.confusion is None and found.skill is None and len(found.log_likelihood) == 0
    assert found.converged


@pytest.mark.fast
@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (
            lambda a: dawid_skene(a, iterations=0),
            "EM takes at least one iteration and a tolerance of at least 0, not 0 and 1e-06.",
        ),
        (
            lambda a: one_coin(a, tolerance=float("nan")),
            "EM takes at least one iteration and a tolerance of at least 0, not 100 and nan.",
        ),
        (lambda a: dawid_skene(a, smoothing=-1), "A pseudo-count must be at least 0, not -1."),
        (lambda a: dawid_skene(a, prior=float("inf")), "A pseudo-count must be at least 0, not inf."),
        (lambda a: one_coin(a, smoothing=float("nan")), "A pseudo-count must be at least 0, not nan."),
        (lambda a: mace(a, smoothing=-0.1), "A pseudo-count must be at least 0, not -0.1."),
        (lambda a: mace(a, restarts=0), "MACE must start at least once, not 0 times."),
        (
            lambda a: mace(a, engine="steam"),
            "There is no engine 'steam'. Choose one of: auto, readable, sparse, native.",
        ),
        (
            lambda a: dawid_skene(Annotations.of([0], [10**9], [1])),
            "The confusion matrices of 1,000,000,001 workers and 2 classes do not fit into memory. "
            "Number workers and classes from 0 on without gaps, or take the majority vote.",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(ask, told):
    with pytest.raises(WorkshopError) as error:
        ask(random_labels(0))
    assert str(error.value) == told


# ---- real crowds -------------------------------------------------------------------------------------


def real(name):
    if not real_crowds.is_here(name):
        pytest.skip(f"{name} is not ours to ship, and WORKSHOP_EXTRA_DATA does not hold it")
    return real_crowds.crowd(name)


def test_dawid_and_skenes_anaesthetists():
    """The numbers that two other implementations gave; 45 patients, the first observer asked three times."""
    annotations = real("anaesthetists").annotations
    found = dawid_skene(annotations, iterations=25, tolerance=0)
    assert found.marginals == pytest.approx([0.400, 0.422, 0.112, 0.067], abs=6e-4)
    first = [[0.889, 0.111, 0, 0], [0.071, 0.876, 0.053, 0], [0, 0.339, 0.661, 0], [0, 0, 0.556, 0.444]]
    assert found.confusion[0] == pytest.approx(np.array(first), abs=6e-4)
    assert found.log_likelihood[-1] == pytest.approx(-192.891, abs=2e-3)
    assert np.bincount(found.label).tolist() == [18, 19, 5, 3]


@pytest.mark.parametrize(
    ("name", "voted", "matrix", "mace_too"),
    [
        ("bluebirds", (0.759, 0.759), 0.898, 0.898),
        ("rte", (0.8925, 0.919), 0.9275, 0.92875),
        ("temporal", (0.933, 0.940), 0.942, 0.942),
    ],
)
def test_real_crowds_whose_truth_is_known(name, voted, matrix, mace_too):
    crowd = real(name)
    right = {key: (method(crowd.annotations).label == crowd.truth).mean() for key, method in METHODS.items()}
    assert voted[0] - 1e-3 <= right["majority vote"] <= voted[1] + 1e-3  # by how ties go
    assert right["Dawid-Skene"] == pytest.approx(matrix, abs=6e-4)
    assert right["MACE"] == pytest.approx(mace_too, abs=6e-4)
    assert right["Dawid-Skene with prior"] > matrix - 0.011


# ---- against crowd-kit -------------------------------------------------------------------------------


@pytest.fixture
def crowdkit():
    pytest.importorskip("crowdkit", reason="crowd-kit is not installed: make peers")
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pandas, about crowd-kit
        yield


def as_frame(annotations):
    import pandas as pd

    return pd.DataFrame({"task": annotations.item, "worker": annotations.worker, "label": annotations.label})


@pytest.mark.peers
def test_dawid_skene_is_crowd_kits(crowdkit):
    """With its smallest count of 1e-10."""
    from crowdkit.aggregation import DawidSkene

    annotations = random_labels(11, items=200, workers=20, classes=5, labels=1_000)
    theirs = DawidSkene(n_iter=15, tol=-np.inf).fit(as_frame(annotations)).probas_
    step = lambda found, _: consensus.any_matrix(  # noqa: E731
        replace(found, counts=np.maximum(found.counts, 1e-10))
    )
    ours = em.climb(annotations, step, 15, 0, "readable").posterior
    rows = theirs.index.to_numpy()
    assert len(rows) < annotations.items  # it knows nothing of items without labels
    assert ours[rows] == pytest.approx(theirs[list(range(5))].to_numpy(), abs=1e-9)


@pytest.mark.peers
def test_mace_is_crowd_kits_from_the_same_start(crowdkit):
    """With workers and classes numbered as they appear: else crowd-kit mixes them up."""
    from crowdkit.aggregation import MACE

    a = random_labels(12, items=150, workers=10, classes=4, labels=900)
    a = Annotations.of(*(_as_they_appear(column) for column in (a.item, a.worker, a.label)))
    theirs = MACE(n_restarts=1, n_iter=15, method="em")
    theirs._initialize(a.workers, a.classes)
    start = consensus.sometimes_spamming(theirs.spamming_[:, 0], theirs.thetas_)
    theirs.fit(as_frame(a))
    step = lambda found, before: consensus.spam(found, before, smoothing=0.01 / a.classes)  # noqa: E731
    ours = em.em(Readable(a), step, start, 16)
    assert ours.posterior == pytest.approx(theirs.probas_.to_numpy(), abs=1e-8)


def _as_they_appear(ids):
    _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]
