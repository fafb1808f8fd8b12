"""The bench of the cost panel: what it times."""

from __future__ import annotations

import time

import pytest

from workshop.bench import cost_panel as bench


@pytest.mark.fast
def test_p95_of_twenty_is_the_nineteenth():
    assert bench.p95([float(n) for n in range(20, 0, -1)]) == 19


def test_both_rows_are_measured(monkeypatch):
    monkeypatch.setattr(bench, "MOVES", 20)
    monkeypatch.setattr(bench, "WHILE_IT_TRAINS", 0.0)
    monkeypatch.setattr(bench, "MODELS", 2)
    started = time.perf_counter()
    answer, model = bench.rows()
    whole = 1000 * (time.perf_counter() - started)
    assert (answer.name, model.name) == ("cost_panel_ms", "cost_panel_model_ms")
    assert answer.unit == model.unit == "ms" and answer.better == model.better == "lower"
    # Before the model is trained the panel waits for a moment, in case the hand moves on.
    from workshop.panels.label_quality.cost import PAUSE

    assert 0 < answer.ours < whole and 1000 * PAUSE < model.ours < whole


def test_a_move_is_timed_with_its_drawing(monkeypatch):
    """A drawing that takes longer makes the row larger by as much."""
    from workshop.figures.label_quality import PlanPicture
    from workshop.panels.label_quality import CostPanel, cost
    from workshop.studies.label_quality import LabelQualityStudy

    monkeypatch.setattr(cost.Job, "start", lambda job: None)
    panel = CostPanel(LabelQualityStudy(budget="ci"))
    draw = PlanPicture.draw
    monkeypatch.setattr(PlanPicture, "draw", lambda *given: time.sleep(0.3) or draw(*given))
    assert min(bench._timed(panel, labels) for labels in (5, 4)) > 300
