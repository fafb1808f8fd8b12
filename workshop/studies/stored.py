"""What every lesson's study shares: results by name, trained when the budget says so, found when they are stored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, Generic, TypeVar

from workshop import results, settings
from workshop.claims import Claim, Measurement, Status
from workshop.kernels.descent import OnStep
from workshop.studies.ladder import LadderRung

R = TypeVar("R")

#: Says what is being trained, and returns the ``on_step`` to hand to a kernel (a lesson shows a progress bar).
Announce = Callable[[str], OnStep]


def silent(text: str) -> OnStep:
    """An :data:`Announce` for runs that nobody watches."""
    return lambda step, total, metrics: True


class StoredStudy(ABC, Generic[R]):
    """A lesson's experiments at one budget: some trained here and now, some shown from stored results.

    ======  ======================================================================================
    smoke   everything is trained, in seconds, and judged by nobody
    ci      the names in :attr:`trained_at_ci` are trained; the others are stored ``class`` results
    class   stored results where today's code, data and parameters have one (``WORKSHOP_RETRAIN``: none is)
    full    everything is trained
    ======  ======================================================================================

    Attributes:
        lesson: the lesson's file name without its ending.
        claims: by id.
        kind: the dataclass of a result.
        shipped: the names of the results that the lesson ships.
        trained_at_ci: those of them that ``ci`` trains.
    """

    lesson: ClassVar[str]
    claims: ClassVar[Mapping[str, Claim]]
    kind: ClassVar[type]
    shipped: ClassVar[tuple[str, ...]]
    trained_at_ci: ClassVar[frozenset[str]]

    def __init__(self, budget: str, seed: int, announce: Announce):
        self.budget, self.seed, self.announce = settings.check_budget(budget), seed, announce
        self._found: dict[str, tuple[R | None, Status]] = {}
        settings.use_threads()

    @abstractmethod
    def describe(self) -> str:
        """One sentence: what is trained here and now, on what."""

    @abstractmethod
    def measure(self, claim_id: str) -> Measurement:
        """The number behind a claim; ``skipped`` where this budget or these data do not give it."""

    @abstractmethod
    def key(self, name: str) -> results.Key:
        """The key under which the ``class`` result of that name is stored."""

    @abstractmethod
    def train_for(self, name: str) -> dict[str, R]:
        """Train at this study's budget; returns the result of that name, and of all others it gives on the way."""

    def result(self, name: str) -> R | None:
        """The result of that name: trained now, or stored, or None where this budget gives neither."""
        return self._find(name)[0]

    def status(self, name: str) -> Status:
        """Where :meth:`result` comes from."""
        return self._find(name)[1]

    def stored(self, name: str) -> R | None:
        """The stored ``class`` result; None when there is none of today's code, data and parameters."""
        return results.find(self.kind_of(name), self.key(name))

    def kind_of(self, name: str) -> type:
        """The dataclass of that result; a study that keeps results of several kinds says which."""
        return self.kind

    def ladder(self) -> tuple[LadderRung, ...]:
        """What the stored results say about the ladder of transfer; nothing by default."""
        return ()

    def trains(self, name: str) -> bool:
        """Whether asking for :meth:`result` trains at this budget."""
        if self.budget == "ci":
            return name in self.trained_at_ci
        if self.budget == "class" and not settings.retrain():
            return self.stored(name) is None
        return True

    def to_store(self, again: bool = False) -> Iterator[tuple[R, results.Key]]:
        """Train what the lesson ships and is stale, or all of it ``again``; yields each result with its key."""
        # The keys are those of the code that trains, whatever becomes of its files meanwhile.
        keys = {name: self.key(name) for name in self.shipped}
        wanted = [name for name in self.shipped if again or self.stored(name) is None]
        while wanted:
            for name, result in self.train_for(wanted[0]).items():
                yield result, keys[name]
                wanted = [other for other in wanted if other != name]

    def _find(self, name: str) -> tuple[R | None, Status]:
        if name not in self._found:
            if self.trains(name):
                self._found |= {other: (result, "run") for other, result in self.train_for(name).items()}
            else:
                stored = self.stored(name)
                self._found[name] = stored, "stored" if stored else "skipped"
        return self._found[name]
