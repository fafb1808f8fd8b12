"""Lesson 02: which part of a pre-trained network to train, with how many labels."""

from workshop.studies.fine_tuning.outcome import Pretrained, Run, Spectrum
from workshop.studies.fine_tuning.study import FineTuningStudy

__all__ = ["FineTuningStudy", "Pretrained", "Run", "Spectrum"]
