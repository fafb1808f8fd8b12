"""Exercises of lesson 02. Expected results of the examples were worked out by hand."""

from __future__ import annotations

import math

import numpy as np

from workshop.exercises.record import Exercise, Hint, Inputs

LESSON = "02_fine_tuning_spectrum"

# ---- counting ----------------------------------------------------------------------------------------


def _count(layers, frozen, bias=1, square=2, keep=False) -> tuple[float, float]:
    inputs, outputs, kernel = np.asarray(layers, dtype=float).T
    each = inputs * outputs * kernel**square + bias * outputs
    trained = each[np.asarray(frozen, bool) == keep].sum()
    return float(trained), float(100 * trained / each.sum())


def _no_bias(layers, frozen):
    return _count(layers, frozen, bias=0)


def _kernel_not_squared(layers, frozen):
    return _count(layers, frozen, square=1)


def _counted_the_frozen(layers, frozen):
    return _count(layers, frozen, keep=True)


def _share_as_fraction(layers, frozen):
    trained, percent = _count(layers, frozen)
    return trained, percent / 100


def _draw_layers(rng: np.random.Generator) -> Inputs:
    layers = int(rng.integers(3, 7))
    channels = rng.integers(3, 40, layers + 1)
    kernels = rng.choice([1, 3, 5], layers)
    frozen = (np.arange(layers) < rng.integers(1, layers)).astype(np.float32)
    table = np.stack([channels[:-1], channels[1:], kernels], axis=1)
    return {"layers": table.astype(np.float32), "frozen": rng.permutation(frozen)}


def _layers(layers, frozen) -> Inputs:
    return {"layers": np.asarray(layers, np.float32), "frozen": np.asarray(frozen, np.float32)}


COUNT = Exercise(
    id="finetune-count",
    lesson=LESSON,
    function="count_trained",
    points=2,
    outcome="count-what-is-trained",
    generate=_draw_layers,
    examples=(
        # 3 x 8 kernels of 3 x 3 with 8 biases: 224; a linear layer from 8 to 2: 18
        (_layers([[3, 8, 3], [8, 2, 1]], [1, 0]), (18.0, 100 * 18 / 242)),
        (_layers([[3, 8, 3], [8, 2, 1]], [0, 0]), (242.0, 100.0)),
        (_layers([[1, 4, 5], [4, 4, 3], [4, 10, 1]], [1, 0, 1]), (148.0, 100 * 148 / 302)),
    ),
    hints=(
        Hint(_no_bias, "each output of a layer has a bias, too: one more weight an output."),
        Hint(_kernel_not_squared, "a kernel has a height and a width: a 3 x 3 kernel has nine weights."),
        Hint(_counted_the_frozen, "those are the frozen ones; asked for are the others."),
        Hint(_share_as_fraction, "the count is right; the share is asked for in per cent."),
    ),
)

# ---- a new head --------------------------------------------------------------------------------------


def _step(body, x, labels, classes, rate, *, divide=True, bias=True, move=False, sign=-1):
    """One gradient step of a new head of zeros on relu(x @ body); optionally of the body, too."""
    features = np.maximum(np.asarray(x, float) @ np.asarray(body, float), 0)
    wanted = np.eye(int(classes))[np.asarray(labels, int)]
    pull = (1 / classes - wanted) / (len(wanted) if divide else 1)
    weight = sign * rate * features.T @ pull
    return weight, sign * rate * pull.sum(0) if bias else np.zeros(int(classes))


def _sum_not_mean(body, x, labels, classes, rate):
    return _step(body, x, labels, classes, rate, divide=False)


def _uphill(body, x, labels, classes, rate):
    return _step(body, x, labels, classes, rate, sign=1)


def _without_bias(body, x, labels, classes, rate):
    return _step(body, x, labels, classes, rate, bias=False)


def _pixels_not_features(body, x, labels, classes, rate):
    return _step(
        np.eye(np.asarray(x).shape[1]) * 1.0, np.abs(np.asarray(x)) * np.sign(x), labels, classes, rate
    )


def _no_relu(body, x, labels, classes, rate):
    features = np.asarray(x, float) @ np.asarray(body, float)
    pull = (1 / classes - np.eye(int(classes))[np.asarray(labels, int)]) / len(features)
    return -rate * features.T @ pull, -rate * pull.sum(0)


def _draw_head(rng: np.random.Generator) -> Inputs:
    rows, pixels, features, classes = (
        int(rng.integers(4, 9)),
        5,
        int(rng.integers(3, 6)),
        int(rng.integers(2, 5)),
    )
    return {
        "body": rng.normal(size=(pixels, features)).astype(np.float32),
        "x": rng.normal(size=(rows, pixels)).astype(np.float32),
        "labels": rng.integers(0, classes, rows),
        "classes": classes,
        "rate": float(rng.uniform(0.1, 1)),
    }


def _head(body, x, labels, classes, rate) -> Inputs:
    return {
        "body": np.asarray(body, np.float32), "x": np.asarray(x, np.float32),
        "labels": np.asarray(labels, np.int64), "classes": classes, "rate": rate,
    }  # fmt: skip


NEW_HEAD = Exercise(
    id="finetune-new-head",
    lesson=LESSON,
    function="first_step",
    points=4,
    outcome="replace-and-freeze",
    generate=_draw_head,
    examples=(
        # features (1, 0) and (0, 2); probabilities one half each
        (
            _head([[1, 0], [0, 1]], [[1, -3], [-1, 2]], [0, 1], 2, 1.0),
            ([[0.25, -0.25], [-0.5, 0.5]], [0.0, 0.0]),
        ),
        (_head([[1, 0], [0, 1]], [[2, 0]], [1], 2, 0.5), ([[-0.5, 0.5], [0, 0]], [-0.25, 0.25])),
        (_head([[2], [0]], [[1, 5], [1, 1]], [2, 2], 3, 0.3), ([[-0.2, -0.2, 0.4]], [-0.1, -0.1, 0.2])),
    ),
    hints=(
        Hint(_sum_not_mean, "the loss is the mean over the pictures, not the sum."),
        Hint(_uphill, "the step goes uphill; go against the gradient."),
        Hint(_without_bias, "the head has a bias, too, and it learns."),
        Hint(_no_relu, "the features are what is left after the ReLU: nothing below zero."),
        Hint(_pixels_not_features, "the head reads the features, not the pixels."),
    ),
)

# ---- the bug hunt ------------------------------------------------------------------------------------


def _norm(x, mean, variance, momentum, frozen, *, use_batch=False, update=False):
    x, mean, variance = (np.asarray(a, float) for a in (x, mean, variance))
    own, spread = x.mean(0), x.var(0)
    batch = not frozen or use_batch
    middle, width = (own, spread) if batch else (mean, variance)
    out = (x - middle) / np.sqrt(width + 1e-5)
    if not frozen or update:
        mean, variance = (1 - momentum) * mean + momentum * own, (1 - momentum) * variance + momentum * spread
    return out, mean, variance


def _as_found(x, mean, variance, momentum, frozen):
    return _norm(x, mean, variance, momentum, frozen, use_batch=True, update=True)


def _only_the_output(x, mean, variance, momentum, frozen):
    return _norm(x, mean, variance, momentum, frozen, update=True)


def _only_the_update(x, mean, variance, momentum, frozen):
    return _norm(x, mean, variance, momentum, frozen, use_batch=True)


def _always_frozen(x, mean, variance, momentum, frozen):
    return _norm(x, mean, variance, momentum, 1)


def _draw_norm(rng: np.random.Generator) -> Inputs:
    rows, channels = int(rng.integers(3, 9)), int(rng.integers(1, 5))
    return {
        "x": (2 + rng.normal(size=(rows, channels))).astype(np.float32),
        "mean": rng.normal(size=channels).astype(np.float32),
        "variance": rng.uniform(0.5, 2, channels).astype(np.float32),
        "momentum": float(rng.uniform(0.1, 0.5)),
        "frozen": int(rng.random() < 0.6),
    }


def _batch(x, mean, variance, momentum, frozen) -> Inputs:
    arrays = {"x": x, "mean": mean, "variance": variance}
    return {name: np.asarray(a, np.float32) for name, a in arrays.items()} | {
        "momentum": momentum,
        "frozen": frozen,
    }


_THIRD = 1 / math.sqrt(1 + 1e-5)
FROZEN_NORM = Exercise(
    id="finetune-frozen-norm",
    lesson=LESSON,
    function="normalise",
    points=3,
    outcome="hunt-drifting-statistics",
    generate=_draw_norm,
    examples=(
        (_batch([[1], [3]], [0], [1], 0.5, 1), ([[_THIRD], [3 * _THIRD]], [0.0], [1.0])),
        (_batch([[1], [3]], [0], [1], 0.5, 0), ([[-_THIRD], [_THIRD]], [1.0], [1.0])),
        (
            _batch([[2, 0], [2, 4]], [2, 1], [1, 1], 0.1, 1),
            ([[0, -_THIRD], [0, 3 * _THIRD]], [2.0, 1.0], [1.0, 1.0]),
        ),
    ),
    hints=(
        Hint(_as_found, "frozen or not makes no difference yet: two lines must ask for it."),
        Hint(
            _only_the_output, "the output is right; the running statistics of a frozen layer must stay, too."
        ),
        Hint(_only_the_update, "the statistics stay; now the output of a frozen layer must use them."),
        Hint(
            _always_frozen,
            "a layer that is not frozen uses the batch's own statistics, and updates the running ones.",
        ),
    ),
    tolerance=1e-3,
)

# ---- choosing ----------------------------------------------------------------------------------------


def _rule(scores, pick):
    """The first row that is within the margin of the best."""
    scores = np.asarray(scores, float)
    means = scores.mean(1)
    best = int(means.argmax())
    margin = scores[best].std(ddof=1) / math.sqrt(scores.shape[1])
    return pick(means, best, margin, scores)


def _the_best(scores):
    return _rule(scores, lambda means, best, margin, s: best)


def _deviation_not_error(scores):
    return _rule(scores, lambda m, best, e, s: int(np.argmax(m >= m[best] - s[best].std(ddof=1))))


def _deepest(scores):
    return _rule(scores, lambda m, best, e, s: int(len(m) - 1 - np.argmax((m >= m[best] - e)[::-1])))


def _draw_scores(rng: np.random.Generator) -> Inputs:
    depths, parts = int(rng.integers(3, 6)), int(rng.integers(4, 7))
    level = 70 + 4 * np.sort(rng.random(depths))
    return {"scores": (level[:, None] + rng.normal(size=(depths, parts)) * 2.5).astype(np.float32)}


def _scores(*rows) -> Inputs:
    return {"scores": np.asarray(rows, np.float32)}


CHOOSE = Exercise(
    id="finetune-choose-depth",
    lesson=LESSON,
    function="choose_depth",
    points=3,
    outcome="choose-a-depth",
    generate=_draw_scores,
    examples=(
        # best: the last, 84 with a standard error of 0.9 (deviation 1.8): 83.5 is near enough, 82.5 is not
        (_scores([82.5, 82.5, 82.5, 82.5], [83.5, 83.5, 83.5, 83.5], [82, 86, 83, 85]), 1),
        (_scores([60, 62, 61, 61], [90, 90, 90, 90]), 1),
        # best: the first, and nothing above it counts
        (_scores([80, 80, 81, 81], [80, 80, 80, 81], [70, 70, 71, 71]), 0),
        (_scores([83.5, 83.5, 83.5, 83.5], [80, 80, 80, 80], [82, 86, 83, 85]), 0),
    ),
    hints=(
        Hint(_the_best, "that is the best depth; a shallower one that is as good within the error is cheaper."),
        Hint(_deviation_not_error, "the margin is the standard error: the deviation over the root of the folds."),
        Hint(_deepest, "of those within the margin, take the one that thaws least: the first row."),
    ),
)  # fmt: skip

EXERCISES = (COUNT, NEW_HEAD, FROZEN_NORM, CHOOSE)
