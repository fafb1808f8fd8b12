"""What labels cost where the price of one falls with their number, under both readings of such a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from workshop.datasets.lecture import table
from workshop.errors import WorkshopError

#: ``marginal``: each label costs the price of the tier that its own number falls into. ``whole_volume``: all labels
#: cost the price of the tier that their total falls into.
READINGS = ("marginal", "whole_volume")
Reading = Literal["marginal", "whole_volume"]


@dataclass(frozen=True)
class Tiers:
    """A price list.

    Attributes:
        first: (T,) the number of labels with which each tier begins; the first tier begins with 1.
        price: (T,) dollars a label in it.

    Raises:
        WorkshopError: unequal lengths, tiers out of order, a first tier that does not begin with 1, a negative price.
    """

    first: tuple[int, ...]
    price: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.first) != len(self.price) or not self.first:
            raise WorkshopError(f"{len(self.first)} tiers need as many prices, and at least one; there are "
                                f"{len(self.price)} prices.")  # fmt: skip
        if self.first[0] != 1 or list(self.first) != sorted(set(self.first)):
            raise WorkshopError(
                f"Tiers begin with label 1 and rise; these begin with {', '.join(map(str, self.first))}."
            )
        if not all(np.isfinite(price) and price >= 0 for price in self.price):
            raise WorkshopError("A price must be a number of dollars, 0 or more.")


def sagemaker() -> Tiers:
    """Of Amazon SageMaker Ground Truth in 2021: "less than 50,000", "50,000 to 1,000,000" and "greater than" that."""
    shown = table("sagemaker_tiers")
    return Tiers(shown.column("from (objects)"), shown.column("price ($ an object)"))


def cost(labels: ArrayLike, tiers: Tiers, reading: Reading = "marginal") -> np.ndarray:
    """Dollars for so many labels.

    Args:
        labels: (...) whole numbers, 0 or more.
        reading: of :data:`READINGS`.

    Returns:
        (...) float64.

    Raises:
        WorkshopError: a negative or broken number of labels, or an unknown reading.
    """
    if reading not in READINGS:
        raise WorkshopError(f"There is no reading {reading!r}. Choose one of: {', '.join(READINGS)}.")
    labels = np.asarray(labels)
    if (
        labels.dtype.kind not in "iuf"
        or not np.isfinite(labels).all()
        or (labels != abs(np.floor(labels))).any()
    ):
        raise WorkshopError("The number of labels must be a whole number, 0 or more.")
    first, price = np.array(tiers.first), np.array(tiers.price)
    if reading == "whole_volume":
        return labels * price[np.searchsorted(first, np.maximum(labels, 1), side="right") - 1]
    ends = np.append(first[1:] - 1, np.inf)  # the last label of each tier
    inside = np.clip(labels[..., None] - (first - 1), 0, ends - (first - 1))
    return (inside * price).sum(-1)


def cheaper_to_round_up(tiers: Tiers) -> list[tuple[int, int]]:
    """Where more labels cost less under the whole-volume reading.

    Returns:
        (fewest, next) for each such tier: its orders of ``fewest`` labels and more cost more than an order of
        ``next``, the first number of the next tier.
    """
    found = []
    for first, price, begin, lower in zip(
        tiers.first, tiers.price, tiers.first[1:], tiers.price[1:], strict=False
    ):
        if lower < price:
            fewest = (
                int(np.floor(np.round(begin * lower / price, 6))) + 1
            )  # the rounding takes off binary noise
            if fewest < begin:
                found.append((max(fewest, first), begin))
    return found
