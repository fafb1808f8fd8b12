"""The figures of lesson 06."""

from workshop.figures.label_quality.charts import hivemind_counts, hivemind_ranges, tier_costs, time_shares
from workshop.figures.label_quality.consensus import (
    climbing,
    few_labels,
    first_look,
    worker_matrices,
    worker_types,
)
from workshop.figures.label_quality.kinds import kinds
from workshop.figures.label_quality.learning import cleaned, labels_or_architecture, noise, redundancy
from workshop.figures.label_quality.money import (
    assumptions,
    break_even,
    finish_times,
    gold,
    hivemind_rates,
    incentives,
)
from workshop.figures.label_quality.plane import PlanPicture, plane
from workshop.figures.label_quality.quality import gold_questions, sample_review
from workshop.figures.label_quality.tables import lecture_table

__all__ = [
    "PlanPicture",
    "assumptions",
    "break_even",
    "cleaned",
    "climbing",
    "few_labels",
    "finish_times",
    "first_look",
    "gold",
    "gold_questions",
    "hivemind_counts",
    "hivemind_ranges",
    "hivemind_rates",
    "incentives",
    "kinds",
    "labels_or_architecture",
    "lecture_table",
    "noise",
    "plane",
    "redundancy",
    "sample_review",
    "tier_costs",
    "time_shares",
    "worker_matrices",
    "worker_types",
]
