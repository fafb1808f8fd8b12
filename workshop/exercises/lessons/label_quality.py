"""Exercises of lesson 06. Expected results of the examples were worked out by hand.

A confusion matrix of a worker has the true classes as rows and what the worker said as columns; each row sums to 1.
"""

from __future__ import annotations

import numpy as np

from workshop.exercises.record import Exercise, Hint, Inputs

LESSON = "06_label_quality"


def _ratio(numbers, total) -> np.ndarray:
    """Their quotient as the student's NumPy has it, nan and all, without the warnings."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(numbers / total)


def _log(probabilities) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(probabilities)


# ---- agreement beyond chance -------------------------------------------------------------------------


def _pairs_that_agree(counts) -> float:
    raters = counts.sum(1, keepdims=True)
    return float((counts * (counts - 1) / (raters * (raters - 1))).sum(1).mean())


def _by_chance(counts) -> float:
    return float(((counts.sum(0) / counts.sum()) ** 2).sum())


def _beyond(agreement: float, chance: float) -> float:
    return (agreement - chance) / (1 - chance)


def _with_itself(counts) -> float:
    return _beyond(float(((counts / counts.sum(1, keepdims=True)) ** 2).sum(1).mean()), _by_chance(counts))


def _share_of_winner(counts) -> float:
    return _beyond(float((counts.max(1) / counts.sum(1)).mean()), _by_chance(counts))


def _raters_are_items(counts) -> float:
    raters = len(counts)
    return _beyond(
        ((counts**2).sum(1) - raters).mean() / (raters * (raters - 1)),
        float(((counts.sum(0) / raters**2) ** 2).sum()),
    )


def _draw_counts(rng: np.random.Generator) -> Inputs:
    items, classes, raters = (int(rng.integers(*span)) for span in ((5, 31), (2, 7), (2, 9)))
    if items == raters:
        items += 1
    shares = rng.dirichlet(np.ones(classes))
    truth = rng.choice(classes, size=items, p=shares)
    truth[:2] = 0, 1
    said = np.where(
        rng.random((items, raters)) < rng.uniform(0.2, 0.95),
        truth[:, None],
        rng.choice(classes, size=(items, raters), p=shares),
    )
    said[:2, 0] = 0, 1  # never one class alone: there, kappa is not defined
    return _counts([np.bincount(row, minlength=classes) for row in said])


def _counts(rows) -> Inputs:
    return {"counts": np.asarray(rows, dtype=np.int64)}


KAPPA = Exercise(
    id="labels-kappa",
    lesson=LESSON,
    function="fleiss_kappa",
    points=2,
    outcome="measure-agreement",
    generate=_draw_counts,
    examples=(
        # of the 6 pairs 6, 3, 3, 6 agree: 3/4; shares 1/2, 1/2: by chance 1/2; (3/4 - 1/2) / (1/2)
        (_counts([[4, 0], [3, 1], [1, 3], [0, 4]]), 0.5),
        # two labelers agree on eight of ten; shares 9/10, 1/10: by chance 0.82; (0.8 - 0.82) / 0.18
        (_counts([[2, 0]] * 8 + [[1, 1]] * 2), -1 / 9),
        # of the 3 pairs 3, 1, 0, 1 agree: 5/12; shares 4/6, 1/6, 1/6: by chance 1/2; (5/12 - 1/2) / (1/2)
        (_counts([[3, 0, 0], [2, 1, 0], [1, 1, 1], [2, 0, 1]]), -1 / 6),
        # all agree on everything
        (_counts([[3, 0, 0], [0, 3, 0], [0, 0, 3], [3, 0, 0], [3, 0, 0]]), 1),
    ),
    hints=(
        Hint(_pairs_that_agree, "that is how often two labels agree; now take off what chance would give."),
        Hint(
            lambda counts: _pairs_that_agree(counts) - _by_chance(counts),
            "that is the lead over chance; divide by the largest lead there could be.",
        ),
        Hint(
            lambda counts: _beyond(_pairs_that_agree(counts), 1 / counts.shape[1]),
            "the classes are not equally frequent: two labels drawn at random agree more often than 1 in K.",
        ),
        Hint(_with_itself, "you also pair each label with itself, and with itself every label agrees."),
        Hint(_share_of_winner, "count the pairs that agree, not the votes for the winner."),
        Hint(
            _raters_are_items,
            "n is how many labels an item has, the sum of a row; not how many rows there are.",
        ),
        Hint(
            lambda counts: _beyond(2 * _pairs_that_agree(counts), _by_chance(counts)),
            "of n labels there are n (n - 1) / 2 pairs; if you count each pair twice above, do so below as well.",
        ),
    ),
    tolerance=1e-6,
)

# ---- the E step for one item -------------------------------------------------------------------------


def _normalised(logs) -> np.ndarray:
    weights = np.exp(logs - logs.max())
    return weights / weights.sum()


def _log_joint(labels, workers, confusion, marginals) -> np.ndarray:
    return _log(marginals) + _log(confusion[workers, :, labels]).sum(0)


def _without_marginals(labels, workers, confusion, marginals):
    return _normalised(_log_joint(labels, workers, confusion, np.ones_like(marginals)))


def _marginals_per_label(labels, workers, confusion, marginals):
    return _normalised(_log_joint(labels, workers, confusion * marginals[:, None], np.ones_like(marginals)))


def _axes_swapped(labels, workers, confusion, marginals):
    logs = _log_joint(labels, workers, confusion.transpose(0, 2, 1), marginals)
    return _normalised(logs) if np.isfinite(logs.max()) else np.full(len(marginals), np.nan)


def _multiplied(labels, workers, confusion, marginals):
    product = marginals * confusion[workers, :, labels].prod(0)
    return _ratio(product, product.sum())


def _zeros_raised(labels, workers, confusion, marginals):
    return _normalised(_log_joint(labels, workers, np.maximum(confusion, 1e-12), marginals))


def _not_normalised(labels, workers, confusion, marginals):
    return np.exp(_log_joint(labels, workers, confusion, marginals))


def _hard(labels, workers, confusion, marginals):
    return np.eye(len(marginals))[_log_joint(labels, workers, confusion, marginals).argmax()]


def _shares_of_votes(labels, workers, confusion, marginals):
    return np.bincount(labels, minlength=len(marginals)) / len(labels)


def _average_worker(labels, workers, confusion, marginals):
    return _normalised(
        _log_joint(labels, np.zeros_like(workers), confusion.mean(0, keepdims=True), marginals)
    )


def _draw_item(rng: np.random.Generator) -> Inputs:
    """Four workers who look, and four who spam. Sometimes 1,200 labels of spammers; sometimes a class is ruled out."""
    classes = int(rng.integers(3, 6))
    looks = rng.dirichlet(np.ones(classes), size=(4, classes)) + np.eye(classes) * rng.uniform(0, 2)
    spams = np.repeat(rng.dirichlet(np.full(classes, 5.0), size=4)[:, None], classes, axis=1)
    confusion = np.concatenate([looks, spams])
    workers = rng.integers(0, 4, size=int(rng.integers(2, 8)))
    labels = rng.integers(0, classes, size=len(workers))
    if rng.random() < 0.5:
        workers = np.append(workers, rng.integers(4, 8, size=1200))
        labels = np.append(labels, rng.integers(0, classes, size=1200))
    if rng.random() < 0.5:  # worker 0 never says 1 of class 0, and does here; worker 1 insists on 0
        confusion[0, 0, 1] = 0
        confusion[1] = 0.1
        confusion[1, 0, 0] = 3
        workers = np.append(workers, [0] + [1] * 40)
        labels = np.append(labels, [1] + [0] * 40)
    order = rng.permutation(len(labels))
    marginals = rng.dirichlet(np.full(classes, 2.0))
    return _item(labels[order], workers[order], confusion / confusion.sum(2, keepdims=True), marginals)


def _item(labels, workers, confusion, marginals) -> Inputs:
    whole = {"labels": np.asarray(labels, np.int64), "workers": np.asarray(workers, np.int64)}
    return whole | {
        "confusion": np.array(confusion, np.float64),
        "marginals": np.array(marginals, np.float64),
    }


_MOSTLY_ZERO = [[0.9, 0.1], [0.9, 0.1]]  # a script: says 0 nine times in ten, whatever is true

POSTERIOR = Exercise(
    id="labels-posterior",
    lesson=LESSON,
    function="posterior",
    points=3,
    outcome="weigh-workers",
    generate=_draw_item,
    examples=(
        # 0.5 * 0.8 to 0.5 * 0.4
        (_item([0], [0], [[[0.8, 0.2], [0.4, 0.6]]], [0.5, 0.5]), [2 / 3, 1 / 3]),
        # 0.8 * 0.9 * 0.5 = 0.36 to 0.2 * 0.3 * 0.9 = 0.054, that is 20 to 3
        (
            _item([0, 1], [0, 1], [[[0.9, 0.1], [0.3, 0.7]], [[0.5, 0.5], [0.1, 0.9]]], [0.8, 0.2]),
            [20 / 23, 3 / 23],
        ),
        # 400 scripts say 1, which is as improbable under class 0 as under class 1: 0.1 ** 400 both times. Worker 400
        # looks: 0.5 * 0.8 to 0.5 * 0.2
        (
            _item([1] * 400 + [0], range(401), [_MOSTLY_ZERO] * 400 + [[[0.8, 0.2], [0.2, 0.8]]], [0.5, 0.5]),
            [0.8, 0.2],
        ),
        # worker 0 never says 1 of class 0, and said 1: whatever worker 1 says thirty times, it is not class 0. Of the
        # other two worker 1 says 0 equally often, so 0.25 * 0.5 to 0.25 * 0.25
        (
            _item(
                [1] + [0] * 30,
                [0] + [1] * 30,
                [
                    [[1, 0, 0], [0.5, 0.5, 0], [0.5, 0.25, 0.25]],
                    [[0.9, 0.1, 0], [0.1, 0.9, 0], [0.1, 0, 0.9]],
                ],
                [0.5, 0.25, 0.25],
            ),
            [0, 2 / 3, 1 / 3],
        ),
    ),
    hints=(
        Hint(
            _multiplied,
            "the product of 400 small numbers is 0 to a computer. Add logarithms, and subtract the largest of "
            "the sums before you take exp.",
        ),
        Hint(
            _without_marginals,
            "some classes are rarer than others before anyone has said a word: use the marginals.",
        ),
        Hint(_marginals_per_label, "the marginals count once for the item, not once for each label."),
        Hint(
            _axes_swapped,
            "the order is confusion[worker, true, said]; yours reads it as [worker, said, true].",
        ),
        Hint(
            _zeros_raised,
            "a zero says never. You put a small number in its place, and enough votes outweigh that; "
            "np.log(0) is -inf, which is right here.",
        ),
        Hint(_not_normalised, "the ratios are right; divide by the sum over the classes."),
        Hint(
            _hard, "that is the most probable class as if it were certain; the E step returns probabilities."
        ),
        Hint(_shares_of_votes, "those are the shares of the votes: every worker counts the same in them."),
        Hint(_average_worker, "you use one matrix for everybody; each label has its worker's own."),
    ),
    tolerance=1e-6,
)

# ---- the bug hunt: an M step -------------------------------------------------------------------------


def _soft_counts(item, worker, label, posterior) -> np.ndarray:
    classes = posterior.shape[1]
    counts = np.zeros((worker.max() + 1, classes, classes))
    np.add.at(counts, (worker, slice(None), label), posterior[item])
    return counts


def _hard_counts(item, worker, label, posterior) -> np.ndarray:
    return _soft_counts(item, worker, label, np.eye(posterior.shape[1])[posterior.argmax(1)])


def _over(axis, counts) -> np.ndarray:
    return _ratio(counts, counts.sum(axis, keepdims=True))


def _both_bugs(item, worker, label, posterior):
    return _over(1, _hard_counts(item, worker, label, posterior))


def _wrong_axis(item, worker, label, posterior):
    return _over(1, _soft_counts(item, worker, label, posterior))


def _hard_labels(item, worker, label, posterior):
    return _over(2, _hard_counts(item, worker, label, posterior))


def _whole_matrix(item, worker, label, posterior):
    return _over((1, 2), _soft_counts(item, worker, label, posterior))


def _said_by_true(item, worker, label, posterior):
    return _over(2, _soft_counts(item, worker, label, posterior)).transpose(0, 2, 1)


def _last_of_equals(item, worker, label, posterior):
    counts = np.zeros_like(_soft_counts(item, worker, label, posterior))
    counts[worker, :, label] += posterior[item]
    return _over(2, counts)


def _everybody_alike(item, worker, label, posterior):
    counts = _soft_counts(item, worker, label, posterior)
    return _over(2, np.broadcast_to(counts.sum(0), counts.shape))


def _draw_posteriors(rng: np.random.Generator) -> Inputs:
    items, workers, classes = (int(rng.integers(*span)) for span in ((6, 20), (2, 6), (2, 5)))
    shown = [rng.choice(items, size=int(rng.integers(4, items + 1)), replace=False) for _ in range(workers)]
    item = np.concatenate(shown)
    worker = np.repeat(np.arange(workers), [len(each) for each in shown])
    order = rng.permutation(len(item))
    posterior = (
        rng.dirichlet(np.full(classes, 0.7), size=items) * 0.98 + 0.02 / classes
    )  # no class is ever ruled out
    return _labelled(item[order], worker[order], rng.integers(0, classes, size=len(item)), posterior)


def _labelled(item, worker, label, posterior) -> Inputs:
    ids = {"item": item, "worker": worker, "label": label}
    return {name: np.asarray(values, np.int64) for name, values in ids.items()} | {
        "posterior": np.array(posterior, np.float64)
    }


M_STEP = Exercise(
    id="labels-m-step-bug",
    lesson=LESSON,
    function="confusion_matrices",
    points=4,
    outcome="hunt-m-step-bug",
    generate=_draw_posteriors,
    examples=(
        # of true class 0 the worker saw 0.8 + 0.4 and said 0 to the 0.8; of class 1 0.2 + 0.6, and said 0 to the 0.2
        (_labelled([0, 1], [0, 0], [0, 1], [[0.8, 0.2], [0.4, 0.6]]), [[[2 / 3, 1 / 3], [1 / 4, 3 / 4]]]),
        # both saw 0.9 + 0.6 + 0.3 of class 0 and 0.1 + 0.4 + 0.7 of class 1. Worker 0 said 1 to the last item only,
        # 0.3 / 1.8 and 0.7 / 1.2. Worker 1 said 0 to the middle one only, 0.6 / 1.8 and 0.4 / 1.2: equal rows:
        # a spammer
        (
            _labelled(
                [0, 1, 2, 0, 1, 2],
                [0, 0, 0, 1, 1, 1],
                [0, 0, 1, 1, 0, 1],
                [[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]],
            ),
            [[[5 / 6, 1 / 6], [5 / 12, 7 / 12]], [[1 / 3, 2 / 3], [1 / 3, 2 / 3]]],
        ),
        # all is certain, so it is counting: items 0, 1 are of class 0, item 2 of 1, item 3 of 2 and labelled twice
        (
            _labelled(
                [0, 1, 2, 3, 3],
                [0, 0, 0, 0, 0],
                [0, 1, 1, 2, 0],
                [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]],
            ),
            [[[1 / 2, 1 / 2, 0], [0, 1, 0], [1 / 2, 0, 1 / 2]]],
        ),
    ),
    hints=(
        Hint(_both_bugs, "there are two bugs: what a label counts for, and what must sum to 1."),
        Hint(_wrong_axis, "each row must sum to 1: of a true class, the worker says one thing or another."),
        Hint(
            _hard_labels,
            "you count each item for its most probable class alone; let it count for every class, by the posterior.",
        ),
        Hint(lambda **inputs: _soft_counts(**inputs), "those are the counts; now make each row sum to 1."),
        Hint(_whole_matrix, "your matrices sum to 1 as a whole; each row of them must."),
        Hint(_said_by_true, "rows and columns have changed places: the order is [worker, true, said]."),
        Hint(
            _last_of_equals,
            "+= with arrays as index takes one label a cell, where there are several. Use a loop, or np.add.at.",
        ),
        Hint(_everybody_alike, "all workers have the same matrix; keep the counts of each worker apart."),
    ),
    tolerance=1e-6,
)

# ---- a claim to refute: the bill ---------------------------------------------------------------------


def _in_tier(objects, first) -> np.ndarray:
    """How many of the objects each tier holds."""
    reached = np.clip(objects - first + 1, 0, None)
    return reached - np.append(reached[1:], 0)


def _marginal(objects, first, price) -> float:
    return float(_in_tier(objects, first) @ price)


def _whole_volume(objects, first, price) -> float:
    return float(objects * price[(first <= objects).sum() - 1])


def _late(first) -> np.ndarray:
    """Each tier after the first begins one object too late."""
    return first + (np.arange(len(first)) > 0)


def _every_tier_to_the_end(objects, first, price) -> float:
    return float(np.clip(objects - first + 1, 0, None) @ price)


def _last_tier_alone(objects, first, price) -> float:
    last = (first <= objects).sum() - 1
    return float((objects - first[last] + 1) * price[last])


def _draw_order(rng: np.random.Generator) -> Inputs:
    """In or beyond any tier; most often at the edge of one."""
    tiers = int(rng.integers(2, 5))
    sizes = (10 ** rng.uniform(1, 5, size=tiers)).astype(np.int64)
    first = 1 + np.concatenate([[0], np.cumsum(sizes[:-1])])
    edge = int(rng.choice(first[1:])) + int(rng.choice([-1, 0, 0, 1]))
    objects = edge if rng.random() < 0.8 else int(rng.integers(1, sizes.sum() + 1))
    price = np.sort(rng.uniform(0.01, 0.2, size=tiers).round(3))[::-1] * 0.9 ** np.arange(tiers)
    return _order(objects, first, price)


def _order(objects, first, price) -> Inputs:
    return {
        "objects": objects,
        "first": np.array(first, np.int64),
        "price": np.array(price, np.float64),
    }


_TOY = ([1, 4, 8], [3.0, 2.0, 1.0])
_SAGEMAKER = ([1, 50_000, 1_000_001], [0.08, 0.04, 0.02])

BILL = Exercise(
    id="labels-bill",
    lesson=LESSON,
    function="bill",
    points=3,
    outcome="read-a-price-list",
    generate=_draw_order,
    examples=(
        # three at 3; three at 3
        (_order(3, *_TOY), (9, 9)),
        # the fourth object begins a tier: 9 + 2; four at 2
        (_order(4, *_TOY), (11, 8)),
        # 3 * 3 + 4 * 2 + 3 * 1; ten at 1
        (_order(10, *_TOY), (20, 10)),
        # 49,999 * 0.08, however you read it
        (_order(49_999, *_SAGEMAKER), (3_999.92, 3_999.92)),
        # one more at 0.04; 50,000 * 0.04
        (_order(50_000, *_SAGEMAKER), (3_999.96, 2_000)),
        # 3,999.92 + 950,001 * 0.04 + 0.02; 1,000,001 * 0.02
        (_order(1_000_001, *_SAGEMAKER), (41_999.98, 20_000.02)),
    ),
    hints=(
        Hint(
            lambda **order: (_whole_volume(**order), _marginal(**order)),
            "both bills are right, in the wrong order: the marginal one comes first.",
        ),
        Hint(
            lambda **order: (_marginal(**order), _marginal(**order)),
            "both are marginal: in the second reading one price holds for the whole order.",
        ),
        Hint(
            lambda **order: (_whole_volume(**order), _whole_volume(**order)),
            "both are whole-volume: in the first reading each object has the price of its own tier.",
        ),
        Hint(
            lambda objects, first, price: (
                _marginal(objects, first, price),
                _whole_volume(objects, _late(first), price),
            ),
            "the second bill changes its price one object too late: object number first[k] is in tier k.",
        ),
        Hint(
            lambda objects, first, price: (
                _marginal(objects, _late(first), price),
                _whole_volume(objects, first, price),
            ),
            "the first bill changes its price one object too late: object number first[k] is in tier k.",
        ),
        Hint(
            lambda objects, first, price: (
                _marginal(objects, _late(first), price),
                _whole_volume(objects, _late(first), price),
            ),
            "both bills change their price one object too late: object number first[k] is in tier k.",
        ),
        Hint(
            lambda **order: (_every_tier_to_the_end(**order), _whole_volume(**order)),
            "you pay for some objects twice: a tier ends where the next one begins.",
        ),
        Hint(
            lambda **order: (_last_tier_alone(**order), _whole_volume(**order)),
            "you forget the tiers before the last: their objects have to be paid, too.",
        ),
    ),
    tolerance=1e-8,  # a cent in a million dollars
)

EXERCISES = (KAPPA, POSTERIOR, M_STEP, BILL)
