"""A rare class: what resampling buys, what it costs, and what a moved threshold does with no training at all.

Two worlds: normal clouds, of which every answer is known, and digits, each the rare one in turn. In training and in
testing alike the rare class has a share of :data:`SHARE`; resampling and class weights train as if both classes were
equally common.

The classifier is logistic regression. What evening the classes does to it is known: van den Goorbergh et al. (2022),
"The harm of class imbalance corrections for risk prediction models", JAMIA 29. SMOTE: Chawla et al. (2002), "SMOTE:
Synthetic Minority Over-sampling Technique", JAIR 16. All resampling is imbalanced-learn's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    precision_recall_fscore_support,
)

from workshop.claims import Claim, Measurement, mean_and_half, short
from workshop.datasets.rare_class import RareClass, clouds, digits
from workshop.errors import WorkshopError
from workshop.kernels.calibration import calibration_error, tally
from workshop.kernels.descent import OnStep
from workshop.kernels.importance import corrected, estimate_prior
from workshop.settings import check_budget

WORLDS = ("clouds", "digits")
SHARE = 0.02  #: of the rare class, where a model is trained and where it is tested
POINTS = 3000  #: to train on
EVEN = (0.5, 0.5)  #: P(Y) as resampling and class weights make it
TRUE = (1 - SHARE, SHARE)

#: What is trained; all but the first as if both classes were equally common.
TRAINED = ("plain", "under-sampling", "over-sampling", "SMOTE", "class weights")
#: What is scored: those, at a threshold of 1/2; the plain model, at a threshold of :data:`SHARE`; and the evened models
#: with their probabilities corrected back to the true prior, at 1/2 again.
WAYS = (*TRAINED, "threshold moved", *(f"{name}, corrected" for name in TRAINED[1:]))
SCORES = ("recall", "precision", "F1", "average precision", "calibration error", "Brier score")
RECALLS = np.linspace(0.05, 1, 20)  #: of the curves

#: Of the rare class in targets of another prior, and what is done there to the plain model's probabilities.
TARGET_SHARES = (0.02, 0.05, 0.1, 0.2, 0.4)
REPAIRS = ("as they are", "EM's prior", "true prior")

SMOTE_CLAIM = Claim(
    "scenarios/smote_recall",
    "Where 2% of the training digits are of the rare kind, SMOTE finds more of these than plain training does, "
    "both at a threshold of 1/2. It pays in precision and in calibration.",
    "recall gained", ">=", {"class": 0.1},
)  # fmt: skip

_DIGITS = 10
_SAMPLERS = {
    "under-sampling": RandomUnderSampler,
    "over-sampling": RandomOverSampler,
    "SMOTE": SMOTE,
}


@dataclass(frozen=True)
class Size:
    """How much a budget pays for: draws, each with the next digit as the rare one."""

    draws: int


SIZES: Mapping[str, Size] = {"smoke": Size(1), "ci": Size(10), "class": Size(30), "full": Size(200)}


@dataclass(frozen=True, eq=False)
class Scored:
    """One draw of one world; see :class:`ImbalanceOutcome`, which has the draws on a last axis."""

    scores: np.ndarray
    tallies: np.ndarray
    curves: np.ndarray
    equal_recall: np.ndarray
    estimated: np.ndarray
    target_brier: np.ndarray


@dataclass(frozen=True, eq=False)
class ImbalanceOutcome:
    """Scores in W = 2 worlds over D draws, all on points that no training saw.

    Attributes:
        scores: (W, ways, 6, D), in the order of :data:`WAYS` and :data:`SCORES`; of the rare class.
        tallies: (W, ways, bins, 3, D) of :func:`workshop.kernels.calibration.tally`.
        curves: (W, trained, 20, D) the best precision at a recall of at least each of :data:`RECALLS`.
        equal_recall: (W, trained, D) precision at the threshold that gives a model the recall of SMOTE at 1/2.
        estimated: (W, shares, D) the share that EM finds in targets of :data:`TARGET_SHARES`.
        target_brier: (W, repairs, shares, D) Brier score of the plain model there, after each of :data:`REPAIRS`.
        budget, seed: that it was run at.
        stopped: whether it was asked to stop before the last draw; only whole draws are kept.
    """

    scores: np.ndarray
    tallies: np.ndarray
    curves: np.ndarray
    equal_recall: np.ndarray
    estimated: np.ndarray
    target_brier: np.ndarray
    budget: str
    seed: int
    stopped: bool = False

    def score(self, world: str, way: str, score: str) -> np.ndarray:
        """(D,) one score."""
        return self.scores[_at(WORLDS, world), _at(WAYS, way), _at(SCORES, score)]

    def gain(self, score: str, way: str = "SMOTE", over: str = "plain", world: str = "digits") -> np.ndarray:
        """(digits,) by how much a score is higher than another way's."""
        return by_digit(self.score(world, way, score) - self.score(world, over, score))

    def measured(self) -> Measurement:
        """For :data:`SMOTE_CLAIM`: the mean over digits with Student's interval; its cost is told with the data."""
        mean, half = (float(x) for x in mean_and_half(self.gain("recall")))
        before, after = (
            [
                short(float(self.score("digits", way, score).mean()))
                for score in ("precision", "calibration error")
            ]
            for way in ("plain", "SMOTE")
        )
        draws = self.scores.shape[-1]
        data = (
            f"mnist10k, one digit against the others, {POINTS:,} to train on, "
            f"{draws} draw{'' if draws == 1 else 's'}; the cost: precision {before[0]} becomes {after[0]}, "
            f"calibration error {before[1]} becomes {after[1]}"
        )
        return Measurement(mean, (mean - half, mean + half), data, (self.seed,), self.budget, "run")


def by_digit(values: np.ndarray) -> np.ndarray:
    """(..., D) draws to (..., at most 10) means over the draws that share a rare digit.

    An interval is taken over these: draws of one digit share pictures, and over all draws it would be too narrow.
    """
    kinds = min(_DIGITS, values.shape[-1])
    return np.stack([values[..., first::_DIGITS].mean(-1) for first in range(kinds)], -1)


def run(budget: str, seed: int = 0, on_step: OnStep | None = None) -> ImbalanceOutcome:
    """Draw, train, score, at the size of a budget.

    Args:
        seed: same seed, same outcome.
        on_step: called after each draw; False stops, and what draws there are is returned.
    """
    size = SIZES[check_budget(budget)]
    done: list[tuple[Scored, Scored]] = []
    for draw in range(size.draws):
        generators = [np.random.default_rng([seed, draw, world]) for world in range(len(WORLDS))]
        worlds = clouds(SHARE, POINTS, generators[0]), digits(draw % _DIGITS, SHARE, POINTS, generators[1])
        done.append(tuple(one_draw(world, draw) for world in worlds))
        told = {f"recall, {way}": float(done[-1][1].scores[_at(WAYS, way), 0]) for way in ("plain", "SMOTE")}
        if on_step is not None and on_step(draw + 1, size.draws, told) is False:
            break

    def stacked(name: str) -> np.ndarray:
        return np.stack([np.stack([getattr(world, name) for world in draw]) for draw in done], -1)

    return ImbalanceOutcome(
        *map(stacked, Scored.__dataclass_fields__), budget=budget, seed=seed, stopped=len(done) < size.draws
    )


def one_draw(world: RareClass, seed: int) -> Scored:
    """Train all models, and score all ways."""
    models = {name: train(name, world.x, world.y, seed) for name in TRAINED}
    x, y = world.test(SHARE)
    said = {name: model.predict_proba(x)[:, 1] for name, model in models.items()}
    ways = [(said[name], 0.5) for name in TRAINED] + [(said["plain"], SHARE)]
    ways += [(_corrected(said[name], EVEN, TRUE), 0.5) for name in TRAINED[1:]]
    scores = np.array([score(y, p, threshold) for p, threshold in ways])
    reached = scores[_at(WAYS, "SMOTE"), 0]
    curves = np.array([best_precision(y, said[name], [*RECALLS, reached]) for name in TRAINED])
    estimated, brier = other_targets(models["plain"], world)
    tallies = np.array([tally(p, y) for p, _ in ways])
    return Scored(scores, tallies, curves[:, :-1], curves[:, -1], estimated, brier)


def train(name: str, x: np.ndarray, y: np.ndarray, seed: int) -> LogisticRegression:
    """Logistic regression on points as they are, resampled, or weighted.

    Args:
        name: one of :data:`TRAINED`.
    """
    if name in _SAMPLERS:
        x, y = _SAMPLERS[name](random_state=seed).fit_resample(x, y)
    weight = "balanced" if name == "class weights" else None
    return LogisticRegression(class_weight=weight, max_iter=1000).fit(x, y)


def score(y: np.ndarray, said: np.ndarray, threshold: float) -> tuple[float, ...]:
    """The six :data:`SCORES` of the rare class; where nothing is said to be rare, precision is 0."""
    precision, recall, f1, _ = precision_recall_fscore_support(
        y, said > threshold, average="binary", zero_division=0.0
    )
    error = calibration_error(tally(said, y))
    return recall, precision, f1, average_precision_score(y, said), float(error), brier_score(y, said)


def brier_score(y: np.ndarray, said: np.ndarray) -> float:
    """Mean squared distance of what was said from what was so; 0 is perfect, always saying the share s is s (1 - s)."""
    return float(((said - y) ** 2).mean())


def best_precision(y: np.ndarray, said: np.ndarray, recalls: list[float]) -> np.ndarray:
    """Precision at the highest threshold whose recall is at least each of those asked for.

    It reads the labels of the test set: it compares two orders of the points, and is no way to choose a threshold.
    """
    precision, recall, _ = precision_recall_curve(y, said)  # recall falls from 1
    reached = np.searchsorted(-recall, -np.asarray(recalls) + 1e-9, side="right") - 1
    return precision[reached]


def other_targets(model: LogisticRegression, world: RareClass) -> tuple[np.ndarray, np.ndarray]:
    """In targets of other priors: the shares that EM finds (shares,), and Brier scores (repairs, shares)."""
    found, brier = [], []
    for share in TARGET_SHARES:
        x, y = world.test(share)
        said = model.predict_proba(x)
        found.append(estimate_prior(said, TRUE).prior[1])
        told = said[:, 1], *(_corrected(said[:, 1], TRUE, (1 - s, s)) for s in (found[-1], share))
        brier.append([brier_score(y, one) for one in told])
    return np.array(found), np.array(brier).T


def _corrected(said: np.ndarray, source: tuple[float, float], target: tuple[float, float]) -> np.ndarray:
    return corrected(np.stack([1 - said, said], 1), source, target)[:, 1]


def _at(names: tuple[str, ...], name: str) -> int:
    if name not in names:
        raise WorkshopError(f"There is no {name!r} here; choose one of: {', '.join(names)}.")
    return names.index(name)
