"""Lesson 03's experiments at one budget, from the source to the target and back."""

from __future__ import annotations

import re
from dataclasses import asdict
from functools import cached_property

import numpy as np

from workshop import datasets, results, settings
from workshop.claims import Measurement, skipped
from workshop.datasets import digits, images
from workshop.datasets.digits import Digits, as_digits
from workshop.errors import WorkshopError
from workshop.kernels import (
    augment,
    chance,
    descent,
    digit_net,
    domain_adversarial,
    self_training,
    supervised,
)
from workshop.kernels.descent import OnStep
from workshop.studies.adaptation import outcome as outcome_module
from workshop.studies.adaptation import rungs as rungs_module
from workshop.studies.adaptation.claims import CLAIMS
from workshop.studies.adaptation.outcome import Outcome, run_training, wilson_interval
from workshop.studies.adaptation.rungs import FRAMES, RECIPES, RUNGS, augmentations
from workshop.studies.ladder import LadderRung
from workshop.studies.stored import Announce, StoredStudy, silent

#: The data that the lesson's claims are about. On other data the same numbers are measured, and bind nobody.
CLAIMED = ("renders", "mnist10k")
#: Rungs that the lesson also shows the other way round, from the target to the source.
REVERSED = ("source_only", "batch_statistics", "pseudo_labels")
#: Pictures of each side that a ``smoke`` run looks at.
SMOKE_LIMIT = 400

_BACK = "back: "
_CODE = (augment, chance, descent, digit_net, domain_adversarial, self_training, supervised,
         outcome_module, rungs_module, digits, images)  # fmt: skip


class AdaptationStudy(StoredStudy[Outcome]):
    """Rungs 0 to 4 from ``source`` to ``target``, and the way back.

    Args:
        budget: of :data:`workshop.settings.BUDGETS`.
        source, target: names of data sets, or paths of ``.npz`` files with ``images`` and ``labels``.
        seed: of the trainings.
        announce: called before each training.

    Raises:
        WorkshopError: an unknown budget or data set, or two sets that share pictures.
    """

    lesson = "03_domain_adaptation"
    claims = CLAIMS
    kind = Outcome
    shipped = (*RUNGS, *(_BACK + rung for rung in REVERSED))
    trained_at_ci = frozenset(
        rung.key for rung in RUNGS.values() if rung.training in ("source_only", "pseudo_labels")
    )

    def __init__(
        self,
        budget: str = "class",
        source: str = "renders",
        target: str = "mnist10k",
        seed: int = settings.SEED,
        announce: Announce = silent,
    ):
        super().__init__(budget, seed, announce)
        if source == target:
            raise WorkshopError(
                f"Source and target are both {source!r}. Choose two different sets of digits."
            )
        pair = datasets.load(source), datasets.load(target)
        shared = _shared_pictures(*pair)
        if shared:
            raise WorkshopError(
                f"{shared:,} pictures of {pair[1].name} are also in {pair[0].name}, so the target would not be new. "
                "Choose two sets that share none."
            )
        limit = SMOKE_LIMIT if budget == "smoke" else None
        self.source, self.target = (as_digits(one, settings.device(), limit) for one in pair)
        self._claimed = (source, target) == CLAIMED

    def outcome(self, rung: str, reverse: bool = False) -> Outcome | None:
        """The outcome of a rung; None where this budget gives none.

        Args:
            rung: a key of :data:`RUNGS`.
            reverse: from the target to the source.
        """
        return self.result(_name(rung, reverse))

    def outcomes(self, reverse: bool = False) -> dict[str, Outcome]:
        """All rungs there are at this budget, lowest first; on the way back those of :data:`REVERSED`."""
        found = {rung: self.outcome(rung, reverse) for rung in (REVERSED if reverse else RUNGS)}
        return {rung: outcome for rung, outcome in found.items() if outcome is not None}

    def alike(self, rung: str, like: Outcome | None) -> Outcome | None:
        """A rung's outcome at the budget of another outcome, so that the two may be compared."""
        found = self.outcome(rung)
        if like is None or found is None or found.budget == like.budget:
            return found
        return self.stored(rung)

    def both_ways(self) -> tuple[dict[str, Outcome], dict[str, Outcome]]:
        """The rungs that are shown in both directions, there and back, each pair at one budget."""
        back = self.outcomes(reverse=True)
        return {rung: self.alike(rung, like) for rung, like in back.items()}, back

    def describe(self) -> str:
        trained = [rung.title for rung in RUNGS.values() if self.trains(rung.key)]
        now = f"Trained here and now: {', '.join(trained)}." if trained else "Nothing is trained now."
        return (
            f"{self.source.name} ({len(self.source.train):,} labelled) to {self.target.name} "
            f"({len(self.target.train):,} unlabelled, {len(self.target.sealed):,} sealed), "
            f"budget {self.budget}, on {self.source.train.device}. {now}"
        )

    def measure(self, claim_id: str) -> Measurement:
        claim = claim_id.removeprefix("adaptation/")
        rung = {"source_on_source": "source_only", "hard_direction": "source_only", "dann": "adversarial",
                "target_accuracy": "pseudo_labels"}.get(claim, claim)  # fmt: skip
        name = _name(rung, reverse=claim == "hard_direction")
        source, target = self._pair(name)
        on_source = claim == "source_on_source"
        where = source.name if on_source else f"{source.name} to {target.name}"
        found = self.result(name)
        if found is None:
            return skipped(f"{where}, sealed pictures", self.budget)
        confusion = found.source_confusion if on_source else found.confusion
        return Measurement(
            value=found.source_accuracy if on_source else found.accuracy,
            interval=wilson_interval(confusion),
            data=f"{where}, sealed pictures ({int(confusion.sum()):,})",
            seeds=(found.seed,),
            budget=found.budget,
            status=self.status(name),
            claimed=self._claimed,
        )

    def key(self, name: str) -> results.Key:
        source, target = self._pair(name)
        rung = name.removeprefix(_BACK)
        parameters = {
            "rung": rung,
            "recipe": asdict(RECIPES["class"]),
            "augment": [asdict(one) for one in augmentations(source, target)],
            "strength": "ganin",
            "frames": FRAMES["class"],
            "seed": self.seed,
        }
        file = re.sub(r"\W+", "_", f"{source.name} to {target.name} {rung} {self.seed}")
        return results.Key(
            self.lesson, file, self._code, f"{source.fingerprint} > {target.fingerprint}", parameters
        )

    def train_for(self, name: str) -> dict[str, Outcome]:
        reverse = name.startswith(_BACK)
        trained = self.train(RUNGS[name.removeprefix(_BACK)].training, reverse)
        return {_name(rung, reverse): outcome for rung, outcome in trained.items()}

    def train(
        self,
        training: str,
        reverse: bool = False,
        *,
        strength: str = "ganin",
        budget: str | None = None,
        on_step: OnStep | None = None,
    ) -> dict[str, Outcome]:
        """Train now, whatever is stored; returns the outcome of every rung that shows this training.

        Args:
            training: the ``training`` of a rung.
            reverse: from the target to the source.
            strength: of :data:`~workshop.studies.adaptation.rungs.STRENGTHS`.
            budget: the study's own by default.
            on_step: instead of announcing.
        """
        budget = budget or self.budget
        source, target = self._pair(_name("", reverse))
        title = next(rung.title for rung in RUNGS.values() if rung.training == training)
        return run_training(
            training, source, target,
            recipe=RECIPES[budget], budget=budget, seed=self.seed, strength=strength, frames=FRAMES[budget],
            on_step=on_step or self.announce(f"{title}: {source.name} to {target.name}"),
        )  # fmt: skip

    def ladder(self) -> tuple[LadderRung, ...]:
        outcomes = self.stored("source_only"), self.stored("pseudo_labels")
        if None in outcomes:
            return ()
        direct, adapted = outcomes
        pictures = f"{self.target.name} digits read"
        source = f"{len(self.source.train):,} {self.source.name}"
        return (
            LadderRung(
                "direct use", self.lesson, RUNGS["source_only"].title[2:], labels="none", elsewhere=source,
                seconds=direct.seconds,
                gain=f"{direct.accuracy:.1f} % of {pictures}",
            ),
            LadderRung(
                "adaptation", self.lesson, RUNGS["pseudo_labels"].title[2:], labels="none", elsewhere=source,
                seconds=adapted.seconds,
                gain=f"{direct.accuracy:.1f} to {adapted.accuracy:.1f} % of {pictures}",
            ),
        )  # fmt: skip

    def _pair(self, name: str) -> tuple[Digits, Digits]:
        return (self.target, self.source) if name.startswith(_BACK) else (self.source, self.target)

    @cached_property
    def _code(self) -> str:
        return results.code_version(_CODE)


def _name(rung: str, reverse: bool) -> str:
    return _BACK + rung if reverse else rung


def _shared_pictures(source: images.ImageSet, target: images.ImageSet) -> int:
    """How many pictures of the target are in the source, byte for byte; a picture of one shade does not count."""
    if source.images.shape[1:] != target.images.shape[1:]:
        return 0
    known = {picture.tobytes() for picture in source.images}
    return sum(bool(np.ptp(picture)) and picture.tobytes() in known for picture in target.images)
