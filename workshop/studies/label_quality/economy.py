"""Who can be had, at what price, how many, how soon: every number of the simulated market, and where it is from.

``lecture`` marks what the lecture says. Everything else is an assumption of ours, to be argued with: change it here,
and the lesson changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workshop.datasets import lecture
from workshop.datasets.crowds import CONFUSABLE, CROWD, MANAGED, TYPES
from workshop.errors import WorkshopError

SECONDS_A_LABEL = 15.0  #: that a careful worker takes for one picture
LABELS_A_WORKER = 75  #: of one plan, as the work is shared out
PLATFORM_FEE = 0.2  #: on top of what a crowd worker gets
EXPERT_DOLLARS, EXPERT_ACCURACY = 1.0, 0.98  #: of one review, and of one gold question made
EXPERT_HOURS_A_DAY = 8.0  #: of the one expert who reviews, once the labels are there
PASS_FROM = 0.5  #: who gets at least this share of the gold questions right may label
MANAGED_DOLLARS_A_MINUTE = 1.0  #: lecture: the HiveMind study
REFERENCE_PAY = (
    0.08  #: dollars a label at which :data:`~workshop.datasets.crowds.CROWD` is the crowd one gets
)
CARE_A_DOUBLING = 0.06  #: of the crowd, who turn from hasty to careful when the pay doubles
HOURLY_PACE = 1.25  #: by the hour nobody hurries: seconds a label, as a multiple
HOURLY_CARE = 0.5  #: of the hasty, who are careful when paid by the hour
FEEDBACK_A_GOLD = 0.02  #: of an honest worker's errors, undone by each gold question whose answer is shown
FEEDBACK_AT_MOST = 0.3

#: Approval rate asked for -> of the spammers and bots, who get in; of the active crowd, who is left.
SCREENING: Mapping[str, tuple[float, float]] = {
    "anyone": (1.0, 1.0),
    "95% approved": (0.4, 0.5),
    "99% approved": (0.0, 0.25),
}


@dataclass(frozen=True)
class Provider:
    """One of the four ways to have labels made.

    Attributes:
        title: what a reader calls it.
        mix: type of worker -> share, see :mod:`workshop.datasets.crowds`.
        dollars_a_minute: None for the crowd, whose pay is part of a plan.
        people: who can work at the same time, once all are there.
        hours_a_day: that one of them labels.
        days_to_start: before the first label.
        days_to_full: from the first label until all ``people`` are there; their number grows evenly.
    """

    title: str
    mix: Mapping[str, float]
    dollars_a_minute: float | None
    people: int
    hours_a_day: float
    days_to_start: float
    days_to_full: float


WORKFORCES: dict[str, Provider] = {
    "payroll": Provider("employees on the payroll", {"employee": 1.0}, 1.5, 4, 2, 0, 0),
    "managed": Provider("a managed team", MANAGED, MANAGED_DOLLARS_A_MINUTE, 60, 6, 10, 10),
    "contractors": Provider("contractors", {"contractor": 1.0}, 0.6, 20, 5, 5, 10),
    "crowd": Provider("the crowd", CROWD, None, 2_000, 0.5, 0.1, 1),  # lecture: about 2,000 of 100,000 active
}


def crowd_mix(pay: float, paid_by: str, screening: str) -> dict[str, float]:
    """Who comes, and how they work, for that pay under that screening: type of worker -> share.

    Args:
        pay: dollars a label, at the pace of a careful worker.
        paid_by: ``annotation`` or ``hour``.
        screening: of :data:`SCREENING`.
    """
    mix = dict(CROWD)
    more_care = CARE_A_DOUBLING * np.log2(pay / REFERENCE_PAY)
    if paid_by == "hour":
        more_care += HOURLY_CARE * CROWD["hasty"]
    more_care = float(np.clip(more_care, -0.8 * mix["careful"], mix["hasty"]))
    mix["careful"] += more_care
    mix["hasty"] -= more_care
    admitted, _ = SCREENING[screening]
    for cheat in ("spammer", "scripted"):
        mix[cheat] *= admitted
    whole = sum(mix.values())
    return {name: share / whole for name, share in mix.items()}


def days_to_finish(provider: Provider, labels: float, seconds: float, people: float | None = None) -> float:
    """Days from the order to the last label.

    Args:
        labels: how many are to be made.
        seconds: that one takes.
        people: who can work at the same time; the provider's by default.

    Raises:
        WorkshopError: nobody to work, or no time for a label.
    """
    people = provider.people if people is None else people
    if people <= 0 or seconds <= 0 or labels < 0:
        raise WorkshopError("Days to finish need people above 0, seconds above 0 and a number of labels.")
    if labels == 0:
        return 0.0
    full = people * provider.hours_a_day * 3600 / seconds  # labels a day, once all are there
    ramp = provider.days_to_full
    while_growing = full * ramp / 2
    if labels <= while_growing:
        return provider.days_to_start + float(np.sqrt(2 * ramp * labels / full))
    return provider.days_to_start + ramp + (labels - while_growing) / full


def made_by(provider: Provider, day: np.ndarray, seconds: float, people: float | None = None) -> np.ndarray:
    """Labels made until each ``day`` (days from the order); the inverse of :func:`days_to_finish`."""
    people = provider.people if people is None else people
    full = people * provider.hours_a_day * 3600 / seconds
    since, ramp = np.maximum(np.asarray(day, float) - provider.days_to_start, 0), provider.days_to_full
    growing = full * since**2 / (2 * ramp) if ramp else np.zeros_like(since)
    return np.where(since < ramp, growing, full * (since - ramp / 2))


def assumptions() -> lecture.Table:
    """What the simulated market takes for granted, and where each number is from."""

    def right(name: str) -> str:
        low, high = TYPES[name].accuracy
        return f"{low:.0%} to {high:.0%}"

    mix = ", ".join(f"{share:.0%} {name}" for name, share in CROWD.items())
    rows = [
        ("seconds a label, of a careful worker", f"{SECONDS_A_LABEL:g}", "ours"),
        ("a careful worker is right", right("careful"), "ours"),
        ("a hasty worker is right", right("hasty"), "ours"),
        ("a hasty one takes, of the time", f"{TYPES['hasty'].pace:.0%}", "ours"),
        (
            "spammers and scripts take, of the time",
            f"{TYPES['spammer'].pace:.0%} and {TYPES['scripted'].pace:.0%}",
            "ours",
        ),
        ("of the wrong answers go to the lookalike", f"{CONFUSABLE:.0%}", "ours"),
        ("who is in the crowd", mix, "ours; set to be right 50 to 60% of the time, as in the lecture"),
        ("a managed team is right", right("managed"), "lecture"),
        ("contractors, and employees, are right", f"{right('contractor')}, and {right('employee')}", "ours"),
        ("a managed team costs a minute", f"${MANAGED_DOLLARS_A_MINUTE:.2f}", "lecture"),
        ("the platform adds to the crowd's pay", f"{PLATFORM_FEE:.0%}", "ours"),
        ("twice the pay turns from hasty to careful", f"{100 * CARE_A_DOUBLING:g} in 100 workers", "ours"),
        ("pay by the hour turns from hasty to careful", f"{HOURLY_CARE:.0%} of the hasty", "ours"),
        ("pay by the hour slows everybody down", f"{HOURLY_PACE:g} times", "ours"),
        ("an expert's review, or a gold question made", f"${EXPERT_DOLLARS:.2f}", "ours"),
        ("an expert is right", f"{EXPERT_ACCURACY:.0%}", "ours"),
        ("gold questions that must be right", f"{PASS_FROM:.0%}", "ours"),
        ("gold questions", "the same for all, before any work, and nobody tells", "ours"),
        (
            "each gold question with its answer shown undoes",
            f"{FEEDBACK_A_GOLD:.0%} of the errors, at most {FEEDBACK_AT_MOST:.0%}",
            "ours",
        ),
        ("labels a worker makes in a plan; people take turns", f"{LABELS_A_WORKER}", "ours"),
        ("pay at which the crowd is as above", f"${REFERENCE_PAY:g} a label", "ours"),
        ("screening by approval rate costs", "time, and no money", "ours"),
        ("one expert reviews, once the labels are there", f"{EXPERT_HOURS_A_DAY:g} hours a day", "ours"),
        ("one iteration of the HiveMind study", "one item", "ours"),
        ("crowd workers active at a time", f"{WORKFORCES['crowd'].people:,}", "lecture"),
    ]
    rows += [
        (
            f"crowd, {name}",
            f"{admitted:.0%} of the spammers and bots get in, {left:.0%} of the crowd is left",
            "ours",
        )
        for name, (admitted, left) in SCREENING.items()
    ]
    rows += [
        (
            f"{provider.title}",
            f"{provider.people:,} people, {provider.hours_a_day:g} hours a day, start after {provider.days_to_start:g} "
            f"days, all there {provider.days_to_full:g} days later"
            + (f", ${provider.dollars_a_minute:g} a minute" if provider.dollars_a_minute else ""),
            "ours" if name in ("payroll", "contractors") else "ours, but for what stands above",
        )
        for name, provider in WORKFORCES.items()
    ]
    return lecture.Table(
        name="assumptions", title="What the simulation takes for granted", columns=("what", "how much", "from"),
        rows=tuple(rows), source="workshop/studies/label_quality/economy.py and workshop/datasets/crowds.py",
        as_of="timeless", note="Change a number there and run `make results`: every simulated figure follows.",
    )  # fmt: skip
