"""The panels of lesson 06 without a browser: what a hand does, and what it then sees."""

from __future__ import annotations

import base64
import csv
import io
import re
import statistics
import time
from dataclasses import replace

import ipywidgets as widgets
import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from workshop.panels import label_quality as panels
from workshop.panels.label_quality import cost
from workshop.panels.label_quality.controls import COLUMNS, make_controls
from workshop.panels.label_quality.kept import KeptPlans
from workshop.panels.label_quality.numbers import SHOWN, in_words, mean_outcome, tiles
from workshop.studies.label_quality import LabelQualityStudy, Plan, PlanOutcome, plan
from workshop.studies.label_quality.economy import SCREENING, WORKFORCES, days_to_finish
from workshop.studies.label_quality.plan import AGGREGATION, PAID_BY, PARTNERS, repeated


@pytest.fixture(scope="module")
def study():
    """At ``ci`` the grid behind the plane is a stored one, or none: nothing is run for it."""
    return LabelQualityStudy(budget="ci")


@pytest.fixture
def panel(study):
    """As it opens, when everything has come in."""
    panel = panels.CostPanel(study)
    end(panel)
    yield panel
    panel.job.stop()
    panel.job.wait(60)


@pytest.fixture
def waiting(study, monkeypatch):
    """The panel under a hand that goes on moving: its model is not begun before the test is over."""
    monkeypatch.setattr(cost.Job, "start", lambda job: None)
    return panels.CostPanel(study)


def end(panel) -> None:
    """Wait for the background."""
    assert panel.job.wait(60).state in ("done", "stopped"), panel.job.traceback


def text(html) -> str:
    return " ".join(BeautifulSoup(html.value, "html.parser").get_text(" ").replace("\xa0", " ").split())


def seen(panel) -> tuple[str, str, str]:
    return panel.tiles.value, panel.words.value, panel.picture.value


def picture(panel) -> np.ndarray:
    png = re.search(r"base64,([^']+)'", panel.picture.value)[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB"))


def outcome(letter_seed: int = 0, **numbers: object) -> PlanOutcome:
    """A made-up outcome."""
    given = {
        "plan": Plan(), "seed": letter_seed, "items": 1_000, "labels": 3_000, "dollars": 499.9, "label_accuracy": 0.8,
        "dollars_a_usable": 0.625, "hours": 12.4, "days": 0.31, "failed": 0.25, "model_accuracy": 0.9,
    }  # fmt: skip
    return PlanOutcome(**(given | numbers))


# ---- opening and moving ------------------------------------------------------------------------------


def test_it_opens_with_the_default_plan(panel):
    assert panel.plan == Plan()
    assert text(panel.tiles).startswith("1,736 digits labeled 7")
    assert "…" not in text(panel.tiles)
    assert text(panel.words).startswith("Means of 8 draws of workers. Beneath them, and as bars")
    assert "A careful worker of the crowd earns $19.20 an hour." in text(panel.words)
    assert (
        "alt='The cost-quality plane, this plan as a diamond. 1,736 digits labeled, " in panel.picture.value
    )
    assert text(panel.kept.table) == "No plan is kept yet." and panel.kept.forget_button.disabled


def test_what_it_shows_is_the_mean_of_the_draws(panel):
    drawn = list(repeated(Plan(), panel._task, range(cost.DRAWS)))
    right = [100 * one.label_accuracy for one in drawn]
    model = [100 * one.model_accuracy for one in drawn]
    for values in (right, model):
        assert f"{np.mean(values):.1f} % " in text(panel.tiles)
        assert f"{min(values):.1f} to {max(values):.1f}" in text(panel.tiles)
    assert tiles(drawn) in panel.tiles.value and in_words(drawn).replace("'", "&#x27;") in panel.picture.value


MOVES = {
    "budget": 125.0, "redundancy": 5, "aggregation": "MACE", "gold": 0.1, "reviewed": 0.2, "crowd": 0.5, "pay": 0.16,
    "paid_by": "hour", "screening": "99% approved",
}  # fmt: skip


@pytest.mark.parametrize("name", MOVES)
def test_every_control_changes_tiles_and_picture(waiting, name):
    before = seen(waiting)
    waiting.controls[name].value = MOVES[name]
    assert getattr(waiting.plan, name) == MOVES[name]
    after = seen(waiting)
    assert after[0] != before[0] and after[2] != before[2]
    assert text(waiting.words).startswith("A model is being trained on these labels …")


@pytest.mark.parametrize(
    ("first", "name", "value"), [("gold", "feedback", True), ("crowd", "partner", "payroll")]
)
def test_controls_that_need_another(waiting, first, name, value):
    assert waiting.controls[name].disabled
    waiting.controls[first].value = MOVES[first]
    assert not waiting.controls[name].disabled
    before = seen(waiting)
    waiting.controls[name].value = value
    assert waiting.tiles.value != before[0] and waiting.picture.value != before[2]


def test_controls_that_change_nothing_are_disabled(waiting):
    def disabled() -> set[str]:
        return {name for name, control in waiting.controls.items() if control.disabled}

    assert disabled() == {"partner", "feedback"}
    waiting.controls["crowd"].value = 0.5
    assert disabled() == {"feedback"}
    waiting.controls["crowd"].value = 0.0
    assert disabled() == {"feedback", "pay", "paid_by", "screening"}
    assert "earns" not in text(waiting.words)
    waiting.controls["gold"].value = 0.05
    assert disabled() == {"pay", "paid_by", "screening"}
    waiting.controls["redundancy"].value = 1
    assert disabled() == {"pay", "paid_by", "screening", "aggregation"}
    assert "there is no consensus to find" in text(waiting.words)


def test_the_controls_offer_what_a_plan_takes():
    controls = make_controls()
    assert (
        {name for names in COLUMNS.values() for name in names}
        == set(controls)
        == set(Plan.__dataclass_fields__)
    )
    assert Plan(**{name: control.value for name, control in controls.items()}) == Plan()
    for name, allowed in (
        ("partner", PARTNERS),
        ("paid_by", PAID_BY),
        ("screening", SCREENING),
        ("aggregation", AGGREGATION),
    ):
        options = [option[1] if isinstance(option, tuple) else option for option in controls[name].options]
        assert options == list(allowed)
    for name in ("gold", "reviewed", "crowd", "budget", "pay"):
        for _, value in controls[name].options:
            assert getattr(Plan(**{name: value}), name) == value
    assert all(control.description for control in controls.values())


def test_notes_say_what_numbers_do_not(waiting):
    waiting.controls["gold"].value = 0.1
    assert re.search(r"\d+% of those tested fail the gold questions\.", text(waiting.words))
    waiting.controls["gold"].value = 0.0
    waiting.controls["budget"].value = 4_000.0
    assert "All digits are labeled; $1,696 are left." in text(waiting.words)
    assert text(waiting.tiles).startswith("8,000 digits labeled")


# ---- the background ----------------------------------------------------------------------------------


def test_the_model_comes_after_the_labels_and_luck_after_the_model(panel, monkeypatch):
    shown = []
    panel.tiles.observe(lambda change: shown.append((text(panel.tiles), text(panel.words))), "value")
    panel.controls["redundancy"].value = 5
    assert len(shown) == 1 and "… model accuracy" in shown[0][0]
    end(panel)
    labels, model, luck = (tile for tile, _ in shown)
    assert "…" not in model and " to " not in model and " to " in luck
    assert "Other draws of workers are tried …" in text(panel.words) or "Means of 8 draws" in text(
        panel.words
    )
    # Until the other draws are in, nothing but the model's accuracy is new.
    assert labels.split("…")[0] == model[: len(labels.split("…")[0])]


def test_a_later_move_overtakes_the_background(panel, monkeypatch):
    """The first plan's model comes in late, when the hand has moved on: it must not be shown."""
    held, go_on, real = [], [], cost.with_model

    def slow(one, labelled, task):
        held.append(one.plan.redundancy)
        end_at = time.monotonic() + 20
        while one.plan.redundancy == 7 and not go_on and time.monotonic() < end_at:
            time.sleep(0.005)
        return real(one, labelled, task)

    monkeypatch.setattr(cost, "with_model", slow)
    panel.controls["redundancy"].value = 7
    overtaken = panel.job
    while 7 not in held:
        time.sleep(0.005)
    panel.controls["redundancy"].value = 1
    end(panel)
    before = seen(panel)
    go_on.append(True)
    assert overtaken.wait(20).state == "stopped"
    assert seen(panel) == before and "there is no consensus to find" in text(panel.words)
    assert held.count(7) == 1, "what is overtaken goes on with no other draw"


def test_a_quick_hand_trains_one_model(panel, monkeypatch):
    monkeypatch.setattr(cost, "PAUSE", 1.0)  # the moves below are quicker than that on any machine
    trained, real = [], cost.with_model
    for module in (cost, plan):  # the first draw's model, and the others'
        monkeypatch.setattr(
            module, "with_model", lambda one, *rest: trained.append(one.plan.redundancy) or real(one, *rest)
        )
    jobs = []
    for labels in (4, 5, 6, 7, 8, 9):
        panel.controls["redundancy"].value = labels
        jobs.append(panel.job)
    for job in jobs:
        assert job.wait(60).state in ("done", "stopped")
    assert set(trained) == {9} and len(trained) == cost.DRAWS


def test_a_model_that_fails_says_so(panel, monkeypatch):
    def broken(*_):
        raise RuntimeError("no <memory> left")

    monkeypatch.setattr(cost, "with_model", broken)
    panel.controls["redundancy"].value = 5
    assert panel.job.wait(60).state == "failed"
    assert text(panel.words) == "The model could not be trained: no <memory> left"
    monkeypatch.undo()
    panel.controls["redundancy"].value = 4
    end(panel)
    assert "Means of 8 draws" in text(panel.words)


def test_a_budget_that_is_too_small_is_said_and_left_behind(panel):
    panel.controls["gold"].value = 0.5
    panel.controls["budget"].value = 50.0
    end(panel)
    assert text(panel.tiles) == (
        "$50 pay for 0 items of this plan. Raise the budget, or take fewer labels an item, fewer gold questions or "
        "fewer reviews."
    )
    assert text(panel.words) == "" and panel.kept.keep_button.disabled
    assert "alt='The cost-quality plane without this plan. $50 pay for 0 items" in panel.picture.value
    empty = picture(panel)
    panel.kept.keep()
    assert panel.kept.outcomes == {}
    panel.kept.forget()  # draws anew, and there still is no plan
    assert (picture(panel) == empty).all() and text(panel.tiles).startswith("$50 pay for 0 items")
    panel.controls["budget"].value = 500.0
    end(panel)
    assert "digits labeled" in text(panel.tiles) and not panel.kept.keep_button.disabled
    assert (picture(panel) != empty).any()


# ---- how fast ----------------------------------------------------------------------------------------


def test_the_answer_is_quick(panel, record_property):
    """The aim is 100 ms, and a second for the model. Asserted is only that nothing is badly wrong."""
    taken = []
    for move in range(20):
        started = time.perf_counter()
        panel.controls["redundancy"].value = 1 + move % 10
        taken.append(1000 * (time.perf_counter() - started))
    started = time.perf_counter()
    panel.controls["redundancy"].value = 11
    while "being trained" in panel.words.value:
        assert time.perf_counter() < started + 30
        time.sleep(0.002)
    model = 1000 * (time.perf_counter() - started)
    p95 = sorted(taken)[18]
    print(
        f"callback with its drawing, ms: median {statistics.median(taken):.0f}, p95 {p95:.0f}; model {model:.0f}"
    )
    record_property("cost_panel_ms_p95", round(p95))
    record_property("cost_panel_model_ms", round(model))
    assert p95 < 1000 and model < 10_000


# ---- keeping -----------------------------------------------------------------------------------------


def kept_table(panel) -> list[list[str]]:
    page = BeautifulSoup(panel.kept.table.value, "html.parser")
    return [[cell.get_text(" ") for cell in row.find_all(["th", "td"])] for row in page.find_all("tr")]


def csv_of(kept: KeptPlans) -> list[dict[str, str]]:
    link = BeautifulSoup(kept.link.value, "html.parser").a
    assert link["download"] == "labeling_plans.csv" and link.text == "Save the table as CSV"
    kind, _, data = link["href"].partition(";base64,")
    assert kind == "data:text/csv"
    raw = base64.b64decode(data)
    assert raw.startswith(b"\xef\xbb\xbf")  # so that spreadsheets read it as UTF-8
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def test_keep_name_compare_and_forget(panel):
    before = picture(panel)
    panel.kept.name.value = "  as it opens "
    panel.kept.keep_button.click()
    panel.controls["redundancy"].value = 9
    end(panel)
    panel.kept.keep_button.click()
    head, *rows = kept_table(panel)
    assert head == ["plan", *(number.column for number in SHOWN), "draws"]
    assert {row[0]: row[1] for row in rows} == {
        "A": "as it opens $500, the crowd, $0.08 a label, r = 3, one-coin",
        "B": "$500, the crowd, $0.08 a label, r = 9, one-coin",
    }
    assert panel.kept.name.value == "" and {row[-1] for row in rows} == {"8"}
    panel.controls["redundancy"].value = 3
    end(panel)
    assert (picture(panel) != before).any()  # letters lie on the plane
    panel.kept.forget_button.click()
    assert (picture(panel) == before).all() and text(panel.kept.table) == "No plan is kept yet."
    assert panel.kept.link.value == "" and panel.kept.forget_button.disabled


def test_what_is_kept_at_once_has_its_model(waiting):
    waiting.controls["redundancy"].value = 5
    assert "being trained" in waiting.words.value
    waiting.kept.keep()
    assert waiting.kept.outcomes["A"].model_accuracy > 0.5
    assert kept_table(waiting)[1][-1] == "1" and "being trained" not in waiting.words.value


def test_a_plan_that_was_kept_early_gets_its_other_draws(panel, monkeypatch):
    panel.controls["redundancy"].value = 5
    panel.kept.keep()
    end(panel)
    assert kept_table(panel)[1][-1] == "8"
    mean = np.mean([one.label_accuracy for one in repeated(panel.plan, panel._task, range(8))])
    assert panel.kept.outcomes["A"].label_accuracy == pytest.approx(mean)


def _kept(*draws: PlanOutcome, changed: list | None = None) -> KeptPlans:
    """A table into which one ``keep`` after the other puts these."""
    left = list(draws)
    return KeptPlans(
        lambda: [left.pop(0)] if left else [], lambda: changed.append(1) if changed is not None else None
    )


@pytest.mark.fast
@pytest.mark.parametrize("number", SHOWN, ids=lambda number: number.of)
def test_the_best_one_is_first(number):
    worth = {"items": (100, 300, 200)}.get(number.of, (0.5, 0.9, 0.7))
    kept = _kept(*(outcome(**{number.of: value}) for value in worth))
    for _ in worth:
        kept.keep()
    kept.sort.value = number.of
    letters = [row.th.text for row in BeautifulSoup(kept.table.value, "html.parser").tbody.find_all("tr")]
    assert letters == (["A", "C", "B"] if number.less else ["B", "C", "A"])
    assert [row["letter"] for row in csv_of(kept)] == letters


@pytest.mark.fast
def test_the_file_holds_numbers_and_the_whole_plan():
    plan = Plan(budget=2_000, crowd=0.5, gold=0.1, feedback=True, screening="99% approved")
    kept = _kept(outcome(plan=plan, items=1_234.0, label_accuracy=0.8125, dollars=1_999.0))
    kept.keep()
    (row,) = csv_of(kept)
    assert row["letter"] == "A" and row["name"] == "" and row["draws"] == "1"
    assert {name: row[name] for name in ("budget", "crowd", "gold", "feedback", "screening", "partner")} == {
        "budget": "2000", "crowd": "0.5", "gold": "0.1", "feedback": "True", "screening": "99% approved",
        "partner": "managed",
    }  # fmt: skip
    assert (
        float(row["items"]) == 1_234
        and float(row["labels right (%)"]) == 81.25
        and float(row["$ spent"]) == 1_999
    )


@pytest.mark.fast
@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_a_name_is_no_formula(name):
    kept = _kept(outcome())
    kept.name.value = name
    kept.keep()
    assert csv_of(kept)[0]["name"] == f"'{name}"
    assert name in text(kept.table)


@pytest.mark.fast
@pytest.mark.parametrize("name", ["a, b", 'say "hi"', "Größe €", "<script>alert(1)</script>", "'><b>"])
def test_a_name_stays_a_name(name):
    kept = _kept(outcome())
    kept.name.value = name
    kept.keep()
    assert csv_of(kept)[0]["name"] == name
    cell = BeautifulSoup(kept.table.value, "html.parser").td
    assert cell.b.text == name and [tag.name for tag in cell.find_all(True)] == ["b", "br"]
    assert cell.get_text("|") == f"{name}|{Plan().in_words()}"


@pytest.mark.fast
def test_the_table_has_room_for_the_alphabet():
    changed = []
    kept = _kept(*(outcome(seed) for seed in range(30)), changed=changed)
    for count in range(26):
        assert not kept.keep_button.disabled
        kept.keep_button.click()
        assert len(kept.outcomes) == count + 1
    assert kept.keep_button.disabled and list(kept.outcomes)[-1] == "Z"
    kept.keep()
    kept.enable(True)
    assert len(kept.outcomes) == 26 == len(changed) and kept.keep_button.disabled
    kept.forget()
    assert not kept.keep_button.disabled and kept.outcomes == {}


@pytest.mark.fast
def test_only_the_same_plan_is_renewed():
    kept = _kept(outcome(), outcome(plan=Plan(redundancy=5)))
    kept.keep()
    kept.keep()
    kept.renew([outcome(label_accuracy=0.6), outcome(label_accuracy=0.7)])
    assert kept.outcomes["A"].label_accuracy == pytest.approx(0.65)
    assert kept.outcomes["B"].label_accuracy == 0.8
    kept.renew([outcome(label_accuracy=0.1)])  # fewer draws than there are
    assert kept.outcomes["A"].label_accuracy == pytest.approx(0.65)


@pytest.mark.fast
def test_a_mean_without_all_models_has_no_model():
    one, other = (
        outcome(label_accuracy=0.6, hours=10.0),
        outcome(label_accuracy=0.8, hours=20.0, model_accuracy=None),
    )
    mean = mean_outcome([one, other])
    assert (mean.label_accuracy, mean.hours, mean.model_accuracy) == (pytest.approx(0.7), 15, None)
    assert "…" in tiles([other]) and "model" not in in_words([other])


# ---- the small panels --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "value", "says"),
    [
        (panels.gold_panel, 1, "Sent away: "),
        (panels.gold_panel, 30, "Sent away: "),
        (panels.review_panel, 1600, "A review in which 80 of 1,600 are wrong"),
        (panels.review_panel, 20, "A review in which 1 of 20 are wrong"),
        (panels.hivemind_panel, 50, "The first is 21.5 times the last"),
    ],
)
def test_a_small_panel_answers(make, value, says):
    panel = make()
    before, words = panel.picture.value, panel.words.value
    panel.children[0].value = value
    assert panel.picture.value != before and f"<span role='status'>{says}" in panel.words.value
    assert panel.children[0].description
    if make is not panels.hivemind_panel:  # its ratio is the same whatever the number of items
        assert panel.words.value != words


def test_days_to_finish_by_hand():
    panel = panels.ScalePanel()
    before, words = panel.picture.value, text(panel.words)
    assert words.startswith("100,000 labels of 15 seconds each are ordered.")
    panel.people.value = 200
    days = days_to_finish(replace(WORKFORCES["managed"], people=200), 100_000, 15)
    assert f"a managed team {days:.0f} days" in text(panel.words) and panel.picture.value != before
    for control, value in (
        (panel.labels, 10_000_000),
        (panel.seconds, 300),
        (panel.start, 40),
        (panel.full, 80),
    ):
        before, words = panel.picture.value, text(panel.words)
        control.value = value
        assert panel.picture.value != before and text(panel.words) != words


@pytest.mark.parametrize("name", WORKFORCES)
def test_another_workforce_begins_as_it_is_assumed(name):
    panel = panels.ScalePanel()
    panel.people.value = 500
    drawn = []
    panel.words.observe(drawn.append, "value")
    panel.who.value = "payroll" if name == "managed" else "managed"
    panel.who.value = name
    provider = WORKFORCES[name]
    assert (panel.people.value, panel.start.value, panel.full.value) == (
        provider.people, provider.days_to_start, provider.days_to_full,
    )  # fmt: skip
    assert len(drawn) <= 2, "three controls are set, and it is drawn once"


def test_every_control_has_a_description(waiting):
    panel = widgets.VBox([waiting, panels.ScalePanel()])

    def controls(widget):
        for child in getattr(widget, "children", ()):
            yield child
            yield from controls(child)

    named = [c for c in controls(panel) if hasattr(c, "description")]
    assert len(named) >= 21
    for control in named:
        if type(control).__name__ not in ("HTML", "Picture"):
            assert control.description, control


def test_a_study_without_the_grid_has_an_empty_plane(monkeypatch, study):
    monkeypatch.setattr(study, "experiment", lambda name: None)
    monkeypatch.setattr(cost.Job, "start", lambda job: None)
    panel = panels.CostPanel(study)
    assert "this plan as a diamond" in panel.picture.value
