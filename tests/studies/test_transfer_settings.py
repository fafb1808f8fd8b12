"""The settings table: its lines, the tools of its runs against references, and what the runs may look at."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm, t

from workshop.errors import WorkshopError
from workshop.studies.transfer_scenarios.experiments import settings_runs as runs
from workshop.studies.transfer_scenarios.experiments import settings_table
from workshop.studies.transfer_scenarios.experiments.settings_table import (
    AREAS,
    SIZES,
    TABLE,
    SettingsOutcome,
    Size,
    row,
    run,
)


@pytest.fixture(scope="module")
def ci():
    return run("ci", 0)


@pytest.fixture
def quick(monkeypatch):
    """Two draws of two rows that take a moment."""
    monkeypatch.setitem(SIZES, "class", Size(2, ("sample selection bias", "covariate shift")))


def test_the_settings_differ_in_where_there_are_labels():
    labels = {
        "inductive": {(True, True), (False, True)},
        "transductive": {(True, False)},
        "unsupervised": {(False, False)},
    }
    for setting, expected in labels.items():
        lines = [one for one in TABLE if one.setting == setting]
        assert {(one.source_labels, one.target_labels) for one in lines} == expected
    assert len(set(AREAS)) == len(TABLE) == 8
    assert all(one.task in one.tasks for one in TABLE)
    assert {one.task for one in TABLE} == {
        "classification", "regression", "clustering", "dimensionality reduction",
    }  # fmt: skip


def test_a_digit_world_keeps_source_target_and_exam_apart():
    world = runs.digit_world(np.random.default_rng(3))
    assert len(world.source) == runs.SOURCE_DIGITS and set(world.labels[world.source]) == set(range(5))
    assert sorted(world.labels[world.few]) == [digit for digit in range(5, 10) for _ in range(runs.SHOTS)]
    assert set(world.few) <= set(world.target) and set(world.exam_labels) == set(range(5, 10))
    assert not {one.tobytes() for one in world.images} & {one.tobytes() for one in world.exam}


@pytest.mark.parametrize("area", [one.area for one in TABLE if not one.source_labels])
def test_a_row_without_source_labels_reads_none(area, monkeypatch):
    """Whatever the source's labels are called, the scores stay the same."""
    honest = row(area).answer(np.random.default_rng(5))
    drawn = runs.digit_world

    def renamed(rng):
        world = drawn(rng)
        labels = world.labels.copy()
        labels[world.source] = np.random.default_rng(0).integers(5, 10, len(world.source))
        return replace(world, labels=labels)

    monkeypatch.setattr(runs, "digit_world", renamed)
    assert row(area).answer(np.random.default_rng(5)) == honest


def test_sharing_needs_the_sources_labels(monkeypatch):
    """Alone, the network is the same whatever the source's labels say; sharing, it is not."""
    world = runs.digit_world(np.random.default_rng(5))
    monkeypatch.setattr(runs, "RECIPE", replace(runs.RECIPE, steps=15))
    labels = world.labels.copy()
    labels[world.source] = np.random.default_rng(0).permutation(labels[world.source])
    shuffled = replace(world, labels=labels)
    assert runs._network(world, False, 1) == runs._network(shuffled, False, 1)
    assert runs._network(world, True, 1) != runs._network(shuffled, True, 1)


def test_alignment_gives_the_mean_and_covariance_of_the_target():
    rng = np.random.default_rng(0)
    source = rng.normal(size=(400, 6)) @ rng.normal(size=(6, 6)) + 3
    target = rng.normal(size=(300, 6)) @ rng.normal(size=(6, 6))
    aligned = runs.coral(source, target, ridge=1e-9)
    assert aligned.mean(0) == pytest.approx(target.mean(0))
    assert np.cov(aligned.T) == pytest.approx(np.cov(target.T), abs=1e-4)


def test_importance_is_the_ratio_of_densities_where_that_is_known():
    rng = np.random.default_rng(0)
    source, target = rng.normal(0, 1, (40_000, 1)), rng.normal(0.7, 1, (40_000, 1))
    weights = runs.importance(source, target)
    true = norm.pdf(source[:, 0], 0.7) / norm.pdf(source[:, 0], 0)
    assert weights.mean() == pytest.approx(1)
    assert np.abs(np.log(weights) - np.log(true)).max() < 0.15


def test_patch_features_are_the_nearness_to_each_prototype_by_hand():
    rng = np.random.default_rng(0)
    images, words = rng.random((3, 14, 14)), rng.normal(size=(4, 25))
    features = runs.patch_features(images, words).reshape(3, 5, 5, 4)
    near = []
    for dy in (0, 1):
        for dx in (0, 1):
            patch = images[1, 4 + dy : 9 + dy, 6 + dx : 11 + dx].ravel()
            away = np.linalg.norm(patch - patch.mean() - words, axis=1)
            near.append(np.maximum(away.mean() - away, 0))
    assert features[1, 2, 3] == pytest.approx(np.mean(near, axis=0))


def test_what_the_runs_found_is_as_it_was_on_other_draws(ci):
    """The signs that pilots, on other draws and on digits that are not the exam's, showed in every draw."""
    for area in ("multi-task learning", "domain adaptation", "covariate shift", "borrowed components"):
        assert ci.gain(area).min() > 0 and ci.verdict(area) == "helps", area
    assert ci.gain("self-taught learning").mean() > 0.02
    assert np.abs(ci.gain("self-taught, controlled")).max() < 0.03  # the features helped, not their source
    assert ci.gain("sample selection bias").mean() < 0
    assert ci.verdict("clusters in these") == "no clear difference"


def test_both_self_taught_rows_share_what_they_have_in_common(ci):
    at = [ci.areas.index(area) for area in ("self-taught learning", "self-taught, controlled")]
    assert np.array_equal(ci.transferred[at[0]], ci.transferred[at[1]])
    assert not np.array_equal(ci.without[at[0]], ci.without[at[1]])


def test_a_verdict_is_students_interval_against_zero():
    without = np.zeros((4, 3))
    with_ = np.array([[0.1, 0.11, 0.12], [-0.1, -0.11, -0.12], [0.1, -0.1, 0.3], [0.0, 0.0, 0.0]])
    outcome = SettingsOutcome(AREAS[:4], without, with_, "ci", 0)
    assert [outcome.verdict(area) for area in AREAS[:4]] == [
        "helps", "hurts", "no clear difference", "no clear difference",
    ]  # fmt: skip
    half = t.ppf(0.975, 2) * with_[2].std(ddof=1) / np.sqrt(3)
    assert half > with_[2].mean() > 0
    assert [one.area for one in outcome.table] == list(AREAS[:4])
    alone = SettingsOutcome(AREAS[:1], without[:1, :1], with_[:1, :1], "smoke", 0)
    assert alone.verdict(AREAS[0]) == "no clear difference"


def test_the_seed_decides_and_draws_differ(quick):
    first, again, other = run("class", 1), run("class", 1), run("class", 2)
    assert np.array_equal(first.transferred, again.transferred)
    assert not np.array_equal(first.transferred, other.transferred)
    assert not np.array_equal(first.without[:, 0], first.without[:, 1])
    alone = runs.covariate_shift(np.random.default_rng([1, 1]))
    assert alone == (first.without[1, 1], first.transferred[1, 1])


def test_smoke_runs_without_training_a_network():
    assert run("smoke").areas == AREAS[3:]


def test_a_run_reports_and_stops_with_the_whole_draws_it_has(quick):
    seen = []
    whole = run("class", 0, lambda *step: seen.append(step) is None)
    assert [step[:2] for step in seen] == [(done, 4) for done in range(1, 5)] and not whole.stopped
    assert seen[3][2]["score"] == whole.transferred[1, 1]
    cut = run("class", 0, lambda done, *_: done < 3)
    assert cut.stopped and np.array_equal(cut.without, whole.without[:, :1])
    with pytest.raises(WorkshopError, match="stopped before its first draw was whole"):
        run("class", 0, lambda *_: False)


def test_what_is_not_there_is_named(quick):
    with pytest.raises(WorkshopError, match="no budget 'tiny'"):
        run("tiny")
    with pytest.raises(WorkshopError, match=r"no row 'clustering'. It has: multi-task learning"):
        row("clustering")
    with pytest.raises(
        WorkshopError, match=r"no row 'multi-task learning'. At budget class it has: sample sel"
    ):
        run("class").gain("multi-task learning")
    assert settings_table.AREAS == AREAS
