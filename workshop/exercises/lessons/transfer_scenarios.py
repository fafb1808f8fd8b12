"""Exercises of lesson 01. Expected results of the examples were worked out by hand."""

from __future__ import annotations

import numpy as np

from workshop.exercises.record import Exercise, Hint, Inputs

LESSON = "01_transfer_scenarios"

# ---- growing degree days ------------------------------------------------------------------------------


def _days(lowest, highest, base, cap) -> Inputs:
    return {
        "lowest": np.asarray(lowest, float),
        "highest": np.asarray(highest, float),
        "base": float(base),
        "cap": float(cap),
    }


def _draw_days(rng: np.random.Generator) -> Inputs:
    """A season whose nights fall below the base and whose days rise above the cap now and then."""
    middle = rng.normal(17, 8, size=int(rng.integers(5, 40)))
    half = rng.uniform(2, 11, size=middle.shape)
    return _days(middle - half, middle + half, rng.integers(4, 12), rng.integers(24, 32))


def _mean_then_clipped(lowest, highest, base, cap):
    return (np.clip((lowest + highest) / 2, base, cap) - base).sum()


def _never_clipped(lowest, highest, base, cap):
    return ((lowest + highest) / 2 - base).sum()


def _only_from_below(lowest, highest, base, cap):
    return ((np.maximum(lowest, base) + np.maximum(highest, base)) / 2 - base).sum()


def _only_from_above(lowest, highest, base, cap):
    return ((np.minimum(lowest, cap) + np.minimum(highest, cap)) / 2 - base).sum()


def _each_day(lowest, highest, base, cap):
    return (np.clip(lowest, base, cap) + np.clip(highest, base, cap)) / 2 - base


def _without_base(lowest, highest, base, cap):
    return (_each_day(lowest, highest, base, cap) + base).sum()


GDD = Exercise(
    id="scenarios-gdd",
    lesson=LESSON,
    function="growing_degree_days",
    points=2,
    outcome="explain-direct-transfer",
    generate=_draw_days,
    examples=(
        # (12 + 24) / 2 - 10
        (_days([12], [24], 10, 30), 8),
        # a cold night counts as 10: (10 + 20) / 2 - 10; a hot day as 30: (20 + 30) / 2 - 10
        (_days([4, 20], [20, 38], 10, 30), 5 + 15),
        # a frosty day counts nothing, a day between 2 and 12 counts (5 + 12) / 2 - 5
        (_days([-8, 2, 10], [1, 12, 20], 5, 25), 0 + 3.5 + 10),
        # all day above the cap: (30 + 30) / 2 - 10
        (_days([31, 10], [41, 10], 10, 30), 20 + 0),
    ),
    hints=(
        Hint(
            _mean_then_clipped,
            "clip the two temperatures, and then take their mean: a cold night must not undo a warm day.",
        ),
        Hint(
            _never_clipped, "no temperature is clipped: below the base and above the cap nothing more counts."
        ),
        Hint(_only_from_below, "days hotter than the cap count too much: a plant grows no faster there."),
        Hint(
            _only_from_above,
            "nights colder than the base take warmth away: growth stops, and does not go back.",
        ),
        Hint(_each_day, "those are the days; a season is their sum."),
        Hint(
            _without_base, "what counts is the warmth above the base: subtract the base from each day's mean."
        ),
    ),
)

# ---- the posterior under another prior ----------------------------------------------------------------


def _times(posterior, factor):
    """Each class's probability times its factor, rows summing to 1 again."""
    return (posterior * factor) / (posterior @ factor)[:, None]


def _priors(posterior, source, target) -> Inputs:
    return {
        "posterior": np.asarray(posterior, float),
        "source": np.asarray(source, float),
        "target": np.asarray(target, float),
    }


def _draw_priors(rng: np.random.Generator) -> Inputs:
    classes = int(rng.integers(2, 5))
    shares = 0.05 + rng.dirichlet(np.ones(classes), size=2)
    source, target = shares / shares.sum(1, keepdims=True)
    return _priors(rng.dirichlet(np.ones(classes), size=int(rng.integers(2, 9))), source, target)


PRIOR = Exercise(
    id="scenarios-prior-shift",
    lesson=LESSON,
    function="corrected",
    points=3,
    outcome="repair-a-prior",
    generate=_draw_priors,
    examples=(
        # equal before, 9 to 1 after: odds 1 x 9, and odds 1/4 x 9 = 9/4
        (_priors([[0.5, 0.5], [0.8, 0.2]], [0.5, 0.5], [0.1, 0.9]), [[0.1, 0.9], [4 / 13, 9 / 13]]),
        # nothing moved, nothing changes
        (_priors([[0.3, 0.7]], [0.2, 0.8], [0.2, 0.8]), [[0.3, 0.7]]),
        # what is certain stays so
        (_priors([[1, 0], [0.25, 0.75]], [0.25, 0.75], [0.5, 0.5]), [[1, 0], [0.5, 0.5]]),
        # weights 1/2, 1, 2: (0.2, 0.2, 0.8) / 1.2
        (_priors([[0.4, 0.2, 0.4]], [0.5, 0.25, 0.25], [0.25, 0.25, 0.5]), [[1 / 6, 1 / 6, 2 / 3]]),
    ),
    hints=(
        Hint(
            lambda posterior, source, target: posterior * target / source,
            "the ratios are right; the rows no longer sum to 1: divide each by its sum.",
        ),
        Hint(
            lambda posterior, source, target: _times(posterior, source / target),
            "it is the other way round: a class that is more common in the target must gain.",
        ),
        Hint(
            lambda posterior, source, target: _times(posterior, target),
            "the source's shares are in the posterior already: divide by them before the target's come in.",
        ),
        Hint(
            lambda posterior, source, target: (
                posterior * target / source / (posterior * target / source).sum()
            ),
            "each row must sum to 1 by itself, not all of them together: sum over the classes of a row.",
        ),
        Hint(lambda posterior, source, target: posterior, "that is the source's posterior, as it came in."),
    ),
)

# ---- the bug hunt -------------------------------------------------------------------------------------


def _weights(in_target):
    return in_target / (1 - in_target)


def _points(right, in_target) -> Inputs:
    return {"right": np.asarray(right, float), "in_target": np.asarray(in_target, float)}


def _draw_points(rng: np.random.Generator) -> Inputs:
    count = int(rng.integers(4, 30))
    in_target = rng.uniform(0.05, 0.9, size=count)
    right = (rng.random(count) < 0.2 + 0.7 * in_target).astype(float)
    right[:2] = 0, 1  # some of each
    return _points(right, in_target)


WEIGHTED = Exercise(
    id="scenarios-weighted-accuracy",
    lesson=LESSON,
    function="weighted_accuracy",
    points=4,
    outcome="weigh-points-for-the-target",
    generate=_draw_points,
    examples=(
        # weights 1, 1: the plain accuracy
        (_points([1, 0], [0.5, 0.5]), 0.5),
        # weights 1/4, 4: (0 + 4) / 4.25
        (_points([0, 1], [0.2, 0.8]), 16 / 17),
        # weights 1/3, 1, 3: (1/3 + 1) / (13/3)
        (_points([1, 1, 0], [0.25, 0.5, 0.75]), 4 / 13),
        # no point weighs more than another: the plain accuracy again, however few points look like the target's
        (_points([1, 1, 1, 0], [0.2, 0.2, 0.2, 0.2]), 0.75),
    ),
    hints=(
        Hint(
            lambda right, in_target: (right * in_target).mean(),
            "there are two bugs: what a point weighs, and what the sum is divided by.",
        ),
        Hint(
            lambda right, in_target: (right * in_target).sum() / in_target.sum(),
            "the mean is right; the weight is the ratio of two densities, p / (1 - p), and not p itself.",
        ),
        Hint(
            lambda right, in_target: (right * _weights(in_target)).mean(),
            "the weights are right; divide by the sum of the weights, or an accuracy can exceed 1.",
        ),
        Hint(
            lambda right, in_target: (right / _weights(in_target)).sum() / (1 / _weights(in_target)).sum(),
            "the weights are upside down: points that look like the target's must count more.",
        ),
        Hint(
            lambda right, in_target: right.mean(), "that is the accuracy in the source: no point weighs more."
        ),
        Hint(
            lambda right, in_target: (right * _weights(in_target)).sum(),
            "that is the weighted sum of what is right; divide it by the sum of all weights.",
        ),
    ),
)

# ---- in words, for people to mark ---------------------------------------------------------------------

IN_WORDS = Exercise(
    id="scenarios-in-words",
    lesson=LESSON,
    points=4,  # one for each of its questions
    outcome="plan-a-transfer",
    manual=True,
)

EXERCISES = (GDD, PRIOR, WEIGHTED, IN_WORDS)
