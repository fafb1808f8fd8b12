"""The figures of lesson 06's simulation: pictures, their words and tables, the reader's guess, what is not there.

Those of the lecture's facts are in ``test_lecture_figures.py``.
"""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from workshop.claims import mean_and_half
from workshop.figures import label_quality as figures
from workshop.figures.label_quality.plane import BUDGET, fronts
from workshop.kernels.quality import fails_gold, share_interval, times_as_many
from workshop.studies.label_quality import Experiment, LabelQualityStudy, Plan
from workshop.studies.label_quality.economy import WORKFORCES, days_to_finish
from workshop.studies.label_quality.experiments import DESIGNS
from workshop.studies.label_quality.plan import PlanOutcome, repeated
from workshop.studies.label_quality.study import hivemind_totals, labels_worth, spreads

#: Figure -> the experiment it draws, and the reader's guess that it takes, if any.
OF_EXPERIMENTS = {
    "few_labels": ("few_labels", "much better"),
    "worker_types": ("worker_types", 40),
    "break_even": ("workforces", 2.5),
    "gold": ("gold", "3 %"),
    "incentives": ("incentives", "hour"),
    "redundancy": ("redundancy", "worse"),
    "noise": ("noise", "anywhere"),
    "labels_or_architecture": ("labels_or_architecture", "the architecture"),
    "cleaned": ("cleaned", None),
    "plane": ("many_plans", None),
}
#: Of figures that are drawn without a study.
OF_THEIR_OWN = {"hivemind_rates": 7, "finish_times": 3, "sample_review": 300}


@pytest.fixture(scope="module")
def smoke():
    return LabelQualityStudy(budget="smoke")


@pytest.fixture(scope="module")
def found(smoke):
    """Each experiment as it is stored; as long as it is not, the shortest run of it."""
    shown = LabelQualityStudy(budget="class")
    return {name: shown.stored(name) or smoke.experiment(name) for name in DESIGNS}


@pytest.fixture(scope="module")
def drawn(found, smoke):
    """With a guess where one is taken."""
    made = {}
    for name, (experiment, guess) in OF_EXPERIMENTS.items():
        options = {} if guess is None else {"guess": guess}
        made[name] = getattr(figures, name)(found[experiment], **options)
    made |= {name: getattr(figures, name)(guess=guess) for name, guess in OF_THEIR_OWN.items()}
    return made | {
        "first_look": figures.first_look(smoke.task),
        "climbing": figures.climbing(iterations=4),
        "worker_matrices": figures.worker_matrices(),
        "gold_questions": figures.gold_questions(5),
    }


def pixels(figure) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(figure.png)).convert("RGB"))


def colours(figure) -> set[tuple[int, ...]]:
    return {tuple(colour) for colour in np.unique(pixels(figure).reshape(-1, 3), axis=0)}


def test_each_has_a_picture_words_and_numbers(drawn):
    for name, figure in drawn.items():
        assert pixels(figure).shape[1] > 500 and len(figure.png) < 400_000, name
        page = BeautifulSoup(figure.html(), "html.parser")
        assert page.img["alt"] == figure.alt and len(figure.alt) > 40, name
        assert "nan" not in figure.alt and "inf " not in figure.alt, name
        assert len(page.find_all("th")) == len(figure.columns), name
        rows = page.tbody.find_all("tr")
        assert rows and all(len(row.find_all("td")) == len(figure.columns) for row in rows), name


def test_nothing_is_drawn_over_the_edge(drawn):
    """A margin of two pixels stays white all around: what is cut off would reach into it."""
    for name, figure in drawn.items():
        grey = pixels(figure).min(2)
        for edge in (grey[:2], grey[-2:], grey[:, :2], grey[:, -2:]):
            assert edge.min() > 250, name


@pytest.mark.parametrize("name", OF_EXPERIMENTS)
def test_what_was_not_run_is_said(name):
    absent = getattr(figures, name)(None)
    assert "is not part of this run" in absent.alt and absent.png


@pytest.mark.parametrize(
    "name", [name for name, (_, guess) in OF_EXPERIMENTS.items() if guess is not None] + list(OF_THEIR_OWN)
)
def test_the_guess_is_drawn_in_and_only_when_there_is_one(drawn, found, name):
    experiment, guess = OF_EXPERIMENTS.get(name, (None, OF_THEIR_OWN.get(name)))
    plain = getattr(figures, name)(*([found[experiment]] if experiment else []))
    assert "guess" not in plain.alt
    said = drawn[name].alt.removeprefix(plain.alt)
    assert said.startswith(" Your guess") and str(guess) in said
    pink = (204, 121, 167)
    assert pink in colours(drawn[name]) and pink not in colours(plain)


@pytest.mark.parametrize(
    "name", ["few_labels", "workforces", "gold", "incentives", "redundancy", "noise", "many_plans"]
)
def test_a_run_of_seconds_is_drawn_as_well(smoke, name):
    """One draw: no band, and no word that is not a number."""
    figure = {"workforces": "break_even", "many_plans": "plane"}.get(name, name)
    shown = getattr(figures, figure)(smoke.experiment(name))
    assert shown.rows and "is not part of this run" not in shown.alt
    assert "plus or minus nan" not in shown.alt


# ---- words and tables hold the measured numbers ------------------------------------------------------


def by(figure, *keys: int) -> dict:
    """Rows by some of their columns."""
    return {tuple(row[key] for key in keys): row for row in figure.rows}


def test_consensus_by_labels_a_worker(drawn, found):
    experiment, rows = found["few_labels"], by(drawn["few_labels"], 0, 1)
    for method in experiment.axes["method"]:
        mean, half = mean_and_half(100 * experiment.of("accuracy", method=method))
        for count, m, h in zip(experiment.axes["labels_a_worker"], mean, half, strict=True):
            assert rows[method, count][2:] == pytest.approx((m, h), nan_ok=True)
        assert f"{method} from {mean[0]:.1f} to {mean[-1]:.1f}" in drawn["few_labels"].alt


def test_types_by_labels_a_worker(drawn, found):
    experiment, rows = found["worker_types"], by(drawn["worker_types"], 0, 1)
    for method in experiment.axes["method"]:
        mean = 100 * experiment.of("accuracy", method=method).mean(-1)
        for count, m in zip(experiment.axes["labels_a_worker"], mean, strict=True):
            assert rows[method, count][2] == pytest.approx(m)


def test_break_even_is_told_in_labels_dollars_and_minutes(drawn, found):
    experiment, alt = found["workforces"], drawn["break_even"].alt
    worth, _, _ = labels_worth(experiment)
    single = 100 * experiment.of("accuracy", workforce="managed", redundancy=1, method="one-coin").mean()
    assert f"right {single:.1f} per cent" in alt
    assert f"{worth:.1f} labels an item" in alt and f"${0.4 * worth:.2f} at $0.40 a label" in alt
    assert f"takes {0.4 * worth:.1f} minutes" in alt
    crowd = 100 * experiment.of("accuracy", workforce="crowd", redundancy=5, method="one-coin").mean()
    rows = by(drawn["break_even"], 0, 1)
    assert rows["crowd $0.80", 5][2:] == pytest.approx((4.0, crowd))


def test_gold_is_told_with_its_cheapest_share(drawn, found):
    experiment, figure = found["gold"], drawn["gold"]
    for method in experiment.axes["aggregation"]:
        price = experiment.of("dollars_a_usable", aggregation=method).mean(-1)
        at = 100 * experiment.axes["gold"][int(price.argmin())]
        assert (
            f"{method}: from ${price[0]:.3f} without to ${price.min():.3f} at {at:.0f} per cent" in figure.alt
        )
        rows = by(figure, 0, 1)
        assert rows[method, 50.0][2] == pytest.approx(price[-1])


def test_pay_is_told_at_the_reference(drawn, found):
    experiment, figure = found["incentives"], drawn["incentives"]
    for how in ("annotation", "hour"):
        right = 100 * experiment.of("label_accuracy", pay=0.08, paid_by=how).mean()
        dollars = experiment.of("dollars_a_usable", pay=0.08, paid_by=how).mean()
        assert (
            f"by the {how} {right:.1f} per cent are right, and a right label costs ${dollars:.2f}"
            in figure.alt
        )
        assert by(figure, 0, 1)[how, 0.08][2:] == pytest.approx((19.2, right, dollars))


def test_redundancy_first_with_two_curves_then_with_all(drawn, found):
    experiment = found["redundancy"]
    two = figures.redundancy(experiment, learners=False)
    assert len({row[0] for row in two.rows}) == 2 < len({row[0] for row in drawn["redundancy"].rows})
    for figure in (two, drawn["redundancy"]):
        rows = by(figure, 0, 1)
        for place, count in enumerate(experiment.axes["redundancy"]):
            mean, half = mean_and_half(100 * experiment.measured["labels"])
            assert rows["the labels themselves", count][2:] == pytest.approx(
                (mean[place], half[place]), nan_ok=True
            )


def test_noise_is_told_at_forty_per_cent(drawn, found):
    experiment, figure = found["noise"], drawn["noise"]
    rows = by(figure, 0, 1, 2)
    for shape in experiment.axes["shape"]:
        for loss in experiment.axes["loss"]:
            mean = 100 * experiment.of("accuracy", shape=shape, rate=0.4, loss=loss).mean()
            assert rows[shape, loss, 40.0][3] == pytest.approx(mean) and f"{loss} {mean:.1f}" in figure.alt


def test_thesis_is_told_in_standard_deviations(drawn, found):
    experiment, figure = found["labels_or_architecture"], drawn["labels_or_architecture"]
    by_labels, by_architecture = (100 * spread.mean() for spread in spreads(experiment))
    assert f"{by_labels:.1f} points over labels and {by_architecture:.1f} over architectures" in figure.alt
    for name in experiment.axes["architecture"]:
        mean = 100 * experiment.of("accuracy", architecture=name).mean()
        assert by(figure, 1)[name,][2] == pytest.approx(mean)


def test_cleaned_is_told_bar_by_bar(drawn, found):
    experiment = found["cleaned"]
    if experiment is None:
        assert "is not part of this run" in drawn["cleaned"].alt
        return
    for measure in ("found", "rightly", "model on all"):
        for shape in ("symmetric", "lookalike"):
            mean = 100 * experiment.of(measure, shape=shape).mean()
            assert any(row[2] == pytest.approx(mean) for row in drawn["cleaned"].rows)


@pytest.mark.parametrize("items", [50, 250])
def test_rates_depend_on_the_items_and_the_ratio_does_not(items):
    figure = figures.hivemind_rates(items)
    for row, wrong in zip(figure.rows, hivemind_totals(), strict=True):
        low, high = share_interval(wrong, items)
        assert row[1:] == pytest.approx((wrong, 100 * wrong / items, 100 * low, 100 * high))
    ratio, low, high = times_as_many(43, 2)
    assert (
        f"{ratio:.1f} times the last, with a 95 per cent interval from {low:.1f} to {high:.0f}" in figure.alt
    )


def test_finish_times_are_those_of_the_providers():
    for labels, seconds in ((1_000, 15), (10_000_000, 60)):
        figure = figures.finish_times(labels, seconds)
        assert [row[-1] for row in figure.rows] == pytest.approx(
            [days_to_finish(provider, labels, seconds) for provider in WORKFORCES.values()]
        )
    fewer = {**WORKFORCES, "crowd": replace(WORKFORCES["crowd"], people=10)}
    assert figures.finish_times(workforces=fewer).rows[-1][1] == 10


def test_gold_questions_send_away_whom_the_binomial_sends():
    one, many = figures.gold_questions(1), figures.gold_questions(30)
    for figure, questions in ((one, 1), (many, 30)):
        rows = {row[0]: row[2] for row in figure.rows}
        assert rows["spammer"] == pytest.approx(100 * float(fails_gold(questions, 0.1, 0.5)))
        assert rows["careful"] < rows["hasty"] < rows["spammer"]
    assert "1 gold question," in one.alt and "30 gold questions," in many.alt


def test_a_review_is_told_with_its_interval():
    figure = figures.sample_review(400)
    low, high = (100 * end for end in share_interval(20, 400))
    assert "20 of 400 are wrong" in figure.alt and f"{low:.1f} and {high:.1f} per cent" in figure.alt


def test_the_first_look_tells_what_it_shows(drawn, smoke):
    figure = drawn["first_look"]
    assert len(figure.rows) == 6
    for digit, said, majority, which in figure.rows:
        votes = said.split()
        assert len(votes) == 5 and votes.count(str(majority)) == max(votes.count(v) for v in votes)
        assert which == ("right" if digit == majority else "wrong")
    few = figures.first_look(smoke.task, people=3)
    assert few.columns[1] == "3 people said" and len(few.rows[0][1].split()) == 3


def test_climbing_shows_every_iteration(drawn):
    rows = by(drawn["climbing"], 0, 1)
    assert set(rows) == {(labels, step) for labels in (10, 300) for step in range(1, 5)}


def test_worker_matrices_find_skill_from_labels(drawn):
    for kind, found_skill, skill in drawn["worker_matrices"].rows:
        assert found_skill == pytest.approx(skill, abs=0.2), kind


# ---- the plane ---------------------------------------------------------------------------------------


def grid(**numbers) -> Experiment:
    """Three plans at three budgets with one draw, everything made up: (3, 3, 1)."""
    default = {
        "dollars": [[125, 500, 2_000]] * 3,
        "label_accuracy": [[0.6] * 3, [0.9] * 3, [0.5] * 3],
        "dollars_a_usable": [[0.2] * 3, [0.6] * 3, [0.4] * 3],
        "model_accuracy": [[0.7, 0.8, 0.9], [0.65, 0.85, 0.88], [0.62, 0.7, 0.8]],
        "items": [[100.0] * 3] * 3,
    } | numbers
    measured = {name: np.array(values, float)[..., None] for name, values in default.items()}
    return Experiment(
        "many_plans", {"plan": ["a", "b", "c"], "budget": [125.0, 500.0, 2_000.0]}, measured, [0], 1, "ci"
    )


@pytest.mark.fast
def test_fronts_of_a_made_up_grid():
    labels, model = fronts(grid())
    assert [(plan, budget, x, pytest.approx(y)) for plan, budget, x, y in labels] == [
        ("a", 500.0, 0.2, 60.0), ("b", 500.0, 0.6, 90.0),
    ]  # fmt: skip
    assert [(plan, budget) for plan, budget, _, _ in model] == [("a", 125.0), ("b", 500.0), ("a", 2_000.0)]


def test_no_plan_of_the_grid_is_above_the_front(found):
    experiment = found["many_plans"]
    for pane, (x, y) in zip(
        fronts(experiment),
        (("dollars_a_usable", "label_accuracy"), ("dollars", "model_accuracy")),
        strict=True,
    ):
        cost, quality = [row[2] for row in pane], [row[3] for row in pane]
        assert (np.diff(cost) > 0).all() and (np.diff(quality) > 0).all()
        budgets = [BUDGET] if x == "dollars_a_usable" else experiment.axes["budget"]
        for budget in budgets:
            each = zip(
                experiment.of(x, budget=budget).mean(-1),
                100 * experiment.of(y, budget=budget).mean(-1),
                strict=True,
            )
            for dollars, right in each:
                limit = budget if x == "dollars" else dollars
                at_most = [q for (_, b, c, q) in pane if (b if x == "dollars" else c) <= limit]
                assert right <= max(at_most) + 1e-9


def test_the_plane_tells_both_ends_of_both_fronts(drawn, found):
    for pane in fronts(found["many_plans"]):
        for plan, _, _, y in (pane[0], pane[-1]):
            assert f"{y:.1f} ({plan})" in drawn["plane"].alt
    assert len(drawn["plane"].rows) == sum(map(len, fronts(found["many_plans"])))


def outcome(**numbers) -> PlanOutcome:
    given = {
        "plan": Plan(), "seed": 0, "items": 1_000, "labels": 3_000, "dollars": 500.0, "label_accuracy": 0.8,
        "dollars_a_usable": 0.6, "hours": 12.0, "days": 0.3, "failed": 0.0, "model_accuracy": 0.9,
    }  # fmt: skip
    return PlanOutcome(**(given | numbers))


ORANGE, BLUE = np.array([213, 94, 0]), np.array([0, 114, 178])


def near(png: bytes, colour: np.ndarray, side: str) -> np.ndarray:
    """(n, 2) places of that colour in the left or right half, legend left out."""
    shown = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    middle = shown.shape[1] // 2
    half = shown[:, :middle] if side == "left" else shown[:, middle:]
    places = np.argwhere(abs(half - colour).max(2) < 24)
    legend = (places[:, 0] > 0.6 * len(shown)) & (places[:, 1] > 0.5 * middle) if side == "left" else False
    return places[~np.asarray(legend) & np.ones(len(places), bool)]


def test_a_plan_is_drawn_anew_each_time():
    picture = figures.PlanPicture(None)
    one, other = [outcome()], [outcome(label_accuracy=0.6, model_accuracy=0.7)]
    first, second, again, empty = (picture.draw(draws) for draws in (one, other, one, []))
    assert first == again != second and empty not in (first, second)
    assert Image.open(io.BytesIO(first)).size == (810, 324)
    assert picture.draw(one, {"A": outcome(dollars_a_usable=0.3)}) != first
    assert picture.draw([]) == empty, "nothing of the others is left"


def test_better_is_higher_and_dearer_is_further_right():
    picture = figures.PlanPicture(None)

    def diamond(side: str, **numbers) -> np.ndarray:
        return near(picture.draw([outcome(**numbers)]), ORANGE, side).mean(0)

    assert diamond("left", label_accuracy=0.9)[0] < diamond("left", label_accuracy=0.6)[0]
    assert diamond("left", dollars_a_usable=1.0)[1] > diamond("left", dollars_a_usable=0.3)[1]
    assert diamond("right", model_accuracy=0.9)[0] < diamond("right", model_accuracy=0.7)[0]
    assert diamond("right", dollars=2_000)[1] > diamond("right", dollars=100)[1]


def test_without_a_model_the_right_pane_waits():
    picture = figures.PlanPicture(None)
    png = picture.draw([outcome(model_accuracy=None)], {"A": outcome(model_accuracy=None)})
    assert len(near(png, ORANGE, "left")) and not len(near(png, ORANGE, "right"))
    assert not len(near(png, BLUE, "right"))


def test_what_lies_outside_is_drawn_at_the_edge():
    picture = figures.PlanPicture(None)
    far = outcome(dollars_a_usable=50.0, label_accuracy=0.1, dollars=1.0, model_accuracy=0.1)
    farther = outcome(dollars_a_usable=500.0, label_accuracy=0.0, dollars=0.1, model_accuracy=0.0)
    assert picture.draw([far]) == picture.draw([farther])
    whole = len(near(picture.draw([outcome()]), ORANGE, "right"))
    assert len(near(picture.draw([far]), ORANGE, "right")) > 0.9 * whole, "not half of it is cut off"


def test_bars_reach_over_the_draws():
    picture = figures.PlanPicture(None)
    draws = [outcome(label_accuracy=a, model_accuracy=0.9) for a in (0.5, 0.7, 0.9)]
    one, several = (picture.draw(d) for d in ([outcome(label_accuracy=0.7)], draws))
    faint = np.array([230, 158, 102])  # the bars let the white through, as does the diamond's edge
    tall = [np.ptp(near(png, faint, "left")[:, 0]) for png in (one, several)]
    assert tall[0] < 25 and tall[1] > 100


def test_plans_of_a_study_fit_into_the_plane(smoke):
    """What the panel opens with is not at an edge."""
    for one in repeated(Plan(), smoke.task, range(1)):
        assert 0.08 < one.dollars_a_usable < 3 and 0.6 < one.model_accuracy < 0.96
