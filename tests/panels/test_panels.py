"""Panels without a browser: what a hand does, and what it then sees."""

import threading
import time

import pytest

from workshop.panels import adaptation as panel_module
from workshop.panels.adaptation import AdaptationPanel, MinMaxPanel, ReplayPanel
from workshop.panels.training import TrainingPanel
from workshop.studies.adaptation import AdaptationStudy

PNG = b"\x89PNG"


def until(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def study():
    return AdaptationStudy(budget="smoke")


def work(steps, gate=None):
    def train(on_step):
        for step in range(1, steps + 1):
            if not on_step(step, steps, {"loss": 1 / step}):
                return step
            if gate:
                gate.wait(0.001)
        return steps

    return train


@pytest.mark.fast
def test_a_training_that_ends():
    results = []
    panel = TrainingPanel(work(5), lambda history: PNG, on_result=results.append)
    panel.train_button.click()
    panel.job.wait(5)
    assert results == [5]
    assert panel.bar.value == panel.bar.max == 5
    assert "Done after step 5 of 5" in panel.status.value
    assert "alt='The training so far" in panel.picture.value and "step 5, loss 0.2" in panel.picture.value
    assert panel.stop_button.disabled and not panel.train_button.disabled


@pytest.mark.fast
def test_a_training_that_is_stopped_keeps_what_it_has():
    results = []
    panel = TrainingPanel(work(10**9, threading.Event()), lambda history: PNG, on_result=results.append)
    panel.train_button.click()
    until(lambda: panel.bar.value > 3)
    assert panel.train_button.disabled and not panel.stop_button.disabled
    first = panel.job
    panel.start()  # a second press changes nothing
    assert panel.job is first
    panel.stop_button.click()
    assert panel.job.wait(5).state == "stopped"
    assert results and results[0] < 10**9 and "Stopped after step" in panel.status.value


@pytest.mark.fast
def test_a_training_that_fails_says_why_and_can_be_begun_again():
    def broken(on_step):
        raise ValueError("no labels here")

    panel = TrainingPanel(broken, lambda history: PNG)
    for _ in range(2):
        panel.train_button.click()
        panel.job.wait(5)
        assert "It failed: no labels here" in panel.status.value
        assert not panel.train_button.disabled


@pytest.mark.fast
def test_lambda_turns_the_arrow():
    panel = MinMaxPanel()
    before = panel.picture.value, panel.words.value
    panel.strength.value = 0.5
    assert "alt='Left: clouds" in panel.picture.value
    assert panel.picture.value != before[0] and panel.words.value != before[1]
    assert "11 degrees" in panel.words.value


def test_a_replay_can_be_scrubbed(study):
    panel = ReplayPanel(study)
    assert panel.rung.value == "pseudo_labels" and panel.frame.value == panel.frame.max > 1
    last = panel.picture.value, panel.words.value
    panel.frame.value = 1
    assert panel.picture.value != last[0] and panel.words.value != last[1]
    frames = study.outcome("pseudo_labels").frames
    assert f"After step {frames.step[0]}:" in panel.words.value
    assert f"{frames.target_accuracy[0]:.1f} %" in panel.words.value


def test_train_watch_and_replay(study):
    panel = AdaptationPanel(study)
    panel.rung.value, panel.strength.value = "adversarial", "ganin"
    panel.training.train_button.click()
    assert panel.rung.disabled
    assert panel.training.job.wait(120).state == "done", panel.training.job.traceback
    assert "finished after step 24" in panel.training.status.value
    assert panel.replay.rung.value.startswith("just trained: 2 adversarial")
    assert panel.training.job.result.history["strength"][-1] > 0.9
    assert not panel.rung.disabled


def test_two_trainings_of_one_rung_stay_apart_in_the_replay(study):
    panel = AdaptationPanel(study)
    for strength in ("ganin", "none"):
        panel.rung.value, panel.strength.value = "adversarial", strength
        panel.training.train_button.click()
        assert panel.training.job.wait(120).state == "done"
    added = [name for name, _ in panel.replay.rung.options if name.startswith("just trained")]
    assert len(added) == 2 and "lambda ganin" in added[0] and "lambda none" in added[1]


def test_each_choice_draws_once(study, monkeypatch):
    drawn = []
    panel = ReplayPanel(study)
    monkeypatch.setattr(
        panel_module.figures, "draw_replay", lambda outcome, frame: drawn.append(frame) or PNG
    )
    panel.rung.value = "oracle"
    panel.frame.value = 1
    panel.rung.value = "adversarial"
    panel.add(study.outcome("pseudo_labels"))
    assert len(drawn) == 4


def test_every_control_has_a_description(study):
    def controls(widget):
        for child in getattr(widget, "children", ()):
            yield child
            yield from controls(child)

    named = [c for c in controls(AdaptationPanel(study)) if hasattr(c, "description")]
    assert len(named) >= 7
    for control in named:
        if type(control).__name__ not in ("HTML", "Picture", "Play"):
            assert control.description, control
