"""Lesson 01's experiments at one budget."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from workshop import datasets, results, settings
from workshop.claims import Measurement, skipped
from workshop.errors import WorkshopError
from workshop.studies.stored import Announce, StoredStudy, silent
from workshop.studies.transfer_scenarios.claims import ABOUT, CLAIMS
from workshop.studies.transfer_scenarios.designs import DESIGNS


class TransferScenariosStudy(StoredStudy[Any]):
    """When what was learned there helps here.

    Args:
        budget: of :data:`workshop.settings.BUDGETS`.
        seed: of every experiment; each draws several worlds from it.
        announce: called before each experiment.
    """

    lesson = "01_transfer_scenarios"
    claims = CLAIMS
    shipped = tuple(DESIGNS)
    trained_at_ci = frozenset(DESIGNS)

    def __init__(self, budget: str = "class", seed: int = settings.SEED, announce: Announce = silent):
        super().__init__(budget, seed, announce)

    def outcome(self, name: str) -> Any:
        """The result of an experiment of :data:`DESIGNS`; None where this budget gives none.

        Raises:
            WorkshopError: there is none of that name.
        """
        if name not in DESIGNS:
            raise WorkshopError(f"There is no experiment {name!r}. Choose one of: {', '.join(DESIGNS)}.")
        return self.result(name)

    def describe(self) -> str:
        now = sum(self.trains(name) for name in DESIGNS)
        done = f"{now} experiments are run here and now." if now else "Nothing is run now."
        return f"Small simulated worlds, budget {self.budget}. {done}"

    def kind_of(self, name: str) -> type:
        return DESIGNS[name].kind

    def key(self, name: str) -> results.Key:
        design = DESIGNS[name]
        data = datasets.load(design.data).fingerprint if design.data else "simulated"
        code = results.code_version(design.code)
        return results.Key(self.lesson, f"{name}_{self.seed}", code, data, {"name": name, "seed": self.seed})

    def train_for(self, name: str) -> dict[str, Any]:
        design = DESIGNS[name]
        return {name: design.run(self.budget, self.seed, self.announce(design.title))}

    def measure(self, claim_id: str) -> Measurement:
        name, measured = next((name, take) for claim, name, take in ABOUT if claim.id == claim_id)
        found = self.outcome(name)
        if found is None:
            return skipped(DESIGNS[name].title, self.budget)
        told = measured(found)
        if told.interval is not None and not np.isfinite(told.interval).all():  # of a single draw
            told = replace(told, interval=(told.value, told.value))
        return replace(told, status=self.status(name))
