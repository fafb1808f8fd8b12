"""Lesson 05's experiments at one budget."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cached_property

import numpy as np

from workshop import results, settings
from workshop.claims import Measurement, pooled, skipped
from workshop.datasets import sines
from workshop.kernels import chance, digit_net, meta_learning, meta_training, sharpness
from workshop.kernels.chance import Chance
from workshop.kernels.descent import OnStep
from workshop.kernels.digit_net import initialised
from workshop.kernels.engines import autograd, by_hand, compiled, mlp, native
from workshop.kernels.meta_training import sine_net
from workshop.studies.ladder import LadderRung
from workshop.studies.meta_learning import beside
from workshop.studies.meta_learning import outcome as outcome_module
from workshop.studies.meta_learning import recipes as recipes_module
from workshop.studies.meta_learning.beside import Agreement
from workshop.studies.meta_learning.claims import AGREEMENT, CLAIMS
from workshop.studies.meta_learning.outcome import STEPS, TESTED, Outcome, mean_and_half, run_training
from workshop.studies.meta_learning.recipes import FAMILY, FULL_SEEDS, TRAININGS, recipe
from workshop.studies.stored import Announce, StoredStudy, silent

#: The stored comparison with learn2learn, beside the trainings.
BESIDE = "beside_learn2learn"
SMOKE_TESTED = 200

_CODE = (sines, chance, digit_net, meta_learning, meta_training, sharpness, autograd, by_hand, mlp, compiled,
         native, outcome_module, recipes_module)  # fmt: skip


class MetaLearningStudy(StoredStudy[Outcome | Agreement]):
    """MAML and its relatives on sine waves.

    Args:
        budget: of :data:`workshop.settings.BUDGETS`. At ``full`` each claim is about three seeds.
        seed: of the trainings; the exams are the same for all.
        announce: called before each training.
    """

    lesson = "05_meta_learning"
    claims = CLAIMS
    kind = Outcome
    shipped = (*TRAININGS, BESIDE)
    trained_at_ci = frozenset(training.key for training in TRAININGS.values() if training.main)

    def __init__(self, budget: str = "class", seed: int = settings.SEED, announce: Announce = silent):
        super().__init__(budget, seed, announce)
        self.device = settings.device()
        self.network = initialised(sine_net, Chance(seed))

    def outcome(self, training: str) -> Outcome | None:
        """The outcome of a training of :data:`TRAININGS`; None where this budget gives none."""
        return self.result(training)

    def outcomes(self, *trainings: str) -> dict[str, Outcome]:
        """Those there are at this budget, by training."""
        found = {training: self.outcome(training) for training in trainings or TRAININGS}
        return {training: outcome for training, outcome in found.items() if outcome is not None}

    def variations(self) -> dict[str, tuple[Outcome, np.ndarray]]:
        """MAML, what differs from it by a line, and the baseline, K = 10, after equally many iterations.

        Returns:
            by training: its outcome, and its error (STEPS + 1,) after each gradient step, on the same unseen tasks.
        """
        others = self.outcomes(*(t.key for t in TRAININGS.values() if not t.main))
        iterations = max((outcome.iterations for outcome in others.values()), default=0)
        main = {}
        for name in ("maml_k10", "joint_k10"):
            found = self.outcome(name)
            if found is None or iterations not in found.frames.step:  # of a shorter budget than the others
                found = self.stored(name)
            main[name] = found
        every = {"maml_k10": main["maml_k10"], **others, "joint_k10": main["joint_k10"]}
        return {
            name: (outcome, outcome.frames.error[list(outcome.frames.step).index(iterations)])
            for name, outcome in every.items()
            if others and outcome is not None and iterations in outcome.frames.step
        }

    def agreement(self) -> Agreement | None:
        """How far learn2learn's meta-gradients are from ours: compared now where it is installed, else stored."""
        return self.result(BESIDE)

    def describe(self) -> str:
        now = [training for training in TRAININGS.values() if self.trains(training.key)]
        longest = max((recipe(training, self.budget).iterations for training in now), default=0)
        trained = (
            f"{len(now)} initialisations are trained here and now, for up to {longest:,} iterations."
            if now
            else "Nothing is trained now."
        )
        return f"Sine waves, K = 10 and 5, budget {self.budget}, on {self.device}. {trained}"

    def trains(self, name: str) -> bool:
        if name == BESIDE:
            reading = self.budget == "class" and not settings.retrain() and self.stored(BESIDE) is not None
            return beside.is_installed() and not reading
        return super().trains(name)

    def kind_of(self, name: str) -> type:
        return Agreement if name == BESIDE else Outcome

    def measure(self, claim_id: str) -> Measurement:
        if claim_id == AGREEMENT:
            return self._measured_agreement()
        claim, _, shots = claim_id.removeprefix("maml/").rpartition("_")
        first, count = (FULL_SEEDS * self.seed, FULL_SEEDS) if self.budget == "full" else (self.seed, 1)
        return pooled([self._measured(claim, shots, seed) for seed in range(first, first + count)])

    def key(self, name: str) -> results.Key:
        parameters = {"name": name, "seed": self.seed}
        if name == BESIDE:
            code = self._code + results.code_version([beside])
            return results.Key(self.lesson, name, code, "random meta-batches", parameters)
        parameters |= {"recipe": vars(recipe(TRAININGS[name], "class")), "tested": TESTED}
        return results.Key(self.lesson, f"{name}_{self.seed}", self._code, repr(FAMILY), parameters)

    def train_for(self, name: str) -> dict[str, Outcome | Agreement]:
        if name == BESIDE:
            return {name: beside.compare(seed=self.seed)}
        training, _, seed = name.partition(" seed ")
        return {name: self.train(training, seed=int(seed or self.seed))}

    def train(
        self,
        training: str,
        *,
        budget: str | None = None,
        iterations: int | None = None,
        seed: int | None = None,
        on_step: OnStep | None = None,
    ) -> Outcome:
        """Train now, whatever is stored.

        Args:
            training: of :data:`TRAININGS`.
            budget, seed: the study's own by default.
            iterations: those of the budget by default.
            on_step: instead of announcing.
        """
        chosen, budget = TRAININGS[training], budget or self.budget
        how = recipe(chosen, budget)
        if iterations is not None:
            how = replace(how, iterations=iterations)
        return run_training(
            chosen, how, budget=budget, seed=self.seed if seed is None else seed,
            device=self.device, tested=SMOKE_TESTED if budget == "smoke" else TESTED,
            on_step=on_step or self.announce(f"{chosen.title}, K = {chosen.shots}"),
        )  # fmt: skip

    def ladder(self) -> tuple[LadderRung, ...]:
        outcomes = self.stored("maml_k10"), self.stored("joint_k10")
        if None in outcomes:
            return ()
        maml, joint = outcomes
        before, after = joint.error[STEPS, 0], maml.error[1, 0]
        points = maml.iterations * recipe(TRAININGS["maml_k10"], "class").tasks * 2 * maml.shots
        return (
            LadderRung(
                "meta-learning",
                self.lesson,
                "MAML on sine waves",
                labels=f"{maml.shots} of each new task",
                elsewhere=f"{points / 1e6:.0f} million of other tasks",
                seconds=maml.seconds,
                gain=f"error {before:.2f} (baseline, {STEPS} steps) to {after:.2f} (MAML, 1 step)",
            ),
        )

    def _measured(self, claim: str, shots: str, seed: int) -> Measurement:
        """One claim about one K and one seed."""
        names = [f"maml_{shots}", f"joint_{shots}"]
        if seed != self.seed:
            names = [f"{name} seed {seed}" for name in names]
        needed = {"baseline_after_10": names[1:], "one_step_beats_baseline_ten": names, "unseen_half": names}
        used = needed.get(claim, names[:1])
        found = [self.result(name) for name in used]
        if not all(found):
            return skipped("unseen sine waves", self.budget)
        value, half, kept = _measure(claim, *found)
        data = f"{kept:,} unseen sine waves"
        if lost := len(found[0].by_task) - kept:
            data += f" ({lost} more, on which ten steps diverge, left out)"
        return Measurement(
            value, (value - half, value + half), data, (seed,), found[0].budget, self.status(used[0])
        )

    def _measured_agreement(self) -> Measurement:
        found, data = self.agreement(), "meta-gradients in float64, 1 and 5 inner steps"
        if found is None:
            return skipped(data, self.budget)
        status = self.status(BESIDE)
        budget = self.budget if status == "run" else "class"
        data = f"{data}, learn2learn {found.version}"
        return Measurement(found.largest, None, data, (self.seed,), budget, status)

    @cached_property
    def _code(self) -> str:
        source = native.SOURCE.read_text(encoding="utf-8")
        return results.code_version(_CODE) + hashlib.sha256(source.encode()).hexdigest()[:12]


def _measure(claim: str, *found: Outcome) -> tuple[float, float, int]:
    """The number behind a claim, half of its 95% interval over tasks, and how many tasks that is about.

    Two outcomes are MAML's and the baseline's. A mean after ten steps is about the tasks on which ten steps converge:
    a single one that does not would drown all others.
    """
    every = np.ones(len(found[0].by_task), bool)
    if claim == "unseen_half":
        maml, joint = (outcome.half[:, 1] for outcome in found)
        share = maml.mean() / joint.mean()
        # of a ratio of means over the same tasks (delta method)
        half = mean_and_half(maml - share * joint)[1] / float(joint.mean())
        return 100 * float(share), 100 * half, int(every.sum())
    if claim == "mse_after_1":
        values, kept = found[0].after(1), every
    else:
        kept = np.logical_and.reduce([outcome.converges for outcome in found])
        values = found[-1].after(STEPS)
        if claim == "one_step_beats_baseline_ten":
            values = values - found[0].after(1)
        if claim == "keeps_improving":
            values = found[0].after(1) - values
    return *mean_and_half(values[kept]), int(kept.sum())
