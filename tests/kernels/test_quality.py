"""Sample review, gold questions and counts against enumeration, scipy and the lecture's figures."""

import math

import numpy as np
import pytest
from scipy.stats import beta

from workshop.errors import WorkshopError
from workshop.kernels.quality import fails_gold, same_rate, sample_size, share_interval, times_as_many

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(("wrong", "of"), [(3, 100), (1, 7), (50, 60)])
def test_the_interval_is_that_of_beta_quantiles(wrong, of):
    low, high = share_interval(wrong, of)
    assert low == pytest.approx(beta.ppf(0.025, wrong, of - wrong + 1))
    assert high == pytest.approx(beta.ppf(0.975, wrong + 1, of - wrong))


def test_no_error_found_is_not_no_error():
    """The rule of three: 0 of n leaves up to about 3/n (one-sided 95%)."""
    low, high = share_interval(0, 300, confidence=0.9)
    assert low == 0 and high == pytest.approx(3 / 300, rel=0.01)
    assert share_interval(5, 5)[1] == 1


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
def test_the_interval_covers_the_truth(share):
    """Exact by enumeration: the coverage is at least 95%, whatever the share."""
    of = 40
    chances = [math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(of + 1)]
    covered = sum(
        c for k, c in enumerate(chances) if share_interval(k, of)[0] <= share <= share_interval(k, of)[1]
    )
    assert covered >= 0.95


def test_known_sample_sizes():
    assert sample_size(0.05) == 385  # the text-book's 1.96^2 / 4 / 0.05^2 = 384.1
    assert sample_size(0.01) == 9604
    assert sample_size(0.03, share=0.1) == 385  # 1.96^2 * 0.09 / 0.03^2 = 384.1


def test_gold_fails_by_enumeration():
    """Ten questions, bar 40%: fails with 0 to 3 right."""
    for accuracy in (0.1, 0.45, 0.77):
        by_hand = sum(math.comb(10, k) * accuracy**k * (1 - accuracy) ** (10 - k) for k in range(4))
        assert fails_gold(10, accuracy, 0.4) == pytest.approx(by_hand)
    assert fails_gold(5, np.array([0.0, 1.0]), 0.5).tolist() == [1.0, 0.0]
    assert fails_gold(4, 0.5, 0.0) == 0


def test_the_lectures_tenfold():
    """HiveMind: 43 and 28 errors of the two crowds, 2 of the managed team."""
    ratio, low, high = times_as_many(43, 2)
    assert ratio == 21.5
    assert (round(low, 1), round(high)) == (5.6, 183)
    ratio, low, high = times_as_many(28, 2)
    assert ratio == 14
    assert (round(low, 1), round(high)) == (3.5, 121)
    assert times_as_many(3, 0)[0] == math.inf and times_as_many(3, 0)[2] == math.inf


def test_the_lectures_doubled_pay():
    assert same_rate(24, 9) == pytest.approx(0.0135, abs=1e-4)
    assert same_rate(43, 28) == pytest.approx(0.0959, abs=1e-4)
    assert same_rate(19, 19) == 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: share_interval(3, 2), "3 of 2 is no share"),
        (lambda: share_interval(0, 0), "0 of 0 is no share"),
        (lambda: share_interval(1, 2, 1.0), "confidence lies between"),
        (lambda: sample_size(0), "must lie between 0 and 1"),
        (lambda: sample_size(0.1, share=1), "must lie between 0 and 1"),
        (lambda: sample_size(0.1, confidence=95), "confidence lies between"),
        (lambda: fails_gold(0, 0.5, 0.4), "whole number of gold questions, at least one"),
        (lambda: fails_gold(5, 0.5, 1.4), "the bar between"),
        (lambda: times_as_many(0, 0), "not both 0"),
        (lambda: times_as_many(-1, 3), "0 or more"),
    ],
)
def test_bad_input_gets_a_sentence(call, words):
    with pytest.raises(WorkshopError, match=words):
        call()
