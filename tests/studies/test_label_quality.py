"""Lesson 06's study: plans by hand, times by brute force, experiments against scipy, and what is run when.

Whether the lesson's words hold is in ``test_label_quality_prose.py``.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from workshop import results
from workshop.claims import judge, mean_and_half
from workshop.datasets.crowds import CROWD
from workshop.errors import WorkshopError
from workshop.kernels import consensus
from workshop.studies.label_quality import Experiment, LabelQualityStudy, Plan, economy
from workshop.studies.label_quality import plan as plan_module
from workshop.studies.label_quality.digit_task import digit_task
from workshop.studies.label_quality.economy import (
    SCREENING,
    WORKFORCES,
    Provider,
    crowd_mix,
    days_to_finish,
    made_by,
)
from workshop.studies.label_quality.experiment import run_grid
from workshop.studies.label_quality.experiments import DESIGNS, Design, cleanlab_beside
from workshop.studies.label_quality.experiments.aggregation import tell_types
from workshop.studies.label_quality.experiments.money import plans
from workshop.studies.label_quality.experiments.redundancy import with_model_as_annotator
from workshop.studies.label_quality.front import pareto_front
from workshop.studies.label_quality.plan import AGGREGATION, PARTNERS, carry_out, repeated, with_model
from workshop.studies.label_quality.study import FIRST_DRAW, STRIDE, labels_worth, spreads


@pytest.fixture(scope="module")
def task():
    return digit_task()


@pytest.fixture(scope="module")
def smoke():
    return LabelQualityStudy(budget="smoke")


def means(plan: Plan, task, *names: str, draws: int = 12) -> list[float]:
    drawn = list(repeated(plan, task, range(draws)))
    return [float(np.mean([getattr(one, name) for one in drawn])) for name in names]


# ---- what a plan costs, by hand ----------------------------------------------------------------------


def test_a_crowd_label_costs_its_pay_and_the_platform_s_fifth():
    plan = Plan(pay=0.08, redundancy=3)
    assert plan.dollars_a_label["crowd"] == pytest.approx(0.096)
    assert plan.dollars(50) == pytest.approx(50 * 3 * 0.096)
    assert plan.wage == pytest.approx(240 * 0.08)  # a label every 15 seconds


def test_by_the_hour_a_label_takes_and_costs_a_quarter_more_at_the_same_wage():
    piece, hour = Plan(paid_by="annotation"), Plan(paid_by="hour")
    assert hour.dollars_a_label["crowd"] == pytest.approx(1.25 * piece.dollars_a_label["crowd"])
    assert hour.wage == piece.wage
    # What the crowd gets for an hour of 240 / 1.25 labels is the wage.
    assert hour.dollars_a_label["crowd"] / 1.2 * 240 / 1.25 == pytest.approx(hour.wage)


@pytest.mark.parametrize(
    ("partner", "dollars"), [("managed", 0.25), ("contractors", 0.15), ("payroll", 0.375)]
)
def test_a_partner_costs_a_quarter_of_a_minute(partner, dollars):
    plan = Plan(crowd=0.0, partner=partner, redundancy=2)
    assert plan.dollars_a_label[partner] == pytest.approx(dollars)
    assert plan.dollars(50) == pytest.approx(50 * 2 * dollars)
    mixed = Plan(crowd=0.25, partner=partner, redundancy=1)
    assert mixed.dollars(50) == pytest.approx(50 * (0.25 * 0.096 + 0.75 * dollars))


def test_a_review_costs_a_dollar_for_the_share_that_is_reviewed():
    assert Plan(reviewed=0.3).dollars(50) == pytest.approx(50 * (3 * 0.096 + 0.3))


def test_gold_questions_are_that_share_of_all_questions():
    for share, count in ((0.0, 0), (0.03, 2), (0.1, 8), (0.5, 75)):
        assert Plan(gold=share).gold_a_worker == count
    assert Plan(gold=0.001).gold_a_worker == 1  # who asks for gold gets a question


def test_who_fails_the_gold_questions_was_paid_for_them():
    """By hand: of the crowd, who gets at least 4 of 8 right passes; every one hired stands for so many tested."""
    plan = Plan(gold=0.1, redundancy=1)
    passing = 0.0
    for name, share in CROWD.items():
        low, high = plan_module.crowds.TYPES[name].accuracy or (0.1, 0.1)
        accuracy = np.linspace(low, high, 2_001)
        passing += share * stats.binom.sf(3, 8, accuracy).mean()
    hired, tested = plan.staff(600)["crowd"]
    assert hired == 600 / 75 and tested == int(np.ceil(hired / passing))
    # 600 labels, 8 answers of each who is tested, and 8 questions made
    assert plan.dollars(600) == pytest.approx(0.096 * (600 + 8 * tested) + 8)
    assert Plan().staff(600) == {"crowd": (24, 24)}


def test_the_smallest_plan_pays_everybody_it_tests():
    """Four items of nine labels need nine workers, however few the labels of each; all of those tested answer gold."""
    plan = Plan(budget=50, redundancy=9, gold=0.05)
    hired, tested = plan.staff(4)["crowd"]
    assert hired == 9 < tested
    assert plan.dollars(4) == pytest.approx(
        0.096 * (4 * 9 + plan.gold_a_worker * tested) + plan.gold_a_worker
    )


@pytest.mark.parametrize(
    "plan", [Plan(gold=0.1), Plan(gold=0.2, crowd=0.5), Plan(crowd=0.25, redundancy=5, gold=0.05)]
)
def test_more_items_never_cost_less_and_the_budget_buys_as_many_as_it_can(plan):
    bill = [plan.dollars(items) for items in range(1, 1_500)]
    assert all(later > earlier for earlier, later in itertools.pairwise(bill))
    bought = plan.items(8_000)
    assert plan.dollars(bought) <= plan.budget < plan.dollars(bought + 1)


def test_a_plan_spends_its_budget_and_not_more(task):
    for plan in (
        Plan(),
        Plan(gold=0.1),
        Plan(crowd=0.5),
        Plan(reviewed=0.2),
        Plan(budget=50),
        Plan(paid_by="hour"),
    ):
        outcome, labelled = carry_out(plan, task)
        assert outcome.dollars == pytest.approx(plan.dollars(outcome.items))
        assert outcome.dollars <= plan.budget + 1e-9 < plan.dollars(outcome.items + 1)
        assert outcome.items == len(labelled.rows) == len(set(labelled.rows.tolist()))
        assert outcome.labels == outcome.items * plan.redundancy
        right = outcome.label_accuracy * outcome.items
        assert right == pytest.approx((labelled.posterior.argmax(1) == task.truth[labelled.rows]).sum())
        assert outcome.dollars_a_usable == pytest.approx(outcome.dollars / right)


def test_when_all_digits_are_labelled_the_rest_is_not_spent(task):
    outcome, _ = carry_out(Plan(budget=4_000), task)
    assert outcome.items == 8_000 and outcome.dollars == pytest.approx(8_000 * 3 * 0.096)


def test_more_money_labels_more_items(task):
    items = [carry_out(Plan(budget=b), task)[0].items for b in (50, 125, 500, 2_000)]
    assert items == sorted(items) and items[0] < items[-1]
    assert items[2] == int(500 / 0.288)


# ---- who is hired, and what it does ------------------------------------------------------------------


def test_a_plan_is_repeated_exactly_by_its_seed(task):
    for plan in (Plan(gold=0.05, reviewed=0.1), Plan(crowd=0.5, aggregation="MACE")):
        (first, one), (again, other) = carry_out(plan, task, 3), carry_out(plan, task, 3)
        assert first == again and np.array_equal(one.posterior, other.posterior)
        assert carry_out(plan, task, 4)[0] != first


@pytest.mark.parametrize("crowd", [0.25, 0.5, 0.75])
@pytest.mark.parametrize("plan", [Plan(), Plan(budget=50, redundancy=1, reviewed=1.0), Plan(gold=0.1)])
def test_the_crowd_makes_its_share_of_the_labels(task, plan, crowd):
    plan = replace(plan, crowd=crowd)
    items = carry_out(plan, task)[0].items
    rng = np.random.default_rng(0)
    _, by_crowd, _ = plan_module._hire(plan, items, rng)
    assert by_crowd.mean() == pytest.approx(crowd, abs=0.02)


def test_the_least_certain_items_are_reviewed():
    confidence = np.array([0.9, 0.4, 0.7, 0.3, 0.8, 1.0])
    posterior = np.repeat((1 - confidence[:, None]) / 9, 10, axis=1)
    posterior[:, 0] = confidence
    truth = np.full(6, 2)
    done = plan_module._reviewed(posterior, truth, 2, np.random.default_rng(0))
    changed = np.flatnonzero((done != posterior).any(1))
    assert changed.tolist() == [1, 3] and (done[changed].argmax(1) == 2).all()
    assert plan_module._reviewed(posterior, truth, 0, np.random.default_rng(0)) is posterior


def test_an_expert_errs_in_one_of_fifty_and_then_sees_the_lookalike():
    truth = np.tile(np.arange(10), 2_000)
    done = plan_module._reviewed(np.full((20_000, 10), 0.1), truth, 20_000, np.random.default_rng(0)).argmax(
        1
    )
    wrong = done != truth
    assert stats.binomtest(int(wrong.sum()), 20_000, 0.02).pvalue > 0.001
    assert (done[wrong] == plan_module.crowds.LOOKALIKE_DIGITS[truth[wrong]]).all()


def test_reviews_repair_labels_better_than_their_share(task):
    """The least certain tenth holds more than a tenth of the errors."""
    plain, reviewed = (carry_out(Plan(reviewed=share), task)[0].label_accuracy for share in (0.0, 0.1))
    assert reviewed - plain > 0.1 * (1 - plain)
    assert carry_out(Plan(reviewed=1.0), task)[0].label_accuracy == pytest.approx(0.98, abs=0.02)


def test_gold_questions_send_away_who_guesses(task):
    few, many = (
        means(Plan(), task, "failed", "label_accuracy"),
        means(Plan(gold=0.1), task, "failed", "label_accuracy"),
    )
    assert few[0] == 0 and many[1] > few[1] + 0.03
    # All spammers and scripts (20%) fail, and about half of the hasty.
    assert 0.25 < many[0] < 0.4


def test_of_those_who_pass_so_many_as_are_wanted_stay():
    rng = np.random.default_rng(0)
    workforce = plan_module.crowds.hire(CROWD, 200, 10, rng)
    stay, passed = plan_module._who_pass(workforce, 20, 60, rng)
    assert len(stay) == 60 < passed < 200
    assert stay.skill.mean() > workforce.skill.mean() + 0.1 and "spammer" not in stay.kinds
    everybody, passed = plan_module._who_pass(workforce, 0, 60, rng)
    assert everybody is workforce and passed == 200


def test_an_unlikely_test_leaves_enough_people():
    """Where hardly anybody passes, some of those who failed stay, and the plan goes on."""
    workforce = plan_module.crowds.hire({"spammer": 1.0}, 30, 10, np.random.default_rng(0))
    stay, passed = plan_module._who_pass(workforce, 75, 5, np.random.default_rng(0))
    assert len(stay) == 5 and passed == 0


def test_feedback_improves_honest_workers_and_nobody_else(task):
    plan = Plan(gold=0.1)
    hired = {}
    for feedback in (False, True):
        hired[feedback], _, _ = plan_module._hire(
            replace(plan, feedback=feedback), 1_000, np.random.default_rng(1)
        )
    before, after, honest = (
        hired[False].skill,
        hired[True].skill,
        ~np.isin(hired[True].kinds, ("spammer", "scripted")),
    )
    undone = min(economy.FEEDBACK_A_GOLD * 8, economy.FEEDBACK_AT_MOST)
    assert after[honest] == pytest.approx(1 - (1 - undone) * (1 - before[honest]))
    assert after[~honest] == pytest.approx(before[~honest])
    assert hired[True].confusion.sum(2) == pytest.approx(1)


def test_with_one_label_an_item_every_way_is_the_majority_vote(task):
    found = [carry_out(Plan(redundancy=1, aggregation=name), task)[0].label_accuracy for name in AGGREGATION]
    assert len(set(found)) == 1


def test_mace_of_a_plan_starts_once_and_is_as_good(task):
    """Ten starts (the kernel's default) would take longer than a hand waits."""
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 10, 1_500)
    made = plan_module.crowds.label(plan_module.crowds.hire(CROWD, 60, 10, rng), truth, 3, rng)
    once, often = (
        (find(made).label == truth).mean() for find in (AGGREGATION["MACE"], consensus.METHODS["MACE"])
    )
    assert abs(once - often) < 0.005
    assert list(AGGREGATION) == list(consensus.METHODS)


def test_better_people_better_labels_for_more_money(task):
    right = [
        means(Plan(crowd=0.0, partner=who), task, "label_accuracy")[0]
        for who in ("contractors", "managed", "payroll")
    ]
    crowd = means(Plan(), task, "label_accuracy")[0]
    assert crowd < right[0] < right[1] < right[2]
    assert 0.1 < means(Plan(redundancy=1), task, "label_accuracy")[0] < crowd


def test_screening_helps_and_slows(task):
    rows = [means(Plan(screening=screening), task, "label_accuracy", "days") for screening in SCREENING]
    right, days = zip(*rows, strict=True)
    assert right[0] < right[1] < right[2] and days[0] <= days[1] <= days[2]


def test_by_the_hour_labels_are_better_and_dearer(task):
    piece, hour = (
        means(Plan(paid_by=how), task, "label_accuracy", "items", "hours") for how in ("annotation", "hour")
    )
    assert hour[0] > piece[0] and hour[1] < piece[1]


def test_hours_are_labels_times_pace(task):
    """A managed team labels at the pace of a careful worker: 15 seconds a label, whoever makes it."""
    outcome, _ = carry_out(Plan(crowd=0.0, redundancy=2), task)
    people = math.ceil(outcome.labels / 75)  # of the sixty of the team, as many as there is work for
    assert outcome.hours == pytest.approx(outcome.labels * 15 / 3600)
    by_hour, _ = carry_out(Plan(paid_by="hour"), task)
    assert by_hour.hours == pytest.approx(by_hour.labels * 15 * 1.25 / 3600)
    assert outcome.days == pytest.approx(days_to_finish(WORKFORCES["managed"], outcome.labels, 15, people))
    assert people < WORKFORCES["managed"].people


def test_the_expert_works_when_the_labels_are_there(task):
    """A review of as many items, with and without: 15 seconds each, eight hours a day."""
    plan = Plan(crowd=0.0, reviewed=0.5)
    outcome, _ = carry_out(plan, task)
    review = 0.5 * outcome.items * 15 / 3600
    labels = outcome.labels * 15 / 3600
    assert outcome.hours == pytest.approx(labels + review)
    people = math.ceil(outcome.labels / 75)
    without = days_to_finish(WORKFORCES["managed"], outcome.labels, 15, people)
    assert outcome.days == pytest.approx(without + review / 8)


def test_the_slower_of_two_groups_ends_the_work(task):
    """The managed team takes ten days to start, the crowd a part of one."""
    days = {crowd: carry_out(Plan(crowd=crowd), task)[0].days for crowd in (0.0, 0.5, 1.0)}
    assert days[1.0] < 2 < 10 < days[0.5] < days[0.0]


def test_a_model_learns_from_the_labels(task):
    outcome, labelled = carry_out(Plan(), task)
    assert outcome.model_accuracy is None
    trained = with_model(outcome, labelled, task)
    assert replace(trained, model_accuracy=None) == outcome
    shuffled = replace(labelled, posterior=np.random.default_rng(0).permutation(labelled.posterior))
    assert trained.model_accuracy > 0.75 > 0.3 > with_model(outcome, shuffled, task).model_accuracy


def test_a_plan_in_words():
    assert Plan().in_words() == "$500, the crowd, $0.08 a label, r = 3, one-coin"
    assert Plan(crowd=0.0, budget=2_000).in_words() == "$2000, a managed team, r = 3, one-coin"
    everything = Plan(
        budget=125, crowd=0.25, partner="payroll", pay=0.16, paid_by="hour", redundancy=5, gold=0.1, reviewed=0.05,
        screening="99% approved", aggregation="MACE", feedback=True,
    )  # fmt: skip
    assert everything.in_words() == (
        "$125, 25% crowd, 75% payroll, $0.16 a label by the hour, r = 5, MACE, 99% approved, 10% gold with feedback, "
        "5% reviewed"
    )
    grid = plans()
    assert len(grid) == 80 and len({replace(plan, budget=1.0) for plan in grid.values()}) == 80


# ---- what is refused ---------------------------------------------------------------------------------


@pytest.mark.fast
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"partner": "robots"}, r"partner is 'robots'; choose from: managed, contractors, payroll\."),
        ({"partner": "crowd"}, "partner is 'crowd'; choose from"),
        ({"paid_by": "day"}, r"paid_by is 'day'; choose from: annotation, hour\."),
        ({"screening": "some"}, "screening is 'some'; choose from: anyone, 95% approved, 99% approved"),
        ({"aggregation": "guess"}, "aggregation is 'guess'; choose from: majority vote, Dawid-Skene"),
        ({"crowd": 1.1}, "crowd is 1.1; it must lie between 0 and 1"),
        ({"gold": 0.6}, "gold is 0.6; it must lie between 0 and 0.5"),
        ({"gold": math.nan}, "gold is nan; it must lie between"),
        ({"reviewed": -0.1}, "reviewed is -0.1; it must lie between 0 and 1"),
        ({"redundancy": 0}, "redundancy is 0; it must lie between 1 and 15"),
        ({"redundancy": 2.5}, "redundancy is 2.5; it must be a whole number of labels an item"),
        ({"budget": 0}, "budget is 0; it must be an amount of dollars above 0"),
        ({"budget": math.inf}, "budget is inf; it must be an amount"),
        ({"pay": -0.1}, "pay is -0.1; it must be an amount of dollars above 0"),
    ],
)
def test_a_plan_that_is_none(wrong, says):
    with pytest.raises(WorkshopError, match=says):
        Plan(**wrong)


@pytest.mark.parametrize(
    ("plan", "items"),
    [(Plan(budget=2), 6), (Plan(budget=50, gold=0.5), 0), (Plan(budget=5, reviewed=1.0), 3)],
)
def test_a_budget_that_is_too_small(task, plan, items):
    with pytest.raises(
        WorkshopError, match=rf"^\${plan.budget} pay for {items} items of this plan\. Raise the budget, or"
    ):
        carry_out(plan, task)


# ---- the market --------------------------------------------------------------------------------------


@pytest.mark.fast
def test_a_mix_is_one_whole_and_moves_as_it_is_told():
    for pay, how, screening in itertools.product((0.001, 0.08, 100.0), plan_module.PAID_BY, SCREENING):
        mix = crowd_mix(pay, how, screening)
        assert sum(mix.values()) == pytest.approx(1) and min(mix.values()) >= 0 and set(mix) == set(CROWD)
    assert crowd_mix(0.08, "annotation", "anyone") == pytest.approx(CROWD)
    doubled = crowd_mix(0.16, "annotation", "anyone")
    assert doubled["careful"] - CROWD["careful"] == pytest.approx(0.06) == CROWD["hasty"] - doubled["hasty"]
    assert crowd_mix(0.04, "annotation", "anyone")["careful"] == pytest.approx(CROWD["careful"] - 0.06)
    hourly = crowd_mix(0.08, "hour", "anyone")
    assert hourly["hasty"] == pytest.approx(CROWD["hasty"] / 2)
    screened = crowd_mix(0.08, "annotation", "95% approved")
    assert screened["spammer"] / screened["careful"] == pytest.approx(
        0.4 * CROWD["spammer"] / CROWD["careful"]
    )
    clean = crowd_mix(0.08, "annotation", "99% approved")
    assert clean["spammer"] == clean["scripted"] == 0
    assert crowd_mix(100.0, "annotation", "anyone")["hasty"] == pytest.approx(0)


def labels_day_by_day(provider: Provider, until: float, seconds: float, step: float = 1e-3) -> float:
    """The labels made until then, by adding up what those who are there make in each thousandth of a day."""
    made = 0.0
    for moment in np.arange(0, until, step) + step / 2:
        since = moment - provider.days_to_start
        if since > 0:
            there = provider.people * (
                min(1.0, since / provider.days_to_full) if provider.days_to_full else 1.0
            )
            made += there * provider.hours_a_day * 3600 / seconds * step
    return made


@pytest.mark.parametrize("name", WORKFORCES)
@pytest.mark.parametrize("day", [0.05, 7.0, 18.0])
def test_labels_made_until_a_day_by_brute_force(name, day):
    provider = WORKFORCES[name]
    exact = float(made_by(provider, np.array(day), 15.0))
    assert exact == pytest.approx(labels_day_by_day(provider, day, 15.0), rel=5e-3, abs=1)
    if exact > 0:
        assert days_to_finish(provider, exact, 15.0) == pytest.approx(day)


@pytest.mark.fast
@pytest.mark.parametrize("name", WORKFORCES)
def test_days_and_labels_are_each_other_s_inverse(name):
    provider = WORKFORCES[name]
    for labels in (1, 1_000, 10**5, 10**7):
        days = days_to_finish(provider, labels, 20.0, people=50)
        assert made_by(provider, np.array(days), 20.0, people=50) == pytest.approx(labels)
        assert days >= provider.days_to_start
    assert days_to_finish(provider, 0, 20.0) == 0
    assert days_to_finish(provider, 10**7, 20.0, people=100) < days_to_finish(
        provider, 10**7, 20.0, people=50
    )


@pytest.mark.fast
@pytest.mark.parametrize(
    "wrong",
    [{"people": 0}, {"seconds": 0}, {"labels": -1}, {"people": -5}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_nobody_makes_no_labels(wrong):
    given = {"labels": 100, "seconds": 10, "people": 5} | wrong
    with pytest.raises(
        WorkshopError, match="Days to finish need people above 0, seconds above 0 and a number of labels"
    ):
        days_to_finish(WORKFORCES["crowd"], **given)


@pytest.mark.fast
def test_every_assumption_has_a_number_and_a_source():
    table = economy.assumptions()
    assert {row[2].split(";")[0].split(",")[0] for row in table.rows} == {"ours", "lecture"}
    assert len({row[:2] for row in table.rows}) == len(table.rows) and all(row[1] for row in table.rows)
    told = dict((row[0], row[1]) for row in table.rows)
    assert told["the platform adds to the crowd's pay"] == f"{economy.PLATFORM_FEE:.0%}"
    assert told["crowd workers active at a time"] == "2,000"


# ---- the front ---------------------------------------------------------------------------------------


@pytest.mark.fast
@pytest.mark.parametrize("seed", range(20))
def test_the_front_by_brute_force(seed):
    """Coarse numbers, so that many plans cost the same or are as good."""
    rng = np.random.default_rng(seed)
    cost, quality = rng.integers(0, 8, (2, 30)).astype(float)
    front = pareto_front(cost, quality)
    points = list(zip(cost, quality, strict=True))
    beaten = [
        any(c <= cost[i] and q >= quality[i] and (c, q) != (cost[i], quality[i]) for c, q in points)
        for i in range(30)
    ]
    assert {points[i] for i in front} == {points[i] for i in range(30) if not beaten[i]}
    assert len({points[i] for i in front}) == len(front)  # of plans that are alike, one
    assert all(points.index(points[i]) == i for i in front)  # and that the first
    assert (np.diff(cost[front]) > 0).all() and (np.diff(quality[front]) > 0).all()


# ---- experiments -------------------------------------------------------------------------------------


def made(name: str = "made", draws: int = 3, **axes) -> Experiment:
    """Every measurement tells where it was made: 100 times the first axis' place, 10 times the second's, the draw."""
    shape = [len(values) for values in axes.values()]
    numbers = sum(100 / 10**i * place for i, place in enumerate(np.indices((*shape, draws))[:-1]))
    numbers = numbers + np.arange(draws)
    return Experiment(
        name, {k: list(v) for k, v in axes.items()}, {"accuracy": numbers}, list(range(draws)), 1.0, "ci"
    )


@pytest.mark.fast
def test_a_measurement_is_found_by_its_settings():
    found = made(method=("a", "b"), pay=(0.1, 0.2, 0.3))
    assert found.of("accuracy", method="b", pay=0.3).tolist() == [120, 121, 122]
    assert found.of("accuracy", pay=0.2).tolist() == [[10, 11, 12], [110, 111, 112]]
    assert found.of("accuracy").shape == (2, 3, 3)
    for measure, settings, says in (
        ("colour", {}, r"made did not measure 'colour'\. Choose from: accuracy\."),
        ("accuracy", {"wage": 3}, r"made has no axis 'wage'\. It has: method, pay\."),
        ("accuracy", {"method": "c"}, r"made was not run at method = 'c'\. It was at: a, b\."),
    ):
        with pytest.raises(WorkshopError, match=says):
            found.of(measure, **settings)


@pytest.mark.fast
def test_a_grid_is_measured_at_every_setting_and_draw():
    seen, ticks = [], []

    def measure(method: str, pay: float, seed: int) -> dict[str, float]:
        seen.append((method, pay, seed))
        return {"right": pay * seed, "wrong": -1.0} if method == "b" else {"right": 0.0}

    grid = run_grid({"method": ("a", "b"), "pay": (1.0, 2.0)}, [7, 8], measure, lambda: ticks.append(1))
    assert sorted(seen) == sorted(itertools.product("ab", (1.0, 2.0), (7, 8))) and len(ticks) == 8
    assert grid["right"].tolist() == [[[0, 0], [0, 0]], [[7, 8], [14, 16]]]
    assert np.isnan(grid["wrong"][0]).all() and (grid["wrong"][1] == -1).all()


@pytest.mark.fast
def test_mean_and_interval_are_student_s():
    values = np.random.default_rng(0).normal(size=(4, 9))
    mean, half = mean_and_half(values)
    for row, m, h in zip(values, mean, half, strict=True):
        low, high = stats.t.interval(0.95, 8, loc=row.mean(), scale=stats.sem(row))
        assert (m - h, m + h) == pytest.approx((low, high))
    mean, half = mean_and_half(values[:, :1])
    assert mean.tolist() == values[:, 0].tolist() and np.isnan(half).all()


def _workforces(crowd: list, managed: float) -> Experiment:
    accuracy = np.zeros((2, 3, 1, len(crowd[0])))
    accuracy[0, :, 0] = np.array(crowd)
    accuracy[1] = managed
    axes = {"workforce": ["crowd", "managed"], "redundancy": [1, 3, 5], "method": ["one-coin"]}
    return Experiment("workforces", axes, {"accuracy": accuracy}, list(range(len(crowd[0]))), 1.0, "ci")


@pytest.mark.fast
@pytest.mark.parametrize(
    ("crowd", "worth"),
    [
        ([0.6, 0.8, 0.9], 2),  # half way between one label and three
        ([0.5, 0.6, 0.7], 5),
        ([0.1, 0.2, 0.3], 5),  # never: the largest number tried
        ([0.6, 0.5, 0.8], 4),  # by chance three did worse than one
        ([0.8, 0.9, 0.95], 1),
    ],
)
def test_what_a_managed_label_is_worth_in_crowd_labels(crowd, worth):
    found = _workforces([[share] * 4 for share in crowd], managed=0.7)
    assert labels_worth(found) == pytest.approx((worth, worth, worth)), (
        "draws that are all alike leave no doubt"
    )


@pytest.mark.fast
def test_the_worth_of_a_label_has_an_interval_that_draws_make_wide():
    rng = np.random.default_rng(0)
    widths = []
    for spread in (0.01, 0.05):
        crowd = np.array([[0.55], [0.75], [0.85]]) + spread * rng.normal(size=(3, 30))
        worth, low, high = labels_worth(_workforces(crowd.tolist(), managed=0.7))
        assert low < worth < high and worth == pytest.approx(2.5, abs=0.3)
        widths.append(high - low)
    assert widths[0] < 0.5 * widths[1]


@pytest.mark.fast
def test_spreads_of_an_experiment_by_hand():
    """Items, quality and architecture each add their part to the accuracy: each spread is that of its part."""
    items, quality, architecture = np.array([0.0, 0.4]), np.array([0.0, 0.2]), np.array([0.0, 0.03, 0.06])
    whole = items[:, None, None, None] + quality[:, None, None] + architecture[:, None] + np.zeros(2)
    axes = {"items": [200, 800], "quality": [1.0, 0.5], "architecture": ["a", "b", "c"]}
    found = Experiment("made", axes, {"accuracy": whole}, [0, 1], 1.0, "ci")
    by_labels, by_architecture = spreads(found)
    assert by_labels == pytest.approx([np.std([0, 0.2, 0.4, 0.6], ddof=1)] * 2)
    assert by_architecture == pytest.approx([0.03] * 2)
    only, _ = spreads(found, items=[800], quality=[1.0, 0.5])
    assert only == pytest.approx([np.std([0.4, 0.6], ddof=1)] * 2)


@pytest.mark.fast
def test_designs_count_their_runs():
    design = Design("x", {"a": (1, 2, 3), "b": "xy"}, {"ci": 2, "class": 5}, lambda: {}, {"ci": {"a": (1,)}})
    assert design.axes_at("ci") == {"a": [1], "b": ["x", "y"]} and design.runs_at("ci") == 4
    assert design.axes_at("class")["a"] == [1, 2, 3] and design.runs_at("class") == 30
    for name, one in DESIGNS.items():
        budgets = [one.runs_at(budget) for budget in ("smoke", "ci", "class", "full")]
        assert budgets == sorted(budgets), name


@pytest.mark.fast
def test_types_are_told_from_confusion_matrices():
    careful, hasty = (np.full((10, 10), (1 - a) / 9) + (a - (1 - a) / 9) * np.eye(10) for a in (0.75, 0.45))
    script = np.zeros((10, 10))
    script[:, 4] = 1
    confusion = np.stack([careful, hasty, np.full((10, 10), 0.1), script])
    found = consensus.Consensus("made", np.full((1, 10), 0.1), np.full(10, 0.1), confusion, np.zeros(1), True)
    assert tell_types(found).tolist() == ["careful", "hasty", "spammer", "scripted"]


def test_a_model_that_annotates_does_not_repeat_a_label_it_has_seen(task):
    rng = np.random.default_rng(0)
    rows = rng.permutation(8_000)[:600]
    workforce = plan_module.crowds.hire(CROWD, 30, 10, rng)
    labels = plan_module.crowds.label(workforce, task.truth[rows], 3, rng)
    joined = with_model_as_annotator(labels, rows, task)
    voted = consensus.majority_vote(labels).posterior
    right = [(found.argmax(1) == task.truth[rows]).mean() for found in (voted, joined)]
    assert joined.shape == (600, 10) and joined.sum(1) == pytest.approx(1) and right[1] > right[0] + 0.05


# ---- the study ---------------------------------------------------------------------------------------


def test_smoke_runs_everything_once_and_judges_nothing(smoke):
    for name in ("few_labels", "gold", "workforces"):
        found = smoke.experiment(name)
        assert found.budget == "smoke" and smoke.status(name) == "run" and len(found.draws) == 1
        assert found.axes == DESIGNS[name].axes_at("smoke")
        assert all(np.isfinite(values).all() for values in found.measured.values())
    for claim in ("labels/dawid_skene_few_labels", "labels/break_even", "labels/managed_vs_crowd"):
        verdict = judge(smoke.claims[claim], smoke.measure(claim))
        assert verdict.holds is None and verdict.value is not None


def test_an_experiment_is_better_than_chance(smoke):
    accuracy = smoke.experiment("few_labels").measured["accuracy"]
    assert (accuracy > 0.3).all() and accuracy.max() < 1


def test_one_draw_has_no_interval(smoke):
    measured = smoke.measure("labels/break_even")
    assert measured.interval == (measured.value, measured.value)
    assert measured.data.endswith("; 1 draw")


def test_what_is_run_when():
    ci = LabelQualityStudy(budget="ci")
    assert {name for name in DESIGNS if not ci.trains(name)} == {"many_plans", "cleaned"}
    full = LabelQualityStudy(budget="full")
    assert {name for name in DESIGNS if full.trains(name)} >= set(DESIGNS) - {"cleaned"}
    assert "9 experiments" in full.describe() or "10 experiments" in full.describe()


def test_without_cleanlab_nothing_is_cleaned(monkeypatch):
    monkeypatch.setattr(cleanlab_beside, "is_installed", lambda: False)
    full = LabelQualityStudy(budget="full")
    assert not full.trains("cleaned")
    monkeypatch.setattr(results, "find", lambda kind, key: None)
    assert full.experiment("cleaned") is None and full.status("cleaned") == "skipped"


def test_what_is_neither_run_nor_stored_is_skipped(monkeypatch):
    ci = LabelQualityStudy(budget="ci")
    monkeypatch.setattr(results, "find", lambda kind, key: None)
    monkeypatch.setattr(LabelQualityStudy, "trained_at_ci", frozenset())
    assert ci.experiment("gold") is None
    verdict = judge(ci.claims["labels/gold_pays_for_votes"], ci.measure("labels/gold_pays_for_votes"))
    assert verdict.word == "skipped" and verdict.holds is None


def test_a_result_is_stored_and_found_as_it_was(smoke, tmp_path):
    """Axes hold words, whole numbers and fractions side by side: each comes back as what it was."""
    for name in ("few_labels", "gold"):
        found, key = smoke.experiment(name), smoke.key(name)
        results.save(found, key, tmp_path)
        again = results.find(Experiment, key, tmp_path)
        assert again.axes == found.axes and again.draws == found.draws and again.budget == "smoke"
        for axis, values in found.axes.items():
            assert [type(value) for value in again.axes[axis]] == [type(value) for value in values]
        for measure, values in found.measured.items():
            assert np.array_equal(again.measured[measure], values)


def test_class_shows_what_is_stored():
    study = LabelQualityStudy(budget="class")
    missing = [name for name in study.shipped if study.stored(name) is None]
    assert missing == [], "python -m workshop results --lesson 06"
    for name in study.shipped:
        found = study.experiment(name)
        assert study.status(name) == "stored" and found.budget == "class"
        assert (
            found.axes == DESIGNS[name].axes_at("class") and len(found.draws) == DESIGNS[name].draws["class"]
        )
        assert min(found.draws) == FIRST_DRAW, "pilots had the draws below"
    assert study.describe().endswith("Nothing is run now.")


def test_retraining_and_other_seeds_are_other_results(monkeypatch):
    study, other = LabelQualityStudy(budget="class"), LabelQualityStudy(budget="class", seed=1)
    assert study.key("gold").digest != other.key("gold").digest != study.key("noise").digest
    monkeypatch.setenv("WORKSHOP_RETRAIN", "1")
    assert all(study.trains(name) for name in DESIGNS if name != "cleaned")


def test_no_two_seeds_share_a_draw():
    most = max(count for design in DESIGNS.values() for count in design.draws.values())
    assert most <= STRIDE


def test_progress_is_told_and_comes_to_its_end(monkeypatch):
    told = []
    study = LabelQualityStudy(
        budget="smoke", announce=lambda text: lambda *step: told.append((text, *step)) or True
    )
    study.run("gold")
    assert told[0] == ("Where gold questions stop paying", 1, 14, {}) and told[-1][1:3] == (14, 14)


def test_every_claim_has_a_number_and_a_threshold_for_class():
    from workshop.studies.label_quality.study import _MEASURES

    assert {f"labels/{name}" for name in _MEASURES} == set(LabelQualityStudy.claims)
    assert all("class" in claim.thresholds for claim in LabelQualityStudy.claims.values())


def test_the_partners_are_those_that_are_not_the_crowd():
    assert set(PARTNERS) == set(WORKFORCES) - {"crowd"}
