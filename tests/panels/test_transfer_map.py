"""The panel of the map, and the quiz, without a browser: what a hand does, and what it then sees."""

import numpy as np
import pytest

from workshop.errors import WorkshopError
from workshop.panels.quiz import Quiz
from workshop.panels.transfer_map import MapPanel
from workshop.studies.transfer_scenarios import TransferScenariosStudy
from workshop.studies.transfer_scenarios.quiz import QUESTIONS

pytestmark = pytest.mark.fast


@pytest.fixture(scope="module")
def outcome():
    return TransferScenariosStudy(budget="class").stored("map")


def test_it_opens_at_the_first_cell_and_each_slider_moves_both_pictures(outcome):
    panel = MapPanel(outcome)
    assert "Rules 0° apart, 2 labels." in panel.words.value
    for slider, told in (
        (panel.angle, "Rules 90° apart, 2 labels."),
        (panel.labels, "Rules 90° apart, 256 labels."),
    ):
        before = panel.map.value, panel.curves.value, panel.words.value
        slider.value = 6 if slider is panel.angle else 7
        assert told in panel.words.value and told in panel.curves.value
        after = panel.map.value, panel.curves.value, panel.words.value
        assert all(old != new for old, new in zip(before, after, strict=True))


def test_its_words_are_those_of_the_cell_and_a_way_back_shows_the_same(outcome):
    panel = MapPanel(outcome)
    first = panel.curves.value
    panel.angle.value, panel.labels.value = 12, 2
    gain = outcome.gain[12, 2].mean()
    assert f"The gain is {gain:.1f} points" in panel.words.value
    assert panel.figure.rows[0][3] == pytest.approx(100 * outcome.transferred[12, 2, 0].mean())
    panel.angle.value, panel.labels.value = 0, 0
    assert panel.curves.value == first


def test_every_option_has_the_number_of_its_cell(outcome):
    panel = MapPanel(outcome)
    assert [value for _, value in panel.angle.options] == list(range(len(outcome.angles)))
    assert [int(name) for name, _ in panel.labels.options] == list(outcome.labels)
    assert np.array_equal([float(name[:-1]) for name, _ in panel.angle.options], outcome.angles)


def test_without_a_map_it_says_so():
    with pytest.raises(WorkshopError, match="This run has no map of transfer"):
        MapPanel(None)


def test_a_quiz_asks_for_both_choices_first():
    quiz = Quiz()
    quiz.answer.click()
    assert "Choose both first." in quiz.words.value and quiz.answered == 0
    quiz.setting.value = QUESTIONS[0].setting
    quiz.answer.click()
    assert "Choose both first." in quiz.words.value


def test_right_and_wrong_choices_are_told_apart_with_their_reasons():
    quiz, asked = Quiz(), QUESTIONS[0]
    quiz.setting.value, quiz.shift.value = asked.setting, "P(Y)"
    quiz.answer.click()
    assert f"✔ {asked.setting}. {asked.why_setting}" in quiz.words.value
    assert f"✘ Not P(Y): it is {asked.shift}. {asked.why_shift}" in quiz.words.value
    assert "So far 1 of 2 choices right" in quiz.words.value
    quiz.shift.value = asked.shift
    quiz.answer.click()  # a second try is judged, and not counted
    assert "✘" not in quiz.words.value and (quiz.right, quiz.answered) == (1, 2)


def test_a_whole_round_comes_back_to_the_first():
    quiz = Quiz()
    for asked in QUESTIONS:
        assert quiz.question is asked and quiz.setting.value == quiz.shift.value == "choose"
        quiz.setting.value, quiz.shift.value = asked.setting, asked.shift
        quiz.answer.click()
        assert "✘" not in quiz.words.value
        quiz.onward.click()
    assert quiz.right == quiz.answered == 2 * len(QUESTIONS)
    assert quiz.question is QUESTIONS[0] and f"Situation 1 of {len(QUESTIONS)}" in quiz.story.value
