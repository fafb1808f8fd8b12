"""Lesson 03's experiments at one budget: which rungs are trained now, which are shown from stored results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import cached_property

from workshop import datasets, results, settings
from workshop.claims import Measurement, Status, skipped
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
from workshop.studies.adaptation.rungs import AUGMENT_SOURCE, AUGMENT_TARGET, RECIPES, RUNGS

LESSON = "03_domain_adaptation"

#: Trained in half a minute at ``ci``; the other rungs are shown from stored results.
TRAINED_AT_CI = ("source_only", "pseudo_labels")
#: Pictures of each side that a ``smoke`` run looks at.
SMOKE_LIMIT = 400
#: Rungs that the lesson also shows the other way round, from the target to the source.
REVERSED = ("source_only", "batch_statistics", "pseudo_labels")

_CODE = (augment, chance, descent, digit_net, domain_adversarial, self_training, supervised,
         outcome_module, rungs_module, datasets.digits)  # fmt: skip

#: Says what is being trained, and returns the ``on_step`` to hand to a kernel (the lesson shows a progress bar).
Announce = Callable[[str], OnStep]


class AdaptationStudy:
    """Rungs 0 to 4 from ``source`` to ``target``, and the way back.

    Args:
        budget: of :data:`workshop.settings.BUDGETS`.
        source, target: names of data sets, or paths of ``.npz`` files with ``images`` and ``labels``.
        seed: of the trainings.
        announce: called before each training.

    Raises:
        WorkshopError: an unknown budget or data set, or twice the same one.
    """

    lesson = LESSON
    claims = CLAIMS

    def __init__(
        self,
        budget: str = "class",
        source: str = "renders",
        target: str = "mnist10k",
        seed: int = settings.SEED,
        announce: Announce = lambda text: lambda step, total, metrics: True,
    ):
        if source == target:
            raise WorkshopError(
                f"Source and target are both {source!r}. Choose two different sets of digits."
            )
        if {source, target} == {"mnist", "mnist10k"}:
            raise WorkshopError("mnist10k is the first part of mnist. Choose another pair.")
        self.budget, self.seed, self.announce = settings.check_budget(budget), seed, announce
        limit = SMOKE_LIMIT if budget == "smoke" else None
        settings.use_threads()
        self.source = as_digits(datasets.load(source), settings.device(), limit)
        self.target = as_digits(datasets.load(target), settings.device(), limit)
        self._outcomes: dict[tuple[str, bool], tuple[Outcome | None, Status]] = {}

    @cached_property
    def _code(self) -> str:
        return results.code_version(_CODE)

    def key(self, rung: str, reverse: bool = False, budget: str = "class") -> results.Key:
        """The key under which a rung's result is stored."""
        source, target = self._pair(reverse)
        parameters = {
            "rung": rung,
            "recipe": asdict(RECIPES[budget]),
            "augment": [asdict(AUGMENT_SOURCE[reverse]), asdict(AUGMENT_TARGET)],
            "seed": self.seed,
        }
        name = f"{'reverse_' if reverse else ''}{rung}-s{self.seed}"
        return results.Key(
            LESSON, name, self._code, f"{source.fingerprint} > {target.fingerprint}", parameters
        )

    def outcome(self, rung: str, reverse: bool = False) -> Outcome | None:
        """The outcome of a rung: trained now, or stored, or None where this budget gives neither.

        Args:
            rung: a key of :data:`RUNGS`.
            reverse: from the target to the source.
        """
        return self._find(rung, reverse)[0]

    def status(self, rung: str, reverse: bool = False) -> Status:
        """Where :meth:`outcome` comes from."""
        return self._find(rung, reverse)[1]

    def outcomes(self, reverse: bool = False) -> dict[str, Outcome]:
        """All rungs there are at this budget, lowest first; on the way back those of :data:`REVERSED`."""
        found = {rung: self.outcome(rung, reverse) for rung in (REVERSED if reverse else RUNGS)}
        return {rung: outcome for rung, outcome in found.items() if outcome is not None}

    def alike(self, rung: str, like: Outcome | None, reverse: bool = False) -> Outcome | None:
        """A rung's outcome at the budget of another outcome, so that the two may be compared."""
        found = self.outcome(rung, reverse)
        if like is None or found is None or found.budget == like.budget:
            return found
        return self._stored(rung, reverse)

    def both_ways(self) -> tuple[dict[str, Outcome], dict[str, Outcome]]:
        """The rungs that are shown in both directions, there and back, each pair at one budget."""
        back = self.outcomes(reverse=True)
        return {rung: self.alike(rung, like) for rung, like in back.items()}, back

    def describe(self) -> str:
        trained = [rung.title for rung in RUNGS.values() if self._trains(rung.key, False)]
        now = f"Trained here and now: {', '.join(trained)}." if trained else "Nothing is trained now."
        return (
            f"{self.source.name} ({len(self.source.train):,} labelled) to {self.target.name} "
            f"({len(self.target.train):,} unlabelled, {len(self.target.sealed):,} sealed), "
            f"budget {self.budget}, on {self.source.train.device}. {now}"
        )

    def measure(self, claim_id: str) -> Measurement:
        name = claim_id.removeprefix("adaptation/")
        rung = {"source_on_source": "source_only", "hard_direction": "source_only", "dann": "adversarial",
                "target_accuracy": "pseudo_labels"}.get(name, name)  # fmt: skip
        reverse = name == "hard_direction"
        source, target = self._pair(reverse)
        found, status = self._find(rung, reverse)
        on_source = name == "source_on_source"
        where = source.name if on_source else f"{source.name} to {target.name}"
        data = f"{where}, sealed pictures"
        if found is None:
            return skipped(data, self.budget)
        confusion = found.source_confusion if on_source else found.confusion
        return Measurement(
            value=found.source_accuracy if on_source else found.accuracy,
            interval=wilson_interval(confusion),
            data=f"{data} ({int(confusion.sum()):,})",
            seeds=(found.seed,),
            budget=found.budget,
            status=status,
        )

    def _pair(self, reverse: bool) -> tuple[Digits, Digits]:
        return (self.target, self.source) if reverse else (self.source, self.target)

    def _trains(self, rung: str, reverse: bool) -> bool:
        """Whether this budget trains the rung when no stored result is wanted or none is there."""
        if self.budget == "ci":
            return RUNGS[rung].training in TRAINED_AT_CI and not reverse
        if self.budget == "class" and not settings.retrain():
            return self._stored(rung, reverse) is None
        return True

    def _stored(self, rung: str, reverse: bool) -> Outcome | None:
        return results.find(Outcome, self.key(rung, reverse))

    def _find(self, rung: str, reverse: bool) -> tuple[Outcome | None, Status]:
        if (rung, reverse) not in self._outcomes:
            if self._trains(rung, reverse):
                for key, outcome in self.train(RUNGS[rung].training, reverse).items():
                    self._outcomes[key, reverse] = outcome, "run"
            else:
                stored = self._stored(rung, reverse)
                self._outcomes[rung, reverse] = stored, "stored" if stored else "skipped"
        return self._outcomes[rung, reverse]

    def to_store(self, again: bool = False) -> Iterator[tuple[Outcome, results.Key]]:
        """Train what the lesson ships and is not stored under today's key, or all of it; yields it with its key."""
        for reverse, wanted in ((False, tuple(RUNGS)), (True, REVERSED)):
            stale = [rung for rung in wanted if again or self._stored(rung, reverse) is None]
            for training in dict.fromkeys(RUNGS[rung].training for rung in stale):
                for rung, outcome in self.train(training, reverse).items():
                    yield outcome, self.key(rung, reverse)

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
            strength: of :data:`~workshop.studies.adaptation.rungs.STRENGTHS`.
            budget: the study's own by default.
            on_step: instead of announcing.
        """
        budget = budget or self.budget
        source, target = self._pair(reverse)
        title = next(rung.title for rung in RUNGS.values() if rung.training == training)
        return run_training(
            training, source, target,
            recipe=RECIPES[budget], budget=budget, reverse=reverse, seed=self.seed, strength=strength,
            frames=3 if budget == "smoke" else 8,
            on_step=on_step or self.announce(f"{title}: {source.name} to {target.name}"),
        )  # fmt: skip
