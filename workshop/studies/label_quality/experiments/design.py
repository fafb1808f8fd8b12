"""An experiment before it is run: its settings and how often each is repeated, by budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Design:
    """What to measure where.

    Attributes:
        title: what is being done, for a progress bar.
        axes: name -> settings.
        draws: by budget, how often each setting is repeated.
        measure: called with one setting of each axis by name and ``seed``; returns numbers by name.
        shorter: budget -> the axes that are shorter there.
    """

    title: str
    axes: Mapping[str, Sequence]
    draws: Mapping[str, int]
    measure: Callable[..., Mapping[str, float]]
    shorter: Mapping[str, Mapping[str, Sequence]] = field(default_factory=dict)

    def axes_at(self, budget: str) -> dict[str, list]:
        """The axes at that budget."""
        return {name: list(values) for name, values in {**self.axes, **self.shorter.get(budget, {})}.items()}

    def runs_at(self, budget: str) -> int:
        """How many measurements that makes."""
        count = self.draws[budget]
        for values in self.axes_at(budget).values():
            count *= len(values)
        return count
