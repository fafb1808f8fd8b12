"""Lesson 05: an initialisation trained to be adapted, beside one that was merely trained, on sine waves."""

from workshop.studies.meta_learning.outcome import Outcome
from workshop.studies.meta_learning.recipes import TRAININGS, Training
from workshop.studies.meta_learning.study import MetaLearningStudy

__all__ = ["TRAININGS", "MetaLearningStudy", "Outcome", "Training"]
