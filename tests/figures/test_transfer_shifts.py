"""The picture of the five shifts: what changes in it, its words and its table."""

import io

import numpy as np
import pytest
from PIL import Image

from workshop.datasets.shifts import SITUATIONS, Setting
from workshop.figures.transfer_scenarios.shifts import ShiftPicture, five_shifts, show

pytestmark = pytest.mark.fast


@pytest.fixture(scope="module")
def picture():
    return ShiftPicture()


def pixels(figure):
    return np.asarray(Image.open(io.BytesIO(figure.png)).convert("RGB")).astype(int)


def test_only_what_has_changed_is_drawn_anew(picture):
    """The source's pane and its boundary stay, the target's pane and the bars do not; and back again."""
    still = picture.draw(show(Setting()))
    turned = picture.draw(show(Setting(rule=1.0)))
    width = pixels(still).shape[1]
    changed = (np.abs(pixels(still) - pixels(turned)).max(2) > 60).sum(0)
    assert changed[: int(0.34 * width)].sum() == 0
    assert changed[int(0.36 * width) : int(0.68 * width)].sum() > 200
    assert changed[int(0.71 * width) :].sum() > 200
    assert picture.draw(show(Setting())).png == still.png


def test_the_words_and_the_table_say_what_the_picture_shows(picture):
    shown = show(Setting(priors=1.0))
    figure = picture.draw(shown)
    assert "right in 93.5% there and in 93.3% of the target" in figure.alt
    assert "P(Y): moved by itself" in figure.alt and "feature space: the same" in figure.alt
    assert "P(Y|X): follows of necessity (Bayes' rule multiplies the odds" in figure.alt
    rows = {row[0]: dict(zip(figure.columns, row, strict=True)) for row in figure.rows}
    assert rows["P(Y)"]["slider at"] == 1 and rows["P(Y)"]["distance or accuracy"] == pytest.approx(0.4)
    assert rows["label space"]["state"] == "the same" and rows["label space"]["why, or by sample"] is None
    assert rows["accuracy in the target"]["distance or accuracy"] == shown.exact[1]
    assert rows["accuracy in the target"]["why, or by sample"] == f"{shown.sampled[1]:.3f} of 4,000 points"


@pytest.mark.parametrize("one", SITUATIONS, ids=lambda one: one.title)
def test_accuracy_by_sample_stands_beside_the_exact_one(one):
    shown = show(one.setting)
    assert shown.sampled == pytest.approx(shown.exact, abs=0.025)


def test_a_figure_of_its_own_is_the_same_picture(picture):
    setting = SITUATIONS[-1].setting
    assert five_shifts(setting).png == picture.draw(show(setting)).png
    assert "<table>" in five_shifts(setting).html()


def test_a_guess_is_written_and_said(picture):
    setting = SITUATIONS[2].setting
    plain, guessed = five_shifts(setting), five_shifts(setting, guess="far fewer right")
    assert guessed.alt == plain.alt + ' Your guess was "far fewer right".'
    changed = np.abs(pixels(plain) - pixels(guessed)).max(2) > 60
    assert 50 < changed.sum() < 4000
    picture.draw(show(setting), guess="more")
    assert picture.draw(show(setting)).png == plain.png  # nothing of it stays
