"""Two ways to measure the quality of labels, gold questions and sample review; and how sure counts make us."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import binom, binomtest
from statsmodels.stats.proportion import proportion_confint, samplesize_confint_proportion

from workshop.errors import WorkshopError


def share_interval(wrong: int, of: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval (Clopper, Pearson 1934) of a share: ``wrong`` of ``of`` reviewed labels.

    Raises:
        WorkshopError: counts that are no counts, a confidence outside 0..1.
    """
    if not 0 <= wrong <= of or of < 1 or wrong != int(wrong) or of != int(of):
        raise WorkshopError(
            f"{wrong} of {of} is no share: review at least one label, and count no more than that."
        )
    _check_confidence(confidence)
    low, high = proportion_confint(wrong, of, alpha=1 - confidence, method="beta")
    return float(low), float(high)


def sample_size(half_width: float, confidence: float = 0.95, share: float = 0.5) -> int:
    """How many labels to review, so that the share of errors is known to plus or minus ``half_width``.

    By the normal approximation; ``share`` 0.5 is the worst case. Half the width costs four times the reviews.

    Raises:
        WorkshopError: a width or share outside 0..1, a confidence outside 0..1.
    """
    if not (0 < half_width < 1 and 0 < share < 1):
        raise WorkshopError(
            "The half-width and the share must lie between 0 and 1, for example 0.05 for 5 points."
        )
    _check_confidence(confidence)
    return math.ceil(samplesize_confint_proportion(share, half_width, alpha=1 - confidence))


def fails_gold(questions: int, accuracy: np.ndarray | float, bar: float) -> np.ndarray:
    """Probability that a worker of that accuracy gets less than ``bar`` of the gold questions right.

    Args:
        questions: how many gold questions the worker answers, each right or wrong on its own.
        accuracy: (...) in 0..1.

    Raises:
        WorkshopError: no whole number of questions, a bar or an accuracy outside 0..1.
    """
    if questions < 1 or questions != int(questions) or not 0 <= bar <= 1:
        raise WorkshopError(
            "Ask a whole number of gold questions, at least one, and set the bar between 0 and 1."
        )
    accuracy = np.asarray(accuracy, float)
    if not ((accuracy >= 0) & (accuracy <= 1)).all():
        raise WorkshopError("A worker's accuracy is a share between 0 and 1, for example 0.55 for 55 %.")
    return binom.cdf(math.ceil(bar * questions - 1e-9) - 1, questions, accuracy)


def times_as_many(first: int, second: int, confidence: float = 0.95) -> tuple[float, float, float]:
    """How many times as many errors one arm made as another of the same size, with its exact interval.

    Given their sum, the first count is binomial; the interval is Clopper and Pearson's of that share, as a ratio.

    Returns:
        ratio, low, high; infinite where the second count is 0.

    Raises:
        WorkshopError: negative counts, or two zeros.
    """
    if min(first, second) < 0 or first + second == 0:
        raise WorkshopError("Compare two counts of errors that are 0 or more, and not both 0.")
    low, high = share_interval(first, first + second, confidence)
    with np.errstate(divide="ignore"):
        return tuple(float(np.float64(a) / b) for a, b in ((first, second), (low, 1 - low), (high, 1 - high)))


def same_rate(first: int, second: int) -> float:
    """Two-sided p-value of the hypothesis that two arms of the same size err at the same rate (exact).

    Raises:
        WorkshopError: negative counts, or two zeros.
    """
    if min(first, second) < 0 or first + second == 0:
        raise WorkshopError("Compare two counts of errors that are 0 or more, and not both 0.")
    return float(binomtest(first, first + second, 0.5).pvalue)


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise WorkshopError(f"A confidence lies between 0 and 1, for example 0.95, and is not {confidence}.")
