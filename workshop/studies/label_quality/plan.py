"""A labeling plan carried out on simulated workers: dollars in; labels, their quality, their price and hours out."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache, partial

import numpy as np

from workshop.datasets import crowds
from workshop.datasets.annotations import Annotations
from workshop.datasets.crowds import Workforce
from workshop.errors import WorkshopError
from workshop.kernels import consensus
from workshop.kernels.quality import fails_gold
from workshop.studies.label_quality.digit_task import CLASSES, DigitTask
from workshop.studies.label_quality.economy import (
    EXPERT_ACCURACY,
    EXPERT_DOLLARS,
    EXPERT_HOURS_A_DAY,
    FEEDBACK_A_GOLD,
    FEEDBACK_AT_MOST,
    HOURLY_PACE,
    LABELS_A_WORKER,
    PASS_FROM,
    PLATFORM_FEE,
    REFERENCE_PAY,
    SCREENING,
    SECONDS_A_LABEL,
    WORKFORCES,
    crowd_mix,
    days_to_finish,
)

PARTNERS = ("managed", "contractors", "payroll")  #: who can share the work with the crowd
PAID_BY = ("annotation", "hour")
FEWEST = 4  #: workers of any plan, so that a quarter of the smallest one is somebody
#: Ways to the consensus. MACE starts once here, from the majority vote: on crowds like these, ten starts take ten times
#: as long and move no more than a few hundredths of a point.
AGGREGATION = {**consensus.METHODS, "MACE": partial(consensus.mace, restarts=1)}


@dataclass(frozen=True)
class Plan:
    """What the money is to be spent on.

    Attributes:
        budget: dollars.
        crowd: share of the labels that the crowd makes; the partner makes the others.
        partner: of :data:`PARTNERS`.
        pay: dollars a label for the crowd; by the hour: the wage at which a careful worker's label costs that.
        paid_by: of :data:`PAID_BY`.
        redundancy: labels an item.
        gold: gold questions, whose answers are known, as a share of all questions that a worker gets. They come first,
            and who fails them is paid for them and sent away.
        reviewed: share of the items, the least certain ones, whose label an expert makes anew.
        screening: of :data:`~workshop.studies.label_quality.economy.SCREENING`.
        aggregation: of :data:`AGGREGATION`.
        feedback: whether workers are shown the answers of gold questions afterwards.
    """

    budget: float = 500.0
    crowd: float = 1.0
    partner: str = "managed"
    pay: float = REFERENCE_PAY
    paid_by: str = "annotation"
    redundancy: int = 3
    gold: float = 0.0
    reviewed: float = 0.0
    screening: str = "anyone"
    aggregation: str = "one-coin"
    feedback: bool = False

    def __post_init__(self) -> None:
        choices = {
            "partner": PARTNERS,
            "paid_by": PAID_BY,
            "screening": SCREENING,
            "aggregation": AGGREGATION,
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise WorkshopError(f"{name} is {getattr(self, name)!r}; choose from: {', '.join(allowed)}.")
        for name, low, high in (("crowd", 0, 1), ("gold", 0, 0.5), ("reviewed", 0, 1), ("redundancy", 1, 15)):
            if not low <= getattr(self, name) <= high:
                raise WorkshopError(f"{name} is {getattr(self, name)}; it must lie between {low} and {high}.")
        if self.redundancy != int(self.redundancy):
            raise WorkshopError(
                f"redundancy is {self.redundancy}; it must be a whole number of labels an item."
            )
        for name in ("budget", "pay"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise WorkshopError(
                    f"{name} is {getattr(self, name)}; it must be an amount of dollars above 0."
                )

    def in_words(self) -> str:
        """The plan in one line."""
        who = {0.0: WORKFORCES[self.partner].title, 1.0: "the crowd"}.get(
            self.crowd, f"{self.crowd:.0%} crowd, {1 - self.crowd:.0%} {self.partner}"
        )
        parts = [f"${self.budget:g}", who, f"r = {self.redundancy}", self.aggregation]
        if self.crowd > 0:
            parts.insert(2, f"${self.pay:g} a label" + (" by the hour" if self.paid_by == "hour" else ""))
            if self.screening != "anyone":
                parts.append(self.screening)
        if self.gold:
            parts.append(f"{self.gold:.0%} gold" + (" with feedback" if self.feedback else ""))
        if self.reviewed:
            parts.append(f"{self.reviewed:.0%} reviewed")
        return ", ".join(parts)

    @property
    def dollars_a_label(self) -> dict[str, float]:
        """What one label costs us, by who makes it."""
        hourly = HOURLY_PACE if self.paid_by == "hour" else 1.0
        return {
            "crowd": self.pay * hourly * (1 + PLATFORM_FEE),
            self.partner: WORKFORCES[self.partner].dollars_a_minute * SECONDS_A_LABEL / 60,
        }

    @property
    def wage(self) -> float:
        """Dollars an hour that a careful worker of the crowd gets."""
        return self.pay * 3600 / SECONDS_A_LABEL

    @property
    def gold_a_worker(self) -> int:
        """Gold questions that each worker answers; as many are made, since all answer the same ones."""
        return max(1, round(LABELS_A_WORKER * self.gold / (1 - self.gold))) if self.gold else 0

    @property
    def mixes(self) -> dict[str, Mapping[str, float]]:
        """Types of workers and their shares, by who sends them."""
        return {
            "crowd": crowd_mix(self.pay, self.paid_by, self.screening),
            self.partner: WORKFORCES[self.partner].mix,
        }

    def staff(self, items: int) -> dict[str, tuple[int, int]]:
        """For so many items, by who sends them: how many workers are hired, and how many tested to find them."""
        needed = max(FEWEST, self.redundancy, math.ceil(items * self.redundancy / LABELS_A_WORKER))
        of_crowd = round(self.crowd * needed)
        hired = {"crowd": of_crowd, self.partner: needed - of_crowd}
        passing = {who: _passing(tuple(self.mixes[who].items()), self.gold_a_worker) for who in hired}
        return {who: (count, math.ceil(count / passing[who])) for who, count in hired.items() if count}

    def dollars(self, items: int) -> float:
        """What so many items cost: labels, answers to gold questions, the making of those, and reviews."""
        each = self.dollars_a_label
        labels = (
            items * self.redundancy * (self.crowd * each["crowd"] + (1 - self.crowd) * each[self.partner])
        )
        answers = sum(
            tested * self.gold_a_worker * each[who] for who, (_, tested) in self.staff(items).items()
        )
        return labels + answers + self.gold_a_worker * EXPERT_DOLLARS + self.reviewed * items * EXPERT_DOLLARS

    def items(self, most: int) -> int:
        """How many items the budget pays for, of ``most`` that there are."""
        # One item more may take one worker more to be tested; but never do more items cost less.
        return bisect.bisect_right(range(1, most + 1), self.budget + 1e-9, key=self.dollars)


@dataclass(frozen=True)
class PlanOutcome:
    """What became of a plan, in one draw of workers and labels. Shares are of 1.

    Attributes:
        items: that were labelled.
        labels: that were made, without answers to gold questions.
        dollars: spent; less than the budget where there are no more items.
        label_accuracy: share of the items whose label is right.
        dollars_a_usable: spent, for each right label.
        hours: of work, all workers together.
        days: until all labels are there.
        failed: share of the workers tested who failed the gold questions.
        model_accuracy: of a model trained on these labels, on sealed digits; None where none was trained.
    """

    plan: Plan
    seed: int
    items: int
    labels: int
    dollars: float
    label_accuracy: float
    dollars_a_usable: float
    hours: float
    days: float
    failed: float
    model_accuracy: float | None = None


@dataclass(frozen=True, eq=False)
class Labelled:
    """The labels that a plan gave: for which items, and how sure."""

    rows: np.ndarray
    posterior: np.ndarray


def carry_out(plan: Plan, task: DigitTask, seed: int = 0) -> tuple[PlanOutcome, Labelled]:
    """Hire who passes the gold questions, label, aggregate, review; without a model.

    Raises:
        WorkshopError: the budget does not pay for ten items.
    """
    rng = np.random.default_rng(seed)
    items = plan.items(len(task.truth))
    if items < 10:
        raise WorkshopError(
            f"${plan.budget:g} pay for {items} items of this plan. Raise the budget, or take fewer labels an "
            "item, fewer gold questions or fewer reviews."
        )
    rows = rng.permutation(len(task.truth))[:items]
    truth = task.truth[rows]
    workforce, by_crowd, failed = _hire(plan, items, rng)
    made = crowds.label(workforce, truth, plan.redundancy, rng)
    # With one label an item there is nothing to compare, and no model of a worker has anything to learn from.
    aggregation = plan.aggregation if plan.redundancy > 1 else "majority vote"
    posterior = AGGREGATION[aggregation](made).posterior
    posterior = _reviewed(posterior, truth, round(plan.reviewed * items), rng)
    right = float((consensus.by_lot(posterior, rng) == truth).mean())
    dollars = plan.dollars(items)
    hours, days = _time(plan, workforce, by_crowd, made)
    outcome = PlanOutcome(
        plan=plan,
        seed=seed,
        items=items,
        labels=len(made),
        dollars=dollars,
        label_accuracy=right,
        dollars_a_usable=dollars / max(right * items, 1),
        hours=hours,
        days=days,
        failed=failed,
    )
    return outcome, Labelled(rows, posterior)


def with_model(outcome: PlanOutcome, labelled: Labelled, task: DigitTask) -> PlanOutcome:
    """The same outcome, with the accuracy of a ridge regression trained on the labels."""
    return replace(outcome, model_accuracy=task.model_accuracy(labelled.rows, labelled.posterior))


def repeated(plan: Plan, task: DigitTask, seeds: Iterable[int]) -> Iterator[PlanOutcome]:
    """The plan with its model, once for each seed."""
    for seed in seeds:
        yield with_model(*carry_out(plan, task, seed), task)


NUMBERS = tuple(field.name for field in fields(PlanOutcome) if field.name not in ("plan", "seed"))


def _hire(plan: Plan, items: int, rng: np.random.Generator) -> tuple[Workforce, np.ndarray, float]:
    """Who passes the gold questions; (W,) which of them are of the crowd; and the share of those tested who failed."""
    staff, hired, good = plan.staff(items), {}, 0
    for who, (count, tested) in staff.items():
        everybody = crowds.hire(plan.mixes[who], tested, CLASSES, rng)
        hired[who], passed = _who_pass(everybody, plan.gold_a_worker, count, rng)
        good += passed
    together = Workforce(*(np.concatenate(parts) for parts in zip(*map(_parts, hired.values()), strict=True)))
    by_crowd = np.repeat([who == "crowd" for who in hired], [len(group) for group in hired.values()])
    if plan.feedback:
        undone = min(FEEDBACK_A_GOLD * plan.gold_a_worker, FEEDBACK_AT_MOST)
        honest = ~np.isin(together.kinds, ("spammer", "scripted"))
        learnt = (1 - undone) * together.confusion + undone * np.eye(CLASSES)
        together = replace(together, confusion=np.where(honest[:, None, None], learnt, together.confusion))
    return together, by_crowd, 1 - good / sum(tested for _, tested in staff.values())


def _parts(workforce: Workforce) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return workforce.kinds, workforce.confusion, workforce.pace


def _who_pass(
    workforce: Workforce, questions: int, wanted: int, rng: np.random.Generator
) -> tuple[Workforce, int]:
    """The best ``wanted`` by their gold questions, and how many of all passed: in a bad draw, fewer than are hired."""
    if questions == 0:
        return workforce, len(workforce)
    right = rng.binomial(questions, workforce.skill.clip(0, 1))
    passed = right >= PASS_FROM * questions
    # In a random order, so that among those who pass nobody is preferred; those who fail come last.
    order = rng.permutation(len(workforce))
    chosen = order[np.argsort(~passed[order], kind="stable")][:wanted]
    return Workforce(*(part[chosen] for part in _parts(workforce))), int(passed.sum())


@cache
def _passing(mix: tuple[tuple[str, float], ...], questions: int) -> float:
    """Share of such workers who pass."""
    if questions == 0:
        return 1.0
    passing = 0.0
    for name, share in mix:
        low, high = crowds.TYPES[name].accuracy or (1 / CLASSES, 1 / CLASSES)
        passing += share * (1 - fails_gold(questions, np.linspace(low, high, 21), PASS_FROM).mean())
    return float(passing)


def _reviewed(posterior: np.ndarray, truth: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """The least certain items get an expert's label."""
    if count == 0:
        return posterior
    doubtful = np.argsort(posterior.max(1), kind="stable")[:count]
    right = rng.random(count) < EXPERT_ACCURACY
    said = np.where(right, truth[doubtful], crowds.lookalikes(CLASSES)[truth[doubtful]])
    posterior = posterior.copy()
    posterior[doubtful] = np.eye(CLASSES)[said]
    return posterior


def _time(plan: Plan, workforce: Workforce, by_crowd: np.ndarray, made: Annotations) -> tuple[float, float]:
    """Hours of work of all together; days until the slower of the two groups, and then the expert, are done."""
    pace = np.where(by_crowd & (plan.paid_by == "hour"), HOURLY_PACE, workforce.pace)
    made_by = np.bincount(made.worker, pace[made.worker], minlength=made.workers)
    answering = np.zeros(
        len(workforce)
    )  # seconds of gold questions, those of who failed shared out among who passed
    for who, (_, tested) in plan.staff(made.items).items():
        group = by_crowd == (who == "crowd")
        answering[group] = tested * plan.gold_a_worker / group.sum() * pace[group].mean()
    seconds = SECONDS_A_LABEL * (made_by + answering)
    expert_hours = plan.reviewed * made.items * SECONDS_A_LABEL / 3600
    hours = seconds.sum() / 3600 + expert_hours
    _, still_there = SCREENING[plan.screening]
    there = {"crowd": WORKFORCES["crowd"].people * still_there * min(1.0, plan.pay / REFERENCE_PAY)}
    days = [
        days_to_finish(
            WORKFORCES[name],
            float(seconds[group].sum()),
            1.0,
            min(there.get(name, WORKFORCES[name].people), int(group.sum())),
        )
        for name, group in (("crowd", by_crowd), (plan.partner, ~by_crowd))
        if group.any()
    ]
    return float(hours), float(max(days) + expert_hours / EXPERT_HOURS_A_DAY)
