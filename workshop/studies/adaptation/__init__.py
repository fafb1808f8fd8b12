"""Lesson 03: five rungs from "trained elsewhere" to "trained here", on two domains of digits."""

from workshop.studies.adaptation.outcome import Outcome
from workshop.studies.adaptation.rungs import RUNGS, Rung
from workshop.studies.adaptation.study import AdaptationStudy

__all__ = ["RUNGS", "AdaptationStudy", "Outcome", "Rung"]
