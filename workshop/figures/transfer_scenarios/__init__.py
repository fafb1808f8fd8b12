"""The figures of lesson 01."""

from workshop.figures.transfer_scenarios.counties import (
    accuracy_map,
    distance_scatter,
    hidden_factors,
    seasons,
)
from workshop.figures.transfer_scenarios.covariate_shift import how_far, support, weighted_lines
from workshop.figures.transfer_scenarios.imbalance import costs, operating_points, reliability, target_priors
from workshop.figures.transfer_scenarios.objects import what_moves
from workshop.figures.transfer_scenarios.randomisation import variety_ladder
from workshop.figures.transfer_scenarios.settings_table import settings_table
from workshop.figures.transfer_scenarios.shifts import five_shifts
from workshop.figures.transfer_scenarios.transfer_map import cell_curves, transfer_map

__all__ = [
    "accuracy_map",
    "cell_curves",
    "costs",
    "distance_scatter",
    "five_shifts",
    "hidden_factors",
    "how_far",
    "operating_points",
    "reliability",
    "seasons",
    "settings_table",
    "support",
    "target_priors",
    "transfer_map",
    "variety_ladder",
    "weighted_lines",
    "what_moves",
]
