"""The search for what to thaw, beside a hand-picked rule: both are judged on an exam that the search never saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workshop.datasets.tasks import task
from workshop.kernels.block_net import with_new_head
from workshop.kernels.descent import OnStep
from workshop.kernels.fine_tuning import FineTuneRecipe
from workshop.kernels.freeze_search import Tried, search
from workshop.studies.fine_tuning.outcome import Run
from workshop.studies.fine_tuning.recipes import SEARCH_FOLDS, SEARCH_LABELS, Source

if TYPE_CHECKING:
    from workshop.studies.fine_tuning.study import FineTuningStudy

HAND = "from block 3"  #: the usual rule: the last block and the head
RECIPE = FineTuneRecipe(epochs=50, learning_rate=3e-3)


@dataclass(frozen=True, eq=False)
class Searched:
    """A finished search.

    Attributes:
        tried: in order, each with its scores on held-out labels.
        proposal: blocks to thaw.
        exam, by_hand: what the proposal and the rule come to, trained on all labels.
        depths: what each depth comes to, the rule's among them, from the head alone to everything.
    """

    tried: tuple[Tried, ...]
    proposal: tuple[str, ...]
    exam: Run
    by_hand: Run
    depths: tuple[Run, ...]
    labels: int
    seed: int
    budget: str


def run_search(
    study: FineTuningStudy, source: Source, task_name: str, *, budget: str, seed: int, on_step: OnStep
) -> Searched:
    """Search on the labels alone; then train the proposal and the rule on all of them, and let both sit the exam."""
    of, network = task(task_name), study.network(source.key)
    images, labels = of.labelled(SEARCH_LABELS, source.side, seed, study.device)
    how = RECIPE if budget != "smoke" else FineTuneRecipe(1)
    found = search(
        lambda chance: with_new_head(network, len(of.classes), chance).to(study.device), images, labels,
        recipe=how, cache=study.cache, parts=SEARCH_FOLDS, seed=seed, on_step=on_step,
    )  # fmt: skip
    proposal, *depths = (
        study.train(
            source.key, task_name, depth, SEARCH_LABELS, frozen=frozen, how=how, budget=budget, on_step=silent
        )[0]
        for depth, frozen in (
            (" + ".join(found.proposal), [n for n in source.blocks if n not in found.proposal]),
            *((depth, source.frozen(depth)) for depth in source.depths),
        )
    )
    by_hand = next(run for run in depths if run.depth == HAND)
    return Searched(
        found.tried, found.proposal, proposal, by_hand, tuple(depths), SEARCH_LABELS, seed, budget
    )


def silent(step: int, total: int, metrics: object) -> bool:
    """An ``on_step`` for trainings of a second."""
    return True
