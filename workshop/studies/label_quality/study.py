"""Lesson 06's experiments at one budget."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

import numpy as np

from workshop import results, settings
from workshop.claims import Measurement, mean_and_half, skipped
from workshop.datasets import annotations, crowds, lecture
from workshop.errors import WorkshopError
from workshop.kernels import (
    chance,
    consensus,
    descent,
    digit_net,
    em,
    expectation,
    noisy_labels,
    quality,
    ridge,
)
from workshop.kernels.engines import consensus_native, consensus_sparse
from workshop.studies.label_quality import digit_task as digit_task_module
from workshop.studies.label_quality import economy, experiment, plan
from workshop.studies.label_quality.claims import CLAIMS
from workshop.studies.label_quality.digit_task import digit_task
from workshop.studies.label_quality.experiment import Experiment, run_grid
from workshop.studies.label_quality.experiments import (
    DESIGNS,
    aggregation,
    cleanlab_beside,
    learning,
    money,
    redundancy,
)
from workshop.studies.stored import Announce, StoredStudy, silent

#: What each experiment's results depend on: a change elsewhere does not make them stale.
_CROWD_CODE = (
    annotations,
    crowds,
    consensus,
    consensus_native,
    consensus_sparse,
    em,
    expectation,
    experiment,
)
_DIGITS_CODE = (*_CROWD_CODE, digit_task_module, ridge)
_LEARNING_CODE = (*_DIGITS_CODE, chance, descent, digit_net, noisy_labels, learning)
_MARKET_CODE = (*_DIGITS_CODE, economy, plan, quality, money)
_CODE = {
    "few_labels": (*_CROWD_CODE, aggregation), "worker_types": (*_CROWD_CODE, aggregation),
    "redundancy": (*_DIGITS_CODE, redundancy), "noise": _LEARNING_CODE, "labels_or_architecture": _LEARNING_CODE,
    "cleaned": (*_LEARNING_CODE, cleanlab_beside),
    "workforces": _MARKET_CODE, "gold": _MARKET_CODE, "incentives": _MARKET_CODE, "many_plans": _MARKET_CODE,
}  # fmt: skip
BESIDE = "cleaned"  #: the experiment that needs a library which lessons do without
#: Draws are numbered from here on: those below served the pilots after which the thresholds were set.
FIRST_DRAW = 1_000
#: Between the first draw of a seed and that of the next one: no two seeds share a draw.
STRIDE = 1_000


class LabelQualityStudy(StoredStudy[Experiment]):
    """Label quality and its price.

    Args:
        budget: of :data:`workshop.settings.BUDGETS`.
        seed: of the first draw of each experiment.
        announce: called before each experiment.
    """

    lesson = "06_label_quality"
    claims = CLAIMS
    kind = Experiment
    shipped = tuple(DESIGNS)
    trained_at_ci = frozenset(DESIGNS) - {"many_plans", BESIDE}

    def __init__(self, budget: str = "class", seed: int = settings.SEED, announce: Announce = silent):
        super().__init__(budget, seed, announce)
        self.task = digit_task()

    def experiment(self, name: str) -> Experiment | None:
        """An experiment of :data:`DESIGNS`; None where this budget gives none.

        Raises:
            WorkshopError: there is none of that name.
        """
        if name not in DESIGNS:
            raise WorkshopError(f"There is no experiment {name!r}. Choose one of: {', '.join(DESIGNS)}.")
        return self.result(name)

    def describe(self) -> str:
        now = [name for name in DESIGNS if self.trains(name)]
        runs = sum(DESIGNS[name].runs_at(self.budget) for name in now)
        done = (
            f"{len(now)} experiments, {runs:,} runs, are made here and now." if now else "Nothing is run now."
        )
        return f"Simulated workers, budget {self.budget}. {done}"

    def trains(self, name: str) -> bool:
        if name == BESIDE and not cleanlab_beside.is_installed():
            return False
        return super().trains(name)

    def key(self, name: str) -> results.Key:
        design = DESIGNS[name]
        parameters = {
            "name": name,
            "axes": design.axes_at("class"),
            "draws": self._draws(design.draws["class"]),
        }
        compiled = consensus_native.SOURCE.read_text(encoding="utf-8")
        code = results.code_version(_CODE[name]) + hashlib.sha256(compiled.encode()).hexdigest()[:12]
        return results.Key(self.lesson, f"{name}_{self.seed}", code, self.task.fingerprint, parameters)

    def train_for(self, name: str) -> dict[str, Experiment]:
        return {name: self.run(name)}

    def run(self, name: str) -> Experiment:
        """Run an experiment now, whatever is stored.

        Raises:
            WorkshopError: it needs cleanlab, which is not installed.
        """
        if name == BESIDE and not cleanlab_beside.is_installed():
            raise WorkshopError(
                "cleanlab is not installed, and this experiment is about it. Run `make peers` first."
            )
        design, started = DESIGNS[name], time.perf_counter()
        draws = self._draws(design.draws[self.budget])
        axes, on_step = design.axes_at(self.budget), self.announce(design.title)
        done, total = 0, design.runs_at(self.budget)

        def tick() -> None:
            nonlocal done
            done += 1
            on_step(done, total, {})

        measured = run_grid(axes, draws, design.measure, tick)
        return Experiment(name, axes, measured, draws, time.perf_counter() - started, self.budget)

    def _draws(self, count: int) -> list[int]:
        """The numbers of the first draws of this seed."""
        first = FIRST_DRAW + STRIDE * self.seed
        return list(range(first, first + count))

    def measure(self, claim_id: str) -> Measurement:
        name, data, number = _MEASURES[claim_id.removeprefix("labels/")]
        if name is None:
            return number(self)
        found = self.experiment(name)
        if found is None:
            return skipped(data, self.budget)
        value, *spread = (float(x) for x in number(found))
        low, high = spread if len(spread) == 2 else (value - spread[0], value + spread[0])
        interval = (low, high) if np.isfinite([low, high]).all() else (value, value)
        status = self.status(name)
        draws = f"{len(found.draws)} draw{'s' if len(found.draws) > 1 else ''}"
        return Measurement(value, interval, f"{data}; {draws}", (self.seed,), found.budget, status)


def labels_worth(workforces: Experiment, method: str = "one-coin") -> tuple[float, float, float]:
    """How many labels of the crowd are as good as one of the managed team, and a 95% interval.

    It is the number of crowd labels an item at which their consensus is as often right as a single managed label, both
    in the mean over draws; between two numbers that were tried, in proportion, and never beyond the last one. The
    interval is a bootstrap over the draws of both workforces.
    """
    tried = np.array(workforces.axes["redundancy"], float)
    crowd = workforces.of("accuracy", workforce="crowd", method=method)
    managed = workforces.of("accuracy", workforce="managed", redundancy=1, method=method)

    def crossing(some: np.ndarray, others: np.ndarray) -> float:
        return float(np.interp(managed[others].mean(), np.maximum.accumulate(crowd[:, some].mean(1)), tried))

    every = np.arange(crowd.shape[1])
    rng = np.random.default_rng(0)
    again = [crossing(*rng.choice(every, (2, len(every)))) for _ in range(1_000)]
    return crossing(every, every), *(float(end) for end in np.quantile(again, (0.025, 0.975)))


def spreads(found: Experiment, **only: list) -> tuple[np.ndarray, np.ndarray]:
    """(draws,) each: the standard deviation over label settings of the mean over architectures, and the reverse.

    Args:
        only: axis -> those of its settings that count; all by default.
    """
    accuracy = found.measured["accuracy"]
    for axis, name in enumerate(found.axes):
        if name in only:
            accuracy = accuracy.take([found.axes[name].index(value) for value in only[name]], axis)
    by_labels = accuracy.mean(2).reshape(-1, accuracy.shape[-1])
    by_architecture = accuracy.mean((0, 1))
    return by_labels.std(0, ddof=1), by_architecture.std(0, ddof=1)


def _points(difference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return mean_and_half(100 * difference)


def _lead(found: Experiment, labels_a_worker: int, method: str) -> np.ndarray:
    """(draws,) by how much a method is ahead of the majority vote on the same labels."""
    of = {
        name: found.of("accuracy", labels_a_worker=labels_a_worker, method=name)
        for name in (method, "majority vote")
    }
    return of[method] - of["majority vote"]


def _smallest_lead(found: Experiment) -> tuple[np.ndarray, np.ndarray]:
    each = [_points(_lead(found, labels, "one-coin")) for labels in found.axes["labels_a_worker"]]
    return min(each, key=lambda pair: pair[0])


def _saved(found: Experiment, aggregation: str, share: float) -> tuple[np.ndarray, np.ndarray]:
    """By how many per cent that share of gold questions lowers the price of a usable label."""
    with_gold, without = (found.of("dollars_a_usable", gold=g, aggregation=aggregation) for g in (share, 0.0))
    return mean_and_half(100 * (1 - with_gold / without))


def _negated(pair: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return -pair[0], pair[1]


def _change(found: Experiment, measure: str, more: int, fewer: int) -> tuple[np.ndarray, np.ndarray]:
    return _points(found.of(measure, redundancy=more) - found.of(measure, redundancy=fewer))


def _noise_gap(found: Experiment, one: dict, other: dict) -> tuple[np.ndarray, np.ndarray]:
    return _points(found.of("accuracy", rate=0.4, **one) - found.of("accuracy", rate=0.4, **other))


def _ratio(found: Experiment) -> tuple[np.ndarray, np.ndarray]:
    by_labels, by_architecture = spreads(found)
    return mean_and_half(by_labels / by_architecture)


def _hivemind(study: LabelQualityStudy) -> Measurement:
    """A count of a count: what it says about rates, the lesson tells beside it, with its interval."""
    crowd, _, managed = hivemind_totals()
    data = f"HiveMind's counts of errors as the lecture has them, {crowd} and {managed}"
    return Measurement(crowd / managed, None, data, (study.seed,), study.budget, "run")


def hivemind_totals() -> tuple[int, int, int]:
    """Errors of the crowd at $0.40, of the crowd at $0.80, and of the managed team, all kinds together."""
    rows = lecture.table("hivemind_counts").rows
    return tuple(sum(int(row[column]) for row in rows) for column in (1, 2, 3))


def _smallest_step(study: LabelQualityStudy) -> Measurement:
    """Over the three models of a worker and a few crowds: the smallest change of the log-likelihood, a label."""
    smallest = np.inf
    for draw in range(3):
        rng = np.random.default_rng(FIRST_DRAW + STRIDE * study.seed + draw)
        truth = rng.integers(0, 10, 300)
        made = crowds.label(crowds.hire(crowds.CROWD, 30, 10, rng), truth, 3, rng)
        for method in ("Dawid-Skene", "one-coin", "MACE"):
            climbed = consensus.METHODS[method](made).log_likelihood
            smallest = min(smallest, float(np.diff(climbed).min()) / len(made))
    return Measurement(
        smallest, None, "3 crowds of 30 workers, 900 labels each", (study.seed,), study.budget, "run"
    )


_SIMULATED = "3,000 simulated items, 10 classes, 3 labels an item"
_DIGITS = "3,000 labels of a simulated crowd on mnist10k, 2,000 sealed digits"
_NOISY = "3,000 digits of mnist10k with wrong labels, 2,000 sealed digits"
_PLANS = "plans of $500 on mnist10k, three labels an item"

#: claim -> the experiment behind it, what it was measured on, and what gives the number with half of its 95% interval,
#: or with both ends of it.
_MEASURES: dict[str, tuple[str | None, str, Callable]] = {
    "dawid_skene_few_labels": ("few_labels", _SIMULATED, lambda e: _points(-_lead(e, 10, "Dawid-Skene"))),
    "dawid_skene_vs_majority": ("few_labels", _SIMULATED, lambda e: _points(_lead(e, 300, "Dawid-Skene"))),
    "one_coin_is_safe": ("few_labels", _SIMULATED, _smallest_lead),
    "likelihood_never_falls": (None, "", _smallest_step),
    "worker_types": (
        "worker_types", _SIMULATED,
        lambda e: mean_and_half(100 * e.of("accuracy", labels_a_worker=75, method="Dawid-Skene")),
    ),
    "managed_vs_crowd": (None, "", _hivemind),
    "break_even": ("workforces", "600 simulated recalls, 11 kinds of hazard", labels_worth),
    "gold_pays_for_votes": ("gold", _PLANS, lambda e: _saved(e, "majority vote", 0.03)),
    "gold_stops_paying": ("gold", _PLANS, lambda e: _negated(_saved(e, "one-coin", 0.1))),
    "redundancy_raises_labels": ("redundancy", _DIGITS, lambda e: _change(e, "labels", 9, 1)),
    "redundancy_tradeoff": ("redundancy", _DIGITS, lambda e: _change(e, "ridge", 1, 9)),
    "redundancy_flips": ("redundancy", _DIGITS, lambda e: _change(e, "1 neighbour", 9, 1)),
    "model_as_annotator": (
        "redundancy", _DIGITS,
        lambda e: _points(e.of("ridge, model as annotator", redundancy=3) - e.of("ridge, weighed", redundancy=3)),
    ),
    "noise_shape": (
        "noise", _NOISY,
        lambda e: _noise_gap(
            e, {"shape": "symmetric", "loss": "cross-entropy"}, {"shape": "lookalike", "loss": "cross-entropy"}
        ),
    ),
    "noise_loss": (
        "noise", _NOISY,
        lambda e: _noise_gap(
            e, {"shape": "symmetric", "loss": "generalised cross-entropy"},
            {"shape": "symmetric", "loss": "cross-entropy"},
        ),
    ),
    "labels_vs_architecture": ("labels_or_architecture", "mnist10k with a crowd's errors, 2,000 sealed digits", _ratio),
}  # fmt: skip
