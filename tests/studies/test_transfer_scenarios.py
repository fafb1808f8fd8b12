"""Lesson 01's study: the map against plain loops and closed forms, what is measured, and whether the words hold."""

from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.stats import norm
from scipy.stats import t as student_t

from workshop import results
from workshop.claims import judge, mean_and_half
from workshop.datasets.shifts import SITUATIONS, SLIDERS, Setting
from workshop.errors import WorkshopError
from workshop.kernels.chance import Chance
from workshop.kernels.digit_net import initialised
from workshop.kernels.gaussian_shift import OBJECTS
from workshop.studies.registry import STUDIES
from workshop.studies.transfer_scenarios import TransferScenariosStudy
from workshop.studies.transfer_scenarios import study as study_module
from workshop.studies.transfer_scenarios.claims import ABOUT
from workshop.studies.transfer_scenarios.designs import DESIGNS
from workshop.studies.transfer_scenarios.experiments import one_shift
from workshop.studies.transfer_scenarios.experiments import transfer_map as maps
from workshop.studies.transfer_scenarios.experiments.transfer_map import MapOutcome, Size, World, labelled
from workshop.studies.transfer_scenarios.quiz import QUESTIONS, SETTINGS, SHIFTS

SMALL = Size((0.0, 60.0, 180.0), (4, 16), 2)


@pytest.fixture(scope="module")
def shown():
    """The lesson as a reader first sees it: stored results."""
    return TransferScenariosStudy(budget="class")


@pytest.fixture(scope="module")
def small():
    return maps.trained(SMALL, [5, 6], 0.1)


def by_hand(gain: list, labels=(4, 64)) -> MapOutcome:
    """A map whose gains (angles, labels, seeds), in points, are given."""
    gain = np.array(gain, float)
    angles = np.linspace(0, 180, len(gain))
    scratch = np.full((len(labels), 1, gain.shape[2]), 0.6)
    return MapOutcome(
        angles, np.array(labels), np.array([300]), scratch + gain[:, :, None] / 100, scratch,
        np.ones((len(gain), gain.shape[2])), "class", 0, 1.0, 1,
    )  # fmt: skip


# ---- the map -----------------------------------------------------------------------------------------


def bayes(angle: float) -> float:
    """How often the best guess of a rule is right about labels of a rule ``angle`` degrees away, by quadrature."""
    z = (np.arange(4000) + 0.5) / 4000 * 12 - 6
    weight, second = norm.pdf(z) * 12 / 4000, 1 / (1 + np.exp(-maps.STEEPNESS * z))
    cos, sin = math.cos(math.radians(angle)), max(math.sin(math.radians(angle)), 1e-12)
    says = norm.cdf(cos * z / sin)  # that the other rule says "second", given the target's height z
    return float(weight @ (second * says + (1 - second) * (1 - says)))


@pytest.mark.fast
def test_a_world_has_rules_at_the_angles_it_was_asked_for():
    world = World(3, Size((0.0, 90.0, 180.0), (4,), 1))
    for (x, y), angle in zip(world.sources_sealed, (0.0, 90.0, 180.0), strict=True):
        rule = torch.linalg.lstsq(x, 2.0 * y[:, None] - 1).solution[:, 0]
        target = torch.linalg.lstsq(world.sealed[0], 2.0 * world.sealed[1][:, None] - 1).solution[:, 0]
        cosine = F.cosine_similarity(rule, target, dim=0).item()
        assert cosine == pytest.approx(math.cos(math.radians(angle)), abs=0.1)
        assert y.double().mean().item() == pytest.approx(0.5, abs=0.05)


@pytest.mark.fast
def test_labels_are_drawn_by_the_rule():
    x, y = labelled(torch.eye(maps.FEATURES)[0], 40_000, Chance(0))
    near = (x[:, 0] - 0.25).abs() < 0.05
    assert y[near].double().mean().item() == pytest.approx(1 / (1 + math.exp(-1)), abs=0.03)


def test_every_cell_is_what_a_plain_loop_trains(small):
    """The same networks one by one, with torch's own optimiser, on the labels that each has."""
    for number, draw in enumerate((5, 6)):
        world = World(draw, SMALL)
        for count, labels in enumerate(SMALL.labels):
            network = initialised(maps.network, Chance(draw))
            right = _trained_alone(network, world.x[:labels], world.y[:labels], world.sealed)
            assert small.scratch[count, :, number] == pytest.approx(right, abs=2 / maps.TEST_POINTS)
    starts = len(SMALL.angles)
    for angle, count, number in ((0, 0, 0), (1, 1, 1), (2, 1, 0)):
        world = World((5, 6)[number], SMALL)
        network = initialised(maps.network, Chance(2**31 + starts * world.seed + angle))
        _descend(network, *world.sources[angle], maps.SOURCE_STEPS, maps.SOURCE_RATE)
        labels = SMALL.labels[count]
        right = _trained_alone(network, world.x[:labels], world.y[:labels], world.sealed)
        assert small.transferred[angle, count, :, number] == pytest.approx(right, abs=2 / maps.TEST_POINTS)


def _trained_alone(network, x, y, sealed) -> list[float]:
    accuracies, before = [], 0
    for step in maps.CHECKPOINTS:
        _descend(network, x, y, step - before, 0.1)
        before = step
        accuracies.append((network(sealed[0]).argmax(1) == sealed[1]).double().mean().item())
    return accuracies


def _descend(network, x, y, steps, rate) -> None:
    optimiser = torch.optim.SGD(network.parameters(), rate)
    for _ in range(steps):
        optimiser.zero_grad()
        F.cross_entropy(network(x), y).backward()
        optimiser.step()


def test_direct_transfer_is_what_the_closed_form_says(shown):
    """Before its first step on the target, a source's network is about as good as its rule is there."""
    found = shown.outcome("map")
    for angle, right in zip(found.angles, found.transferred[:, 0, 0].mean(1), strict=True):
        assert right == pytest.approx(bayes(angle), abs=0.02)
    assert found.at_home.mean() == pytest.approx(bayes(0), abs=0.01)


def test_the_target_is_the_same_for_all_cells_of_a_world(small):
    """So a random start, which knows no source, is trained once for each number of labels."""
    assert small.scratch.shape == (2, len(maps.CHECKPOINTS), 2) and small.transferred.shape == (3, 2, 7, 2)
    assert (
        small.transferred[:, 0, 0] == small.transferred[:, 1, 0]
    ).all()  # no step yet: labels do not matter
    assert small.trainings == (3 + 1) * 2 * 2 + 3 * 2


@pytest.mark.fast
def test_regions_and_counts_by_hand():
    found = by_hand([[[9, 10, 11], [-1, 0, 1]], [[1, 1, 1.5], [-30, 0, 30]], [[-9, -10, -11], [-1, -2, -3]]])
    half = student_t.ppf(0.975, 2) / math.sqrt(3)
    assert mean_and_half(found.gain)[1][0, 0] == pytest.approx(half)
    assert found.regions().tolist() == [[1, 0], [1, 0], [-1, 0]]  # -2 with an interval of 2.48 holds 0
    assert found.counts() == {"positive": 2, "neutral": 3, "negative": 1}
    assert found.three_regions().value == 1 and found.three_regions().interval is None
    assert found.fall() == pytest.approx([10, 10, 10])
    assert found.fall(opposed=True) == pytest.approx([-8, -8, -8])
    assert found.gain_falls().value == pytest.approx(10)


@pytest.mark.fast
def test_the_map_reports_and_the_seed_decides():
    told = []
    tiny = Size((0.0, 180.0), (4,), 1)
    one = maps.trained(tiny, [1], 0.1, on_step=lambda *step: told.append(step[:2]) is None)
    assert told[-1] == (maps.SOURCE_STEPS + maps.CHECKPOINTS[-1],) * 2
    assert [step for step, _ in told] == sorted(step for step, _ in told)
    again, other = maps.trained(tiny, [1], 0.1), maps.trained(tiny, [2], 0.1)
    assert np.array_equal(one.transferred, again.transferred)
    assert not np.array_equal(one.transferred, other.transferred)


@pytest.mark.fast
def test_pilots_are_never_drawn_again():
    assert all(seed * 1_000 + size.seeds < maps.PILOT for size in maps.SIZES.values() for seed in range(5))
    with pytest.raises(WorkshopError, match="no budget 'tiny'"):
        maps.run("tiny")


# ---- one shift at a time -----------------------------------------------------------------------------


@pytest.mark.fast
def test_a_setting_that_is_wrong_counts_against_the_claim():
    settings = np.array([astuple(Setting()), astuple(Setting(rule=1.0))])
    exact = np.array([[0.0] * 5, [0, 0, 0, 0.5, 0]])
    found = one_shift.ShiftsOutcome(settings, exact, exact, exact > 0, "class", 0)
    assert found.one_at_a_time().value == 100 and found.row(Setting(rule=1.0)) == 1
    assert found.row(Setting(labels=1.0)) is None
    missed = one_shift.ShiftsOutcome(settings, exact, exact, np.zeros((2, 5), bool), "class", 0)
    assert missed.one_at_a_time().value == 50 and missed.agrees.tolist() == [True, False]
    assert judge(one_shift.ONE_SHIFT_CLAIM, missed.one_at_a_time()).holds is False


def test_smoke_shifts_are_measured_and_told():
    told = []
    found = one_shift.run("smoke", on_step=lambda *step: told.append(step[:2]) is None)
    assert told == [(1, 2), (2, 2)] and found.agrees.all()
    assert found.differs.tolist() == [[False] * 5, [False, False, False, True, False]]


@pytest.mark.fast
def test_every_situation_and_every_slider_is_among_the_settings_of_class():
    listed = one_shift.SETTINGS["class"]
    assert all(one.setting in listed for one in SITUATIONS)
    assert all(Setting(**{slider: 1.0}) in one_shift.SETTINGS["ci"] for slider in SLIDERS)


# ---- the study ---------------------------------------------------------------------------------------


@pytest.mark.fast
def test_the_lesson_shows_stored_results_and_every_claim_holds_with_its_interval(shown):
    for claim, name, _ in ABOUT:
        measured = shown.measure(claim.id)
        assert shown.status(name) == measured.status == "stored" and measured.budget == "class"
        verdict = judge(claim, measured)
        assert verdict.holds is True
        if measured.interval is not None:
            ends = [
                judge(claim, measured.__class__(**{**vars(measured), "value": end}))
                for end in measured.interval
            ]
            assert all(end.holds for end in ends), claim.id


@pytest.mark.fast
def test_what_is_stored_depends_on_code_seed_and_data(shown):
    keys = {name: shown.key(name) for name in DESIGNS}
    assert len({key.digest for key in keys.values()}) == len(DESIGNS)
    other = TransferScenariosStudy(budget="class", seed=1)
    for name, key in keys.items():
        assert other.key(name).digest != key.digest and other.key(name).name == f"{name}_1"
        assert results.find(DESIGNS[name].kind, key) is not None
        assert shown.kind_of(name) is DESIGNS[name].kind


@pytest.mark.fast
def test_a_single_draw_has_no_interval_and_an_absent_result_skips_its_claims(monkeypatch):
    study = TransferScenariosStudy(budget="class")
    found = by_hand([[[9], [1]], [[0], [0]]])
    monkeypatch.setattr(study, "_find", lambda name: (found, "run") if name == "map" else (None, "skipped"))
    measured = study.measure("scenarios/gain_falls_with_labels")
    assert measured.value == pytest.approx(8) and measured.interval == (measured.value, measured.value)
    assert study.measure("scenarios/gdd_rank_correlation").status == "skipped"


@pytest.mark.fast
def test_it_says_what_is_run_and_refuses_what_is_not_there(shown, monkeypatch):
    assert "Nothing is run now." in shown.describe()
    assert (
        f"{len(DESIGNS)} experiments are run here and now" in TransferScenariosStudy(budget="ci").describe()
    )
    with pytest.raises(WorkshopError, match=r"no experiment 'moon'\. Choose one of: shifts, counties, map"):
        shown.outcome("moon")
    ran = []
    toy = study_module.DESIGNS["map"].__class__(
        "A toy", lambda *given: ran.append(given) or "made", str, (maps,)
    )
    monkeypatch.setitem(study_module.DESIGNS, "map", toy)
    study = TransferScenariosStudy(budget="smoke", seed=7, announce=lambda title: title)
    assert study.outcome("map") == "made" and ran == [("smoke", 7, "A toy")]
    assert STUDIES["01_transfer_scenarios"].make is TransferScenariosStudy


# ---- the quiz ----------------------------------------------------------------------------------------


@pytest.mark.fast
def test_questions_ask_for_each_setting_and_each_object():
    assert {one.setting for one in QUESTIONS} == set(SETTINGS)
    assert {one.shift for one in QUESTIONS} == set(SHIFTS) == set(OBJECTS.values())
    assert all(
        one.story and one.why_setting.endswith(".") and one.why_shift.endswith(".") for one in QUESTIONS
    )
    for one in QUESTIONS:
        assert {"inductive": "in the target", "transductive": "in the source", "unsupervised": "no labels"}[
            one.setting
        ] in one.why_setting
