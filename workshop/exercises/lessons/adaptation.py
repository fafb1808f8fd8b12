"""Exercises of lesson 03. Expected results of the examples were worked out by hand."""

from __future__ import annotations

import math

import numpy as np

from workshop.exercises.record import Exercise, Hint, Inputs

LESSON = "03_domain_adaptation"
_LN2 = math.log(2)


def _softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max(1, keepdims=True))
    return shifted / shifted.sum(1, keepdims=True)


def _cross_entropy(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return -np.log(_softmax(logits.astype(np.float64)))[np.arange(len(labels)), labels]


# ---- the reversal ------------------------------------------------------------------------------------


def _critic_gradients(features, is_source, weights) -> tuple[np.ndarray, np.ndarray]:
    """Of the critic's mean cross-entropy, by hand: towards its weights, and towards the features."""
    per_logit = (1 / (1 + np.exp(-features @ weights)) - is_source) / len(features)
    return features.T @ per_logit, np.outer(per_logit, weights)


def _forgot_to_reverse(features, is_source, weights, strength):
    return _critic_gradients(features, is_source, weights)


def _reversed_everything(features, is_source, weights, strength):
    of_weights, of_features = _critic_gradients(features, is_source, weights)
    return -strength * of_weights, -strength * of_features


def _forgot_strength(features, is_source, weights, strength):
    of_weights, of_features = _critic_gradients(features, is_source, weights)
    return of_weights, -of_features


def _slope_without_identity(features, is_source, weights, strength):
    """The features themselves multiplied by minus the strength: the slope is right, the values are not."""
    of_weights, of_features = _critic_gradients(-strength * features, is_source, weights)
    return of_weights, -strength * of_features


def _draw_reversal(rng: np.random.Generator) -> Inputs:
    rows, columns = int(rng.integers(3, 9)), int(rng.integers(2, 6))
    return {
        "features": rng.normal(size=(rows, columns)).astype(np.float32),
        "is_source": (rng.random(rows) < 0.5).astype(np.float32),
        "weights": rng.normal(size=columns).astype(np.float32),
        "strength": float(rng.uniform(0.1, 3)),
    }


def _example(features, is_source, weights, strength) -> Inputs:
    arrays = {"features": features, "is_source": is_source, "weights": weights}
    return {name: np.asarray(a, dtype=np.float32) for name, a in arrays.items()} | {"strength": strength}


REVERSAL = Exercise(
    id="adaptation-reversal",
    lesson=LESSON,
    function="reversal_gradients",
    points=4,
    outcome="reverse-gradient",
    generate=_draw_reversal,
    examples=(
        # all logits are 0, so each picture pulls with (0.5 - label) / 2
        (_example([[1, 0], [0, 2]], [1, 0], [0, 0], 1.0), ([-0.25, 0.5], [[0, 0], [0, 0]])),
        (_example([[0, 0], [0, 0]], [1, 0], [2, -4], 0.5), ([0, 0], [[0.25, -0.5], [-0.25, 0.5]])),
        # one logit of ln 3: the critic says 0.75; a strength of 0 shields the features
        (_example([[1, 1]], [1], [math.log(3), 0], 0.0), ([-0.25, -0.25], [[0, 0]])),
        (_example([[1, 1]], [1], [math.log(3), 0], 2.0), ([-0.25, -0.25], [[0.5 * math.log(3), 0]])),
    ),
    hints=(
        Hint(_forgot_to_reverse, "the features still help the critic; their gradient must change sign."),
        Hint(_reversed_everything, "the critic must still learn; reverse only what reaches the features."),
        Hint(_slope_without_identity, "forward, the reversal must hand on the features as they are."),
        Hint(_forgot_strength, "the sign is right; the reversed gradient is also scaled by the strength."),
    ),
)

# ---- the schedule ------------------------------------------------------------------------------------

SCHEDULE = Exercise(
    id="adaptation-strength",
    lesson=LESSON,
    function="strength",
    points=2,
    outcome="schedule-adversary",
    generate=lambda rng: {"progress": float(rng.uniform(0, 1)), "steepness": float(rng.uniform(1, 15))},
    examples=(
        ({"progress": 0.0, "steepness": 10.0}, 0.0),
        ({"progress": 1.0, "steepness": 10.0}, 0.99990920),
        ({"progress": 0.5, "steepness": 2.0}, 0.46211716),
    ),
    hints=(
        Hint(
            lambda progress, steepness: 1 / (1 + math.exp(-steepness * progress)),
            "that is the plain sigmoid, which begins at one half; this ramp begins at 0.",
        ),
        Hint(
            lambda progress, steepness: 2 / (1 + math.exp(steepness * progress)) - 1,
            "the exponent has the wrong sign: the ramp must rise.",
        ),
        Hint(lambda progress, steepness: progress, "a straight line is a ramp, but not this one."),
    ),
)

# ---- the bug hunt ------------------------------------------------------------------------------------


def _mean_over_confident(student_logits, teacher_probabilities, threshold):
    counted = teacher_probabilities.max(1) > threshold
    losses = _cross_entropy(student_logits, teacher_probabilities.argmax(1))
    return losses[counted].mean() if counted.any() else float("nan")


def _student_decides(student_logits, teacher_probabilities, threshold):
    counted = _softmax(student_logits).max(1) > threshold
    return (_cross_entropy(student_logits, teacher_probabilities.argmax(1)) * counted).mean()


def _both_bugs(student_logits, teacher_probabilities, threshold):
    counted = _softmax(student_logits).max(1) > threshold
    losses = _cross_entropy(student_logits, teacher_probabilities.argmax(1))
    return losses[counted].mean() if counted.any() else float("nan")


def _everyone_counts(student_logits, teacher_probabilities, threshold):
    return _cross_entropy(student_logits, teacher_probabilities.argmax(1)).mean()


def _draw_pseudo_labels(rng: np.random.Generator) -> Inputs:
    rows, classes = int(rng.integers(4, 12)), int(rng.integers(3, 11))
    teacher = _softmax(rng.normal(size=(rows, classes)) * rng.uniform(1, 6))
    if rng.random() < 0.25:  # a batch in which nobody is sure
        teacher = np.full((rows, classes), 1 / classes)
    return {
        "student_logits": rng.normal(size=(rows, classes)).astype(np.float32) * 2,
        "teacher_probabilities": teacher.astype(np.float32),
        "threshold": float(rng.uniform(0.6, 0.95)),
    }


def _batch(student, teacher, threshold=0.9) -> Inputs:
    return {
        "student_logits": np.asarray(student, dtype=np.float32),
        "teacher_probabilities": np.asarray(teacher, dtype=np.float32),
        "threshold": threshold,
    }


PSEUDO_LABELS = Exercise(
    id="adaptation-pseudo-labels",
    lesson=LESSON,
    function="pseudo_label_loss",
    points=4,
    outcome="hunt-pseudo-label-bug",
    generate=_draw_pseudo_labels,
    examples=(
        (_batch([[0, 0], [0, 0]], [[0.95, 0.05], [0.6, 0.4]]), _LN2 / 2),
        (_batch([[0, 0], [1, 2]], [[0.5, 0.5], [0.6, 0.4]]), 0.0),
        (_batch([[5, 0]], [[0.55, 0.45]]), 0.0),
        (_batch([[0, 0], [math.log(3), 0]], [[0.05, 0.95], [0.02, 0.98]]), 1.5 * _LN2),
    ),
    hints=(
        Hint(
            _mean_over_confident,
            "divide by all pictures: one confident picture must not weigh like a full batch.",
        ),
        Hint(_student_decides, "the student is judged by its own confidence; who should be confident?"),
        Hint(
            _both_bugs, "there are two bugs: who is confident, and by how many pictures the sum is divided."
        ),
        Hint(_everyone_counts, "pictures that the teacher is unsure of must not count."),
    ),
)

EXERCISES = (REVERSAL, SCHEDULE, PSEUDO_LABELS)
