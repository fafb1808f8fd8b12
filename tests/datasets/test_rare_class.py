"""The rare class: shares that are kept, points that are never both trained on and tested on, exact answers."""

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score

from workshop.datasets import load
from workshop.datasets.rare_class import clouds, clouds_best, clouds_posterior, digits
from workshop.errors import WorkshopError

pytestmark = pytest.mark.fast


def test_shares_are_kept_and_no_digit_is_on_both_sides():
    drawn = digits(5, 0.02, 3000, np.random.default_rng(0))
    assert drawn.x.shape == (3000, 196) and drawn.y.sum() == 60
    assert len(drawn.common) == 9137 - 2940 and len(drawn.rare) == 863 - 60
    x, y = drawn.test(0.02)
    assert len(x) == len(y) and y.mean() == pytest.approx(0.02, abs=1e-4) and (y == 0).sum() == 6197
    x, y = drawn.test(0.4)
    assert y.sum() == 803 and y.mean() == pytest.approx(0.4, abs=1e-3)
    rows = {row.tobytes() for row in drawn.x}
    repeated = sum(row.tobytes() in rows for part in (drawn.common, drawn.rare) for row in part)
    every = np.concatenate([drawn.x, drawn.common, drawn.rare])
    assert repeated <= 10_000 - len(np.unique(every, axis=0))  # no more than pictures that occur twice


def test_the_rare_digit_is_the_one_that_was_asked_for():
    images, labels = load("mnist10k").images, load("mnist10k").labels
    means = images[labels == 3].reshape(-1, 14, 2, 14, 2).mean((0, 2, 4)).ravel() / 255
    drawn = digits(3, 0.02, 3000, np.random.default_rng(1))
    assert np.concatenate([drawn.x[drawn.y == 1], drawn.rare]).mean(0) == pytest.approx(means)


def test_exact_answers_are_those_of_a_large_sample():
    drawn = clouds(0.02, 1000, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    y = (rng.random(400_000) < 0.02).astype(int)
    x = rng.normal(size=(400_000, 2)) + np.outer(y - 0.5, [2.5, 0])
    said = clouds_posterior(x, 0.02)
    for threshold in (0.5, 0.02):
        recall, precision = clouds_best(0.02, threshold)
        assert recall_score(y, said > threshold) == pytest.approx(recall, abs=0.015)
        assert precision_score(y, said > threshold) == pytest.approx(precision, abs=0.02)
    assert said[y == 1].mean() > 0.3 and said.mean() == pytest.approx(0.02, abs=1e-3)
    assert drawn.rare.mean(0) == pytest.approx([1.25, 0], abs=0.15) and drawn.common[:, 0].mean() < -1.2


def test_a_generator_decides_the_draw():
    first, again, other = (clouds(0.1, 100, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert np.array_equal(first.x, again.x) and not np.array_equal(first.x, other.x)


def test_what_cannot_be_drawn_is_said():
    rng = np.random.default_rng(0)
    with pytest.raises(WorkshopError, match="10 is no digit"):
        digits(10, 0.02, 3000, rng)
    with pytest.raises(WorkshopError, match="1000 rare and 1000 common points"):
        clouds(0.5, 2000, rng)
    with pytest.raises(WorkshopError, match="0 rare and 10 common"):
        clouds(0.02, 10, rng)
    with pytest.raises(WorkshopError, match=r"between 0 and 1, not 1\.5"):
        clouds(0.1, 100, rng).test(1.5)
