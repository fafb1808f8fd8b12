"""A simulated workforce: who labels, how well, how fast; and the labels they give.

What it takes from where: the shares of workers of :data:`CROWD` are set so that a crowd's mean accuracy on an
eleven-way task falls within the 50 to 60% of the HiveMind study, and :data:`MANAGED` so that a managed team's falls
within its 75 to 85%. Everything else here is an assumption: the ranges of each type, that seven errors in ten go to one
class that everybody confuses, and the seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workshop.datasets.annotations import Annotations
from workshop.errors import WorkshopError


@dataclass(frozen=True)
class WorkerType:
    """One way to work.

    Attributes:
        name: what a reader calls it.
        accuracy: lowest and highest probability of a right answer, the same for every class; None for workers who do
            not look.
        pace: seconds a label, as a multiple of the time that the task takes a careful worker.
    """

    name: str
    accuracy: tuple[float, float] | None
    pace: float


TYPES: dict[str, WorkerType] = {
    kind.name: kind
    for kind in (
        WorkerType("careful", (0.68, 0.85), 1.0),
        WorkerType("hasty", (0.35, 0.55), 0.5),
        WorkerType("spammer", None, 0.2),  # any class, at random
        WorkerType("scripted", None, 0.1),  # one class, always: a bot
        WorkerType("managed", (0.75, 0.85), 1.0),
        WorkerType("contractor", (0.65, 0.85), 1.0),
        WorkerType("employee", (0.85, 0.95), 1.0),
    )
}

#: Shares of workers, not of labels.
CROWD: Mapping[str, float] = {"careful": 0.55, "hasty": 0.25, "spammer": 0.12, "scripted": 0.08}
MANAGED: Mapping[str, float] = {"managed": 1.0}

#: Of a wrong answer, the probability that it is the class that everybody takes the true one for.
CONFUSABLE = 0.7

#: What a digit is taken for.
LOOKALIKE_DIGITS = np.array([6, 7, 3, 5, 9, 3, 0, 1, 3, 4])


@dataclass(frozen=True, eq=False)
class Workforce:
    """W workers for a task of K classes.

    Attributes:
        kinds: (W,) names of :data:`TYPES`.
        confusion: (W, K, K), [w, true, said]: probabilities, each row sums to 1.
        pace: (W,) as :attr:`WorkerType.pace`.
    """

    kinds: np.ndarray
    confusion: np.ndarray
    pace: np.ndarray

    def __len__(self) -> int:
        return len(self.kinds)

    @property
    def classes(self) -> int:
        return self.confusion.shape[1]

    @property
    def skill(self) -> np.ndarray:
        """(W,) probability of a right answer when every class is equally frequent."""
        return self.confusion.diagonal(axis1=1, axis2=2).mean(1)


def lookalikes(classes: int) -> np.ndarray:
    """(classes,): for each class the one it is taken for; for ten classes those of digits, otherwise the next one."""
    return LOOKALIKE_DIGITS if classes == 10 else (np.arange(classes) + 1) % classes


def hire(mix: Mapping[str, float], workers: int, classes: int, rng: np.random.Generator) -> Workforce:
    """Draw ``workers`` workers.

    The number of each type is its share of ``workers``, rounded so that all add up; what is random is who they are.

    Args:
        mix: type of :data:`TYPES` -> its share of the workers; shares are scaled to add up to one.

    Raises:
        WorkshopError: no workers, fewer than two classes, an unknown type, a negative share, shares that are all zero.
    """
    if workers < 1:
        raise WorkshopError(f"A workforce needs at least one worker, not {workers}.")
    if classes < 2:
        raise WorkshopError(f"There is nothing to label with {classes} class; take at least two.")
    if unknown := [name for name in mix if name not in TYPES]:
        raise WorkshopError(f"There are no workers called {unknown[0]!r}. Choose from: {', '.join(TYPES)}.")
    shares = np.array([float(share) for share in mix.values()])
    if not (np.isfinite(shares).all() and (shares >= 0).all() and shares.sum() > 0):
        raise WorkshopError("The shares of a mix must be 0 or more, and not all 0.")
    counts = _apportioned(shares / shares.sum(), workers)
    kinds = rng.permutation(np.repeat(np.array(list(mix)), counts))
    # Who does not look says anything, whatever there is to see; a script says one thing.
    confusion, accuracy = np.full((workers, classes, classes), 1 / classes), {}
    for worker, kind in enumerate(kinds):
        if (between := TYPES[str(kind)].accuracy) is not None:
            accuracy[worker] = rng.uniform(*between)
        elif kind == "scripted":
            confusion[worker] = np.eye(classes)[rng.integers(classes)]
    confusion[list(accuracy)] = careful_confusion(np.array(list(accuracy.values())), classes)
    pace = np.array([TYPES[str(kind)].pace for kind in kinds])
    return Workforce(kinds, confusion, pace)


def careful_confusion(accuracy: np.ndarray | float, classes: int) -> np.ndarray:
    """(..., K, K): right with probability ``accuracy``; of the errors :data:`CONFUSABLE` go to the lookalike."""
    accuracy = np.asarray(accuracy, float)[..., None, None]
    others = np.full((classes, classes), (1 - CONFUSABLE) / max(classes - 2, 1))
    others[np.arange(classes), lookalikes(classes)] = CONFUSABLE if classes > 2 else 1.0
    np.fill_diagonal(others, 0)
    return accuracy * np.eye(classes) + (1 - accuracy) * others


def label(workforce: Workforce, truth: np.ndarray, redundancy: int, rng: np.random.Generator) -> Annotations:
    """Each item is labelled by ``redundancy`` different workers, drawn at random.

    Args:
        truth: (N,) int, the classes of the items.

    Raises:
        WorkshopError: fewer workers than labels an item, no item, a class that the workforce does not know.
    """
    truth = np.asarray(truth)
    if not 1 <= redundancy <= len(workforce):
        raise WorkshopError(
            f"{redundancy} labels an item need as many workers, and at least one; there are {len(workforce)} workers."
        )
    if len(truth) == 0 or truth.min() < 0 or truth.max() >= workforce.classes:
        raise WorkshopError(
            f"The items need classes from 0 to {workforce.classes - 1}, and there must be at least one item."
        )
    worker = distinct(len(truth), redundancy, len(workforce), rng).ravel()
    item = np.repeat(np.arange(len(truth)), redundancy)
    said = answers(workforce, worker, truth[item], rng)
    return Annotations.of(
        item, worker, said, items=len(truth), workers=len(workforce), classes=workforce.classes
    )


def answers(
    workforce: Workforce, worker: np.ndarray, true: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """(M,): what each of these workers says to an item of that class."""
    return drawn(workforce.confusion[worker, true], rng)


def drawn(probabilities: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(M,): a class for each row of probabilities (M, K)."""
    said = (rng.random(len(probabilities))[:, None] > probabilities.cumsum(1)).sum(1)
    return np.minimum(said, probabilities.shape[1] - 1)  # a cumulated sum may end a rounding below 1


def distinct(rows: int, count: int, of: int, rng: np.random.Generator) -> np.ndarray:
    """(rows, count): in each row ``count`` different numbers below ``of``, all such choices equally likely."""
    chosen = np.empty((rows, count), np.int64)
    for j in range(count):
        pick = rng.integers(0, of - j, rows)
        for earlier in np.sort(chosen[:, :j], axis=1).T:  # step over those that are taken
            pick += pick >= earlier
        chosen[:, j] = pick
    return chosen


def _apportioned(shares: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers that add up to ``total``, by largest remainder."""
    exact = shares * total
    counts = np.floor(exact).astype(int)
    rest = total - counts.sum()
    counts[np.argsort(counts - exact, kind="stable")[:rest]] += 1
    return counts
