"""What the figures of lesson 06 share: colours by what they stand for, and bands."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from workshop.claims import mean_and_half
from workshop.figures.form import GOOD, QUIET, SOURCE, TARGET

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
) -> tuple[np.ndarray, np.ndarray]:
    """A line through the means over draws (the last axis) with their 95% band; returns means and half widths."""
    mean, half = mean_and_half(values)
    axis.plot(x, mean, marker="o", color=colour, lw=2, ms=4, label=label, **line)
    if np.isfinite(half).all():
        axis.fill_between(x, mean - half, mean + half, color=colour, alpha=0.2, lw=0)
    return mean, half
