"""Lesson 06: its references against libraries and kernels, and hints for answers as a student would write them."""

import numpy as np
import pytest

from workshop.datasets.annotations import Annotations
from workshop.exercises import EXERCISES
from workshop.exercises.judging import try_examples
from workshop.exercises.references import REFERENCES
from workshop.kernels import agreement, expectation, pricing

pytestmark = pytest.mark.fast
SEEDS = pytest.mark.parametrize("seed", range(20))


def drawn(name, seed):
    inputs = EXERCISES[name].generate(np.random.default_rng(seed))
    return inputs, REFERENCES[name](**inputs)


@SEEDS
def test_kappa_is_that_of_the_library(seed):
    inputs, kappa = drawn("labels-kappa", seed)
    assert kappa == pytest.approx(agreement.fleiss_kappa(inputs["counts"]), abs=1e-12)


@SEEDS
def test_the_posterior_is_that_of_the_e_step_that_the_lesson_runs(seed):
    inputs, posterior = drawn("labels-posterior", seed)
    labels, workers, confusion, marginals = inputs.values()
    item = Annotations.of(
        np.zeros_like(labels), workers, labels, workers=len(confusion), classes=len(marginals)
    )
    assert posterior == pytest.approx(expectation.e_step(item, confusion, marginals).posterior[0], abs=1e-12)


@SEEDS
def test_the_confusion_matrices_are_those_of_the_m_step_that_the_lesson_runs(seed):
    inputs, matrices = drawn("labels-m-step-bug", seed)
    item, worker, label, posterior = inputs.values()
    labels = Annotations.of(item, worker, label, items=len(posterior), classes=posterior.shape[1])
    counts = expectation.expected(labels, posterior).counts
    assert matrices == pytest.approx(counts / counts.sum(2, keepdims=True), abs=1e-12)


@SEEDS
def test_the_bill_is_that_of_the_price_list_that_the_lesson_draws(seed):
    inputs, bills = drawn("labels-bill", seed)
    tiers = pricing.Tiers(tuple(inputs["first"].tolist()), tuple(inputs["price"].tolist()))
    assert bills == pytest.approx([pricing.cost(inputs["objects"], tiers, each) for each in pricing.READINGS])


def test_hidden_items_underflow_and_hidden_classes_are_ruled_out():
    of_labels, ruled_out = [], []
    for seed in range(40):
        inputs, posterior = drawn("labels-posterior", seed)
        labels, workers, confusion, marginals = inputs.values()
        of_labels.append((marginals * confusion[workers, :, labels].prod(0)).sum())
        ruled_out.append((posterior == 0).any())
    assert 10 <= sum(total == 0 for total in of_labels) <= 30
    assert 10 <= sum(ruled_out) <= 30


def test_hidden_orders_lie_on_both_sides_of_an_edge():
    orders = [drawn("labels-bill", seed)[0] for seed in range(40)]
    distances = [np.abs(order["first"][1:] - order["objects"]).min() for order in orders]
    beside = [(order["objects"] - order["first"][1:]).tolist() for order in orders]
    assert min(distances) == 0 and max(distances) > 10
    assert all(sum(step in each for each in beside) >= 3 for step in (-1, 0, 1))


def test_what_the_lesson_says_about_the_two_bills():
    tiers = pricing.sagemaker()
    first, price = np.array(tiers.first), np.array(tiers.price)
    assert (tiers.first, tiers.price) == ((1, 50_000, 1_000_001), (0.08, 0.04, 0.02))
    bill = REFERENCES["labels-bill"]
    (below, cliff), (at, bottom) = bill(49_999, first, price), bill(50_000, first, price)
    assert (cliff, bottom) == pytest.approx((3_999.92, 2_000))
    assert at - below == pytest.approx(0.04)
    assert bill(25_000, first, price)[1] == pytest.approx(bottom)
    assert bill(25_001, first, price)[1] > bottom + 0.01


def test_what_the_lesson_says_about_eight_of_ten():
    assert REFERENCES["labels-kappa"](np.array([[2, 0]] * 8 + [[1, 1]] * 2)) < 0


LOGS = """
def posterior(labels, workers, confusion, marginals):
    with np.errstate(all="ignore"):
        logs = np.log(marginals)
        for label, worker in zip(labels, workers):
            logs = logs + np.log(confusion[worker, :, label]EPSILON)
        weights = np.exp(logs)
        return weights / weights.sum()
"""
HARD = "counts[w, posterior[i].argmax(), said] += 1"
M_STEP = """
def confusion_matrices(item, worker, label, posterior):
    classes = posterior.shape[1]
    counts = np.zeros((worker.max() + 1, classes, classes))
    for i, w, said in zip(item, worker, label, strict=True):
        COUNT
    return counts / counts.sum(axis=AXIS, keepdims=True)
"""
BILL = """
def bill(objects, first, price):
    marginal, left = 0, objects
    for k in range(len(first)):
        size = first[k + 1] - first[k] if k + 1 < len(first) else left
        marginal += min(left, size) * price[k]
        left -= min(left, size)
    row = max(k for k in range(len(first)) if first[k] REACHED objects)
    return marginal, objects * price[row]
"""


def written(code, **replaced):
    for word, by in replaced.items():
        code = code.replace(word, by)
    cell = {"np": np}
    exec(code, cell)
    return next(value for value in cell.values() if callable(value))


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [
        ("labels-posterior", written(LOGS, EPSILON=""), "subtract the largest"),
        (
            "labels-posterior",
            written(LOGS.replace("np.exp(logs)", "np.exp(logs - logs.max())"), EPSILON=" + 1e-9"),
            "a zero says never",
        ),
        ("labels-m-step-bug", written(M_STEP, COUNT=HARD, AXIS="1"), "there are two bugs"),
        ("labels-m-step-bug", written(M_STEP, COUNT=HARD, AXIS="2"), "its most probable class alone"),
        (
            "labels-m-step-bug",
            written(M_STEP, COUNT="counts[w, :, said] += posterior[i]", AXIS="1"),
            "each row must sum to 1",
        ),
        ("labels-bill", written(BILL, REACHED="<"), "the second bill changes its price one object"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_mistake_as_a_student_writes_it_gets_its_hint(name, answer, hint):
    report = try_examples(EXERCISES[name], answer)
    assert report.passed < report.of
    assert report.lines[-1].startswith("Hint: ") and hint in report.lines[-1], report.lines


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        (
            "labels-posterior",
            written(LOGS.replace("np.exp(logs)", "np.exp(logs - logs.max())"), EPSILON=""),
        ),
        ("labels-m-step-bug", written(M_STEP, COUNT="counts[w, :, said] += posterior[i]", AXIS="2")),
        ("labels-bill", written(BILL, REACHED="<=")),
    ],
)
def test_the_same_without_the_mistake_is_right(name, answer):
    assert try_examples(EXERCISES[name], answer).passed == len(EXERCISES[name].examples)
