"""Variations: statistics kept in thawed blocks, or computed afresh at the end; a learning rate for each block; and
weights without their features."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workshop.datasets.tasks import task
from workshop.kernels.chance import Chance
from workshop.kernels.fine_tuning import examine
from workshop.kernels.kept_statistics import recompute_statistics
from workshop.kernels.shuffle import shuffled
from workshop.studies.fine_tuning.outcome import Run, Spectrum, train_run
from workshop.studies.fine_tuning.recipes import EVERYTHING, EXAM, FEW, LITE, MANY, SOME, recipe

if TYPE_CHECKING:
    from workshop.studies.fine_tuning.study import FineTuningStudy

#: Trainings with statistics kept: task and depth, with few labels.
KEPT = tuple(
    (name, depth) for name in ("digits", "tiles") for depth in ("from stage 7", "from stage 5", EVERYTHING)
)
#: How much shorter the steps get from a block to the one below it; 1 is among :data:`KEPT`.
DECAYS = (0.8, 0.5)
#: The training of everything, its statistics learnt anew, looked at once more: on the exam after its statistics were
#: computed afresh from its own pictures; and on those pictures as it came out of training.
AFRESH, OWN = f"{EVERYTHING}, statistics recomputed afterwards", f"{EVERYTHING}, on its own training pictures"
SHUFFLED = "shuffled weights"
SHUFFLED_LABELS = (FEW, SOME, MANY)


def kept_name(depth: str) -> str:
    """The depth of a run whose statistics were kept."""
    return f"{depth}, statistics kept"


def rates_name(decay: float) -> str:
    """The depth of a run that trains everything, statistics kept, with steps that shrink from block to block."""
    return f"{kept_name(EVERYTHING)}, steps x {decay:g} a block"


def run_kept(study: FineTuningStudy) -> Spectrum:
    """Fine-tune on few labels while all batch statistics stay as they were; beside it, learnt anew and mended."""
    runs = []
    for name, depth in KEPT if study.budget != "smoke" else KEPT[:1]:
        run, _ = study.train("lite", name, depth, FEW, keep=True)
        runs.append(replace(run, depth=kept_name(depth)))
    for name in dict.fromkeys(name for name, _ in KEPT) if study.budget != "smoke" else ():
        runs += _afresh(study, name)
    return Spectrum(tuple(runs), study.seed, study.budget, str(study.device))


def _afresh(study: FineTuningStudy, name: str) -> list[Run]:
    """Train everything with statistics learnt anew; examine it on its own pictures, and after they gave statistics."""
    run, done = study.train("lite", name, EVERYTHING, FEW)
    own = task(name).labelled(FEW, LITE.side, study.seed, study.device)
    exam = tuple(part[: EXAM[study.budget]] for part in task(name).examined(LITE.side, study.device))
    _, seen = examine(done.network, *own)
    _, right = examine(recompute_statistics(done.network, own[0]), *exam)
    return [replace(run, depth=AFRESH, right=right), replace(run, depth=OWN, right=seen)]


def run_rates(study: FineTuningStudy) -> Spectrum:
    """Train everything on few digits, statistics kept, with steps that get shorter towards the pixels."""
    runs = []
    for decay in DECAYS:
        how = replace(recipe("lite", EVERYTHING, FEW, study.budget), decay=decay)
        run, _ = study.train("lite", "digits", EVERYTHING, FEW, how=how, keep=True)
        runs.append(replace(run, depth=rates_name(decay)))
    return Spectrum(tuple(runs), study.seed, study.budget, str(study.device))


def run_shuffled(study: FineTuningStudy) -> Spectrum:
    """Train everything from weights that are pre-trained but for their places."""
    network = shuffled(study.network("small"), Chance(study.seed))
    counts = SHUFFLED_LABELS if study.budget != "smoke" else SHUFFLED_LABELS[:1]
    runs = []
    for labels in counts:
        run, _ = train_run(
            network, "small", task("digits"), EVERYTHING, labels, budget=study.budget, seed=study.seed,
            cache=study.cache, device=study.device, on_step=study.announce(f"Shuffled weights, {labels:,} labels"),
        )  # fmt: skip
        runs.append(replace(run, depth=SHUFFLED))
    return Spectrum(tuple(runs), study.seed, study.budget, str(study.device))
