"""A class is graded whole: on workers or without, killed and resumed, among hostile neighbours."""

from __future__ import annotations

import json
import logging
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from workshop import settings
from workshop.classroom.accepting.intake import Intake
from workshop.classroom.editions.release import release
from workshop.classroom.grading import batch, commands
from workshop.classroom.grading.grade import grade, sandboxed, version
from workshop.classroom.grading.ledger import Ledger
from workshop.classroom.grading.work import Work
from workshop.classroom.running.run_through import RanThrough
from workshop.classroom.sandbox import available
from workshop.errors import WorkshopError

ROOT = Path(__file__).resolve().parents[3]
LESSON = "06_label_quality"  # its answers need no torch
SOURCE = (ROOT / "notebooks" / f"{LESSON}.ipynb").read_bytes()


def with_answer(exercise: str, text: str) -> bytes:
    """The lesson's source with another text in one answer cell."""
    notebook = nbformat.reads(SOURCE.decode(), as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == exercise:
            cell.source = text
    return nbformat.writes(notebook).encode()


@pytest.fixture(autouse=True)
def _sandbox():
    if sys.platform != "linux" or not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed (Debian: apt-get install bubblewrap)")
    available.require()


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "grades.sqlite", 1, version())


def works(count: int) -> list[Work]:
    return [Work(f"student {n}", LESSON, f"{n}.ipynb", SOURCE) for n in range(count)]


# ---- one work ------------------------------------------------------------------------------------------


def test_the_source_earns_everything_and_what_is_handed_out_nothing():
    whole, _ = grade(Work("Ada", LESSON, "a", SOURCE), 1, sandboxed())
    assert whole.earned == whole.points > 0
    handed_out = nbformat.writes(release(nbformat.reads(SOURCE.decode(), as_version=4), LESSON)).encode()
    empty, _ = grade(Work("Bob", LESSON, "b", handed_out), 1, sandboxed())
    assert (empty.earned, empty.points) == (0, whole.points)
    assert all("Not solved" in mark.notes[0] for mark in empty.marks)


def test_where_the_time_went_is_told_by_stage():
    def run_notebook(lesson, notebook):
        time.sleep(0.3)
        return RanThrough("It ran.", "", {"kernel start": 0.1, "cells": 0.15})

    asking = sandboxed()
    slow_import = b'{"imports": 0.0625}\n'

    def ask(job):
        asked = asking(job)
        return replace(asked, sent=slow_import + asked.sent)

    began = time.perf_counter()
    graded, _ = grade(works(1)[0], 1, ask, run_notebook)
    took = time.perf_counter() - began
    stages = graded.seconds
    assert list(stages) == ["taking in", "kernel start", "cells", "rest of the run", "imports", "answers"]
    assert (stages["kernel start"], stages["cells"], stages["imports"]) == (0.1, 0.15, 0.0625)
    assert 0.05 <= stages["rest of the run"] < 0.2
    assert sum(stages.values()) == pytest.approx(took, abs=0.1)


def test_a_notebook_that_is_none_earns_nothing_and_is_told_why():
    graded, _ = grade(Work("Ada", LESSON, "a", b"\xff not json"), 1, sandboxed())
    assert graded.earned == 0
    assert graded.refused


HOSTILE = {
    "reads the key": "import workshop.exercises.references.label_quality as key\nbill = key.bill",
    "reads the repository": f"exec(open({str(ROOT / 'workshop/exercises/references/label_quality.py')!r}).read())",
    "network": "import socket\nsocket.create_connection(('127.0.0.1', 22), 2)\n"
    "def bill(objects, first, price):\n    return 0, 0",
    "endless": "def bill(objects, first, price):\n    while True:\n        pass",
    "fork bomb": "import os\ndef bill(objects, first, price):\n    while True:\n        os.fork()",
    "kill all": "import os\ndef bill(objects, first, price):\n    os.kill(-1, 9)",
    "output": "import os\ndef bill(objects, first, price):\n    while True:\n        os.write(3, b'x' * 10**6)",
    "memory": "def bill(objects, first, price):\n    x = []\n    while True:\n        x.append(bytearray(10**8))",
}


@pytest.mark.hostile
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_answer_costs_its_own_marks_alone(kind, monkeypatch):
    from workshop.classroom.grading import grade as grading

    limits = replace(
        grading.ANSWER_LIMITS, wall_seconds=6.0, cpu_seconds=4, memory_bytes=512 << 20, output_bytes=1 << 20
    )
    raw = with_answer("labels-bill", HOSTILE[kind])
    graded, _ = grade(Work("Eve", LESSON, "e", raw), 1, sandboxed(limits=limits))
    marks = {mark.exercise: mark for mark in graded.marks}
    bill = marks.pop("labels-bill")
    assert bill.earned == 0
    assert all(mark.earned == mark.points for mark in marks.values())


# ---- a class -------------------------------------------------------------------------------------------


def test_workers_give_the_grades_that_this_process_gives(tmp_path, ledger):
    alone = batch.grade_all(works(3), 1, ledger)
    other = Ledger(tmp_path / "other.sqlite", 1, version())
    seen, dashboard = [], []
    together = batch.grade_all(
        works(3), 1, other, jobs=2, on_done=lambda *told: seen.append(told[:2]), on_dashboard=dashboard.append
    )
    assert [g.marks for g in together.graded] == [g.marks for g in alone.graded]
    assert (together.anew, together.failed) == (3, ())
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert dashboard[0].startswith("http")


def test_what_is_graded_is_not_graded_again(ledger):
    assert batch.grade_all(works(2), 1, ledger).anew == 2
    again = batch.grade_all(works(3), 1, ledger)
    assert again.anew == 1
    assert len(again.graded) == 3
    assert {ledger.times_begun(work.key(1, version())) for work in works(3)} == {1}


def test_what_is_handed_in_anew_counts_instead_of_what_it_replaces(ledger):
    batch.grade_all(works(2), 1, ledger)
    anew = Work("student 0", LESSON, "0.ipynb", with_answer("labels-bill", "def bill(): pass"))
    told = batch.grade_all([anew, works(2)[1]], 1, ledger)
    assert [(graded.student, graded.earned) for graded in told.graded] == [
        ("student 0", 9),
        ("student 1", 12),
    ]
    assert told.anew == 1


def test_a_fault_of_the_grader_ends_no_batch_and_earns_no_zero(ledger, monkeypatch, tmp_path):
    def faulty(work, *rest):
        if work.student == "student 0":
            raise ZeroDivisionError
        return grade(work, *rest)

    monkeypatch.setattr(batch, "grade", faulty)
    told = batch.grade_all(works(2), 1, ledger)
    assert [graded.student for graded in told.graded] == ["student 1"]
    assert "try it again. ZeroDivisionError." in told.failed[0].refused
    commands.write_reports(tmp_path, Intake((), (), (), ()), told, 1.0)
    assert "student 0" not in (tmp_path / "canvas.csv").read_text()
    assert "student 0" in (tmp_path / "index.html").read_text()
    monkeypatch.undo()
    assert batch.grade_all(works(2), 1, ledger).anew == 1


def test_a_sandbox_that_is_gone_is_told_in_words(ledger, monkeypatch):
    def without(*_):
        raise WorkshopError("The sandbox is gone.")

    monkeypatch.setattr(batch, "grade", without)
    with pytest.raises(WorkshopError, match="The sandbox is gone"):
        batch.grade_all(works(2), 1, ledger)
    assert batch._fault(WorkshopError("No bwrap.")).endswith("again. No bwrap.")


def test_a_running_cluster_is_used_by_its_address(ledger):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        told = batch.grade_all(works(1), 1, ledger, scheduler=cluster.scheduler_address)
    assert told.graded[0].earned == told.graded[0].points


def test_what_dask_warns_of_does_not_come_between_the_lines(ledger):
    pytest.importorskip("distributed")
    logging.getLogger("distributed").setLevel(logging.INFO)  # as it is when imported
    with pytest.raises(WorkshopError):
        batch.grade_all(works(1), 1, ledger, scheduler="tcp://127.0.0.1:9")
    assert not logging.getLogger("distributed.nanny").isEnabledFor(logging.WARNING)


def test_no_cluster_is_told(ledger):
    with pytest.raises(WorkshopError, match="No Dask scheduler answers at"):
        batch.grade_all(works(1), 1, ledger, scheduler="tcp://127.0.0.1:9")


def test_workers_with_other_exercises_are_told():
    class Client:
        def wait_for_workers(self, count, timeout):
            pass

        def run(self, function):
            return {"tcp://one": function(), "tcp://two": "theirs"}

    with pytest.raises(WorkshopError, match="exercises on tcp://two are not those here"):
        batch._same_exercises(Client())


def _dies(work, how):
    import os
    import signal
    from pathlib import Path

    from workshop.classroom.grading.grade import grade, sandboxed

    marker = Path(work.file)
    times = int(marker.read_text()) if marker.exists() else 0
    marker.write_text(str(times + 1))
    if times < int(work.student):
        os.kill(os.getpid(), signal.SIGKILL)
    graded, page = grade(work, how.seed, sandboxed())
    return graded.plain(), page


_dies.__module__ = "__main__"  # so that it travels to the workers as it is: this file they cannot import


@pytest.mark.parametrize(("deaths", "fails"), [(1, False), (2, True)])
def test_a_worker_that_dies_is_replaced_once(tmp_path, ledger, monkeypatch, deaths, fails):
    monkeypatch.setattr(batch, "_on_worker", _dies)
    work = Work(str(deaths), LESSON, str(tmp_path / "marker"), SOURCE)
    neighbour = Work("0", LESSON, str(tmp_path / "neighbour"), SOURCE)
    told = batch.grade_all([work, neighbour], 1, ledger, jobs=2)
    assert (tmp_path / "marker").read_text() == "2"
    assert len(told.failed) == fails
    assert len(told.graded) == 2 - fails  # the neighbour always
    if fails:
        assert (
            "The grader failed, not the work; resume the run to try it again. KilledWorker."
            in told.failed[0].refused
        )


# ---- the command ---------------------------------------------------------------------------------------


@pytest.fixture
def submissions(tmp_path):
    folder = tmp_path / "handed in"
    for name in ("Ada", "Bob", "Cyd"):
        (folder / name).mkdir(parents=True)
        (folder / name / f"{LESSON}.ipynb").write_bytes(SOURCE)
    (folder / "Bob" / f"{LESSON}.ipynb").write_bytes(with_answer("labels-bill", "import os\nos._exit(0)"))
    (folder / "Eve").mkdir()
    (folder / "Eve" / f"{LESSON}.ipynb").write_bytes(b"\xff\xfe")
    return folder


def test_a_class_from_folder_to_reports(submissions, tmp_path, capsys):
    out = tmp_path / "out"
    assert commands.main([str(submissions), "--out", str(out), "--seed", "7", "--jobs", "1", "--no-run"]) == 0
    said = capsys.readouterr().out
    assert "3 of 3: Cyd, 06_label_quality: 12 of 12" in said
    assert "1 files were refused" in said
    bob = json.loads((out / "students" / "Bob" / "report.json").read_text())
    assert (bob["earned"], bob["points"]) == (9, 12)
    eve = (out / "students" / "Eve" / "report.html").read_text()
    assert "Not graded:" in eve
    for name in ("index.html", "grades.csv", "canvas.csv", "moodle.csv", "junit.xml"):
        assert (out / name).stat().st_size > 0


def test_a_second_run_into_the_same_folder_must_be_asked_for(submissions, tmp_path):
    line = [str(submissions), "--out", str(tmp_path / "out"), "--seed", "7", "--jobs", "1", "--no-run"]
    assert commands.main(line) == 0
    with pytest.raises(WorkshopError, match="holds the grades of a run"):
        commands.main(line)
    assert commands.main([*line, "--resume"]) == 0


def test_reports_do_not_land_among_the_submissions(submissions):
    with pytest.raises(WorkshopError, match="lies among what is graded"):
        commands.main([str(submissions), "--out", str(submissions / "out"), "--seed", "7"])


def test_a_mark_by_hand_reaches_the_report(submissions, tmp_path):
    marks = tmp_path / "marks.csv"
    marks.write_text("student,exercise,points,comment\nBob,labels-bill,1.5,right idea\n")
    out = tmp_path / "out"
    commands.main(
        [str(submissions), "--out", str(out), "--seed", "7", "--jobs", "1", "--no-run", "--marks", str(marks)]
    )
    assert json.loads((out / "students" / "Bob" / "report.json").read_text())["earned"] == 10.5


@pytest.mark.hostile
def test_killed_at_any_moment_a_run_resumes_to_the_same_grades(submissions, tmp_path):
    def command(out, *more):
        line = [sys.executable, "-m", "workshop", "grade", str(submissions), "--out", str(out), "--seed", "7"]
        return [*line, "--jobs", "1", "--no-run", *more]

    subprocess.run(command(tmp_path / "whole"), check=True, capture_output=True, cwd=ROOT)
    rng, broken = random.Random(3), tmp_path / "broken"
    for turn in range(4):
        grader = subprocess.Popen(
            command(broken, *["--resume"] * (turn > 0 and broken.exists())),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        )
        if turn:
            grader.stdout.readline()
        time.sleep(rng.uniform(0.05, 0.8))
        grader.kill()
        grader.wait()
    subprocess.run(command(broken, "--resume"), check=True, capture_output=True, cwd=ROOT)
    grades = [(tmp_path / run / "grades.csv").read_text() for run in ("whole", "broken")]
    assert grades[0] == grades[1]
    rows = sqlite3.connect(broken / "grades.sqlite").execute("SELECT count(*) FROM graded").fetchone()
    assert rows == (3,)


@pytest.mark.parametrize(
    "wrong", [["--seed", "-1"], ["--seed", str(1 << 64)], ["--jobs", "0"], ["--jobs", "-2"]]
)
def test_a_number_that_cannot_be_is_told(wrong, submissions, tmp_path, capsys):
    line = [
        str(submissions),
        "--out",
        str(tmp_path / "out"),
        "--seed",
        "7",
        "--jobs",
        "1",
        "--no-run",
        *wrong,
    ]
    with pytest.raises(SystemExit) as stopped:
        commands.main(line)
    assert stopped.value.code == 2
    assert "is no whole number from" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_mark_for_nobody_is_told_before_anything_is_graded(submissions, tmp_path):
    marks, roster = tmp_path / "marks.csv", tmp_path / "roster.csv"
    marks.write_text("student,exercise,points\nEve,labels-bill,1\n")
    line = [str(submissions), "--out", str(tmp_path / "out"), "--seed", "7", "--jobs", "1", "--no-run"]
    with pytest.raises(WorkshopError, match="mark by hand for Eve"):
        commands.main([*line, "--marks", str(marks)])
    marks.write_text("student,exercise,points\nBb,labels-bill,1\n")
    roster.write_text("student,file\nBob,Bob\n")
    with pytest.raises(WorkshopError, match=r"no student 'Bb'\. Did you mean 'Bob'"):
        commands.main([*line, "--marks", str(marks), "--roster", str(roster)])
    assert not (tmp_path / "out").exists()


def test_a_run_that_is_stopped_says_how_to_go_on(submissions, tmp_path, monkeypatch, capsys):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "grade_all", stop)
    line = [str(submissions), "--out", str(tmp_path / "out"), "--seed", "7", "--jobs", "1", "--no-run"]
    assert commands.main(line) == 130
    assert "go on with --resume" in capsys.readouterr().out


def test_the_edition_for_a_run_leaves_the_one_in_build_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "build_folder", lambda: tmp_path)
    assert commands._edition()[:2] == b"PK"
    assert list(tmp_path.iterdir()) == []
