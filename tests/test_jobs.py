"""Jobs: they report, stop, fail in words, and leave the caller free."""

import threading

import pytest

from workshop.jobs import Job, Progress

pytestmark = pytest.mark.fast


def counting(steps: int, gate: threading.Event | None = None):
    def work(on_step):
        for step in range(1, steps + 1):
            if gate:
                gate.wait(5)
            if not on_step(step, steps, {"loss": 1 / step}):
                return f"stopped at {step}"
        return "whole"

    return work


def test_it_reports_each_step_and_keeps_the_result():
    seen: list[Progress] = []
    job = Job(counting(3), seen.append)
    job.start()
    assert job.wait(5).state == "done"
    assert [(p.state, p.step) for p in seen] == [
        ("running", 0), ("running", 1), ("running", 2), ("running", 3), ("done", 3)]  # fmt: skip
    assert job.result == "whole" and seen[-1].metrics == {"loss": 1 / 3}


def test_it_runs_in_another_thread_and_the_caller_goes_on():
    gate = threading.Event()
    job = Job(counting(1, gate))
    job.start()
    assert job.running and threading.current_thread() is threading.main_thread()
    gate.set()
    job.wait(5)
    assert not job.running


def test_stop_ends_it_at_the_next_report_and_keeps_what_there_is():
    reached = threading.Event()
    job = Job(counting(10**9), lambda progress: reached.set() if progress.step >= 2 else None)
    job.start()
    assert reached.wait(5)
    job.stop()
    progress = job.wait(5)
    assert progress.state == "stopped" and 2 <= progress.step < 10**9
    assert job.result == f"stopped at {progress.step}"


def test_an_error_is_a_sentence_with_its_traceback_beside_it():
    def work(on_step):
        on_step(1, 2, {})
        raise ValueError("the pictures have no labels")

    seen: list[Progress] = []
    job = Job(work, seen.append)
    job.start()
    assert job.wait(5).state == "failed"
    assert job.progress.error == "the pictures have no labels" and job.progress.step == 1
    assert seen[-1].state == "failed" and "in work" in job.traceback


def test_a_stop_that_comes_too_late_stops_nothing():
    job = Job(counting(3), lambda progress: job.stop() if progress.step == 3 else None)
    job.start()
    assert job.wait(5).state == "done" and job.result == "whole"


def test_work_that_exits_has_failed():
    def work(on_step):
        raise SystemExit(0)

    job = Job(work)
    job.start()
    assert job.wait(5).state == "failed" and job.progress.error == "0"


def test_a_broken_watcher_is_not_silent():
    def watcher(progress):
        raise RuntimeError("the picture could not be drawn")

    job = Job(counting(3), watcher)
    job.start()
    assert job.wait(5).state == "failed"
    assert "could not be drawn" in job.progress.error and "watcher" in job.traceback
