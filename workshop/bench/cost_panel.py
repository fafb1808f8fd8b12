"""How long the cost panel of lesson 06 keeps a hand waiting: its callbacks, from a control moved to the picture sent.

A browser adds to that what it takes to show them (``tests/browser/test_lesson_06.py`` tells it).
"""

from __future__ import annotations

import statistics
import time

from workshop.bench.timing import Row

MOVES = 20
#: Seconds between two moves at which the model of the plan before is being trained.
WHILE_IT_TRAINS = 0.25
MODELS = 10


def rows() -> list[Row]:
    """Measure both rows; about half a minute."""
    from workshop.panels.label_quality import CostPanel  # nothing else in the bench needs widgets
    from workshop.studies.label_quality import LabelQualityStudy

    panel = CostPanel(LabelQualityStudy(budget="ci"))  # where the grid of plans is not run anew
    panel.job.wait()
    quiet = moves(panel)
    panel.job.wait()
    busy = moves(panel, WHILE_IT_TRAINS)
    models = [model(panel, labels) for labels in range(1, MODELS + 1)]
    panel.job.wait()
    note = (
        f"p95 of {MOVES} moves while models are trained in the background (median {statistics.median(busy):.0f}); of "
        f"moves one upon the other {p95(quiet):.0f} (median {statistics.median(quiet):.0f}); $500, default plan"
    )
    slowest = f"slowest of {MODELS} plans, from the move to the model's accuracy shown"
    return [
        Row("cost_panel_ms", "ms", "lower", p95(busy), None, None, None, note),
        Row("cost_panel_model_ms", "ms", "lower", max(models), None, None, None, slowest),
    ]


def moves(panel, pause: float = 0.0) -> list[float]:
    """Milliseconds that each of 20 moves of the slider keeps the kernel busy."""
    taken = []
    for move in range(MOVES):
        time.sleep(pause)
        taken.append(_timed(panel, 2 + move % 10))
    return taken


def model(panel, labels: int) -> float:
    """Milliseconds from a move in quiet until the accuracy of the model is shown."""
    panel.job.wait()
    panel.controls["redundancy"].value = 11
    panel.job.wait()
    shown: list[float] = []

    def look(_: object) -> None:
        if "…" not in panel.tiles.value and not shown:
            shown.append(time.perf_counter())

    panel.tiles.observe(look, "value")
    started = time.perf_counter()
    panel.controls["redundancy"].value = labels
    panel.job.wait()
    panel.tiles.unobserve(look, "value")
    return 1000 * (shown[0] - started)


def p95(taken: list[float]) -> float:
    """The 19th of 20."""
    return sorted(taken)[int(0.95 * len(taken)) - 1]


def _timed(panel, labels: int) -> float:
    started = time.perf_counter()
    panel.controls["redundancy"].value = labels
    return 1000 * (time.perf_counter() - started)
