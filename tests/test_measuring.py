"""Pooling over seeds: the mean, and Student's interval of it."""

import json

import numpy as np
import pytest
from scipy import stats

from workshop.claims import Claim, Measurement, judge, pooled, skipped
from workshop.measuring import write

pytestmark = pytest.mark.fast


def measured(value, seed):
    return Measurement(value, (value - 9, value + 9), "data", (seed,), "class", "run")


def test_the_mean_and_the_interval_scipy_gives():
    values = [97.5, 98.2, 97.9]
    pool = pooled([measured(v, i) for i, v in enumerate(values)])
    expected = stats.t.interval(0.95, 2, loc=np.mean(values), scale=stats.sem(values))
    assert pool.value == pytest.approx(np.mean(values)) and pool.interval == pytest.approx(expected)
    assert pool.seeds == (0, 1, 2)


def test_one_seed_keeps_its_own_interval():
    assert pooled([measured(5.0, 0)]) == measured(5.0, 0)


def test_a_seed_that_was_skipped_leaves_no_number():
    pool = pooled([measured(5.0, 0), skipped("data", "class")])
    assert pool.value is None and pool.status == "skipped"


def test_the_file_is_in_the_verdicts_schema(tmp_path):
    claim = Claim("a/b", "It is so.", "%", ">=", {"class": 1})
    write(tmp_path / "measure.json", "class", [judge(claim, pooled([measured(5.0, 0), measured(6.0, 1)]))])
    told = json.loads((tmp_path / "measure.json").read_text())
    assert told["budget"] == "class"
    assert told["verdicts"][0]["id"] == "a/b" and told["verdicts"][0]["holds"] is True
    assert "claimed" not in told["verdicts"][0]
    assert [f.name for f in tmp_path.iterdir()] == ["measure.json"]


def test_what_is_exact_for_each_seed_has_no_interval_over_them():
    exact = [Measurement(1e-16, None, "gradients", (seed,), "class", "run") for seed in (0, 1)]
    assert pooled(exact).interval is None and pooled(exact).seeds == (0, 1)


def test_what_only_some_seeds_left_out_is_told():
    told = ("2,000 waves", "1,999 waves (1 more left out)", "2,000 waves")
    each = [Measurement(1.0 + i, (0, 9), data, (i,), "class", "run") for i, data in enumerate(told)]
    assert pooled(each).data == "2,000 waves; 1,999 waves (1 more left out)"
