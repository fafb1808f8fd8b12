"""Lesson 02 in JupyterLab in a real browser: the frozen-layers panel as a reader uses it.

Pictures of what the browser showed lie in ``build/browser/``.
"""

from __future__ import annotations

import base64
import re
from statistics import median

import pytest
from hands import expect, ran_whole, slider, too_faint, too_wide

pytestmark = pytest.mark.browser

SECOND = 1000  # Playwright counts milliseconds
PANEL = "panels.FrozenLayersPanel(study)"
GUESS, AFTER_THE_GUESS = 'lesson.predict( "opening"', 'guess=lesson.guess("opening")'
#: Milliseconds from a key pressed to new words about weights, and new boxes of blocks.
TOGGLED = """
panel => {
    const words = panel.querySelectorAll("[role=status]")[0].closest(".widget-html-content")
    const boxes = panel.querySelector("[role=img]").closest(".widget-html-content")
    window.toggled = new Promise(tell => {
        let pressed
        panel.addEventListener("keydown", () => { pressed = performance.now() }, {capture: true, once: true})
        const seen = [words, boxes].map(part => new Promise(
            done => new MutationObserver(done).observe(part, {childList: true})))
        setTimeout(() => tell(99999), 10000)
        Promise.all(seen).then(() => tell(performance.now() - pressed))
    })
}
"""


@pytest.fixture
def panel(lesson_02):
    return lesson_02.cell(PANEL)


def words(panel):
    return panel.get_by_role("status").nth(0)


def answer(panel):
    return panel.get_by_role("status").nth(1)


def told(panel):
    """The line under Train and Stop."""
    return panel.get_by_role("status").nth(2)


def block(panel, name):
    return panel.get_by_label(name, exact=True)


def test_it_runs_from_top_to_bottom(lesson_02):
    ran_whole(lesson_02, cells=46)
    lesson_02.slices("lesson-02")


def test_a_guess_is_drawn_into_the_next_figure(lesson_02):
    form, figure = lesson_02.cell(GUESS), lesson_02.cell(AFTER_THE_GUESS)
    slider(form, "My guess").focus()
    lesson_02.page.keyboard.press("ArrowRight")
    form.get_by_role("button", name="Commit to it").focus()
    lesson_02.page.keyboard.press("Space")
    expect(form.get_by_text("Now run the next cell.")).to_be_visible()
    lesson_02.run(figure)
    expect(figure.locator("img")).to_have_attribute(
        "alt", re.compile(r"Your guess for handwritten digits was 51 %")
    )


def test_blocks_answer_at_once_by_keyboard(lesson_02, panel, record_property):
    """The aim is 100 ms in the kernel; what is asserted only catches what is badly wrong."""
    expect(answer(panel)).to_contain_text("Stored answer")
    lesson_02.picture("02-panel", panel)
    waits = []
    for name in ("top", "stage 7", "stage 6", "stage 6", "stage 7", "top"):
        panel.evaluate(TOGGLED)
        block(panel, name).focus()
        lesson_02.page.keyboard.press("Space")
        waits.append(lesson_02.page.evaluate("window.toggled"))
    print(f"block toggled to new words and boxes, ms: {[round(wait) for wait in waits]}")
    record_property("toggle_ms", round(median(waits)))
    assert median(waits) < 2 * SECOND
    expect(words(panel)).to_contain_text("0.38 %")


def test_presets_labels_and_all_frozen(lesson_02, panel):
    panel.get_by_role("button", name="everything").click()
    expect(words(panel)).to_contain_text("100 %")
    expect(answer(panel)).to_contain_text("Stored answer")
    slider(panel, "Labels:").focus()
    lesson_02.page.keyboard.press("ArrowRight")
    expect(answer(panel)).to_contain_text("No stored answer")
    lesson_02.page.keyboard.press("ArrowLeft")
    panel.get_by_role("button", name="head only").click()
    block(panel, "head").click()
    expect(words(panel)).to_contain_text("nothing is left to train")
    expect(panel.get_by_role("button", name="Train")).to_be_disabled()
    lesson_02.picture("02-all-frozen", panel)
    block(panel, "head").click()


def test_a_head_is_retrained_while_you_watch(lesson_02, panel):
    panel.get_by_role("button", name="head only").click()
    panel.get_by_role("button", name="Train").click()
    expect(told(panel)).to_have_text(re.compile(r"Trained: head only, 200 labels"), timeout=90 * SECOND)
    expect(panel.get_by_role("row", name=re.compile("trained here"))).to_have_count(1)
    lesson_02.picture("02-head-trained", panel)


def test_train_watch_stop(lesson_02, panel):
    panel.get_by_label("Network:").select_option(label="small network, from street-number renders")
    panel.get_by_role("button", name="everything").click()
    slider(panel, "Labels:").focus()
    lesson_02.page.keyboard.press("End")
    panel.get_by_role("button", name="Train").click()
    expect(told(panel)).to_have_text(re.compile("^Training: step [1-9]"), timeout=60 * SECOND)
    lesson_02.picture("02-training", panel)
    block(panel, "stem").click()  # the controls go on answering
    expect(words(panel)).to_contain_text("The lowest 1 of 5 blocks")
    panel.get_by_role("button", name="Stop").click()
    expect(told(panel)).to_have_text(re.compile("^Stopped: everything, 2,000 labels"), timeout=60 * SECOND)
    expect(panel.get_by_role("row", name=re.compile("stopped early"))).to_have_count(1)
    lesson_02.picture("02-stopped", panel)


def test_the_table_is_sorted_and_saved(lesson_02, panel):
    panel.get_by_label("Show:").select_option("everything")
    panel.get_by_label("Sort:").select_option("fewest labels first")
    first = panel.get_by_role("row").nth(1)
    expect(first.get_by_role("cell").nth(1)).to_have_text("20")
    link = panel.get_by_role("link", name=re.compile("Save all"))
    kind, _, data = link.get_attribute("href").partition(",")
    assert kind == "data:text/csv;base64"
    assert base64.b64decode(data).decode("utf-8-sig").splitlines()[0].startswith('"right, %",labels,trained')
    lesson_02.picture("02-table", panel)


def test_every_control_has_a_name(lesson_02, panel):
    names = lesson_02.names(panel.locator(".jupyter-widgets").first)
    assert len(names) >= 19 and all(names), names


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_words_stand_out_in_either_theme(lesson_02, theme):
    assert too_faint(lesson_02, theme, f"02-{theme.split()[1].lower()}") == []


def test_nothing_is_wider_than_the_page_on_a_projector(lesson_02):
    assert too_wide(lesson_02) == []
