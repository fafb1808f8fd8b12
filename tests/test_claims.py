"""A claim is judged by its measurement, at the threshold of the budget that it was measured at."""

import math
from dataclasses import replace

import pytest

from workshop.claims import Claim, Measurement, judge, skipped

pytestmark = pytest.mark.fast

CLAIM = Claim("lesson/claim", "It is enough.", "%", ">=", {"ci": 80, "class": 90})


def measured(value, budget="class", status="run"):
    return Measurement(value, (value - 1, value + 1), "data", (0,), budget, status)


@pytest.mark.parametrize(
    ("value", "budget", "holds"),
    [(90, "class", True), (89.99, "class", False), (85, "ci", True), (79, "ci", False), (89, "full", False)],
)
def test_at_least(value, budget, holds):
    verdict = judge(CLAIM, measured(value, budget))
    assert verdict.holds is holds
    assert verdict.threshold == {"ci": 80}.get(budget, 90)
    assert verdict.word == ("holds" if holds else "does not hold")


def test_at_most():
    claim = Claim("lesson/claim", "It is little.", "%", "<=", {"class": 10})
    assert judge(claim, measured(10)).holds is True
    assert judge(claim, measured(10.1)).holds is False


def test_nan_never_holds():
    assert judge(CLAIM, measured(math.nan)).holds is False


def test_smoke_judges_nothing():
    verdict = judge(CLAIM, measured(99, "smoke"))
    assert verdict.holds is None and verdict.value == 99 and verdict.word == "not judged"


def test_skipped_is_neither_true_nor_false():
    verdict = judge(CLAIM, skipped("data", "ci"))
    assert verdict.holds is None and verdict.value is None and verdict.word == "skipped"


def test_on_other_data_a_claim_is_shown_and_breaks_nothing():
    verdict = judge(CLAIM, replace(measured(10), claimed=False))
    assert verdict.holds is False and not verdict.broken
    assert judge(CLAIM, measured(10)).broken and not judge(CLAIM, measured(95)).broken
    assert "claimed" not in verdict.as_row() and verdict.as_row()["holds"] is False


def test_a_stored_result_is_judged_by_its_own_budget():
    assert judge(CLAIM, measured(85, "class", "stored")).holds is False
