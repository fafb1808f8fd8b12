"""Lesson 05's study: what it trains when, what it measures, what it refuses, and whether the lesson's words hold."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.optimize import minimize_scalar

from workshop import results
from workshop.claims import judge
from workshop.errors import WorkshopError
from workshop.figures.meta_learning.tasks import SUPPORT_SEED, WAVE
from workshop.kernels.meta_training import sine_net
from workshop.studies.ladder import RUNGS, open_rungs
from workshop.studies.meta_learning import TRAININGS, MetaLearningStudy, Outcome, beside
from workshop.studies.meta_learning import study as study_module
from workshop.studies.meta_learning.beside import Agreement
from workshop.studies.meta_learning.outcome import (
    DIVERGED,
    NETWORK,
    SHOWN,
    STEPS,
    TEST_SEED,
    TUNING_SEED,
    Exam,
    converging,
    exam,
    flattened,
    mean_and_half,
    tuned,
    unflattened,
)
from workshop.studies.meta_learning.recipes import FAMILY, FULL_SEEDS, MOMENTS, RATES, recipe
from workshop.studies.meta_learning.trial import (
    GRID,
    Trial,
    abroad,
    average_wave,
    draw_inputs,
    predict_start,
)
from workshop.studies.meta_learning.valleys import (
    BOTTOM,
    CURVATURE,
    STEEPEST,
    best_starts,
    losses,
    losses_after_step,
    stepped,
)
from workshop.studies.registry import climbed

MAIN = ("maml_k10", "joint_k10", "maml_k5", "joint_k5")


@pytest.fixture(scope="module")
def smoke():
    return MetaLearningStudy(budget="smoke")


@pytest.fixture(scope="module")
def shown():
    """The lesson as a reader first sees it: stored results."""
    return MetaLearningStudy(budget="class")


# ---- exams -------------------------------------------------------------------------------------------


@pytest.mark.fast
def test_an_exam_is_the_same_for_everybody_and_not_the_one_that_tunes():
    one, again, tuning = (exam(5, 50, seed) for seed in (TEST_SEED, TEST_SEED, TUNING_SEED))
    assert torch.equal(one.support[0], again.support[0]) and torch.equal(one.query[1], again.query[1])
    assert not torch.equal(one.support[0], tuning.support[0])
    assert one.support[0].shape == (50, 5, 1) and one.query[0].shape == one.query[1].shape


@pytest.mark.fast
def test_a_one_sided_exam_keeps_points_and_questions_apart():
    one = exam(10, 200, TEST_SEED, support=(0, 5), query=(-5, 0))
    assert one.support[0].min() >= 0 >= one.query[0].max()
    both = exam(10, 200, TEST_SEED)
    # the same waves: amplitude and phase are drawn before the points
    assert torch.allclose(one.query[1].abs().amax((1, 2)), both.query[1].abs().amax((1, 2)), atol=2.6)


def test_an_outcome_is_whole(smoke):
    for key, outcome in smoke.outcomes().items():
        assert outcome.training == key and outcome.shots == TRAININGS[key].shots
        assert outcome.iterations == 60 and not outcome.stopped and outcome.seconds > 0
        assert outcome.by_task.shape == (200, len(SHOWN)) and outcome.half.shape == (200, 3)
        assert outcome.error.shape == (STEPS + 1, 2) and outcome.sharpness.shape == (200,)
        kept = outcome.by_task[outcome.converges]
        assert outcome.error[list(SHOWN), 0] == pytest.approx(kept.mean(0), rel=1e-4)
        assert outcome.frames.step.tolist() == [0, 60] and outcome.frames.error.shape == (2, STEPS + 1)
        assert outcome.history["loss"][-1] < 10


def test_the_last_frame_is_the_network_that_was_tested(smoke):
    outcome = smoke.outcome("maml_k10")
    network = sine_net()
    errors = exam(10, 200, TEST_SEED).curve(network, outcome.theta(), outcome.rate)
    assert errors[:, list(SHOWN)] == pytest.approx(outcome.by_task, rel=1e-4)
    assert flattened(unflattened(outcome.frames.weights[-1])).tolist() == outcome.frames.weights[-1].tolist()
    assert outcome.theta(59)["0.weight"].tolist() == outcome.theta(0)["0.weight"].tolist()
    assert outcome.theta(60)["0.weight"].tolist() == outcome.theta()["0.weight"].tolist()


def test_the_baseline_alone_is_tuned_and_takes_the_best(smoke):
    for key, outcome in smoke.outcomes().items():
        if TRAININGS[key].variant != "joint":
            assert outcome.rate == 0.01 and outcome.tuning.shape == (0, 2)
            continue
        rates, error = outcome.tuning.T
        assert tuple(rates) == RATES
        good = rates[error <= 1.01 * error.min()]  # of those that do alike, the shortest
        assert outcome.rate == good.min()


def test_the_start_knows_nothing_of_the_test_waves(smoke):
    """Training draws from the seed of the training; the exams' seeds train nobody."""

    def waves(count, seed):
        tasks = FAMILY.tasks(count, torch.Generator().manual_seed(seed))
        return set(zip(tasks.amplitude.flatten().tolist(), tasks.phase.flatten().tolist(), strict=True))

    for seed in range(FULL_SEEDS):
        assert seed not in (TEST_SEED, TUNING_SEED)
        trained_on = waves(100 * 25, seed)  # of the first chunk
        assert trained_on.isdisjoint(waves(2000, TEST_SEED)) and trained_on.isdisjoint(
            waves(500, TUNING_SEED)
        )
    assert waves(500, TUNING_SEED).isdisjoint(waves(2000, TEST_SEED))


def test_outcomes_can_be_stored_and_found(smoke, tmp_path):
    for name, kind in (("joint_k5", Outcome), ("beside_learn2learn", Agreement)):
        value = (
            Agreement({"torch.func, 1 step": 1e-16}, "0.2.0") if kind is Agreement else smoke.outcome(name)
        )
        results.save(value, smoke.key(name), tmp_path)
        again = results.find(smoke.kind_of(name), smoke.key(name), tmp_path)
        assert isinstance(again, kind)
    assert again.largest == 1e-16


# ---- what is measured --------------------------------------------------------------------------------


def with_errors(outcome, by_task, half=None):
    """An outcome whose tasks have these errors."""
    by_task = np.asarray(by_task, np.float32)
    return replace(
        outcome,
        by_task=by_task,
        converges=converging(by_task),
        half=outcome.half if half is None else np.asarray(half, np.float32),
    )


@pytest.fixture
def made_up(smoke):
    """A study whose outcomes have errors that a head can check (after 0, 1, 2, 5, 10 steps); the last task explodes."""
    study = MetaLearningStudy(budget="ci")
    maml = [[4, 1, 1, 1, 0.5], [2, 0.5, 0.5, 0.5, 0.25], [3, 1.5, 1, 1, np.inf]]
    joint = [[4, 3, 3, 3, 2.5], [2, 2, 2, 2, 1.5], [3, 3, 3, 3, 3]]
    for shots in (10, 5):
        for key, errors, half in (
            (f"maml_k{shots}", maml, [[4, 1, 1], [2, 1, 1], [3, 1, np.inf]]),
            (f"joint_k{shots}", joint, [[4, 4, 4], [2, 2, 3], [3, 3, 3]]),
        ):
            study._found[key] = with_errors(smoke.outcome(key), errors, half), "run"
    return study


@pytest.mark.parametrize("shots", [10, 5])
@pytest.mark.parametrize(
    ("claim", "value", "kept"),
    [
        ("one_step_beats_baseline_ten", ((2.5 - 1) + (1.5 - 0.5)) / 2, 2),
        ("mse_after_1", 1.0, 3),
        ("mse_after_10", 0.375, 2),
        ("baseline_after_10", 7 / 3, 3),
        ("unseen_half", 100 * 3 / 9, 3),
        ("keeps_improving", (0.5 + 0.25) / 2, 2),
    ],
)
def test_each_claims_number_by_hand(made_up, claim, value, kept, shots):
    measured = made_up.measure(f"maml/{claim}_k{shots}")
    assert measured.value == pytest.approx(value)
    assert measured.interval[0] <= measured.value <= measured.interval[1]
    assert measured.data.startswith(f"{kept} unseen sine waves")
    assert ("(1 more, on which ten steps diverge, left out)" in measured.data) is (kept == 2)


@pytest.mark.fast
def test_the_interval_is_the_papers():
    values = np.arange(10.0)
    mean, half = mean_and_half(values)
    assert mean == 4.5 and half == pytest.approx(1.96 * np.std(values, ddof=1) / np.sqrt(10))


def test_the_interval_of_a_share_against_the_bootstrap(shown):
    maml, joint = (shown.outcome(f"{name}_k10").half[:, 1].astype(float) for name in ("maml", "joint"))
    rng = np.random.default_rng(0)
    rows = rng.integers(len(maml), size=(2000, len(maml)))
    low, high = np.percentile(100 * maml[rows].mean(1) / joint[rows].mean(1), [2.5, 97.5])
    interval = shown.measure("maml/unseen_half_k10").interval
    assert interval == pytest.approx((low, high), abs=0.25)


@pytest.mark.fast
def test_a_task_diverges_when_no_curve_of_the_family_could_be_so_wrong():
    assert DIVERGED == 100.0
    errors = np.array([[4, 3], [4, 101], [4, np.inf], [4, np.nan], [101, 3]])
    assert converging(errors).tolist() == [True, False, False, False, False]


# ---- what is trained when ----------------------------------------------------------------------------


def test_what_each_budget_trains(monkeypatch):
    trained = []

    def remember(self, training, *, seed=None, **options):
        trained.append((training, seed))
        return object()

    monkeypatch.setattr(MetaLearningStudy, "train", remember)
    every = {(key, 0) for key in TRAININGS}
    for budget, retrain, expected in (
        ("ci", "", {(key, 0) for key in MAIN}),
        ("class", "", set()),
        ("class", "1", every),
        ("smoke", "", every),
    ):
        monkeypatch.setenv("WORKSHOP_RETRAIN", retrain)
        trained.clear()
        MetaLearningStudy(budget=budget).outcomes()
        assert set(trained) == expected and len(trained) == len(expected), (budget, retrain)


def test_full_takes_three_seeds_and_pools_them(monkeypatch, smoke):
    def train(self, training, *, seed=None, **options):
        errors = np.full((3, len(SHOWN)), 1.0 + seed)
        return replace(with_errors(smoke.outcome(training), errors), seed=seed, budget="full")

    monkeypatch.setattr(MetaLearningStudy, "train", train)
    measured = MetaLearningStudy(budget="full").measure("maml/mse_after_1_k10")
    assert measured.seeds == (0, 1, 2) and len(measured.seeds) == FULL_SEEDS
    assert measured.value == 2.0 and measured.interval[0] < 1.0  # Student's, of 1, 2 and 3


def test_learn2learn_is_asked_where_it_is_installed_and_its_stored_answer_shown_elsewhere(monkeypatch):
    monkeypatch.setattr(beside, "compare", lambda seed: Agreement({"torch.func, 1 step": 2e-16}, "9.9"))
    for installed, budget, status, version in (
        (True, "ci", "run", "9.9"),
        (False, "ci", "stored", "0.2.0"),
        (True, "class", "stored", "0.2.0"),
    ):
        monkeypatch.setattr(beside, "is_installed", lambda installed=installed: installed)
        measured = MetaLearningStudy(budget=budget).measure("maml/agrees_with_learn2learn")
        assert (measured.status, version in measured.data) == (status, True)
    monkeypatch.setattr(MetaLearningStudy, "stored", lambda self, name: None)
    monkeypatch.setattr(beside, "is_installed", lambda: False)
    assert MetaLearningStudy(budget="ci").measure("maml/agrees_with_learn2learn").status == "skipped"


@pytest.mark.peers
def test_the_comparison_with_learn2learn_tells_right_from_wrong(monkeypatch):
    if not beside.is_installed():
        pytest.skip("learn2learn is not installed: make peers")
    before = torch.get_rng_state()
    found = beside.compare()
    assert torch.equal(before, torch.get_rng_state())
    assert found.largest < 1e-12 and len(found.differences) >= 4
    right = beside.meta_gradient
    monkeypatch.setattr(beside, "meta_gradient", lambda *a, **k: right(*a, **k, variant="first_order"))
    assert beside.compare().largest > 1e-3


def test_the_variations_are_compared_after_equally_many_iterations(shown):
    compared = shown.variations()
    assert set(compared) == {"maml_k10", "first_order_k10", "anil_k10", "reptile_k10", "joint_k10"}
    for key, (outcome, error) in compared.items():
        at = list(outcome.frames.step).index(recipe(TRAININGS["reptile_k10"], "class").iterations)
        assert error.tolist() == outcome.frames.error[at].tolist(), key
    assert recipe(TRAININGS["reptile_k10"], "class").iterations in MOMENTS


def test_at_ci_the_variations_stand_beside_the_stored_maml(shown):
    study = MetaLearningStudy(budget="ci")
    short = shown.outcome("maml_k10")
    frames = replace(short.frames, step=short.frames.step[:5], error=short.frames.error[:5])
    study._found["maml_k10"] = replace(short, budget="ci", iterations=3000, frames=frames), "run"
    compared = study.variations()
    assert compared["maml_k10"][0].budget == "class" and len(compared) == 5


def test_without_learn2learn_a_stale_comparison_cannot_be_made_anew(monkeypatch):
    monkeypatch.setattr(beside, "is_installed", lambda: False)
    with pytest.raises(WorkshopError, match=r"needs learn2learn, which is not installed\. Run `make"):
        MetaLearningStudy(budget="class").train_for("beside_learn2learn")


def test_a_step_on_which_a_tuning_wave_explodes_is_out(monkeypatch):
    theta, network = {}, None

    def curve(self, network, theta, rate, variant="maml"):
        errors = np.full((4, STEPS + 1), {0.01: 2.0, 0.015: 1.99}.get(rate, 3.0))
        if rate >= 0.02:
            errors[:, -1] = 1.0
            errors[0, 5] = 101.0
        return errors

    monkeypatch.setattr(Exam, "curve", curve)
    rate, table = tuned(network, theta, 5, 4, "cpu")
    assert rate == 0.01  # 0.015 does alike, and is longer
    assert np.isinf(table[table[:, 0] >= 0.02, 1]).all() and np.isfinite(table[table[:, 0] < 0.02, 1]).all()


def test_seeds_do_not_overlap_at_full(monkeypatch, smoke):
    seen = []

    def train(self, training, *, seed=None, **options):
        seen.append(seed)
        return smoke.outcome(training)

    monkeypatch.setattr(MetaLearningStudy, "train", train)
    for seed in range(3):
        MetaLearningStudy(budget="full", seed=seed).measure("maml/mse_after_1_k10")
    assert seen == list(range(9))


@pytest.mark.fast
def test_an_unknown_budget_is_refused():
    with pytest.raises(WorkshopError, match="There is no budget 'clas'"):
        MetaLearningStudy(budget="clas")


# ---- one task by hand --------------------------------------------------------------------------------


def test_a_trial_against_plain_gradient_descent(shown):
    pair = shown.outcomes("maml_k10", "joint_k10")
    x = draw_inputs(10, seed=1)
    trial = Trial(pair, 2.0, 1.0, x)
    assert trial.truth == pytest.approx(2 * np.sin(GRID - 1)) and trial.y == pytest.approx(2 * np.sin(x - 1))
    for key, outcome in pair.items():
        network = sine_net()
        network.load_state_dict(copy.deepcopy(outcome.theta()))
        optimiser = torch.optim.SGD(network.parameters(), outcome.rate)
        for step in range(STEPS + 1):
            with torch.no_grad():
                predicted = network(torch.tensor(GRID, dtype=torch.float32)[:, None])[:, 0].numpy()
            assert trial.curve(key, step) == pytest.approx(predicted, abs=2e-3), (key, step)
            assert trial.error(key, step) == pytest.approx(((predicted - trial.truth) ** 2).mean(), abs=5e-3)
            optimiser.zero_grad()
            F.mse_loss(network(torch.tensor(x, dtype=torch.float32)[:, None]),
                       torch.tensor(trial.y, dtype=torch.float32)[:, None]).backward()  # fmt: skip
            optimiser.step()


def test_a_trial_at_an_earlier_moment_starts_from_the_weights_of_then(shown):
    pair = shown.outcomes("maml_k10")
    early, late = (Trial(pair, 3.0, 0.5, draw_inputs(10, 0), moment) for moment in (0, None))
    assert early.error("maml_k10", 10) > late.error("maml_k10", 10) + 1


@pytest.mark.fast
def test_points_may_lie_anywhere_or_on_the_right():
    assert draw_inputs(200, 0).min() < -4 and draw_inputs(200, 0, one_side=True).min() >= 0
    with pytest.raises(WorkshopError, match="There is no point to adapt to"):
        Trial({}, 1.0, 0.0, np.array([]))


# ---- the two valleys ---------------------------------------------------------------------------------


@pytest.mark.fast
@pytest.mark.parametrize("rate", [0.0, 0.05, 0.1, 0.2, STEEPEST])
def test_the_best_starts_against_a_search(rate):
    starts = best_starts(rate)
    assert starts.joint == pytest.approx(minimize_scalar(lambda w: losses(w).mean()).x, abs=1e-6)
    assert starts.meta == pytest.approx(
        minimize_scalar(lambda w: losses_after_step(w, rate).mean()).x, abs=1e-6
    )
    for task in range(2):
        w = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
        loss = CURVATURE[task] / 2 * (w - BOTTOM[task]) ** 2
        (slope,) = torch.autograd.grad(loss, w)
        assert stepped(0.3, rate)[task] == pytest.approx(0.3 - rate * float(slope))
        assert losses(0.3)[task] == pytest.approx(loss.item())


# ---- what the lesson says ----------------------------------------------------------------------------


@pytest.mark.fast
def test_the_shipped_results_are_todays(shown):
    """Every stored result fits today's code, data and parameters; otherwise: `make results`."""
    assert [name for name in shown.shipped if shown.stored(name) is None] == []


@pytest.mark.fast
def test_class_shows_what_is_stored_and_every_claim_holds(shown):
    verdicts = [judge(claim, shown.measure(claim.id)) for claim in shown.claims.values()]
    assert [v.id for v in verdicts if not v.holds] == []
    assert {v.status for v in verdicts} == {"stored"}
    assert {v.id for v in verdicts if v.interval is None} == {"maml/agrees_with_learn2learn"}


@pytest.mark.fast
def test_what_the_lesson_says_of_the_valleys():
    starts = best_starts(STEEPEST)
    assert STEEPEST == 0.25 and starts.meta == BOTTOM[1]  # "waits at the bottom of the shallow one"
    assert losses_after_step(starts.meta, 0.25).tolist() == [0, 0]  # "after one step both losses are zero"
    assert losses(starts.meta).mean() == 4.0 and losses(starts.joint).mean() == pytest.approx(0.8)
    assert losses_after_step(starts.joint, 0.25).mean() == pytest.approx(0.36)
    anywhere = losses_after_step(np.linspace(-3, 3, 7), 0.25)[:, 0]
    assert anywhere == pytest.approx(np.zeros(7))  # "it solves the steep task from anywhere"


@pytest.mark.fast
def test_what_the_lesson_says_of_the_average(shown):
    assert average_wave() == pytest.approx(-1.62 * np.cos(GRID), abs=0.01)
    assert np.abs(predict_start(shown.outcome("joint_k10")) - average_wave()).mean() < 0.1  # "found it"
    # "about 3.0 is what remains": the variance around the mean wave, by counting
    tasks = FAMILY.tasks(20_000, torch.Generator().manual_seed(0))
    waves = tasks(torch.tensor(GRID, dtype=torch.float32)[:, None])[..., 0].numpy()
    floor = ((waves - average_wave()) ** 2).mean()
    assert floor == pytest.approx(3.0, abs=0.05)
    for key in ("maml_k10", "joint_k10"):
        assert shown.outcome(key).after(0).mean() == pytest.approx(floor, abs=0.15)
    assert sum(p.numel() for p in sine_net().parameters()) == 1761  # "1,761 weights"
    assert sum(p.numel() for p in sine_net()[-1].parameters()) == 41  # "ANIL moves 41"


@pytest.mark.fast
def test_the_sentences_of_the_lesson_that_are_no_verdicts(shown):
    """What the prose says of the stored results, number by number."""
    maml, joint, maml5, joint5 = (shown.outcome(key) for key in MAIN)
    assert maml.error[1, 0] == pytest.approx(0.32, abs=0.005)
    assert joint.error[STEPS, 0] == pytest.approx(1.27, abs=0.005)
    assert maml.error[STEPS, 0] == pytest.approx(0.11, abs=0.005)  # "to a third"
    assert np.mean(maml.after(STEPS) < maml.after(1)) == pytest.approx(0.98, abs=0.005)  # "98 waves in 100"
    for one, other in ((maml, joint), (maml5, joint5)):  # "the intervals are far apart"
        assert one.error[1].sum() < other.error[STEPS, 0] - other.error[STEPS, 1] - 0.5
    for outcome in (joint, joint5):  # "short steps do not arrive", "long ones make some waves explode"
        rates, error = outcome.tuning.T
        assert error[0] > 1.2 * error.min() and np.isinf(error[rates >= 0.03]).all()
    assert maml5.error[STEPS, 0] == pytest.approx(0.31, abs=0.006)
    assert joint5.error[STEPS, 0] == pytest.approx(2.05, abs=0.005)
    grown = maml5.error[STEPS, 0] / maml.error[STEPS, 0]
    assert 2.5 < grown < 3  # "almost three times"
    assert joint5.error[STEPS, 0] / joint.error[STEPS, 0] == pytest.approx(1.6, abs=0.05)
    # "one wave is left out", of MAML's; "in three verdicts"
    assert [int((~o.converges).sum()) for o in (maml, joint, maml5, joint5)] == [0, 0, 1, 0]
    told = [claim for claim in shown.claims if "left out" in shown.measure(claim).data]
    assert told == [
        f"maml/{c}_k5" for c in ("one_step_beats_baseline_ten", "mse_after_10", "keeps_improving")
    ]
    for sharp, flat in ((maml, joint), (maml5, joint5)):  # "for most waves", "hardly ever"
        assert np.mean(sharp.sharpness > 2) > 0.7 and np.mean(flat.sharpness > 2) < 0.02


@pytest.mark.fast
def test_what_the_lesson_says_of_its_first_wave(shown):
    """It is a typical one; its start predicts the average; and the point to be guessed tells right from wrong."""
    pair = shown.outcomes("maml_k10", "joint_k10")
    maml = pair["maml_k10"]
    first = Trial(pair, **WAVE, x=draw_inputs(10, SUPPORT_SEED))
    assert first.error("maml_k10", 1) == pytest.approx(maml.error[1, 0], abs=0.05)  # "a typical one"
    assert first.error("joint_k10", 1) > 2
    gaps = [np.abs(predict_start(outcome) - average_wave()).mean() for outcome in pair.values()]
    assert max(gaps) < 0.15  # "the two starts predict nearly the same"
    side = Trial(pair, **WAVE, x=draw_inputs(10, SUPPORT_SEED, one_side=True))
    wave, start, after = (
        np.interp(-4, GRID, curve)
        for curve in (side.truth, *(side.curve("maml_k10", step) for step in (0, 1)))
    )
    assert wave == pytest.approx(3.5, abs=0.05) and start == pytest.approx(1.1, abs=0.05)
    assert after > start + 1


@pytest.mark.fast
def test_what_the_lesson_says_of_the_half_that_it_never_saw(shown):
    maml, joint = shown.outcome("maml_k10"), shown.outcome("joint_k10")
    assert maml.half[:, 1].mean() / maml.half[:, 0].mean() == pytest.approx(0.25, abs=0.03)  # "a quarter"
    assert joint.half[:, 1].mean() > joint.half[:, 0].mean()  # "keeps all of it"
    assert joint.half[:, [0, 2]].mean(0) == pytest.approx([3.0, 3.7], abs=0.05)
    assert maml.half[:, [1, 2]].mean(0) == pytest.approx([0.78, 0.85], abs=0.005)


@pytest.mark.fast
def test_what_the_lesson_says_of_growth_and_relatives(shown):
    frames = shown.outcome("maml_k10").frames
    at = {int(step): error for step, error in zip(frames.step, frames.error, strict=True)}
    assert at[0][[0, STEPS]] == pytest.approx([4.6, 4.4], abs=0.06)  # "ten steps leave 4.4 of 4.6"
    assert at[300][0] == pytest.approx(3.3, abs=0.05)
    assert all(abs(at[step][0] - at[1000][0]) < 0.1 for step in (3000, 10_000, 30_000, 70_000))
    for early, late in ((1000, 3000), (3000, 10_000), (10_000, 30_000)):  # "every number of steps falls"
        assert (at[late][1:] < at[early][1:]).all()
    assert (
        at[70_000][1] < at[30_000][1] and (at[70_000][2:] > at[30_000][2:]).all()
    )  # "the later ones do not"
    compared = {key: error for key, (_, error) in shown.variations().items()}
    assert compared["anil_k10"][1] == pytest.approx(0.98, abs=0.005)
    assert compared["maml_k10"][1] == pytest.approx(0.49, abs=0.006)  # "twice"
    assert compared["first_order_k10"][1] == pytest.approx(0.78, abs=0.005)
    relatives = ("first_order_k10", "anil_k10", "reptile_k10")
    assert max(relatives, key=lambda key: compared[key][1]) == "anil_k10"  # the answer to the question
    assert all(compared[key][1] < 0.4 * compared["joint_k10"][1] for key in relatives)  # "far better"
    assert compared["first_order_k10"][0] == pytest.approx(4.25, abs=0.2)  # "as bad as predicting 0"
    engines = {outcome.engine for outcome, _ in shown.variations().values()}
    assert engines == {"native", "autograd"}  # "some are compiled, the others are not"


def test_what_the_lesson_says_of_other_frequencies(shown):
    pair = shown.outcomes("maml_k10", "joint_k10")
    found = abroad(pair, (0.5, 0.75, 1.0, 2.0))
    maml, joint, random = (found[key].error for key in ("maml_k10", "joint_k10", "random"))
    assert maml[2, 1] < 0.15 * maml[2, 0]  # "repairs nearly everything"
    assert maml[1, 1] / maml[2, 1] == pytest.approx(6, abs=0.5)  # "six times as much error remains"
    assert joint[0, 1] == pytest.approx(2.9, abs=0.05) and maml[0, 1] == pytest.approx(3.7, abs=0.05)
    ends = [error[3, 1] for error in (maml, joint, random)]  # "worse than the random one"
    assert ends == pytest.approx([5.0, 5.6, 4.4], abs=0.06)
    assert min(maml[3, STEPS], joint[3, STEPS]) > random[3, STEPS] + 0.5  # "ten steps do not mend it"
    as_long = (
        exam(10, 400, TEST_SEED, frequency=0.5).curve(NETWORK, pair["joint_k10"].theta(), 0.01)[:, 1].mean()
    )
    assert maml[0, 1] - as_long < 0.5 * (maml[0, 1] - joint[0, 1])  # "much of that is its longer step"


# ---- the ladder --------------------------------------------------------------------------------------


def test_the_ladder_holds_what_is_stored_and_leaves_the_rest_open():
    found = climbed()
    order = list(RUNGS)
    assert [order.index(rung.rung) for rung in found] == sorted(order.index(rung.rung) for rung in found)
    by_rung = {rung.rung: rung for rung in found}
    assert {"direct use", "adaptation", "meta-learning"} <= set(by_rung)
    assert set(open_rungs(found)) == set(RUNGS) - set(by_rung)
    meta = by_rung["meta-learning"]
    assert meta.lesson == "05_meta_learning" and "1.27" in meta.gain and "0.32" in meta.gain
    assert meta.labels.startswith("10 of each new task") and meta.seconds > 1
    assert open_rungs([]) == RUNGS


def test_a_lesson_without_stored_results_adds_no_rung(monkeypatch):
    monkeypatch.setattr(study_module.MetaLearningStudy, "stored", lambda self, name: None)
    assert "meta-learning" not in {rung.rung for rung in climbed()}
    assert "meta-learning" in open_rungs(climbed())
