"""Lesson 03's study: which labels it reads, what it trains when, what it measures, what it refuses."""

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
import torch
from scipy.stats import norm

from workshop import results
from workshop.claims import judge
from workshop.errors import WorkshopError
from workshop.kernels.descent import Recipe
from workshop.kernels.digit_net import DigitNet
from workshop.studies.adaptation import RUNGS, AdaptationStudy
from workshop.studies.adaptation import study as study_module
from workshop.studies.adaptation.one_feature import CLASS_STEP, DOMAIN_STEP, SPREAD, one_feature
from workshop.studies.adaptation.outcome import Outcome, accuracy_of, run_training, wilson_interval
from workshop.studies.adaptation.rungs import augmentations, train

TINY = Recipe(steps=24, batch=16, warm_up=4)


@pytest.fixture(scope="module")
def smoke():
    return AdaptationStudy(budget="smoke")


def weights(training, source, target):
    return [
        p.detach().clone() for p in train(training, source, target, recipe=TINY).network.state_dict().values()
    ]


def with_other_labels(digits):
    return replace(
        digits, train_labels=(digits.train_labels + 3) % 10, sealed_labels=(digits.sealed_labels + 3) % 10
    )


@pytest.mark.parametrize("training", ["source_only", "adversarial", "pseudo_labels", "oracle"])
def test_only_the_oracle_reads_target_labels(smoke, training):
    """With every target label changed, the trained weights stay the same to the bit; the oracle's do not."""
    honest = weights(training, smoke.source, smoke.target)
    other = weights(training, smoke.source, with_other_labels(smoke.target))
    same = all(torch.equal(a, b) for a, b in zip(honest, other, strict=True))
    assert same is (training != "oracle")


@pytest.mark.parametrize("training", ["source_only", "adversarial", "pseudo_labels", "oracle"])
def test_nobody_reads_a_sealed_picture(smoke, training):
    blank = [replace(d, sealed=torch.zeros_like(d.sealed)) for d in (smoke.source, smoke.target)]
    for a, b in zip(weights(training, smoke.source, smoke.target), weights(training, *blank), strict=True):
        assert torch.equal(a, b)


def test_the_signal_that_chooses_reads_no_label(smoke):
    outcomes = [
        run_training("pseudo_labels", smoke.source, target, recipe=TINY, budget="smoke", frames=2)[
            "pseudo_labels"
        ]
        for target in (smoke.target, with_other_labels(smoke.target))
    ]
    assert outcomes[0].mutual_information == outcomes[1].mutual_information
    assert outcomes[0].accuracy != outcomes[1].accuracy


def test_rungs_0_and_1_are_one_training(smoke):
    plain, renewed = smoke.outcome("source_only"), smoke.outcome("batch_statistics")
    assert plain.history["loss"].tolist() == renewed.history["loss"].tolist()
    assert plain.source_accuracy == renewed.source_accuracy
    assert plain.confusion.tolist() != renewed.confusion.tolist()


def test_an_outcome_is_whole(smoke):
    for rung, outcome in smoke.outcomes().items():
        assert outcome.rung == rung and outcome.confusion.sum() == 400
        assert (
            outcome.accuracy == accuracy_of(outcome.confusion) == outcome.frames.target_accuracy[-1].round(4)
        )
        assert outcome.frames.feature_map.shape == (3, 2, 150, 2)
        assert np.isfinite(outcome.frames.feature_map.astype(np.float32)).all()
        wrong = outcome.confusion.sum() - np.trace(outcome.confusion)
        assert len(outcome.mistakes) == min(24, wrong)
        for row, true, named in outcome.mistakes:
            assert smoke.target.sealed_labels[row] == true != named


def test_it_can_be_stored_and_found(smoke, tmp_path):
    key = smoke.key("pseudo_labels")
    results.save(smoke.outcome("pseudo_labels"), key, tmp_path)
    again = results.find(Outcome, key, tmp_path)
    assert again.accuracy == smoke.outcome("pseudo_labels").accuracy
    assert np.array_equal(again.frames.feature_map, smoke.outcome("pseudo_labels").frames.feature_map)


@pytest.mark.fast
def test_the_shipped_results_are_todays():
    """Every stored result fits today's code, data and parameters; otherwise: `make results`."""
    study = AdaptationStudy(budget="class")
    status = {name: study.stored(name) is not None for name in study.shipped}
    assert all(status.values()), (
        f"stale, run `make results`: {[name for name, fits in status.items() if not fits]}"
    )


@pytest.mark.fast
def test_class_shows_what_is_stored_and_every_claim_holds():
    study = AdaptationStudy(budget="class")
    verdicts = [judge(claim, study.measure(claim.id)) for claim in study.claims.values()]
    assert [v.id for v in verdicts if not v.holds] == []
    assert {v.status for v in verdicts} == {"stored"}


@pytest.mark.fast
def test_the_sentences_of_the_lesson_that_are_no_verdicts():
    """What the prose says of the stored results, number by number."""
    shown = AdaptationStudy(budget="class")
    rungs = shown.outcomes()
    plain, renewed, dann, pseudo, oracle = rungs.values()
    assert abs(renewed.accuracy - plain.accuracy) < 2  # "buys next to nothing"
    assert abs(dann.accuracy - renewed.accuracy) < 3  # "about as well as on rung 1: neutral transfer"
    fresh_critic = 1 - (1 - dann.proxy_a_distance / 2) / 2
    assert 0.8 < fresh_critic < 0.88  # "right five times in six"
    assert (
        fresh_critic > dann.history["critic_accuracy"][-20:].mean() + 0.1
    )  # "far more often than the one in the game"
    assert dann.history["critic_accuracy"].mean() < 0.65  # "stays close to guessing all the way"
    assert dann.proxy_a_distance < plain.proxy_a_distance - 0.3  # "rung 2 does lower it"
    assert pseudo.proxy_a_distance > plain.proxy_a_distance - 0.1  # "rung 3 does not"
    assert oracle.accuracy - pseudo.accuracy < 1.5  # "within a point or so of the oracle"
    assert len(shown.target.train) == 8000  # "which had eight thousand"
    assert (
        max(abs(o.source_accuracy - plain.source_accuracy) for o in (dann, pseudo)) < 3
    )  # "high on every rung"
    back = shown.outcomes(reverse=True)
    assert back["pseudo_labels"].accuracy > back["source_only"].accuracy + 15  # "pseudo-labels help here too"
    assert back["pseudo_labels"].accuracy < 90  # "and they stop short"
    assert sum(p.numel() for p in DigitNet().parameters()) // 1000 == 156  # "156,000 weights"


def test_left_to_itself_the_critic_tells_the_domains_apart():
    study = AdaptationStudy(budget="ci")
    recipe = Recipe(steps=240)
    right = {
        strength: run_training(
            "adversarial", study.source, study.target, recipe=recipe, budget="ci", strength=strength, frames=1
        )["adversarial"]
        .history["critic_accuracy"][-5:]
        .mean()
        for strength in ("none", "ganin")
    }
    assert right["none"] > right["ganin"] + 0.1


@pytest.mark.fast
def test_what_is_compared_was_trained_at_the_same_budget():
    study = AdaptationStudy(budget="ci")
    short = {rung: (replace(study.stored(rung), budget="ci"), "run") for rung in study.trained_at_ci}
    study._found |= short
    dann = study.outcome("adversarial")
    assert study.outcome("source_only").budget == "ci" and dann.budget == "class"
    assert study.alike("source_only", dann).budget == "class"
    assert study.alike("source_only", study.outcome("source_only")).budget == "ci"
    forward, back = study.both_ways()
    assert set(forward) == set(back) == set(study_module.REVERSED)
    assert {outcome.budget for outcome in (*forward.values(), *back.values())} == {"class"}


def test_what_each_budget_trains(monkeypatch):
    trained = []

    def remember(self, training, reverse=False):
        trained.append((training, reverse))
        return {rung.key: object() for rung in RUNGS.values() if rung.training == training}

    monkeypatch.setattr(AdaptationStudy, "train", remember)
    for budget, retrain, expected in (
        ("ci", "", {("source_only", False), ("pseudo_labels", False)}),
        ("class", "", set()),
        (
            "class",
            "1",
            {(r.training, False) for r in RUNGS.values()} | {("source_only", True), ("pseudo_labels", True)},
        ),
        (
            "smoke",
            "",
            {(r.training, False) for r in RUNGS.values()} | {("source_only", True), ("pseudo_labels", True)},
        ),
    ):
        monkeypatch.setenv("WORKSHOP_RETRAIN", retrain)
        trained.clear()
        study = AdaptationStudy(budget=budget)
        study.outcomes(), study.outcomes(reverse=True)
        assert set(trained) == expected and len(trained) == len(expected), (budget, retrain)


def test_digits_of_ones_own_have_no_stored_results_and_skip_what_ci_does_not_train(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    path = tmp_path / "mine.npz"
    np.savez(
        path, images=rng.integers(0, 256, (300, 20, 20), dtype=np.uint8), labels=rng.integers(0, 10, 300)
    )
    study = AdaptationStudy(budget="ci", target=str(path))
    assert study.outcome("adversarial") is None and study.status("adversarial") == "skipped"
    measured = study.measure("adaptation/dann")
    assert measured.status == "skipped" and measured.value is None
    assert "mine" in study.describe()


@pytest.mark.fast
def test_claims_bind_on_the_lessons_own_data_only(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "mine.npz"
    np.savez(
        path, images=rng.integers(0, 256, (300, 20, 20), dtype=np.uint8), labels=rng.integers(0, 10, 300)
    )
    own, other = AdaptationStudy(budget="class"), AdaptationStudy(budget="class", target=str(path))
    own_result = own.outcome("pseudo_labels")
    other._found["pseudo_labels"] = own_result, "run"
    claim = own.claims["adaptation/target_accuracy"]
    worse = replace(claim, thresholds={"class": 99.9})
    assert judge(worse, own.measure(claim.id)).broken
    verdict = judge(worse, other.measure(claim.id))
    assert verdict.holds is False and not verdict.broken


def test_source_digits_are_drawn_smaller_or_larger_as_the_pictures_ask(smoke):
    """Renders fill their crop and MNIST's digits do not; the augmentation follows the data, not their names."""
    there, _ = augmentations(smoke.source, smoke.target)
    back, hidden = augmentations(smoke.target, smoke.source)
    assert there.zoom == 0.1 and back.zoom == -0.1 and hidden.cutout == 10


@pytest.mark.fast
def test_the_swapped_pair_finds_what_was_stored_for_the_way_back():
    swapped = AdaptationStudy(budget="class", source="mnist10k", target="renders")
    found = swapped.outcome("pseudo_labels")
    assert swapped.status("pseudo_labels") == "stored"
    assert (found.source, found.target) == ("mnist10k", "renders")


def test_measurements_name_their_data_seeds_and_interval(smoke):
    measured = smoke.measure("adaptation/target_accuracy")
    outcome = smoke.outcome("pseudo_labels")
    assert measured.value == outcome.accuracy and measured.interval == wilson_interval(outcome.confusion)
    assert measured.data == "renders to mnist10k, sealed pictures (400)" and measured.seeds == (0,)
    assert smoke.measure("adaptation/hard_direction").data.startswith("mnist10k to renders")
    assert smoke.measure("adaptation/source_on_source").data.startswith("renders, sealed")


@pytest.mark.fast
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"budget": "clas"}, "There is no budget 'clas'. Choose one of: smoke, ci, class, full."),
        (
            {"source": "mnist10k"},
            "Source and target are both 'mnist10k'. Choose two different sets of digits.",
        ),
        (
            {"source": "data/mnist10k.npz", "target": "mnist10k"},
            "10,000 pictures of mnist10k are also in mnist10k, so the target would not be new. "
            "Choose two sets that share none.",
        ),
    ],
)
def test_requests_that_make_no_sense(options, says):
    with pytest.raises(WorkshopError) as error:
        AdaptationStudy(**options)
    assert str(error.value) == says


@pytest.mark.fast
def test_wilson_interval_against_the_formula():
    confusion = np.diag([10] * 10) + np.diag([2] * 9, k=1)
    right, total, z = 100, 118, NormalDist().inv_cdf(0.975)
    p = right / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * np.sqrt(p * (1 - p) / total + z * z / (4 * total**2))
    assert wilson_interval(confusion) == pytest.approx((100 * (middle - half), 100 * (middle + half)))


# ---- the world with one feature ----------------------------------------------------------------------


@pytest.mark.fast
@pytest.mark.parametrize("degrees", [-60, 0, 11, 40, 75])
def test_the_closed_forms_against_half_a_million_points(degrees):
    """Thresholds found on sampled points, the critic's without knowing any class, do as well as the closed forms."""
    world = one_feature()
    at = int(np.flatnonzero(world.angle == degrees)[0])
    rng = np.random.default_rng(0)
    points = SPREAD * rng.normal(size=(2, 2, 125_000, 2))  # domain, class
    points[:, 0] -= CLASS_STEP / 2
    points[:, 1] += CLASS_STEP / 2
    points[1] += DOMAIN_STEP
    seen = points @ np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])

    def right(upper, lower, threshold):
        """Per cent right when everything above the threshold is called ``upper``, or the other way round."""
        share = ((upper > threshold).mean() + (lower <= threshold).mean()) / 2
        return 100 * share

    thresholds = np.linspace(seen.min(), seen.max(), 400)
    of_source = [right(seen[0, 1], seen[0, 0], t) for t in thresholds]
    flipped = max(of_source) < 100 - min(of_source)
    best = int(np.argmin(of_source) if flipped else np.argmax(of_source))
    on_target = right(seen[1, 1], seen[1, 0], thresholds[best])
    assert (100 - of_source[best] if flipped else of_source[best]) == pytest.approx(
        world.source_accuracy[at], abs=0.3
    )
    assert (100 - on_target if flipped else on_target) == pytest.approx(world.target_accuracy[at], abs=1.0)
    half_way = right(seen[1].ravel(), seen[0].ravel(), seen.mean())
    assert max(half_way, 100 - half_way) == pytest.approx(world.critic_accuracy[at], abs=0.3)


@pytest.mark.fast
def test_what_the_lesson_says_about_it():
    """At lambda 0.5 the critic can only guess; the source pays three points and the target gains seventeen."""
    world = one_feature()
    free, pushed = world.best(0.0), world.best(0.5)
    assert world.critic_accuracy[pushed] < 51 < world.critic_accuracy[free]
    assert world.source_accuracy[free] - world.source_accuracy[pushed] == pytest.approx(3, abs=0.5)
    assert world.target_accuracy[pushed] - world.target_accuracy[free] == pytest.approx(17, abs=0.5)
    assert (
        world.source_accuracy[free]
        == world.source_accuracy.max()
        == pytest.approx(100 * norm.cdf(np.linalg.norm(CLASS_STEP) / 2), abs=0.01)
    )


@pytest.mark.fast
def test_lambda_turns_the_arrow_step_by_step():
    world = one_feature()
    angles = [world.angle[world.best(strength)] for strength in np.linspace(0, 0.5, 11)]
    assert sorted(angles, reverse=True) == angles and len(set(angles)) > 6
