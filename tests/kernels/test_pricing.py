"""Tiered prices: both readings, at every edge, against label by label."""

import numpy as np
import pytest

from workshop.datasets.lecture import table
from workshop.errors import WorkshopError
from workshop.kernels.pricing import READINGS, Tiers, cheaper_to_round_up, cost, sagemaker

pytestmark = pytest.mark.fast

SMALL = Tiers(first=(1, 5, 8), price=(1.0, 0.5, 0.125))


def one_by_one(labels: int, tiers: Tiers, reading: str) -> float:
    """The same, as somebody would count it with fingers."""

    def price(number: int) -> float:
        return [p for first, p in zip(tiers.first, tiers.price, strict=True) if number >= first][-1]

    numbers = range(1, labels + 1)
    return sum(price(number if reading == "marginal" else labels) for number in numbers)


@pytest.mark.parametrize("reading", READINGS)
def test_every_number_of_labels_against_counting(reading):
    found = cost(np.arange(13), SMALL, reading)
    assert found.tolist() == [one_by_one(labels, SMALL, reading) for labels in range(13)]


def test_the_edges_of_sagemakers_tiers():
    labels = [0, 1, 49_999, 50_000, 50_001, 100_000, 1_000_000, 1_000_001]
    marginal = [0, 0.08, 3999.92, 3999.96, 4000.00, 5999.96, 41_999.96, 41_999.98]
    whole = [0, 0.08, 3999.92, 2000.00, 2000.04, 4000.00, 40_000.00, 20_000.02]
    assert cost(labels, sagemaker(), "marginal") == pytest.approx(marginal, abs=1e-6)
    assert cost(labels, sagemaker(), "whole_volume") == pytest.approx(whole, abs=1e-6)


def test_marginal_costs_never_fall_and_whole_volume_costs_do():
    labels = np.arange(49_990, 50_010)
    assert (np.diff(cost(labels, sagemaker(), "marginal")) > 0).all()
    assert (np.diff(cost(labels, sagemaker(), "whole_volume")) < 0).sum() == 1


@pytest.mark.parametrize("tiers", [SMALL, Tiers((1, 10, 20), (1.0, 0.9, 0.1)), Tiers((1, 4), (0.1, 0.3))])
def test_rounding_up_against_trying_all(tiers):
    tried = []
    for tier, begin in enumerate(tiers.first[1:]):
        labels = np.arange(tiers.first[tier], begin)
        dearer = labels[cost(labels, tiers, "whole_volume") > cost(begin, tiers, "whole_volume")]
        tried += [(int(dearer[0]), begin)] if len(dearer) else []
    assert cheaper_to_round_up(tiers) == tried


def test_where_rounding_up_pays_at_sagemaker():
    assert cheaper_to_round_up(sagemaker()) == [(25_001, 50_000), (500_001, 1_000_001)]
    at_the_break = cost([25_000, 25_001, 50_000], sagemaker(), "whole_volume")
    assert at_the_break == pytest.approx([2000, 2000.08, 2000])


def test_the_tiers_of_the_lecture_leave_no_gap():
    shown = table("sagemaker_tiers")
    begin, end = shown.column("from (objects)"), shown.column("to (objects)")
    assert [last + 1 for last in end[:-1]] == list(begin[1:]) and end[-1] is None


@pytest.mark.parametrize(
    ("tiers", "says"),
    [
        (((1, 5), (1.0,)), "2 tiers need as many prices, and at least one; there are 1 prices"),
        (((), ()), "0 tiers need as many prices, and at least one"),
        (((0, 5), (1.0, 0.5)), "begin with label 1 and rise; these begin with 0, 5"),
        (((1, 5, 5), (1.0, 0.5, 0.2)), "begin with label 1 and rise; these begin with 1, 5, 5"),
        (((1,), (-0.1,)), "0 or more"),
        (((1,), (float("nan"),)), "0 or more"),
    ],
)
def test_broken_price_lists_are_refused(tiers, says):
    with pytest.raises(WorkshopError, match=says):
        Tiers(*tiers)


@pytest.mark.parametrize("labels", [-1, 2.5, float("nan"), float("inf"), "many"])
def test_broken_numbers_of_labels_are_refused(labels):
    with pytest.raises(WorkshopError, match="must be a whole number, 0 or more"):
        cost(labels, SMALL)


def test_an_unknown_reading_lists_the_readings():
    with pytest.raises(WorkshopError, match=r"no reading 'total'\. Choose one of: marginal, whole_volume"):
        cost(1, SMALL, "total")
