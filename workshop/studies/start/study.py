"""Lesson 00's study: one experiment, one claim."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from workshop import results
from workshop.claims import Claim, Measurement, mean_and_half, skipped
from workshop.datasets import images
from workshop.studies.start import hunger
from workshop.studies.start.hunger import DRAWS, LABELS, Hunger, digits, learning_curve
from workshop.studies.stored import Announce, StoredStudy, silent

NAME = "hunger"
#: Set before anything was measured.
HUNGER = Claim(
    "start/label_hunger",
    "Ten times the labels, 1,000 instead of 100, spare a large part of the errors.",
    "%",
    ">=",
    {"class": 40},
)


class StartStudy(StoredStudy[Hunger]):
    """How hungry for labels a plain classifier is."""

    lesson: ClassVar[str] = "00_start_here"
    claims: ClassVar[Mapping[str, Claim]] = {HUNGER.id: HUNGER}
    kind: ClassVar[type] = Hunger
    shipped: ClassVar[tuple[str, ...]] = (NAME,)
    trained_at_ci: ClassVar[frozenset[str]] = frozenset({NAME})

    def __init__(self, budget: str = "class", seed: int = 0, announce: Announce = silent):
        super().__init__(budget, seed, announce)

    def describe(self) -> str:
        trained = (
            f"{len(LABELS[self.budget]) * DRAWS[self.budget]} classifiers are trained here and now."
            if self.trains(NAME)
            else "Nothing is trained now."
        )
        return f"Real handwritten digits, budget {self.budget}. {trained}"

    def hunger(self) -> Hunger | None:
        """The learning curve, where there is one."""
        return self.result(NAME)

    def measure(self, claim_id: str) -> Measurement:
        words = "2,000 sealed digits of mnist10k, logistic regression"
        found = self.hunger()
        if found is None:
            return skipped(words, self.budget)
        spared = 100 * (1 - found.error(1000) / found.error(100))
        mean, half = (float(number) for number in mean_and_half(spared))
        return Measurement(
            mean,
            (mean - half, mean + half),
            f"{words}, {len(found.draws)} draws",
            (self.seed,),
            found.budget,
            self.status(NAME),
        )

    def key(self, name: str) -> results.Key:
        parameters = {"labels": list(LABELS["class"]), "draws": DRAWS["class"], "seed": self.seed}
        code = results.code_version([hunger, images])
        return results.Key(self.lesson, f"{name}_{self.seed}", code, digits()[0].fingerprint, parameters)

    def train_for(self, name: str) -> dict[str, Hunger]:
        text = "Logistic regression on more and more labels"
        return {name: learning_curve(self.budget, self.seed, self.announce(text))}
