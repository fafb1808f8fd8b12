"""Reports: whatever a student is called or did, each gets their own, and staff get the whole."""

from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree

import pytest

from workshop import exercises
from workshop.classroom.answering.marking import Mark
from workshop.classroom.grading.work import Graded
from workshop.classroom.reports import hand_marks, student, summary, tables
from workshop.classroom.reports.folders import folder_name
from workshop.classroom.reports.hand_marks import HandMark
from workshop.errors import WorkshopError
from workshop.exercises.record import Exercise

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
GIVEN = HandMark("Ada", "prose", 3.0, 4.0, "well argued")


def rows(path):
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def test_a_student_gets_points_notes_and_hints(tmp_path):
    folder = student.write(tmp_path, "Ada", [ADA], [GIVEN])
    told = json.loads((folder / "report.json").read_text())
    assert (told["earned"], told["points"]) == (6.0, 8.0)
    assert told["lessons"][0]["marks"][1]["notes"][1] == "Hint: count the pairs."
    page = (folder / "report.html").read_text(encoding="utf-8")
    for words in ("6.0 of 8.0 points", "Hint: count the pairs.", "well argued", "3.0 of 4.0"):
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


def test_tables_hold_every_mark_and_lms_columns(tmp_path):
    tables.write(tmp_path, [ADA, BOB], [GIVEN])
    grades = rows(tmp_path / "grades.csv")
    assert grades[0][:5] == ["student", "lesson", "exercise", "points", "earned"]
    assert [row[2:5] for row in grades[1:]] == [
        ["labels-bill", "2", "2.0"],
        ["labels-kappa", "2", "1.0"],
        ["labels-bill", "2", "0.0"],
        ["prose", "4.0", "3.0"],
    ]
    assert rows(tmp_path / "canvas.csv") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "06_label_quality"],
        ["    Points Possible", "", "", "", "", "8.0"],
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


# ---- marks by hand -------------------------------------------------------------------------------------


@pytest.fixture
def prose(monkeypatch):
    exercise = Exercise("own-words", "06", "f", 4, "o", lambda rng: {}, (), manual=True)
    monkeypatch.setitem(exercises.EXERCISES, "own-words", exercise)


def read(tmp_path, text):
    path = tmp_path / "marks.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return hand_marks.read(path)


def test_marks_by_hand_are_read(tmp_path, prose):
    text = '\ufeffstudent,exercise,points,comment\nAda,own-words,3.5,"good, but"\nBob,own-words,0,\n'
    assert read(tmp_path, text) == [
        HandMark("Ada", "own-words", 3.5, 4, "good, but"),
        HandMark("Bob", "own-words", 0, 4, ""),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("Ada,own-word,3,", "line 2: There is no exercise 'own-word'. Did you mean 'own-words'"),
        ("Ada,labels-bill,1,", "line 2: labels-bill is marked by the machine"),
        ("Ada,own-words,three,", "line 2: 'three' is no number of points"),
        ("Ada,own-words,5,", "line 2: 5 points for own-words, which has 0 to 4"),
        ("Ada,own-words,nan,", "line 2: nan points"),
        (",own-words,5,", "line 2: nothing stands under 'student'"),
        ("Ada,own-words,1,\nAda,own-words,2,", "line 3: Ada has a mark for own-words already"),
    ],
)
def test_a_faulty_mark_names_its_line(tmp_path, prose, line, says):
    with pytest.raises(WorkshopError, match=says):
        read(tmp_path, f"student,exercise,points,comment\n{line}\n")


def test_what_is_no_csv_is_told(tmp_path):
    with pytest.raises(WorkshopError, match="cannot be read as a CSV"):
        read(tmp_path, b"student,exercise\n\xff\xfe")
    with pytest.raises(WorkshopError, match="cannot be read as a CSV"):
        hand_marks.read(tmp_path / "nowhere.csv")
