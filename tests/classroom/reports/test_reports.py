"""Reports: whatever a student is called or did, each gets their own, and staff get the whole."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from workshop.classroom.answering.marking import Mark
from workshop.classroom.grading.work import Graded
from workshop.classroom.reports import student, summary, tables
from workshop.classroom.reports.folders import folder_name

FULL = Mark("labels-bill", 2, 2.0, 10, 10, ("10 of 10 hidden inputs agree.",))
HALF = Mark(
    "labels-kappa", 2, 1.0, 5, 10, ("5 of 10 hidden inputs agree.", "Hint: count the pairs."), hint=True
)
NONE = Mark("labels-bill", 2, 0.0, 0, 0, ("Not graded.",))
ADA = Graded("Ada", "06_label_quality", "ada.ipynb", (FULL, HALF), ("prose",), seconds={"answers": 2.0})
BOB = Graded(
    "=Bob", "06_label_quality", "b.ipynb", (NONE,), refused="It is not JSON.", seconds={"answers": 1.0}
)
EVIL = Graded("<script>alert(1)</script>", "06_label_quality", "<img src=x>", (FULL,), notes=("<b>&",))
GIVEN = Mark("prose", 4, 3.0, 0, 0, ("well argued",), by="hand")
BOTH = replace(ADA, marks=(FULL, HALF, GIVEN), manual=())


def rows(path):
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def test_a_student_gets_points_notes_and_hints(tmp_path):
    folder = student.write(tmp_path, "Ada", [BOTH])
    told = json.loads((folder / "report.json").read_text())
    assert (told["earned"], told["points"]) == (6.0, 8)
    assert told["lessons"][0]["marks"][1]["notes"][1] == "Hint: count the pairs."
    page = (folder / "report.html").read_text(encoding="utf-8")
    for words in ("6 of 8 points", "Hint: count the pairs.", "well argued", "3 of 4", "marked by hand"):
        assert words in page
    assert "Marked by hand, later" not in page
    assert "Marked by hand, later" in (student.write(tmp_path, "Ada", [ADA]) / "report.html").read_text()


def test_a_refusal_says_why(tmp_path):
    page = (student.write(tmp_path, "=Bob", [BOB]) / "report.html").read_text()
    assert "Not graded: It is not JSON." in page


@pytest.mark.hostile
def test_pages_run_nothing_of_a_students(tmp_path):
    page = (student.write(tmp_path, EVIL.student, [EVIL]) / "report.html").read_text()
    whole = summary.write(tmp_path, [EVIL]).read_text()
    for text in (page, whole):
        assert "<script" not in text
        assert "<img" not in text
        assert "default-src 'none'" in text
    assert "&lt;script&gt;" in page


@pytest.mark.hostile
@pytest.mark.parametrize(
    "name", ["../../etc", "", ".", "..", "a/b", "x" * 300, "CON?", "\ud800", "a\0b", "Zoë "]
)
def test_a_folder_stays_where_it_should(tmp_path, name):
    folder = student.write(tmp_path, name, [ADA])
    assert folder.parent == tmp_path / "students"
    assert (folder / "report.json").is_file()


def test_folders_of_different_names_differ():
    names = ["a b", "a_b", "a/b", "a?b", "Zoë", "Zoe", "", "student"]
    assert len({folder_name(name) for name in names}) == len(names)
    assert folder_name("ada.lovelace-2") == "ada.lovelace-2"
    assert folder_name(folder_name("a b")) != folder_name("a b")  # a name chosen to take another's place


def test_tables_hold_every_mark_and_lms_columns(tmp_path):
    tables.write(tmp_path, [BOTH, BOB])
    grades = rows(tmp_path / "grades.csv")
    assert grades[0][:5] == ["student", "lesson", "exercise", "points", "earned"]
    assert [row[2:5] for row in grades[1:]] == [
        ["labels-bill", "2", "2.0"],
        ["labels-kappa", "2", "1.0"],
        ["prose", "4", "3.0"],
        ["labels-bill", "2", "0.0"],
    ]
    assert rows(tmp_path / "canvas.csv") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "06_label_quality"],
        ["    Points Possible", "", "", "", "", "8"],
        ["'=Bob", "", "", "'=Bob", "", "0.0"],
        ["Ada", "", "", "Ada", "", "6.0"],
    ]
    assert rows(tmp_path / "moodle.csv")[1:] == [["'=Bob", "0.0"], ["Ada", "6.0"]]


def test_junit_counts_what_is_not_fully_right(tmp_path):
    tables.write(tmp_path, [ADA, BOB, EVIL])
    suites = ElementTree.parse(tmp_path / "junit.xml").getroot().findall("testsuite")
    assert [(suite.get("tests"), suite.get("failures")) for suite in suites] == [
        ("2", "1"),
        ("1", "1"),
        ("1", "0"),
    ]
    assert suites[1].find("testcase/failure").get("message") == "It is not JSON."


def test_the_summary_counts_students_exercises_and_seconds(tmp_path):
    page = summary.write(tmp_path, [ADA, BOB], wall_seconds=60).read_text()
    for words in ("2 students", "2.0 a minute", "1 × Hint: count the pairs.", "It is not JSON.", "3.0 s"):
        assert words in page
    assert summary.seconds_by_stage([ADA, BOB]) == {"answers": 3.0}
    bins = dict(summary._distribution([ADA, BOB]))
    assert (bins["0 to 10 %"], bins["70 to 80 %"], sum(bins.values())) == (1, 1, 2)
