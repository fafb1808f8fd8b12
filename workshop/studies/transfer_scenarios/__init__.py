"""Lesson 01: when what was learned there helps here."""

from workshop.studies.transfer_scenarios.study import TransferScenariosStudy

__all__ = ["TransferScenariosStudy"]
