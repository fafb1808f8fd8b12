"""The frozen-layers panel without a browser: what a hand does, and what it then sees."""

import re
import time

import pytest

from workshop.kernels.block_net import counts
from workshop.panels.fine_tuning import FrozenLayersPanel
from workshop.panels.fine_tuning.choice import in_words
from workshop.panels.fine_tuning.tries import ALL, COLUMNS, ORDERS, ROWS, SAME_PICTURES
from workshop.studies.fine_tuning import FineTuningStudy
from workshop.studies.fine_tuning.recipes import LITE, SMALL


@pytest.fixture(scope="module")
def study():
    return FineTuningStudy(budget="class")


@pytest.fixture
def panel(study):
    return FrozenLayersPanel(study)


def small(panel, labels=50):
    panel.source.value = "small"
    panel.labels.value = labels
    return panel


def boxes(panel):
    return {box.description: box for box in panel.boxes.children}


def finished(panel, seconds=120):
    panel.training.start()
    progress = panel.training.job.wait(seconds)
    assert progress.state in ("done", "stopped"), panel.training.job.traceback
    return panel


def test_it_opens_with_the_head_alone_and_a_stored_answer(panel, study):
    stored = study.stored("lite digits 200").find("head only")
    assert panel.choice.thawed == ("head",)
    assert f"Stored answer: <b>{stored.percent:.1f} %</b>" in panel.answer.value
    assert "<b>12,810</b> of 3,383,818 weights, <b>0.38 %</b>" in panel.words.value
    assert f"at the end {stored.percent:.1f} % right" in panel.training.picture.value
    assert "<img alt=" in panel.training.picture.value


@pytest.mark.parametrize("source", [LITE, SMALL])
def test_presets_thaw_what_they_say_and_the_numbers_are_the_networks_own(panel, study, source):
    panel.source.value = source.key
    weights = counts(study.network(source.key))
    weights["head"] = weights["head"] // study.network(source.key).head.out_features * 10
    for depth, count in source.depths.items():
        panel.preset(depth)
        assert panel.choice.thawed == source.blocks[-count:]
        trained = sum(weights[name] for name in source.blocks[-count:])
        assert f"<b>{trained:,}</b> of {sum(weights.values()):,} weights" in panel.words.value
        assert panel.share.gradient_bytes == 4 * trained
        assert in_words(panel.choice.thawed, source) == depth
        assert panel.picture.value.count("<br>thawed<") == count


def test_every_block_is_toggled_by_itself(panel):
    for name, box in boxes(panel).items():
        before = panel.words.value
        box.value = not box.value
        assert panel.words.value != before
        assert (name in panel.choice.thawed) == box.value
    assert "head" not in panel.choice.thawed and panel.choice.depth.startswith("stem + stage 1")


def test_all_frozen_is_told_and_cannot_be_trained(panel):
    boxes(panel)["head"].value = False
    assert "nothing is left to train. Thaw at least one block" in panel.words.value
    assert panel.training.train_button.disabled
    boxes(panel)["top"].value = True
    assert not panel.training.train_button.disabled


@pytest.mark.parametrize(
    "move",
    [
        lambda panel: setattr(panel.labels, "value", 2000),
        lambda panel: setattr(panel.task, "value", "tiles"),
        lambda panel: setattr(panel.source, "value", "small"),
        lambda panel: setattr(panel.begin, "value", False),
        lambda panel: setattr(panel.rates, "value", 0.5),
        lambda panel: panel.preset("from stage 7") or setattr(panel.statistics, "value", True),
        lambda panel: panel.preset("everything"),
    ],
)
def test_every_control_changes_what_is_said(panel, move):
    before = panel.words.value, panel.answer.value, panel.tries.table.value
    move(panel)
    assert (panel.words.value, panel.answer.value, panel.tries.table.value) != before


def test_what_is_not_stored_says_what_it_takes(panel):
    panel.rates.value = 0.5
    assert "No stored answer" in panel.answer.value
    panel.labels.value = 500
    panel.preset("everything")
    assert re.search(r"takes some \d+ s", panel.answer.value)


def test_kept_statistics_have_stored_answers_of_their_own(panel, study):
    panel.labels.value, panel.statistics.value = 50, True
    panel.preset("everything")
    kept = study.stored("kept").find("everything, statistics kept")
    assert f"Stored answer: <b>{kept.percent:.1f} %</b>" in panel.answer.value
    panel.rates.value = 0.5
    slower = study.stored("rates").find("everything, statistics kept, steps x 0.5 a block")
    assert f"Stored answer: <b>{slower.percent:.1f} %</b>" in panel.answer.value


def test_training_a_head_adds_a_row_that_repeats(panel):
    rows = len(panel.tries.rows)
    finished(small(panel))
    first = panel.tries.rows[-1]
    assert len(panel.tries.rows) == rows + 1 and first.where == "trained here"
    assert (
        f"<b>{first.percent:.1f} %</b> of 1,000 other pictures are named right" in panel.training.status.value
    )
    assert f"at the end {first.percent:.1f} % right" in panel.training.picture.value
    finished(panel)
    assert panel.tries.rows[-1].percent == first.percent
    assert not panel.training.train_button.disabled


def test_what_it_trains_is_what_the_lesson_stored(panel, study):
    """Same draw, same recipe, same seed: the live answer is the stored one, up to the processor's rounding."""
    finished(small(panel))
    assert panel.tries.rows[-1].percent == pytest.approx(
        study.stored("small digits").find("head only", 50).percent, abs=1
    )


def test_from_scratch_and_step_sizes_reach_the_training(panel):
    small(panel, 20).preset("everything")
    seen = set()
    for begin, decay, keep in (
        (True, 1.0, False),
        (False, 1.0, False),
        (True, 0.5, False),
        (True, 1.0, True),
    ):
        panel.begin.value, panel.rates.value, panel.statistics.value = begin, decay, keep
        finished(panel)
        row = panel.tries.rows[-1]
        seen.add((row.percent, row.depth, row.begins))
    assert {depth for _, depth, _ in seen} == {
        "everything", "from scratch", "everything, steps x 0.5 a block", "everything, statistics kept",
    }  # fmt: skip
    assert len({percent for percent, _, _ in seen}) == 4
    assert {begins for _, _, begins in seen} == {"pre-trained", "random"}


def test_grey_curves_are_of_the_same_pictures_and_labels(panel):
    finished(small(panel, 50))
    finished(panel)
    assert len(panel._before("digits", 50)) == 2
    assert panel._before("digits", 200) == panel._before("tiles", 50) == []


def test_from_scratch_there_are_no_statistics_to_keep(panel):
    panel.preset("everything")
    panel.statistics.value = True
    assert panel.choice.keep and not panel.closed.value.count("From scratch")
    panel.begin.value = False
    assert not panel.choice.keep and panel.statistics.disabled
    assert "From scratch there are no batch statistics to keep" in panel.closed.value
    panel.begin.value = True
    assert not panel.statistics.disabled and "From scratch" not in panel.closed.value


def test_above_the_table_it_says_what_the_exam_does(panel):
    assert "fine for exploring, not for reporting" in panel.tries.children[0].value


def test_stop_keeps_what_was_learnt(panel):
    small(panel, 2000).preset("everything")
    panel.training.start()
    end = time.monotonic() + 60
    while not panel.training.bar.value and time.monotonic() < end:
        time.sleep(0.01)
    panel.training.stop()
    assert panel.training.job.wait(60).state == "stopped"
    assert panel.tries.rows[-1].where == "stopped early"
    assert panel.training.status.value.startswith("<span role='status'>Stopped: everything, 2,000 labels")


def test_controls_answer_while_it_trains(panel):
    small(panel, 2000).preset("everything")
    panel.training.start()
    panel.preset("head only")
    assert "<b>5,130</b>" in panel.words.value and panel.training.train_button.disabled
    panel.training.stop()
    panel.training.job.wait(60)
    assert panel.tries.rows[-1].depth == "everything"


def test_the_table_sorts_narrows_down_and_is_saved(panel):
    panel.tries.which.value = ALL
    assert len(panel.tries.shown()) == len(panel.tries.rows) > ROWS
    assert f"The first {ROWS} are shown" in panel.tries.table.value
    keys = {
        "best first": lambda row: -row.percent,
        "fewest trained weights first": lambda row: row.trainable,
        "fastest first": lambda row: row.seconds,
        "newest first": lambda row: -row.number,
        "fewest labels first": lambda row: row.labels,
    }
    assert set(keys) == set(ORDERS)
    for order, key in keys.items():
        panel.tries.order.value = order
        shown = [key(row) for row in panel.tries.shown()]
        assert shown == sorted(shown) and order in panel.tries.table.value
    panel.tries.which.value = SAME_PICTURES
    assert {row.task for row in panel.tries.shown()} == {"digits"}
    table = panel.tries.csv_rows()
    assert tuple(table[0]) == COLUMNS and len(table) == len(panel.tries.rows) + 1
    assert "download='tries.csv'" in panel.tries.link.value


def test_every_control_is_described(panel):
    described = [
        panel.source, panel.task, panel.labels, panel.rates, panel.statistics, panel.begin, panel.tries.order,
        panel.tries.which, *panel.boxes.children, *panel.presets.children, panel.training.train_button,
    ]  # fmt: skip
    assert all(control.description for control in described)
    assert all(box.tooltip for box in panel.boxes.children)
    assert "aria-label='stem frozen, " in panel.picture.value
