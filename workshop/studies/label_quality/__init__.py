"""Lesson 06: label quality and its price, on simulated workers whose labels train real models."""

from workshop.studies.label_quality.experiment import Experiment
from workshop.studies.label_quality.plan import Plan, PlanOutcome
from workshop.studies.label_quality.study import LabelQualityStudy

__all__ = ["Experiment", "LabelQualityStudy", "Plan", "PlanOutcome"]
