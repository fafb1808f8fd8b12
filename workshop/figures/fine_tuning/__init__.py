"""The figures of lesson 02."""

from workshop.figures.fine_tuning.blocks import blocks, parameter_table
from workshop.figures.fine_tuning.curves import convergence, final_gain, reuse
from workshop.figures.fine_tuning.poverty import poverty, probe, surveyed
from workshop.figures.fine_tuning.seen import drift, patches, tasks_shown, wealth_shown
from workshop.figures.fine_tuning.spectra import (
    at_two_budgets,
    frozen_or_scratch,
    rates,
    searched,
    spectra,
    statistics,
)

__all__ = [
    "at_two_budgets",
    "blocks",
    "convergence",
    "drift",
    "final_gain",
    "frozen_or_scratch",
    "parameter_table",
    "patches",
    "poverty",
    "probe",
    "rates",
    "reuse",
    "searched",
    "spectra",
    "statistics",
    "surveyed",
    "tasks_shown",
    "wealth_shown",
]
