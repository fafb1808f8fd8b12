"""Lesson 05 in JupyterLab in a real browser, as a reader goes through it, with its stored results.

Pictures of what the browser showed lie in ``build/browser/``.
"""

from __future__ import annotations

import re
from statistics import median

import pytest
from hands import expect, press, ran_whole, slider, too_faint, too_wide

pytestmark = pytest.mark.browser

SECOND = 1000  # Playwright counts milliseconds
VALLEYS = "panels.ValleysPanel()"
WAVE = "panels.MetaLearningPanel(study)"
GUESS, AFTER_THE_GUESS = 'lesson.predict( "left_height"', 'guess=lesson.guess("left_height")'


def wave_words(panel):
    """The line above the picture of the wave."""
    return panel.get_by_role("status").first


def training_words(panel):
    """The line under the buttons."""
    return panel.get_by_role("status").last


def test_it_runs_from_top_to_bottom(lesson_05):
    ran_whole(lesson_05, cells=36)
    lesson_05.slices("lesson-05")


def test_a_sketched_point_is_drawn_into_the_next_figure(lesson_05):
    form, figure = lesson_05.cell(GUESS), lesson_05.cell(AFTER_THE_GUESS)
    assert "Your guess" not in figure.locator("img").get_attribute("alt")
    slider(form, "My guess").focus()
    for _ in range(5):
        lesson_05.page.keyboard.press("ArrowRight")
    form.get_by_role("button", name="Commit to it").focus()
    lesson_05.page.keyboard.press("Space")
    expect(form.get_by_text("Kept: 0.6 . Now run the next cell.")).to_be_visible()
    lesson_05.run(figure)
    expect(figure.locator("img")).to_have_attribute("alt", re.compile(r"Your guess at x = -4 was 0\.6"))
    lesson_05.picture("05-guess-drawn", figure)


def test_the_step_size_moves_the_start(lesson_05):
    panel = lesson_05.cell(VALLEYS)
    words = panel.get_by_role("status")
    expect(words).to_contain_text("best after the step is -0.60")
    waits = [press(lesson_05, slider(panel, "Step size:"), "ArrowRight") for _ in range(10)]
    expect(words).to_contain_text("best after the step is 1.00")
    lesson_05.picture("05-valleys", panel)
    print(f"step size to new words and picture, ms: {[round(wait) for wait in waits]}")
    assert median(waits) < 3 * SECOND


def test_a_wave_answers_at_once(lesson_05, record_property):
    """The aim is 100 ms from the move to the picture; what is asserted only catches what is badly wrong."""
    panel = lesson_05.cell(WAVE)
    waits = {
        label: [press(lesson_05, slider(panel, label), key) for key in ("ArrowRight", "ArrowLeft") * 10]
        for label in ("Amplitude:", "Gradient steps:")
    }
    for label, each in waits.items():
        p95 = sorted(each)[18]
        print(f"{label} key to new words and picture, ms: median {median(each):.0f}, p95 {p95:.0f}")
        record_property(f"{label} p95_ms", round(p95))
        assert p95 < 2 * SECOND
    lesson_05.picture("05-wave", panel)


def test_steps_points_and_moments_by_keyboard(lesson_05):
    panel, keys = lesson_05.cell(WAVE), lesson_05.page.keyboard
    words = wave_words(panel)
    slider(panel, "Gradient steps:").focus()
    keys.press("End")
    expect(words).to_contain_text("After 10 gradient steps on 10 points")
    before = words.inner_text()
    panel.get_by_role("button", name="Other points").focus()
    keys.press("Enter")
    expect(words).not_to_have_text(before)
    panel.get_by_label("All points on the right half").focus()
    before = words.inner_text()
    keys.press("Space")
    expect(words).not_to_have_text(before)
    lesson_05.picture("05-one-side", panel)
    before = words.inner_text()
    slider(panel, "Iterations so far:").focus()
    keys.press("Home")
    expect(words).not_to_have_text(before)
    readout = panel.locator(".widget-slider").filter(has_text="Iterations so far:").locator(".widget-readout")
    expect(readout).to_have_text("0")
    lesson_05.picture("05-untrained", panel)
    keys.press("End")
    keys.press("Tab")


def test_train_watch_stop_and_try(lesson_05, record_property):
    panel = lesson_05.cell(WAVE)
    panel.get_by_label("Iterations:").select_option("70,000")
    panel.get_by_role("button", name="Train").click()
    words = training_words(panel)
    expect(words).to_have_text(re.compile("^Training: step [1-9]"), timeout=60 * SECOND)
    lesson_05.picture("05-training", panel)
    waits = [press(lesson_05, slider(panel, "Amplitude:"), key) for key in ("ArrowRight", "ArrowLeft") * 3]
    print(f"amplitude while a training runs, ms: {[round(wait) for wait in waits]}")
    record_property("wave_while_training_ms", round(median(waits)))
    panel.get_by_role("button", name="Stop").click()
    expect(words).to_have_text(re.compile("stopped at iteration"), timeout=60 * SECOND)
    expect(panel.get_by_label("Starts:").locator("option:checked")).to_contain_text(
        "K = 10 (just trained: MAML"
    )
    lesson_05.picture("05-stopped", panel)
    stopped = int(re.search(r"iteration ([\d,]+)", words.inner_text())[1].replace(",", ""))
    assert 0 < stopped < 70_000


def test_every_control_has_a_name(lesson_05):
    names = lesson_05.names(lesson_05.cell(WAVE).locator(".jupyter-widgets").first)
    assert len(names) >= 11 and all(names), names


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_words_stand_out_in_either_theme(lesson_05, theme):
    assert too_faint(lesson_05, theme, f"05-{theme.split()[1].lower()}") == []


def test_nothing_is_wider_than_the_page_on_a_projector(lesson_05):
    assert too_wide(lesson_05) == []
