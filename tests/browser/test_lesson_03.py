"""Lesson 03 in JupyterLab in a real browser, as a reader goes through it.

Pictures of what the browser showed lie in ``build/browser/``.
"""

from __future__ import annotations

import re
from statistics import median

import pytest
from hands import expect, press, ran_whole, slider, too_faint, too_wide

pytestmark = pytest.mark.browser

SECOND = 1000  # Playwright counts milliseconds
GUESS = 'lesson.predict("source_only"'
CHOICE = 'lesson.predict("dann"'
AFTER_THE_GUESS = 'guessed="source_only"'
MIN_MAX = "panels.MinMaxPanel()"
LIVE = 'panels.AdaptationPanel(study, budget="ci")'
BUSY = "time.sleep"
FAILING = "panels.AdaptationPanel(failing_once)"


def training_words(panel):
    """The line under the buttons."""
    return panel.get_by_role("status").first


def test_it_runs_from_top_to_bottom(lesson):
    ran_whole(lesson, cells=26)
    expect(lesson.page.locator(".widget-slider")).to_have_count(6)
    lesson.slices("lesson")


def test_a_guess_is_kept_and_drawn_into_the_next_figure(lesson):
    form, figure = lesson.cell(GUESS), lesson.cell(AFTER_THE_GUESS)
    picture = figure.locator("img")
    assert "Your guess was" not in picture.get_attribute("alt")
    lesson.start(lesson.cell(BUSY))  # moves then reach the kernel after the press of the button
    slider(form, "My guess").focus()
    for _ in range(3):
        lesson.page.keyboard.press("ArrowRight")
    form.get_by_role("button", name="Commit to it").focus()
    lesson.page.keyboard.press("Space")
    expect(form.get_by_text("Kept: 53 %. Now run the next cell.")).to_be_visible()
    lesson.picture("guess-kept", form)
    lesson.run(figure)
    expect(picture).to_have_attribute("alt", re.compile("Your guess was 53 %"))
    lesson.picture("guess-drawn", figure)


def test_lambda_answers_at_once(lesson, record_property):
    panel = lesson.cell(MIN_MAX)
    words, handle = panel.get_by_role("status"), slider(panel, "Lambda:")
    lesson.picture("lambda-0", panel)
    before = words.inner_text(), panel.locator("img").get_attribute("src")
    waits = [press(lesson, handle, "ArrowRight") for _ in range(7)]
    expect(words).to_contain_text(f"At lambda {float(handle.get_attribute('aria-valuenow')):g} ")
    assert words.inner_text() != before[0] and panel.locator("img").get_attribute("src") != before[1]
    lesson.picture("lambda-7", panel)
    print(f"slider to new words and picture, ms: {[round(wait) for wait in waits]}")
    record_property("slider_ms", round(median(waits)))
    assert median(waits) < 3 * SECOND


def test_train_watch_stop_and_replay_by_keyboard(lesson, record_property):
    panel, keys = lesson.cell(LIVE), lesson.page.keyboard
    words = training_words(panel)
    lesson.picture("training-before", panel)
    panel.get_by_label("Train rung:").focus()
    keys.press("Tab")
    keys.press("Tab")
    assert "Train" in lesson.focused()
    keys.press("Enter")
    expect(panel.get_by_role("button", name="Stop")).to_be_enabled()
    keys.press("Tab")
    assert "Stop" in lesson.focused()
    expect(words).to_have_text(re.compile("^Training: step [1-9]"), timeout=30 * SECOND)
    first = words.inner_text()
    # Far enough for the replay to hold two moments.
    expect(words).to_have_text(re.compile(r"^Training: step [3-9]\d\d of"), timeout=60 * SECOND)
    total = int(words.inner_text().split()[-1].strip(".").replace(",", ""))
    assert words.inner_text() != first
    lesson.picture("training-under-way", panel)

    # The kernel answers while the training runs: it is off the main thread.
    waits = [
        press(lesson, slider(lesson.cell(MIN_MAX), "Lambda:"), key) for key in ("ArrowRight", "ArrowLeft") * 2
    ]
    expect(words).to_have_text(re.compile("^Training: step"))
    print(f"the same while a training runs, ms: {[round(wait) for wait in waits]}")
    record_property("slider_while_training_ms", round(median(waits)))

    panel.get_by_role("button", name="Stop").focus()
    keys.press("Enter")
    expect(words).to_have_text(re.compile("stopped at step"), timeout=60 * SECOND)
    stopped = int(re.search(r"stopped at step (\d+)", words.inner_text())[1])
    assert 300 <= stopped < 0.75 * total
    lesson.picture("training-stopped", panel)
    replayed = panel.get_by_label("Rung:", exact=True).locator("option:checked")
    expect(replayed).to_contain_text("just trained: 2 adversarial (DANN)")
    expect(replayed).to_contain_text(f" {stopped} steps")

    moment = panel.get_by_role("status").last
    expect(moment).to_contain_text(f"After step {stopped}:")
    handle = slider(panel, "Moment:")
    handle.focus()
    keys.press("Home")
    expect(moment).not_to_contain_text(f"After step {stopped}:")
    lesson.picture("replay-scrubbed", panel)


def test_a_training_that_fails_says_why_and_the_panel_goes_on(lesson):
    panel = lesson.cell(FAILING)
    words, train = training_words(panel), panel.get_by_role("button", name="Train")
    train.click()
    expect(words).to_have_text("It failed: the labels have <gone> & nobody saw them", timeout=20 * SECOND)
    lesson.picture("training-failed", panel)
    train.click()
    expect(words).to_contain_text("finished after step 24", timeout=60 * SECOND)


def test_every_control_has_a_name(lesson):
    def names(text: str) -> list[str]:
        return sorted(lesson.names(lesson.cell(text).locator(".jupyter-widgets").first))

    assert names(GUESS) == ["Commit to it", "My guess (%):"]
    choices = names(CHOICE)
    assert "Commit to it" in choices and len(choices) > 2 and all(choices)
    assert names(MIN_MAX) == ["Lambda:"]
    # ipywidgets gives the two buttons of Play no name; the slider does what they do.
    unnamed, named = names(LIVE)[:2], names(LIVE)[2:]
    assert unnamed == ["", ""]
    assert named == ["Lambda (rung 2 only):", "Moment:", "Rung:", "Stop", "Train", "Train rung:"]


def test_tab_leads_from_the_cell_to_its_panel(lesson):
    lesson.cell(LIVE).locator(".jp-InputPrompt").first.click()
    passed = []
    for _ in range(20):
        lesson.page.keyboard.press("Tab")
        passed.append(lesson.focused())
        if re.fullmatch('- button ".*Train"', passed[-1]):
            return
    pytest.fail(f"Tab never reached Train; it passed {passed}")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_words_stand_out_in_either_theme(lesson, theme):
    assert too_faint(lesson, theme, f"{theme.split()[1].lower()}") == []


def test_nothing_is_wider_than_the_page_on_a_projector(lesson):
    assert too_wide(lesson) == []
