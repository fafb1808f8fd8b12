"""Lesson 00 in JupyterLab in a real browser: a guess, a check, and the progress that both leave.

Pictures of what the browser showed lie in ``build/browser/``.
"""

from __future__ import annotations

import re

import pytest
from hands import expect, ran_whole, slider, too_faint, too_wide

pytestmark = pytest.mark.browser

GUESS, AFTER_THE_GUESS = 'lesson.predict( "labels"', 'guess=lesson.guess("labels")'


def test_it_runs_from_top_to_bottom_and_says_what_this_machine_has(lesson_00):
    ran_whole(lesson_00, cells=12)
    expect(lesson_00.cell("orientation.machine()")).to_contain_text("Lessons can run here.")
    lesson_00.slices("lesson-00")


def test_guesses_and_checks_are_kept_and_tick_the_outcomes(lesson_00):
    progress = lesson_00.cell("orientation.own_progress()")
    # Every solution of this copy is in its cell, so the check has passed.
    expect(progress.locator("tr", has_text="00 start here")).to_contain_text(re.compile(r"0\s*1 of 1"))
    form, figure = lesson_00.cell(GUESS), lesson_00.cell(AFTER_THE_GUESS)
    slider(form, "My guess").focus()
    lesson_00.page.keyboard.press("ArrowRight")
    form.get_by_role("button", name="Commit to it").focus()
    lesson_00.page.keyboard.press("Space")
    expect(form.get_by_text("Now run the next cell.")).to_be_visible()
    lesson_00.run(figure)
    expect(figure.locator("img")).to_have_attribute(
        "alt", re.compile(r"Your guess for 1,000 labels was 7[56] %")
    )
    lesson_00.picture("00-guess-drawn", figure)
    lesson_00.run(progress)
    expect(progress.locator("tr", has_text="00 start here")).to_contain_text(re.compile(r"1\s*1 of 1"))
    outcomes = lesson_00.cell("orientation.outcomes()")
    lesson_00.run(outcomes)
    expect(outcomes.get_by_label("done")).to_have_count(2)
    lesson_00.picture("00-outcomes", outcomes)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_words_stand_out_in_either_theme(lesson_00, theme):
    assert too_faint(lesson_00, theme, f"00-{theme.split()[1].lower()}", texts=10) == []


def test_nothing_is_wider_than_the_page_on_a_projector(lesson_00):
    assert too_wide(lesson_00) == []
