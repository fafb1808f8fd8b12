"""Grades are written down once, at once, and survive the death of the grader."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workshop.classroom.answering.marking import Mark
from workshop.classroom.grading.ledger import Ledger
from workshop.classroom.grading.work import Graded, Work
from workshop.errors import WorkshopError

MARK = Mark("labels-bill", 2.0, 1.5, 3, 4, ("3 of 4 hidden inputs answered rightly.",), hint=False)
GRADED = Graded(
    "Ada", "06_label_quality", "ada.ipynb", (MARK,), ("prose",), ("late",), seconds={"answers": 1.0}
)


def test_a_grade_comes_back_as_it_was_kept(tmp_path):
    ledger = Ledger(tmp_path / "grades.sqlite", 1, "v")
    assert not ledger.has("k")
    ledger.begin("k")
    ledger.keep("k", GRADED)
    assert ledger.has("k")
    assert ledger.times_begun("k") == 1
    assert (ledger.of("other"), ledger.of("k")) == (None, GRADED)
    assert (GRADED.earned, GRADED.points) == (1.5, 2.0)
    assert Graded.from_plain(json.loads(json.dumps(GRADED.plain()))) == GRADED


def test_nothing_is_kept_twice(tmp_path):
    ledger = Ledger(tmp_path / "grades.sqlite", 1, "v")
    ledger.keep("k", GRADED)
    with pytest.raises(WorkshopError, match="Ada's 06_label_quality has been graded in this run already"):
        ledger.keep("k", GRADED)
    assert ledger.of("k") == GRADED


def test_a_key_names_student_lesson_work_seed_version_and_whether_it_is_run():
    work = Work("Ada", "06", "f", b"{}")
    others = [
        Work("Bob", "06", "f", b"{}").key(1, "v", run=True),
        Work("Ada", "05", "f", b"{}").key(1, "v", run=True),
        Work("Ada", "06", "f", b"{ }").key(1, "v", run=True),
        work.key(2, "v", run=True),
        work.key(1, "w", run=True),
        work.key(1, "v", run=False),
    ]
    mine = work.key(1, "v", run=True)
    assert len({mine, *others}) == 7
    assert mine == Work("Ada", "06", "elsewhere", b"{}", ("late",)).key(1, "v", run=True)


@pytest.mark.parametrize(
    ("seed", "version", "resume", "says"),
    [
        (1, "v", False, "holds the grades of a run. Go on with it"),
        (2, "v", True, "with another seed than 2"),
        (1, "w", True, "exercises have changed"),
    ],
)
def test_a_run_is_never_mixed_with_another(tmp_path, seed, version, resume, says):
    path = tmp_path / "grades.sqlite"
    ledger = Ledger(path, 1, "v")
    ledger.begin("k")
    ledger.close()
    with pytest.raises(WorkshopError, match=says):
        Ledger(path, seed, version, resume=resume)
    Ledger(path, 1, "v", resume=True).close()


def test_a_file_that_is_no_ledger_is_left_alone(tmp_path):
    path = tmp_path / "grades.sqlite"
    path.write_text("not a database, but somebody's notes; long enough to be looked at as one" * 20)
    before = path.read_bytes()
    with pytest.raises(WorkshopError, match="is not a file of grades"):
        Ledger(path, 1, "v", resume=True)
    assert path.read_bytes() == before


class FullDisk:
    """A connection whose writes fail, as they do when there is no room."""

    def execute(self, *_):
        raise sqlite3.OperationalError("database or disk is full")


def test_a_disk_that_is_full_is_told_in_words(tmp_path):
    ledger = Ledger(tmp_path / "grades.sqlite", 1, "v")
    ledger._file = FullDisk()
    full = r"grades\.sqlite cannot be written \(database or disk is full\).*go on with --resume"
    with pytest.raises(WorkshopError, match=full):
        ledger.begin("k")
    with pytest.raises(WorkshopError, match=full):
        ledger.keep("k", GRADED)


def test_another_grader_at_the_same_run_is_told_in_words(tmp_path, monkeypatch):
    path, connect = tmp_path / "grades.sqlite", sqlite3.connect
    Ledger(path, 1, "v").close()
    other = connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **more: connect(*a, **more, timeout=0.1))
    with pytest.raises(WorkshopError, match=r"cannot be written \(database is locked\)"):
        Ledger(path, 1, "v")


WRITER = """
import sys, time
from pathlib import Path
from workshop.classroom.grading.ledger import Ledger
from workshop.classroom.grading.work import Graded
ledger = Ledger(Path(sys.argv[1]), 1, "v", resume=True)
for n in range(int(sys.argv[2])):
    if not ledger.has(str(n)):
        ledger.begin(str(n))
        ledger.keep(str(n), Graded(f"student {n:03}", "lesson", "file", notes=("x" * 5000,)))
        print(n, flush=True)
        time.sleep(0.01)
"""


@pytest.mark.hostile
def test_a_grader_killed_at_any_moment_loses_nothing_and_repeats_nothing_kept(tmp_path):
    path, rng, said, killed = tmp_path / "grades.sqlite", random.Random(0), [], 0
    for _ in range(40):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path), "60"], stdout=subprocess.PIPE)
        first = writer.stdout.readline()
        time.sleep(rng.uniform(0, 0.1))
        writer.send_signal(signal.SIGKILL)
        said += [int(n) for n in (first + writer.stdout.read()).split()]
        killed += writer.wait() == -signal.SIGKILL
        if not first:
            break
    subprocess.run([sys.executable, "-c", WRITER, str(path), "60"], check=True, stdout=subprocess.DEVNULL)
    ledger = Ledger(path, 1, "v", resume=True)
    assert [ledger.of(str(n)).student for n in range(60)] == [f"student {n:03}" for n in range(60)]
    assert len(said) == len(set(said)), "a grade that was on the disk was made again"
    assert killed >= 3


def test_the_file_is_where_it_was_asked_for(tmp_path):
    Ledger(tmp_path / "x.sqlite", 1, "v").close()
    assert [p.name for p in Path(tmp_path).iterdir()] == ["x.sqlite"]


def test_a_run_that_came_to_nothing_is_in_nobodys_way(tmp_path):
    path = tmp_path / "grades.sqlite"
    Ledger(path, 1, "v").close()
    Ledger(path, 2, "w").close()
    ledger = Ledger(path, 3, "w", resume=True)
    ledger.begin("k")
    ledger.close()
    with pytest.raises(WorkshopError, match="another seed than 2"):
        Ledger(path, 2, "w", resume=True)
