"""A class is graded whole, killed and resumed, among hostile neighbours."""

from __future__ import annotations

import io
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

import workshop.classroom.grading
from workshop import __main__, settings
from workshop.classroom.accepting.intake import Intake
from workshop.classroom.editions.release import release
from workshop.classroom.grading import batch, commands
from workshop.classroom.grading import grade as grading
from workshop.classroom.grading.grade import How, grade, nothing, sandboxed, version
from workshop.classroom.grading.work import Work
from workshop.classroom.reports.book import book_of
from workshop.classroom.running.run_through import LIMITS, RanThrough
from workshop.classroom.sandbox import available
from workshop.errors import WorkshopError

ROOT = Path(__file__).resolve().parents[3]
LESSON = "06_label_quality"  # its answers need no torch
SOURCE = (ROOT / "notebooks" / f"{LESSON}.ipynb").read_bytes()

pytestmark = pytest.mark.usefixtures("needs_sandbox")


def with_answer(exercise: str, text: str) -> bytes:
    """The lesson's source with another text in one answer cell."""
    notebook = nbformat.reads(SOURCE.decode(), as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == exercise:
            cell.source = text
    return nbformat.writes(notebook).encode()


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


LEANS = "def bill(objects, first, price):\n    return helper(objects)"


@pytest.mark.parametrize("own_cell", [True, False])
def test_a_name_from_a_cell_that_is_left_out_is_told_of(own_cell):
    notebook = nbformat.reads(with_answer("labels-bill", LEANS).decode(), as_version=4)
    text = "def helper(objects):\n    return objects" if own_cell else "\n"
    notebook.cells.insert(2, nbformat.v4.new_code_cell(text))
    graded, _ = grade(Work("Ada", LESSON, "a", nbformat.writes(notebook).encode()), 1, sandboxed())
    notes = {mark.exercise: " ".join(mark.notes) for mark in graded.marks}
    assert "NameError in line 2" in notes.pop("labels-bill")
    said = [
        mark.exercise for mark in graded.marks if any("belongs into its own cell" in n for n in mark.notes)
    ]
    assert said == ["labels-bill"] * own_cell


def test_the_version_is_of_all_that_a_grade_hangs_on(tmp_path):
    package, notebooks = tmp_path / "workshop", tmp_path / "notebooks"
    decides = (
        package / "exercises" / "judging.py",
        package / "exercises" / "lessons" / "start.py",
        package / "classroom" / "answering" / "marking.py",
        package / "classroom" / "accepting" / "restore.py",
        notebooks / "00_start.ipynb",
    )
    for path in decides:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("once")
    seen = {grading._digest(package, notebooks)}
    (package / "classroom" / "accepting" / "roster.py").write_text("who is who")
    assert {grading._digest(package, notebooks)} == seen
    for path in decides:
        path.write_text("twice")
        seen.add(grading._digest(package, notebooks))
    assert len(seen) == 1 + len(decides)
    here = Path(grading.__file__).parents[2]
    assert all(list(here.glob(pattern)) for pattern in grading._DECIDES)


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
def test_a_hostile_answer_costs_its_own_marks_alone(kind):
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


def test_what_is_graded_is_not_graded_again(ledger):
    assert batch.grade_all(works(2), 1, ledger).anew == 2
    again = batch.grade_all(works(3), 1, ledger)
    assert again.anew == 1
    assert len(again.graded) == 3
    assert {ledger.times_begun(work.key(1, version(), run=False)) for work in works(3)} == {1}


@pytest.fixture
def quick(monkeypatch):
    """Instead of grading: no marks, and a page where the notebook would be run. Returns the works' students."""
    graded = []

    def stub(self, work):
        graded.append(work.student)
        return nothing(work, ""), "a page" if self.workbook else ""

    monkeypatch.setattr(How, "grade", stub)
    return graded


def test_who_resumes_with_runs_gets_runs(ledger, quick):
    with zipfile.ZipFile(edition := io.BytesIO(), "w") as archive:
        archive.writestr("student/README.md", "")
    pages = {"workbook": edition.getvalue(), "on_page": lambda key, page: "kept.html"}
    assert [graded.page for graded in batch.grade_all(works(2), 1, ledger).graded] == ["", ""]
    for anew in (2, 0):
        told = batch.grade_all(works(2), 1, ledger, **pages)
        assert (told.anew, [graded.page for graded in told.graded]) == (anew, ["kept.html"] * 2)


def test_what_was_known_of_a_work_when_it_was_taken_in_is_told_as_it_is_today(ledger, quick):
    def known(note: str) -> list[Work]:
        return [replace(work, file=f"{note}.ipynb", notes=(note,)) for work in works(1)]

    for note, anew in (("late", 1), ("in time after all", 0)):
        told = batch.grade_all(known(note), 1, ledger)
        (graded,) = told.graded
        assert (told.anew, graded.notes, graded.file) == (anew, (note,), f"{note}.ipynb")


def test_one_work_needs_no_cluster(ledger, quick, monkeypatch):
    without_dask(monkeypatch)
    assert batch.grade_all(works(1), 1, ledger, jobs=8).anew == 1
    with pytest.raises(ModuleNotFoundError):
        batch.grade_all(works(3), 1, ledger, jobs=2)


def without_dask(monkeypatch) -> None:
    """As where it is not installed."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "workshop.classroom.grading.cluster", raising=False)
    monkeypatch.delattr(workshop.classroom.grading, "cluster", raising=False)


def test_a_worker_has_room_for_what_a_run_may_use():
    most = LIMITS.memory_bytes + 3 * LIMITS.scratch_bytes  # /tmp, the home, /dev/shm
    assert most < batch.WORKER_BYTES <= most + (1 << 30)


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
    def faulty(self, work):
        if work.student == "student 0":
            raise ZeroDivisionError
        return grade(work, self.seed, sandboxed())

    monkeypatch.setattr(How, "grade", faulty)
    told = batch.grade_all(works(2), 1, ledger)
    assert [graded.student for graded in told.graded] == ["student 1"]
    assert "try it again. ZeroDivisionError." in told.failed[0].refused
    book = book_of(Intake((), (), (), ()), told.graded, told.failed)
    commands.write_reports(tmp_path, book, told.anew, 1.0)
    assert "student 0,,,student 0,,\n" in (tmp_path / "canvas.csv").read_text()
    assert "student 0" in (tmp_path / "index.html").read_text()
    monkeypatch.undo()
    assert batch.grade_all(works(2), 1, ledger).anew == 1


def test_a_sandbox_that_is_gone_is_told_in_words(ledger, monkeypatch):
    def without(*_):
        raise WorkshopError("The sandbox is gone.")

    monkeypatch.setattr(How, "grade", without)
    with pytest.raises(WorkshopError, match="The sandbox is gone"):
        batch.grade_all(works(2), 1, ledger)
    on_a_worker = grading.failed(works(1)[0], WorkshopError("No bwrap."))
    assert on_a_worker.refused.endswith("again. No bwrap.")


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
    assert "1 file was refused; the reason is in" in said
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


def test_with_a_scheduler_this_machine_needs_no_sandbox(submissions, tmp_path, monkeypatch):
    def none():
        raise WorkshopError("There is no sandbox here.")

    monkeypatch.setattr(available, "require", none)
    line = [str(submissions), "--out", str(tmp_path / "out"), "--seed", "7", "--no-run"]
    with pytest.raises(WorkshopError, match="no sandbox here"):
        commands.main(line)
    with pytest.raises(WorkshopError, match="No Dask scheduler answers"):
        commands.main([*line, "--scheduler", "tcp://127.0.0.1:9"])


def test_without_dask_the_copy_at_hand_says_how_to_install_it(submissions, tmp_path, monkeypatch, capsys):
    without_dask(monkeypatch)
    line = [str(submissions), "--out", str(tmp_path / "out"), "--seed", "7", "--no-run", "--jobs", "2"]
    assert __main__.main(["grade", *line]) == 2
    said = capsys.readouterr().err
    assert "distributed is not installed, and `grade` needs it. Run" in said
    assert "-e '.[core,classroom" in said


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


def _kept(ledger: Path) -> tuple[Counter, set[str]]:
    """How often each key has begun, and those whose grade is written down."""
    with closing(sqlite3.connect(ledger)) as file:
        begun = Counter(key for (key,) in file.execute("SELECT key FROM begun"))
        return begun, {key for (key,) in file.execute("SELECT key FROM graded")}


@pytest.mark.hostile
def test_killed_at_any_moment_a_run_resumes_to_the_same_grades(submissions, tmp_path):
    """Kills fall on one process that grades, and on one with workers; no grade that was kept is made again."""
    for n in range(15):
        shutil.copytree(submissions / ("Ada", "Bob")[n % 2], submissions / f"Student {n}")

    def command(out: str, jobs: int, *more: str) -> list[str]:
        line = [sys.executable, "-m", "workshop", "grade", str(submissions), "--out", str(tmp_path / out)]
        return [*line, "--seed", "7", "--jobs", str(jobs), "--no-run", *more]

    subprocess.run(command("whole", 1), check=True, capture_output=True, cwd=ROOT)
    rng, kept, amid = random.Random(3), {}, 0
    for turn, jobs in enumerate((1, 1, 2, 1, 1)):
        line = command("broken", jobs, *["--resume"] * (turn > 0))
        grader = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT)
        assert any(line.startswith(b"1 of") for line in grader.stdout)
        time.sleep(rng.uniform(0, 0.15))
        grader.kill()
        grader.wait()
        begun, graded = _kept(tmp_path / "broken" / "grades.sqlite")
        kept |= {key: begun[key] for key in graded if key not in kept}
        amid += len(graded) < 18
    subprocess.run(command("broken", 1, "--resume"), check=True, capture_output=True, cwd=ROOT)
    assert amid >= 3, "hardly a kill fell while there was work to do"
    begun, graded = _kept(tmp_path / "broken" / "grades.sqlite")
    assert len(graded) == 18
    assert {key: begun[key] for key in kept} == kept, "a grade that was on the disk was made again"
    tables = [(tmp_path / run / "grades.csv").read_text() for run in ("whole", "broken")]
    assert tables[0] == tables[1]


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
    marks.write_text("student,exercise,points\nEwe,labels-bill,1\n")
    line = [str(submissions), "--out", str(tmp_path / "out"), "--seed", "7", "--jobs", "1", "--no-run"]
    with pytest.raises(WorkshopError, match=r"no student 'Ewe'\. Did you mean 'Eve'"):
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
