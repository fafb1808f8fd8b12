"""The command around the grader: what it says, where pages go, and what it says where nothing can be written."""

from __future__ import annotations

import csv
import errno
import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from workshop.classroom.answering.marking import Mark
from workshop.classroom.grading import commands
from workshop.classroom.grading.batch import Batch
from workshop.classroom.grading.grade import version
from workshop.classroom.grading.work import Graded
from workshop.classroom.reports import tables
from workshop.classroom.sandbox import available
from workshop.errors import WorkshopError

ROOT = Path(__file__).resolve().parents[3]
LESSON = "06_label_quality"


@pytest.fixture
def submissions(tmp_path):
    folder = tmp_path / "handed in"
    for name in ("Ada", "Bob"):
        (folder / name).mkdir(parents=True)
        (folder / name / f"{LESSON}.ipynb").write_bytes((ROOT / "notebooks" / f"{LESSON}.ipynb").read_bytes())
    (folder / "Eve").mkdir()
    (folder / "Eve" / f"{LESSON}.ipynb").write_bytes(b"{")
    return folder


@pytest.fixture
def grade(submissions, tmp_path, monkeypatch):
    """The command with ``more`` on its line, over a grader that gives everybody two of three points.

    ``before``: students who were graded in an earlier run.
    """

    def run(*more: str, before: tuple[str, ...] = (), failing: tuple[str, ...] = ()) -> int:
        def grade_all(works, seed, ledger, *, on_page, on_done, **_):
            graded, failed = [], []
            for work in works:
                page = on_page(work.key(seed, version(), run=False), "<p>") if not failing else ""
                mark = Mark("labels-bill", 3, 2.0, 6, 10, ("6 of 10 hidden inputs answered rightly.",))
                one = Graded(work.student, LESSON, work.file, (mark,), ran="It ran.", page=page)
                one = Graded(**{**vars(one), "seconds": {"answers": 1.0 if work.student in before else 2.0}})
                (failed if work.student in failing else graded).append(one)
                if work.student not in before:
                    on_done(len(graded) + len(failed), len(works), one)
            return Batch(tuple(graded), tuple(failed), len(works) - len(before) - len(failed))

        monkeypatch.setattr(available, "require", lambda: None)
        monkeypatch.setattr(commands, "grade_all", grade_all)
        line = [str(submissions), "--out", str(tmp_path / "out"), "--seed", "7", "--jobs", "1", "--no-run"]
        return commands.main([*line, *more])

    return run


def told(tmp_path, student):
    return json.loads((tmp_path / "out" / "students" / student / "report.json").read_text())


def test_a_page_lies_beside_the_report_that_links_to_it(grade, tmp_path):
    assert grade() == 0
    folder = tmp_path / "out" / "students" / "Ada"
    (page,) = folder.glob(f"{LESSON}-*.html")
    assert f'href="{page.name}"' in (folder / "report.html").read_text()
    assert not (tmp_path / "out" / "pages").exists()


def test_only_what_this_run_graded_counts_for_its_seconds(grade, tmp_path, capsys):
    grade(before=("Ada",))
    assert (
        "2 submissions graded, 1 of them now, in 0 s (all workers together: answers 2 s)."
        in capsys.readouterr().out
    )
    assert "The last run graded 1 of them" in (tmp_path / "out" / "index.html").read_text()
    grade("--resume", before=("Ada", "Bob"))
    assert "2 submissions graded, 0 of them now.\n" in capsys.readouterr().out
    assert "The last run" not in (tmp_path / "out" / "index.html").read_text()


def test_who_failed_is_told_and_gets_no_zero(grade, tmp_path, capsys):
    assert grade(failing=("Bob",)) == 1
    assert "1 submission graded, 1 of them now" in capsys.readouterr().out
    assert (told(tmp_path, "Bob")["earned"], told(tmp_path, "Bob")["points"]) == (0, 0)


def test_a_roster_is_everybody_and_names_who_is_late(grade, tmp_path, capsys):
    roster = tmp_path / "roster.csv"
    roster.write_text("student,file,late\nAda,Ada,yes\nBob,Bob,\nEve,Eve,\nDi,Di,\n")
    grade("--roster", str(roster))
    said = capsys.readouterr().out
    assert "Nothing came from: Di." in said and "1 file was refused; the reason is in" in said
    assert told(tmp_path, "Ada")["lessons"][0]["late"] == "Handed in late."
    assert told(tmp_path, "Di")["lessons"][0]["state"] == "absent"
    rows = list(csv.reader((tmp_path / "out" / "moodle.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert rows[1:] == [["Ada", "2.0"], ["Bob", "2.0"], ["Di", ""], ["Eve", "0.0"]]


def test_marks_by_hand_reach_the_refused_and_the_absent(grade, tmp_path):
    roster, marks = tmp_path / "roster.csv", tmp_path / "marks.csv"
    roster.write_text("student,file\nAda,Ada\nBob,Bob\nEve,Eve\nDi,Di\n")
    marks.write_text("student,exercise,points\nEve,labels-bill,1\nDi,labels-bill,3\nAda,labels-bill,0.5\n")
    grade("--roster", str(roster), "--marks", str(marks))
    assert [told(tmp_path, name)["earned"] for name in ("Ada", "Bob", "Di", "Eve")] == [0.5, 2.0, 3.0, 1.0]


def test_a_full_disk_is_told_in_a_sentence(grade, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tables, "write", full)
    with pytest.raises(
        WorkshopError, match=r"could be written into .*out \(No space left on device\)\. What had been"
    ):
        grade()


def test_a_page_that_cannot_be_written_is_told_in_a_sentence(grade, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "students").write_text("in the way")
    with pytest.raises(WorkshopError, match="Not everything could be written into"):
        grade()


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_graded(grade, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(WorkshopError, match=r"Nothing can be written into .*; give --out another folder"):
        grade()


@pytest.mark.parametrize(
    ("cores", "gigabytes", "runs", "jobs"),
    [(8, 25, True, 4), (8, 25, False, 8), (2, 64, True, 2), (8, 1, True, 1)],
)
def test_as_many_workers_as_cores_and_memory_allow(monkeypatch, cores, gigabytes, runs, jobs):
    memory = SimpleNamespace(available=gigabytes << 30)
    monkeypatch.setattr(commands.psutil, "virtual_memory", lambda: memory)
    monkeypatch.setattr(commands.os, "cpu_count", lambda: cores)
    assert commands.usual_jobs(runs=runs) == jobs
