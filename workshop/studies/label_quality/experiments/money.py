"""What a label costs once it has to be right: break-even of two workforces, gold questions, and many plans at once."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from workshop.datasets import crowds
from workshop.datasets.crowds import CROWD, MANAGED
from workshop.kernels import consensus
from workshop.kernels.consensus import by_lot
from workshop.studies.label_quality.digit_task import digit_task
from workshop.studies.label_quality.economy import LABELS_A_WORKER
from workshop.studies.label_quality.experiments.design import Design
from workshop.studies.label_quality.plan import PAID_BY, Plan, carry_out, with_model

#: The task of the HiveMind study: a recall is one of eleven kinds of hazard.
HAZARDS, ITEMS = 11, 600


def workforces(workforce: str, redundancy: int, method: str, seed: int) -> Mapping[str, float]:
    """Accuracy of a crowd's or a managed team's consensus on the eleven-way task."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, HAZARDS, ITEMS)
    workers = max(redundancy, ITEMS * redundancy // LABELS_A_WORKER)
    hired = crowds.hire({"crowd": CROWD, "managed": MANAGED}[workforce], workers, HAZARDS, rng)
    made = crowds.label(hired, truth, redundancy, rng)
    if redundancy == 1:
        method = "majority vote"  # a single label has nothing to be compared with
    posterior = consensus.METHODS[method](made).posterior
    return {"accuracy": float((by_lot(posterior, rng) == truth).mean())}


def gold(gold: float, aggregation: str, seed: int) -> Mapping[str, float]:
    """The same budget, with more or fewer gold questions."""
    plan = Plan(budget=500, gold=gold, aggregation=aggregation)
    outcome, _ = carry_out(plan, digit_task(), seed)
    return {
        "label_accuracy": outcome.label_accuracy,
        "dollars_a_usable": outcome.dollars_a_usable,
    }


def incentives(pay: float, paid_by: str, seed: int) -> Mapping[str, float]:
    """The same budget at another pay, by the label or by the hour."""
    outcome, _ = carry_out(Plan(pay=pay, paid_by=paid_by), digit_task(), seed)
    return {
        "label_accuracy": outcome.label_accuracy,
        "dollars_a_usable": outcome.dollars_a_usable,
    }


def plans() -> dict[str, Plan]:
    """A grid of plans, by their words without the budget."""
    made = [
        Plan(redundancy=r, gold=gold, reviewed=reviewed, screening=screening, crowd=crowd)
        for r, gold, reviewed, screening, crowd in itertools.product(
            (1, 3, 5, 9), (0.0, 0.05), (0.0, 0.1), ("anyone", "99% approved"), (1.0, 0.5, 0.0)
        )
        if crowd > 0 or screening == "anyone"  # nobody screens a managed team by approval rate
    ]
    return {plan.in_words().partition(", ")[2]: plan for plan in made}


def many_plans(plan: str, budget: float, seed: int) -> Mapping[str, float]:
    """One of :func:`plans`, carried out, with a model."""
    task = digit_task()
    outcome, labelled = carry_out(replace(plans()[plan], budget=budget), task, seed)
    return {
        "dollars": outcome.dollars,
        "label_accuracy": outcome.label_accuracy,
        "dollars_a_usable": outcome.dollars_a_usable,
        "model_accuracy": with_model(outcome, labelled, task).model_accuracy,
    }


WORKFORCES = Design(
    "A crowd and a managed team on the same items",
    {
        "workforce": ("crowd", "managed"),
        "redundancy": (1, 2, 3, 4, 5, 7, 9, 11),
        "method": ("majority vote", "one-coin"),
    },
    {"smoke": 1, "ci": 8, "class": 40, "full": 100},
    workforces,
)
GOLD = Design(
    "Where gold questions stop paying",
    {"gold": (0.0, 0.03, 0.06, 0.1, 0.2, 0.3, 0.5), "aggregation": ("majority vote", "one-coin")},
    {"smoke": 1, "ci": 6, "class": 20, "full": 50},
    gold,
)
INCENTIVES = Design(
    "Pay, by the label and by the hour",
    {"pay": (0.02, 0.04, 0.08, 0.16, 0.32), "paid_by": PAID_BY},
    {"smoke": 1, "ci": 6, "class": 40, "full": 100},
    incentives,
)
MANY_PLANS = Design(
    "Many plans for three budgets",
    {"plan": tuple(plans()), "budget": (125.0, 500.0, 2_000.0)},
    {"smoke": 1, "ci": 1, "class": 3, "full": 10},
    many_plans,
    shorter={"smoke": {"plan": tuple(plans())[:4]}},
)
