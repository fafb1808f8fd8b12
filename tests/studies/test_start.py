"""Lesson 00: its learning curve, its claim, and the numbers in its prose."""

from __future__ import annotations

from pathlib import Path

import nbformat
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from workshop.claims import judge
from workshop.figures import start as figures
from workshop.studies.start import StartStudy
from workshop.studies.start.hunger import Hunger, digits, learning_curve

ROOT = Path(__file__).resolve().parents[2]
PROSE = {
    cell.id: cell.source
    for cell in nbformat.read(ROOT / "notebooks" / "00_start_here.ipynb", as_version=4).cells
    if cell.cell_type == "markdown"
}


def says(cell: str, *words: str) -> None:
    text = " ".join(PROSE[cell].split())
    for each in words:
        assert each in text, (cell, each)


@pytest.fixture(scope="module")
def smoke():
    return learning_curve("smoke", 0, lambda *told: True)


@pytest.fixture(scope="module")
def stored():
    found = StartStudy(budget="class").stored("hunger")
    assert found is not None, "stale: python -m workshop results --lesson 00"
    return found


def test_each_accuracy_is_that_of_a_classifier_trained_alone(smoke):
    train, sealed = digits()
    order = np.random.default_rng(smoke.draws[1]).permutation(len(train))[:100]
    grey = train.images.reshape(len(train), -1) / 255.0
    model = LogisticRegression(max_iter=300).fit(grey[order].astype(np.float32), train.labels[order])
    right = model.predict(sealed.images.reshape(len(sealed), -1).astype(np.float32) / 255) == sealed.labels
    assert smoke.accuracy[1, 1] == pytest.approx(right.mean(), abs=0.003)


def test_no_sealed_digit_is_among_those_to_label():
    train, sealed = digits()
    seen = {picture.tobytes() for picture in train.images}
    assert not any(picture.tobytes() in seen for picture in sealed.images)


def test_draws_differ_with_the_seed_and_repeat_with_it(smoke):
    again = learning_curve("smoke", 0, lambda *told: True)
    other = learning_curve("smoke", 1, lambda *told: True)
    assert (again.accuracy == smoke.accuracy).all()
    assert set(other.draws).isdisjoint(smoke.draws)
    assert (other.accuracy != smoke.accuracy).any()


def test_progress_is_told_and_a_reader_may_stop():
    told = []
    with pytest.raises(KeyboardInterrupt):
        learning_curve("smoke", 0, lambda step, total, metrics: told.append((step, total)) or step < 2)
    assert told == [(1, 6), (2, 6)]


def test_the_claim_is_the_share_of_errors_that_is_spared():
    made = Hunger(np.array([100, 1000]), np.array([[0.8, 0.6], [0.9, 0.9]]), np.arange(2), 2000, "class")
    study = StartStudy(budget="class")
    study._found["hunger"] = made, "stored"
    measured = study.measure("start/label_hunger")
    assert measured.value == pytest.approx(62.5)  # half of 20 % errors, three quarters of 40 %
    assert judge(study.claims["start/label_hunger"], measured).holds


def test_smoke_judges_nothing_and_what_is_not_there_is_skipped(monkeypatch):
    study = StartStudy(budget="smoke")
    assert "6 classifiers are trained" in study.describe()
    verdict = judge(study.claims["start/label_hunger"], study.measure("start/label_hunger"))
    assert verdict.holds is None
    nothing = StartStudy(budget="class")
    nothing._found["hunger"] = None, "skipped"
    assert nothing.measure("start/label_hunger").status == "skipped"


def test_the_prose_tells_the_stored_numbers(stored):
    mean = dict(zip(stored.labels.tolist(), 100 * stored.accuracy.mean(1), strict=True))
    assert 72 < mean[100] < 78
    says("2-how-many-labels-does-it-take", "about three digits in four")
    says(
        "what-the-curve-says",
        "means over ten random choices",
        f"bought {mean[100] - mean[10]:.0f} points ({mean[10]:.1f} to {mean[100]:.1f} %)",
        f"and bought {mean[1000] - mean[100]:.0f}.",
        "3,000 more labels buy about one.",
    )
    assert len(stored.draws) == 10
    assert 0.7 < mean[5000] - mean[2000] < 1.5
    # A straight line in logarithms up to 500 labels; flatter than a third of it from there on.
    x, y = np.log(stored.labels), np.log(100 - np.array(list(mean.values())))
    few = stored.labels <= 500
    slope, height = np.polyfit(x[few], y[few], 1)
    assert np.abs(y[few] - (slope * x[few] + height)).max() < 0.06
    assert (np.diff(y) / np.diff(x))[-2:].min() > slope / 3
    says("what-the-curve-says", "Up to some 500 labels", rf"a \approx {-slope:.2f}$$", "Then it bends")
    assert stored.sealed == 2000
    says("2-how-many-labels-does-it-take", "2,000 digits are kept back")
    says("3-why-not-simply-label-more", "99 counties")
    says("1-thirty-labels", "Thirty pictures")


def test_figures_tell_their_numbers_and_the_guess(stored):
    drawn = figures.label_hunger(stored, guess=61.0)
    assert drawn.png != figures.label_hunger(stored).png
    assert "Your guess for 1,000 labels was 61 %" in drawn.alt
    assert [row[0] for row in drawn.rows] == stored.labels.tolist()
    assert drawn.rows[3][1] == pytest.approx(100 * stored.accuracy[3].mean())
    assert f"{drawn.rows[3][1]:.0f} % with 100" in drawn.alt
    assert "not part of this run" in figures.label_hunger(None).alt
    shown = figures.some_digits()
    assert sum(count for _, count in shown.rows) == 30
