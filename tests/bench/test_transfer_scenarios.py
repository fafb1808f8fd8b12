"""The bench of lesson 01: both ways do the same trainings, and one that does others is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from workshop.bench import BENCHES
from workshop.bench import transfer_scenarios as bench
from workshop.errors import WorkshopError
from workshop.studies.transfer_scenarios.experiments.transfer_map import SIZES
from workshop.studies.transfer_scenarios.experiments.transfer_map import network as map_network

SMALL = bench.Map((2, 16, 16, 2), 16)
EXACT = bench.Map((2, 16, 16, 2), 16, dtype=torch.float64)


@pytest.mark.parametrize("engine", ["stacked_mlp", "vmap"])
@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_both_ways_end_at_the_same_weights(engine, optimiser):
    bench.check_same("x", replace(EXACT, optimiser=optimiser), engine, steps=5)


def test_a_row_has_the_size_of_the_lessons_map():
    size, network = SIZES["class"], map_network()
    assert bench.LESSON.models == (len(size.angles) + 1) * len(size.labels) * size.seeds
    assert bench.LESSON.budgets == size.labels
    assert str(bench.LESSON.network()) == str(network)


def test_the_budgets_are_those_of_the_map():
    _, y, mask = SMALL.data()
    assert mask.sum(1).tolist() == [*bench.BUDGETS, *bench.BUDGETS]
    assert set(y.flatten().tolist()) == {0, 1}
    assert bench.Map((20, 32, 32, 3), 8).data()[1].max() == 2


def test_other_work_is_not_compared(monkeypatch):
    together = bench.together
    monkeypatch.setattr(bench, "together", lambda work, engine, steps: together(work, engine, steps + 1))
    with pytest.raises(
        WorkshopError, match=r"x would compare different work: after 5 steps weights are 0\.0"
    ):
        bench.check_same("x", EXACT, "stacked_mlp", steps=5)


def test_nan_is_not_the_same(monkeypatch):
    monkeypatch.setattr(bench, "together", lambda *_: lambda: {"0.weight": torch.full((16, 16, 2), math.nan)})
    monkeypatch.setattr(bench, "one_by_one", lambda *_: lambda: {"0.weight": torch.zeros(16, 16, 2)})
    with pytest.raises(WorkshopError, match="weights are nan apart"):
        bench.check_same("x", EXACT, "stacked_mlp", steps=5)


def test_a_row_says_what_was_compared(monkeypatch):
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "OF_EACH", 1)
    row = bench.against_loop("transfer_map_vs_loop", SMALL, steps=2)
    assert row.note == "stacked_mlp; 16 MLPs 2-16-16-2, 4 to 200 labels, 2 steps of Adam"
    assert row.peer_name == "a loop of torch.optim.Adam(fused=True)" and row.unit == "trainings/s"
    assert row.ratio > 0 and row.ours > 0 and row.peer > 0


def test_the_lesson_has_its_rows():
    assert BENCHES["01_transfer_scenarios"] is bench.rows
