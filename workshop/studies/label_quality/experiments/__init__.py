"""The experiments of lesson 06, by the name that their results are stored under."""

from workshop.studies.label_quality.experiments.aggregation import FEW_LABELS, WORKER_TYPES
from workshop.studies.label_quality.experiments.cleanlab_beside import CLEANED
from workshop.studies.label_quality.experiments.design import Design
from workshop.studies.label_quality.experiments.learning import LABELS_OR_ARCHITECTURE, NOISE
from workshop.studies.label_quality.experiments.money import GOLD, INCENTIVES, MANY_PLANS, WORKFORCES
from workshop.studies.label_quality.experiments.redundancy import REDUNDANCY

DESIGNS: dict[str, Design] = {
    "few_labels": FEW_LABELS,
    "worker_types": WORKER_TYPES,
    "workforces": WORKFORCES,
    "gold": GOLD,
    "incentives": INCENTIVES,
    "redundancy": REDUNDANCY,
    "noise": NOISE,
    "labels_or_architecture": LABELS_OR_ARCHITECTURE,
    "many_plans": MANY_PLANS,
    "cleaned": CLEANED,
}

__all__ = ["DESIGNS", "Design"]
