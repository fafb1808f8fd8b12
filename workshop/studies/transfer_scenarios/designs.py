"""The experiments of lesson 01: what runs each, the kind of its result, and the code that the result depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from workshop.datasets import counties as counties_data
from workshop.datasets import curve, digits, glyphs, rare_class, shifts
from workshop.kernels import (
    augment,
    calibration,
    chance,
    descent,
    digit_net,
    gaussian_shift,
    importance,
    many_models,
    measured_shift,
    supervised,
)
from workshop.kernels.engines import stacked_mlp, stacked_steps
from workshop.studies.transfer_scenarios.experiments import (
    counties,
    covariate_shift,
    imbalance,
    one_shift,
    randomisation,
    settings_runs,
    settings_table,
    transfer_map,
    varied_renders,
)

#: (budget, seed, on_step) -> a result.
Run = Callable[..., Any]


@dataclass(frozen=True)
class Design:
    """One experiment.

    Attributes:
        title: what a progress bar says.
        run: makes the result.
        kind: of the result.
        code: all modules that the result depends on.
        data: name of the data set that it reads; empty where all is simulated.
    """

    title: str
    run: Run
    kind: type
    code: tuple[ModuleType, ...]
    data: str = ""


DESIGNS: Mapping[str, Design] = {
    "shifts": Design(
        "Which objects differ, by labelled points",
        one_shift.run, one_shift.ShiftsOutcome, (one_shift, shifts, gaussian_shift, measured_shift),
    ),
    "counties": Design(
        "A forest of each county, in all the others",
        counties.run, counties.CountiesOutcome, (counties, counties_data),
    ),
    "map": Design(
        "The map of transfer",
        transfer_map.run, transfer_map.MapOutcome,
        (transfer_map, chance, digit_net, many_models, stacked_mlp, stacked_steps),
    ),
    "settings": Design(
        "A small run for each row of the settings table",
        settings_table.run, settings_table.SettingsOutcome,
        (settings_table, settings_runs, chance, descent, digit_net, digits), "mnist10k",
    ),
    "imbalance": Design(
        "A rare class, resampled and weighted",
        imbalance.run, imbalance.ImbalanceOutcome, (imbalance, rare_class, importance, calibration), "mnist10k",
    ),
    "covariate": Design(
        "A line through a curve, weighted for another P(X)",
        covariate_shift.run, covariate_shift.CovariateOutcome, (covariate_shift, curve, importance),
    ),
    "renders": Design(
        "From one font to renders of all kinds",
        randomisation.run, randomisation.RandomisationOutcome,
        (randomisation, varied_renders, glyphs, digits, augment, chance, descent, digit_net, supervised), "mnist10k",
    ),
}  # fmt: skip
