"""The panel of five sliders without a browser: what a hand does, and what it then sees."""

import statistics
import time

import pytest

from workshop.datasets.shifts import SITUATIONS, SLIDERS, Setting
from workshop.panels.transfer_scenarios import BY_HAND, ShiftPanel

pytestmark = pytest.mark.fast


@pytest.fixture
def panel():
    return ShiftPanel()


def seen(panel):
    return panel.picture.value, panel.words.value, panel.table.value


def test_it_opens_where_nothing_moved(panel):
    assert panel.setting == Setting() and panel.situation.value == "Nothing moved"
    assert "right in 93.5% there and in 93.5% of the target" in panel.words.value
    assert "moved by itself" not in panel.words.value
    assert "alt='Points of the source" in panel.picture.value


@pytest.mark.parametrize("slider", SLIDERS)
def test_each_slider_changes_all_that_is_seen(panel, slider):
    before = seen(panel)
    panel.sliders[slider].value = 0.5
    assert all(old != new for old, new in zip(before, seen(panel), strict=True))
    assert f"{panel.sliders[slider].description} moved by itself" in panel.words.value
    assert panel.situation.value == BY_HAND and panel.story.value == ""


def test_a_situation_sets_all_sliders_and_draws_once(panel, monkeypatch):
    panel.sliders["labels"].value = 1.0
    drawn = []
    draw = panel._drawing.draw
    monkeypatch.setattr(panel._drawing, "draw", lambda shown: drawn.append(shown.setting) or draw(shown))
    for one in SITUATIONS:
        panel.situation.value = one.title
        assert panel.setting == one.setting == drawn[-1]
        assert panel.story.value
    assert len(drawn) == len(SITUATIONS)


def test_reset_goes_back_to_what_was_seen_first(panel):
    first = seen(panel)
    panel.situation.value = "Another hospital"
    panel.reset.click()
    assert seen(panel) == first and panel.setting == Setting() and panel.situation.value == "Nothing moved"
    panel.sliders["rule"].value = 0.4
    panel.reset.click()
    assert seen(panel) == first


def test_moved_by_hand_is_no_situation_and_changes_nothing(panel):
    panel.situation.value = "Other topics"
    before = seen(panel), panel.setting
    panel.situation.value = BY_HAND
    assert (seen(panel), panel.setting) == before


def test_a_move_is_answered_within_a_tenth_of_a_second(panel):
    """The 95th percentile of 20 moves through the sliders' own callbacks."""
    took = []
    for move in range(20):
        slider = panel.sliders[SLIDERS[move % 5]]
        began = time.perf_counter()
        slider.value = 0.95 - slider.value if move % 2 else 0.05 + 0.04 * move
        took.append(time.perf_counter() - began)
    assert statistics.quantiles(took, n=20)[-1] < 0.1, [f"{one * 1000:.0f} ms" for one in took]
