"""Reference answers, by exercise id. Left out of the student edition; only grading and tests import them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workshop.exercises.references import (
    adaptation,
    fine_tuning,
    label_quality,
    meta_learning,
    start,
    transfer_scenarios,
)

REFERENCES: dict[str, Callable[..., Any]] = {
    **start.REFERENCES,
    **transfer_scenarios.REFERENCES,
    **fine_tuning.REFERENCES,
    **adaptation.REFERENCES,
    **meta_learning.REFERENCES,
    **label_quality.REFERENCES,
}
