"""Which lesson runs which study, and on which data its numbers are measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workshop import datasets
from workshop.studies.adaptation import AdaptationStudy
from workshop.studies.fine_tuning import FineTuningStudy
from workshop.studies.label_quality import LabelQualityStudy
from workshop.studies.ladder import RUNGS, LadderRung
from workshop.studies.meta_learning import MetaLearningStudy
from workshop.studies.start import StartStudy
from workshop.studies.stored import StoredStudy
from workshop.studies.transfer_scenarios import TransferScenariosStudy


@dataclass(frozen=True)
class Entry:
    """A lesson's study.

    Attributes:
        make: its class, called with ``budget``, ``seed``, ``announce`` and one of ``data``.
        data: the keyword arguments that name data, one mapping for each set of data to measure on; the first
            is the lesson's own.
    """

    make: type[StoredStudy]
    data: tuple[Mapping[str, str], ...] = ({},)

    def measurable(self) -> Iterable[Mapping[str, str]]:
        """Those of ``data`` that are on this machine."""
        return [names for names in self.data if all(datasets.is_here(name) for name in names.values())]


STUDIES: dict[str, Entry] = {
    StartStudy.lesson: Entry(StartStudy),
    TransferScenariosStudy.lesson: Entry(TransferScenariosStudy),
    FineTuningStudy.lesson: Entry(FineTuningStudy),
    AdaptationStudy.lesson: Entry(
        AdaptationStudy,
        (
            {"source": "renders", "target": "mnist10k"},
            {"source": "svhn-dev", "target": "mnist10k"},
        ),
    ),
    MetaLearningStudy.lesson: Entry(MetaLearningStudy),
    LabelQualityStudy.lesson: Entry(LabelQualityStudy),
}


def climbed() -> list[LadderRung]:
    """What the stored results of all lessons say of the ladder, from the lowest rung to the highest."""
    found = [
        rung for entry in STUDIES.values() for rung in entry.make(budget="class", **entry.data[0]).ladder()
    ]
    return sorted(found, key=lambda rung: list(RUNGS).index(rung.rung))
