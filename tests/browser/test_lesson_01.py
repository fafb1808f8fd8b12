"""Lesson 01 in JupyterLab in a real browser, as a reader goes through it, with its stored results.

Pictures of what the browser showed lie in ``build/browser/``.
"""

from __future__ import annotations

import re
from statistics import median

import pytest
from hands import expect, press, ran_whole, slider, too_faint, too_wide

pytestmark = pytest.mark.browser

SECOND = 1000  # Playwright counts milliseconds
SHIFTS, MAP, QUIZ = "ShiftPanel()", "MapPanel(transfer)", "Quiz()"
GUESS, AFTER_THE_GUESS = 'lesson.predict( "far"', 'guess=lesson.guess("far")'


def test_it_runs_from_top_to_bottom(lesson_01):
    ran_whole(lesson_01, cells=30)
    lesson_01.slices("lesson-01")


def test_a_guess_is_drawn_into_the_next_figure(lesson_01):
    form, figure = lesson_01.cell(GUESS), lesson_01.cell(AFTER_THE_GUESS)
    assert "Your guess" not in figure.locator("img").get_attribute("alt")
    slider(form, "My guess").focus()
    lesson_01.page.keyboard.press("ArrowRight")
    form.get_by_role("button", name="Commit to it").focus()
    lesson_01.page.keyboard.press("Space")
    expect(form.get_by_text(re.compile("^Kept: 51"))).to_be_visible()
    lesson_01.run(figure)
    expect(figure.locator("img")).to_have_attribute("alt", re.compile("Your guess at 400 to 450 was 51%"))
    lesson_01.picture("01-guess-drawn", figure)


def test_five_sliders_answer_at_once(lesson_01, record_property):
    """The aim is 100 ms from the move to the picture; what is asserted only catches what is badly wrong."""
    panel = lesson_01.cell(SHIFTS)
    for label in ("feature space:", "P(X):", "label space:", "P(Y|X):", "P(Y):"):
        handle = slider(panel, label)
        waits = [press(lesson_01, handle, key) for key in ("ArrowRight", "ArrowLeft") * 3]
        print(f"{label} key to new words and picture, ms: {[round(wait) for wait in waits]}")
        record_property(f"{label} median_ms", round(median(waits)))
        assert median(waits) < 2 * SECOND
    slider(panel, "P(Y|X):").focus()
    lesson_01.page.keyboard.press("End")
    expect(panel.get_by_role("status")).to_contain_text("and in 49.6% of the target")
    lesson_01.picture("01-shifts", panel)
    panel.get_by_role("button", name="Reset").focus()
    lesson_01.page.keyboard.press("Space")
    expect(panel.get_by_role("status")).to_contain_text("and in 93.5% of the target")


def test_a_cell_of_the_map_opens_its_curves_by_keyboard(lesson_01, record_property):
    panel = lesson_01.cell(MAP)
    words = panel.get_by_role("status")
    expect(words).to_contain_text("Rules 0° apart, 2 labels.")
    waits = [press(lesson_01, slider(panel, "Angle of the rules:"), "ArrowRight") for _ in range(6)]
    expect(words).to_contain_text("Rules 90° apart, 2 labels.")
    waits += [press(lesson_01, slider(panel, "Labels:"), "ArrowRight") for _ in range(2)]
    expect(words).to_contain_text("Rules 90° apart, 8 labels.")
    print(f"cell to new words and picture, ms: {[round(wait) for wait in waits]}")
    record_property("map_cell_ms", round(median(waits)))
    assert median(waits) < 4 * SECOND
    expect(panel.locator("img").last).to_have_attribute("alt", re.compile("^Rules 90° apart, 8 labels"))
    lesson_01.picture("01-map", panel)


def test_the_quiz_by_keyboard(lesson_01):
    panel, keys = lesson_01.cell(QUIZ), lesson_01.page.keyboard
    words, answer = panel.get_by_role("status"), panel.get_by_role("button", name="Answer")
    answer.focus()
    keys.press("Space")
    expect(words).to_have_text("Choose both first.")
    panel.get_by_label("Setting:").select_option("transductive")
    panel.get_by_label("What moved:").select_option("P(X)")
    answer.focus()
    keys.press("Space")
    expect(words).to_contain_text("✔ transductive.")
    expect(words).to_contain_text("✘ Not P(X): it is feature space.")
    lesson_01.picture("01-quiz", panel)
    panel.get_by_role("button", name="Next one").focus()
    keys.press("Space")
    expect(panel.get_by_text("Situation 2 of 8.")).to_be_visible()
    expect(words).to_have_text("")


def test_every_control_has_a_name(lesson_01):
    for source, count in ((SHIFTS, 7), (MAP, 2), (QUIZ, 4)):
        names = lesson_01.names(lesson_01.cell(source).locator(".jupyter-widgets").first)
        assert len(names) >= count and all(names), names


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_words_stand_out_in_either_theme(lesson_01, theme):
    assert too_faint(lesson_01, theme, f"01-{theme.split()[1].lower()}") == []


def test_nothing_is_wider_than_the_page_on_a_projector(lesson_01):
    assert too_wide(lesson_01) == []
