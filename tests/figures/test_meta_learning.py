"""The figures of lesson 05: pictures, words with their numbers, tables, the reader's guess, and what is absent."""

import io

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from workshop.figures import meta_learning as figures
from workshop.studies.ladder import RUNGS, LadderRung
from workshop.studies.meta_learning import TRAININGS, MetaLearningStudy
from workshop.studies.meta_learning.trial import Trial, draw_inputs


@pytest.fixture(scope="module")
def study():
    return MetaLearningStudy(budget="class")


@pytest.fixture(scope="module")
def pair(study):
    return study.outcomes("maml_k10", "joint_k10")


@pytest.fixture(scope="module")
def drawn(study, pair):
    return {
        "one_task": figures.one_task(pair, one_side=True, guess=1.5),
        "task_distribution": figures.task_distribution(),
        "starts": figures.starts(pair, guess="their mean"),
        "two_valleys": figures.two_valleys(0.1),
        "learning_curves": figures.learning_curves(pair, guess=0.7),
        "tuning": figures.tuning({"joint_k10": pair["joint_k10"]}),
        "halves": figures.halves(pair),
        "sharpness": figures.sharpness(pair),
        "growth": figures.growth(pair["maml_k10"]),
        "variations": figures.variations(study.variations(), guess="ANIL"),
        "outside": figures.outside(pair, guess="larger"),
        "ladder": figures.ladder(),
    }


def test_each_has_a_picture_words_and_numbers(drawn):
    for name, figure in drawn.items():
        assert Image.open(io.BytesIO(figure.png)).size[0] > 500, name
        page = BeautifulSoup(figure.html(), "html.parser")
        assert page.img["alt"] == figure.alt and len(figure.alt) > 40, name
        assert "nan" not in figure.alt and "inf " not in figure.alt, name
        assert len(page.find_all("th")) == len(figure.columns), name
        rows = page.tbody.find_all("tr")
        assert rows and all(len(row.find_all("td")) == len(figure.columns) for row in rows), name


def test_words_and_tables_hold_the_measured_numbers(drawn, pair):
    curves = drawn["learning_curves"]
    for outcome in pair.values():
        title = TRAININGS[outcome.training].title
        rows = {row[3]: row[4:6] for row in curves.rows if row[0] == title}
        assert set(rows) == {0, 1, 2, 5, 10}
        for step, numbers in rows.items():
            assert numbers == pytest.approx(outcome.error[step])
        assert (
            f"{title}: {outcome.error[0, 0]:.2f} before, {outcome.error[1, 0]:.2f} after one step"
            in curves.alt
        )
        assert f"{title}, K = 10: {outcome.half[:, 0].mean():.2f} before" in drawn["halves"].alt
        assert f"{title}, K = 10: median {np.median(outcome.sharpness):.1f}" in drawn["sharpness"].alt
        assert drawn["sharpness"].rows[-1][-1] == int((~outcome.converges).sum())


@pytest.mark.parametrize(
    ("name", "says", "without"),
    [
        ("one_task", "Your guess at x = -4 was 1.5; MAML is at", lambda s, p: figures.one_task(p, one_side=True)),
        ("starts", 'Your guess was "their mean".', lambda s, p: figures.starts(p)),
        ("learning_curves", "Your guess for MAML after 1 step was 0.7.", lambda s, p: figures.learning_curves(p)),
        ("outside", 'Your guess was "larger".', lambda s, p: figures.outside(p)),
    ],
)  # fmt: skip
def test_the_guess_is_drawn_in_and_only_when_there_is_one(drawn, study, pair, name, says, without):
    assert says in drawn[name].alt
    plain = without(study, pair)
    assert "guess" not in plain.alt and plain.png != drawn[name].png


def test_what_was_not_trained_is_said():
    for absent in (
        figures.one_task({}), figures.starts({}), figures.learning_curves({}), figures.tuning({}),
        figures.halves({}), figures.sharpness({}), figures.growth(None), figures.variations({}), figures.outside({}),
    ):  # fmt: skip
        assert "is not part of this run" in absent.alt


def test_a_trial_is_drawn_fast_and_anew_each_time(pair):
    trial = Trial(pair, 3.0, 1.0, draw_inputs(10, 0))
    picture = figures.TrialPicture(tuple(pair))
    first, second, again = (picture.draw(trial, step) for step in (0, 5, 0))
    assert first == again != second
    assert Image.open(io.BytesIO(first)).size == (774, 297)
    other = Trial(pair, 1.0, 2.0, draw_inputs(10, 1))
    assert picture.draw(other, 0) != first and picture.draw(trial, 0) == first  # nothing of the other is left


def test_the_ladder_shows_what_is_open_and_what_is_climbed():
    rung = LadderRung(
        "last layer", "02_fine_tuning_spectrum", "a new head", "50", "a million", 2.0, "a <b>lot</b>"
    )
    figure = figures.ladder([rung])
    assert [row[0] for row in figure.rows] == list(RUNGS)
    climbed = {row[0]: row[2] for row in figure.rows if row[2] != "open"}
    assert climbed == {"last layer": "a new head"}
    assert "multi-task: open" in figure.alt
    assert (
        "last layer: a new head, 2 s, a <b>lot</b>, labels of the target: 50, others: a million" in figure.alt
    )
    assert BeautifulSoup(figure.html(), "html.parser").b is None


def test_progress_is_a_picture():
    png = figures.draw_progress([{"step": 100, "loss": 3.0}, {"step": 200, "loss": 2.0}])
    assert Image.open(io.BytesIO(png)).size[0] > 500


def test_the_opening_picture_gives_no_answer_away(pair):
    bare = figures.one_task(pair, bare=True)
    assert (
        "error" not in bare.alt
        and "before" not in bare.alt
        and "MAML is near the wave after 1 step" in bare.alt
    )
    assert bare.columns == ("x", "the wave", "MAML, step 1", "trained on all at once, step 1")
    assert bare.png != figures.one_task(pair).png


def test_a_guess_below_the_axis_is_seen(pair):
    low, none = figures.learning_curves(pair, guess=0.0), figures.learning_curves(pair)
    assert "Your guess for MAML after 1 step was 0." in low.alt and low.png != none.png
