"""What the figures of lesson 06 share: colours by what they stand for, and bands."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from workshop.figures.form import GOOD, QUIET, SOURCE, TARGET
from workshop.studies.label_quality.experiment import mean_and_half

METHODS = {
    "majority vote": QUIET,
    "Dawid-Skene": TARGET,
    "Dawid-Skene with prior": "#E69F00",
    "one-coin": GOOD,
    "MACE": SOURCE,
}
WHO = {"crowd": TARGET, "managed": SOURCE, "contractors": "#56B4E9", "payroll": GOOD}
TYPES = {"careful": GOOD, "hasty": "#E69F00", "spammer": TARGET, "scripted": "#6a51a3"}


def band(
    axis: Axes, x: np.ndarray, values: np.ndarray, colour: str, label: str, **line: object
) -> np.ndarray:
    """A line through the means over draws (the last axis) with their 95% band; returns the means."""
    mean, half = mean_and_half(values)
    axis.plot(x, mean, marker="o", color=colour, lw=2, ms=4, label=label, **line)
    if np.isfinite(half).all():
        axis.fill_between(x, mean - half, mean + half, color=colour, alpha=0.2, lw=0)
    return mean


def per_cent(share: float) -> str:
    """``71.3 %`` of 0.713."""
    return f"{100 * share:.1f} %"
