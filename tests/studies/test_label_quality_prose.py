"""Lesson 06's words: every number that its prose tells, from the stored results that the lesson shows."""

import itertools
import re

import nbformat
import numpy as np
import pytest

from workshop import settings
from workshop.claims import mean_and_half
from workshop.datasets import crowds, lecture, real_crowds
from workshop.figures import label_quality as figures
from workshop.kernels import agreement, consensus
from workshop.kernels.pricing import cost, sagemaker
from workshop.kernels.quality import fails_gold, same_rate, sample_size, share_interval, times_as_many
from workshop.studies.label_quality import LabelQualityStudy
from workshop.studies.label_quality.economy import SECONDS_A_LABEL, WORKFORCES, days_to_finish
from workshop.studies.label_quality.plan import Plan
from workshop.studies.label_quality.study import hivemind_totals, labels_worth, spreads


@pytest.fixture(scope="module")
def study():
    return LabelQualityStudy(budget="class")


@pytest.fixture(scope="module")
def prose():
    """The words of the lesson's cells, by cell id."""
    book = nbformat.read(settings.home() / "notebooks" / "06_label_quality.ipynb", as_version=4)
    return {cell.id: " ".join(cell.source.split()) for cell in book.cells if cell.cell_type == "markdown"}


def mean(values) -> float:
    return float(np.mean(values))


def says(prose, cell: str, *words: str) -> None:
    """The cell holds these words, as the assertions beside it mean them."""
    for one in words:
        assert one in prose[cell], f"{cell} no longer says {one!r}"


def test_five_people(study, prose):
    alt = figures.first_look(study.task).alt
    assert "single labels 55% are right" in alt and "400 majorities 79%" in alt
    says(prose, "first-look-prose", "right in 55 of 100 cases", "in 79 of 100")


def test_where_time_goes(prose):
    share = {row[0]: row[2] for row in lecture.table("time_shares").rows}
    on = {
        part: sum(row[2] for row in lecture.table("time_shares").rows if row[1] == part)
        for part in ("data", "model")
    }
    assert share["data labeling"] == share["data cleansing"] == 25 and on == {"data": 80, "model": 20}
    assert share["algorithm development"] == 3
    says(prose, "time-shares-prose", "A quarter", "80 %", "20 %", "3 %")


def test_psychiatrists(prose):
    assert agreement.fleiss_kappa(real_crowds.fleiss()) == pytest.approx(0.430, abs=5e-4)
    says(prose, "psychiatrists-prose", "Kappa is 0.430")


def test_days(prose):
    days = {name: days_to_finish(provider, 100_000, SECONDS_A_LABEL) for name, provider in WORKFORCES.items()}
    assert days["crowd"] == pytest.approx(1, abs=0.1) and days["payroll"] == pytest.approx(52, abs=0.5)
    assert 12 < days["managed"] < 16 and 12 < days["contractors"] < 16
    says(prose, "finish-times-prose", "One day,", "two weeks", "52 days")


def test_five_gold_questions(prose):
    fails = {
        low: fails_gold(5, np.linspace(low, high, 21), 0.5).mean()
        for low, high in ((0.35, 0.55), (0.68, 0.85))
    }
    assert fails_gold(5, 0.1, 0.5) > 0.99
    assert fails[0.68] == pytest.approx(0.1, abs=0.01) and 1 / 3 < 1 - fails[0.35] < 0.45
    says(prose, "gold-questions-prose", "one careful worker in ten", "more than a third stay")


def test_reviews(prose):
    assert sample_size(0.01, share=0.05) == 1825 and sample_size(0.02, share=0.05) * 4 == pytest.approx(
        1825, abs=4
    )
    assert [round(100 * end, 1) for end in share_interval(5, 100)] == [1.6, 11.3]
    says(
        prose,
        "sample-review-prose",
        "1,825",
        "between 1.6 and 11.3 %",
        "Half the width takes four times the reviews",
    )


def test_consensus(study, prose):
    found = study.experiment("few_labels")
    lead = {
        n: 100 * mean(found.of("accuracy", labels_a_worker=n, method="Dawid-Skene"))
        - 100 * mean(found.of("accuracy", labels_a_worker=n, method="majority vote"))
        for n in (10, 300)
    }
    assert round(lead[10]) == -9 and round(lead[300]) == 8
    says(prose, "few-labels-prose", "by nine points", "by eight", "90 free numbers")


def test_the_likelihood_rises_and_the_labels_get_worse():
    rows = figures.climbing().rows
    few = [row for row in rows if row[0] == 10]
    many = [row for row in rows if row[0] == 300]
    assert all(later[3] > earlier[3] for earlier, later in itertools.pairwise(few))
    assert sum(later[2] < earlier[2] for earlier, later in itertools.pairwise(few)) >= 0.8 * (len(few) - 1)
    assert few[-1][2] < few[0][2] - 5 and many[-1][2] > many[0][2]


@pytest.mark.parametrize("method", [m for m in consensus.METHODS if m != "majority vote"])
def test_one_label_an_item_tells_nobody_apart(method):
    gains = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        truth = rng.integers(0, 10, 600)
        made = crowds.label(crowds.hire(crowds.CROWD, 40, 10, rng), truth, 1, rng)
        gains.append(mean(consensus.METHODS[method](made).label == truth) - mean(made.label == truth))
    assert max(gains) < 0.01


def test_types(study, prose):
    found = study.experiment("worker_types")
    accuracy = {
        m: mean(found.of("accuracy", labels_a_worker=75, method=m)) for m in ("Dawid-Skene", "one-coin")
    }
    assert round(100 * accuracy["Dawid-Skene"]) == 89 and accuracy["one-coin"] < accuracy["Dawid-Skene"]
    says(prose, "worker-types-prose", "89 of 100")


def right_on(name: str) -> dict[str, float]:
    """Per cent of a real crowd's items that each method labels right."""
    if not real_crowds.is_here(name):
        pytest.skip("WORKSHOP_EXTRA_DATA is not set to a folder that holds it: not ours to ship")
    crowd = real_crowds.crowd(name)
    return {
        m: 100 * mean(find(crowd.annotations).label == crowd.truth) for m, find in consensus.METHODS.items()
    }


def test_birds(prose):
    right = right_on("bluebirds")
    assert [round(right[m]) for m in ("majority vote", "Dawid-Skene", "one-coin")] == [76, 90, 58]
    says(prose, "real-crowds-prose", "108 pictures", "39 people", "76 %", "**90 %**", "**58 %**")


@pytest.mark.parametrize(("name", "votes"), [("rte", 92), ("temporal", 94)])
def test_text_tasks(prose, name, votes):
    right = right_on(name)
    assert round(right["majority vote"]) == votes and max(right.values()) < right["majority vote"] + 1.05
    says(prose, "real-crowds-prose", "92 and 94 %", "more than a point")


def test_hivemind(prose):
    assert hivemind_totals() == (43, 28, 2)
    ratio, low, high = times_as_many(43, 2)
    assert (ratio, round(low, 1), round(high)) == (21.5, 5.6, 183)
    assert [round(x, 1) for x in times_as_many(28, 2)[:2]] == [14, 3.5] and round(
        times_as_many(28, 2)[2]
    ) == 121
    says(
        prose,
        "hivemind-rates-prose",
        "14 times (3.5 to 121)",
        "43 errors against 2: 21.5 times",
        "from 5.6 to 183",
    )
    assert same_rate(24, 9) == pytest.approx(0.014, abs=5e-4) and 5 * same_rate(24, 9) == pytest.approx(
        0.07, abs=5e-3
    )
    rows = lecture.table("hivemind_counts").rows
    others = [sum(row[arm] for row in rows if row[0] != "year wrong") for arm in (1, 2)]
    assert others == [19, 19]
    assert same_rate(43, 28) == pytest.approx(0.10, abs=5e-3)
    says(prose, "doubled-pay-prose", "p = 0.10", "p = 0.014", "0.07", "did not move at all")


def test_break_even(study, prose):
    found = study.experiment("workforces")
    worth, low, high = labels_worth(found)
    assert 3.5 < low < 4 < high < 4.5 and f"{0.4 * worth:.1f} minutes" in prose["break-even-prose"]
    assert f"{labels_worth(found, 'majority vote')[0]:.1f} if votes" in prose["break-even-prose"]
    managed = {
        r: mean(found.of("accuracy", workforce="managed", redundancy=r, method="one-coin")) for r in (1, 3)
    }
    assert managed[1] < 0.9 <= managed[3] + 0.01
    says(prose, "break-even-prose", "about four", "24 seconds", "nine times in ten")


def test_incentives(study, prose):
    found = study.experiment("incentives")
    right, dollars = (
        {how: mean(found.of(measure, pay=0.08, paid_by=how)) for how in ("annotation", "hour")}
        for measure in ("label_accuracy", "dollars_a_usable")
    )
    assert round(100 * (right["hour"] - right["annotation"])) == 4
    assert (round(dollars["hour"], 2), round(dollars["annotation"], 2)) == (0.46, 0.38)
    assert dollars["hour"] / dollars["annotation"] == pytest.approx(1.19, abs=0.01)
    assert 2 * SECONDS_A_LABEL / 3600 < 0.01
    says(
        prose,
        "incentives-prose",
        "four points",
        "nearly a fifth more",
        "$0.46 instead of",
        "$0.38",
        "less than a cent",
    )


def test_gold(study, prose):
    found = study.experiment("gold")
    price = {
        (method, share): mean(found.of("dollars_a_usable", gold=share, aggregation=method))
        for method in ("majority vote", "one-coin") for share in (0.0, 0.03, 0.1)
    }  # fmt: skip
    saved = {m: 1 - price[m, 0.03] / price[m, 0.0] for m in ("majority vote", "one-coin")}
    assert saved["majority vote"] == pytest.approx(0.1, abs=0.015) and 0 < saved["one-coin"] < 0.06
    assert price["one-coin", 0.1] > price["one-coin", 0.0]
    accuracy = found.of("label_accuracy", aggregation="one-coin").mean(-1)
    assert accuracy[-1] > accuracy[0]
    assert Plan(gold=0.03).gold_a_worker == 2
    dearer = {m: round(100 * (price[m, 0.1] / price[m, 0.0] - 1)) for m in ("majority vote", "one-coin")}
    assert dearer == {"majority vote": -4, "one-coin": 6}
    says(
        prose,
        "gold-prose",
        "two questions for each worker (3 %)",
        "a tenth of the price",
        "by 6 %",
        "saves 4 %",
    )


def test_label_more_or_again(study, prose):
    found = study.experiment("redundancy")
    at = {m: {r: round(100 * mean(found.of(m, redundancy=r))) for r in (1, 3, 9)} for m in found.measured}
    assert (at["labels"][1], at["labels"][9]) == (55, 89) and (at["ridge"][1], at["ridge"][9]) == (82, 79)
    says(prose, "redundancy-prose", "from 55 to 89 %", "from 82 to 79 %")
    assert (at["1 neighbour"][1], at["1 neighbour"][9]) == (51, 75)
    assert (at["25 neighbours"][1], at["25 neighbours"][9]) == (84, 71)
    true = at["25 neighbours, true labels"]
    assert (true[1], true[9]) == (90, 73)
    weighed = [round(100 * mean(found.of("ridge, weighed", redundancy=r))) for r in found.axes["redundancy"]]
    joined, best = at["ridge, model as annotator"][3], max(weighed)
    assert joined >= best + 2
    says(
        prose,
        "redundancy-all-prose",
        "from 51 to 75 %",
        "from 84 to 71",
        "from 90 to 73",
        f"{str(weighed)[1:-1]} %",
        f"{joined} %",
        f"{best} % at best",
    )


def test_the_plans_on_the_fronts(study, prose):
    rows = figures.plane(study.experiment("many_plans")).rows
    labels = [row for row in rows if row[0] == "labels"]
    cheapest, best = labels[0], labels[-1]
    assert "the crowd" in cheapest[1] and "r = 1" in cheapest[1] and "99% approved" in cheapest[1]
    assert "a managed team, r = 9" in best[1] and "10% reviewed" in best[1]
    assert round(best[3] / cheapest[3]) == 17
    (model,) = (row for row in rows if row[0] == "model" and row[2] == 500)
    assert "the crowd" in model[1] and "r = 1" in model[1] and "gold" in model[1] and round(model[4]) == 89
    says(prose, "plane-prose", "17 times as much", "89 %")


def test_noise(study, prose):
    found = study.experiment("noise")

    def accuracy(shape, loss):
        return 100 * mean(found.of("accuracy", shape=shape, rate=0.4, loss=loss))

    cross = {shape: accuracy(shape, "cross-entropy") for shape in ("symmetric", "lookalike")}
    assert round(cross["symmetric"]) == 85 and round(cross["lookalike"]) == 66
    gain = {shape: accuracy(shape, "generalised cross-entropy") - cross[shape] for shape in cross}
    assert round(gain["symmetric"]) == 4 and round(gain["lookalike"]) == 2
    beyond = found.of("accuracy", shape="lookalike", rate=0.6, loss="cross-entropy")
    assert mean(beyond) < 0.4
    says(prose, "noise-prose", "85 of 100", "66", "four points", "two: those labels")


def test_cleaned(study, prose):
    found = study.experiment("cleaned")
    for shape in ("symmetric", "lookalike"):
        assert 0.84 < mean(found.of("found", shape=shape)) < 0.92
        gain = found.of("model without the flagged", shape=shape) - found.of("model on all", shape=shape)
        assert 0.003 < mean(gain) < 0.012
        most = found.of("model without the wrong", shape=shape) - found.of("model on all", shape=shape)
        assert 0.008 < mean(most) < 0.025
    assert [round(100 * mean(found.of("rightly", shape=s))) for s in ("symmetric", "lookalike")] == [93, 84]
    says(prose, "cleaned-prose", "nearly nine in ten", "93 %", "84 %", "about half a point")


def test_thesis(study, prose):
    found = study.experiment("labels_or_architecture")
    whole, _ = mean_and_half(np.divide(*spreads(found)))
    assert round(float(whole)) == 5
    narrow = float(np.mean(np.divide(*spreads(found, items=[800, 3_200], quality=[1.0, 0.8]))))
    assert f"{narrow:.1f}" in prose["thesis-prose"]
    plenty = float(np.mean(np.divide(*spreads(found, items=[3_200], quality=[1.0, 0.8]))))
    assert f"it is {plenty:.1f}" in prose["thesis-prose"]
    moved = 100 * found.measured["accuracy"].mean(-1)
    ranges = [round(float(np.ptp(moved.mean(others)))) for others in ((0, 2), (1, 2), (0, 1))]
    assert ranges == [24, 18, 8]
    says(prose, "thesis-prose", "(24 points)", "(18)", "(8)", "five times as widely")


def test_the_bill(prose):
    marginal, whole = (
        cost([49_999, 50_000], sagemaker(), reading) for reading in ("marginal", "whole_volume")
    )
    assert marginal[1] - marginal[0] == pytest.approx(0.04)
    assert whole.tolist() == pytest.approx([3999.92, 2000])
    says(prose, "what-the-two-bills-say", "four cents more", r"\$3,999.92")


def test_no_placeholder_is_left(prose):
    assert not re.search(r"\b[A-Z]{7,}\b", " ".join(prose.values()))
