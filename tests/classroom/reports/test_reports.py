"""Reports: whatever a student is called or did, each gets their own, and staff get the whole."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from workshop.classroom.accepting.intake import Intake, NotTaken, Submission
from workshop.classroom.answering.marking import Mark
from workshop.classroom.grading.work import Graded
from workshop.classroom.reports import student, summary, tables
from workshop.classroom.reports.book import book_of
from workshop.classroom.reports.folders import folder_name

LESSON = "06_label_quality"
FULL = Mark("labels-bill", 2, 2.0, 10, 10, ("10 of 10 hidden inputs answered rightly.",))
HALF = Mark(
    "labels-kappa",
    2,
    1.0,
    5,
    10,
    ("5 of 10 hidden inputs answered rightly.", "Hint: count the pairs."),
    hint=True,
)
NONE = Mark("labels-bill", 2, 0.0, 0, 0, ("Not graded.",))
ADA = Graded("Ada", LESSON, "ada.ipynb", (FULL, HALF), ("scenarios-in-words",), seconds={"answers": 2.0})
BOB = Graded("=Bob", LESSON, "=b.ipynb", (NONE,), refused="It is not JSON.", seconds={"answers": 1.0})
EVIL = Graded("<script>alert(1)</script>", LESSON, "<img src=x>", (FULL,), notes=("<b>&",))
GIVEN = Mark("scenarios-in-words", 4, 3.0, 0, 0, ("well argued",), by="hand")
BOTH = replace(ADA, marks=(FULL, HALF, GIVEN), manual=())
FAILED = Graded("Cy", LESSON, "c.ipynb", (NONE,), refused="The grader failed, not the work; resume the run.")
LATE = "Handed in late: 2026-11-26 00:00 UTC; it was due 2026-11-25 00:00 UTC."


def book(*works, failed=(), students=(), submissions=(), refused=(), set_aside=()):
    return book_of(
        Intake(tuple(submissions), tuple(refused), tuple(set_aside), tuple(students)), works, failed
    )


def page_of(tmp_path, name, made):
    return (student.write(tmp_path, name, made) / "report.html").read_text(encoding="utf-8")


def rows(path):
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def test_a_student_gets_points_notes_and_hints(tmp_path):
    folder = student.write(tmp_path, "Ada", book(BOTH))
    told = json.loads((folder / "report.json").read_text())
    assert (told["earned"], told["points"]) == (6.0, 8)
    assert told["lessons"][0]["marks"][1]["notes"][1] == "Hint: count the pairs."
    page = (folder / "report.html").read_text(encoding="utf-8")
    for words in ("6 of 8 points", "Hint: count the pairs.", "well argued", "3 of 4", "Marked by hand."):
        assert words in page
    assert "People will mark it." not in page
    assert "People will mark it." in page_of(tmp_path, "Ada", book(ADA))


def test_a_report_speaks_of_lessons_tasks_and_outcomes(tmp_path):
    page = page_of(tmp_path, "Ada", book(ADA))
    for words in ("Label quality and its price", "Check a claim about the bill", "Compute a bill under both"):
        assert words in page


def test_what_became_of_the_file_stands_above_the_marks(tmp_path):
    submission = Submission("Ada", LESSON, "ada.ipynb", b"", late=LATE, several="2 notebooks of this lesson.")
    page = page_of(tmp_path, "Ada", book(ADA, submissions=[submission]))
    assert page.index(LATE) < page.index("2 notebooks of this lesson.") < page.index("What was found")


def test_what_a_notebook_showed_is_linked_within_the_students_own_folder(tmp_path):
    name = student.page_name("Ada", LESSON, "0123456789abcdef")
    folder = student.write(tmp_path, "Ada", book(replace(ADA, ran="It ran.", page=name)))
    assert (tmp_path / name).parent == folder
    assert f'href="{Path(name).name}"' in (folder / "report.html").read_text()
    assert Path(name).name == f"{LESSON}-01234567.html"


def test_what_the_grader_failed_at_costs_the_student_nothing(tmp_path):
    folder = student.write(tmp_path, "Cy", book(ADA, failed=[FAILED]))
    page, told = (folder / "report.html").read_text(), json.loads((folder / "report.json").read_text())
    assert "Not graded yet, through no fault of yours" in page
    assert "The grader failed" not in page and "of 2" not in page
    assert (told["points"], told["lessons"][0]["earned"], told["lessons"][0]["state"]) == (0, None, "failed")


def test_a_student_of_whom_nothing_came_is_told(tmp_path):
    page = page_of(tmp_path, "Di", book(ADA, students=["Di"]))
    assert "0 of 4 points" in page and "Nothing of this lesson was taken in." in page
    assert "inputs that nobody had seen" not in page


def test_files_that_do_not_count_are_named(tmp_path):
    aside = NotTaken("Ada", LESSON, "old.ipynb", "ada.ipynb counts instead.")
    other = NotTaken("Ada", "", "x.zip", "It is not a zip.")
    page = page_of(tmp_path, "Ada", book(ADA, refused=[other], set_aside=[aside]))
    assert "old.ipynb: ada.ipynb counts instead." in page and "x.zip: It is not a zip." in page


def test_a_refusal_says_why(tmp_path):
    page = page_of(tmp_path, "=Bob", book(BOB))
    assert "Not graded: =b.ipynb." in page and "It is not JSON." in page
    assert "inputs that nobody had seen" not in page and "What was found" not in page


@pytest.mark.hostile
def test_pages_run_nothing_of_a_students(tmp_path):
    evil = EVIL.student
    submission = Submission(evil, LESSON, evil, b"", late=evil, several=evil)
    refused, aside = NotTaken("", evil, evil, evil), NotTaken(evil, evil, evil, evil)
    made = book(
        EVIL, submissions=[submission], refused=[refused, replace(refused, student=evil)], set_aside=[aside]
    )
    page = page_of(tmp_path, evil, made)
    whole = summary.write(tmp_path, made).read_text()
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
    folder = student.write(tmp_path, name, book(replace(ADA, student=name)))
    assert folder.parent == tmp_path / "students"
    assert (folder / "report.json").is_file()


def test_folders_of_different_names_differ():
    names = ["a b", "a_b", "a/b", "a?b", "Zoë", "Zoe", "", "student"]
    assert len({folder_name(name) for name in names}) == len(names)
    assert folder_name("ada.lovelace-2") == "ada.lovelace-2"
    assert folder_name(folder_name("a b")) != folder_name("a b")  # a name chosen to take another's place


def test_tables_hold_every_mark_and_lms_columns(tmp_path):
    tables.write(tmp_path, book(BOTH, BOB))
    grades = rows(tmp_path / "grades.csv")
    assert grades[0][:5] == ["student", "lesson", "exercise", "points", "earned"]
    assert [row[2:5] for row in grades[1:]] == [
        ["labels-bill", "2", "0.0"],
        ["labels-bill", "2", "2.0"],
        ["labels-kappa", "2", "1.0"],
        ["scenarios-in-words", "4", "3.0"],
    ]
    assert grades[1][-2:] == ["'=b.ipynb", "It is not JSON."]
    assert grades[4][-1] == "well argued"
    assert rows(tmp_path / "canvas.csv") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "06_label_quality"],
        ["    Points Possible", "", "", "", "", "8"],
        ["'=Bob", "", "", "'=Bob", "", "0.0"],
        ["Ada", "", "", "Ada", "", "6.0"],
    ]
    assert rows(tmp_path / "moodle.csv")[1:] == [["'=Bob", "0.0"], ["Ada", "6.0"]]


def test_nobody_is_left_out_of_a_table_and_nobody_gets_a_zero_that_is_none(tmp_path):
    late = Submission("Ada", LESSON, "ada.ipynb", b"", late=LATE)
    stray = NotTaken("", "", "=stray.txt", "Whose is it?")
    made = book(ADA, BOB, failed=[FAILED], students=["Di"], submissions=[late], refused=[stray])
    tables.write(tmp_path, made)
    assert rows(tmp_path / "moodle.csv") == [
        ["Username", LESSON],
        ["'=Bob", "0.0"],
        ["Ada", "3.0"],
        ["Cy", ""],
        ["Di", ""],
    ]
    assert [row[-1] for row in rows(tmp_path / "canvas.csv")] == [LESSON, "8", "0.0", "3.0", "", ""]
    grades = {row[0]: row for row in rows(tmp_path / "grades.csv")}
    assert grades["student"][-3:] == ["late", "file", "note"]
    assert grades["Ada"][-3:-1] == ["late", "ada.ipynb"]
    assert grades["Cy"][1:] == [LESSON, *[""] * 7, "c.ipynb", FAILED.refused]
    assert grades["Di"][1:] == [LESSON, *[""] * 7, "", "Nothing of this lesson was taken in."]
    assert grades[""][1:] == [*[""] * 8, "'=stray.txt", "Whose is it?"]
    assert {len(row) for row in grades.values()} == {11}


def test_junit_counts_what_is_not_fully_right(tmp_path):
    stray = NotTaken("", "", "stray.txt", "Whose is it?")
    tables.write(tmp_path, book(ADA, BOB, EVIL, failed=[FAILED], students=["Di"], refused=[stray]))
    suites = ElementTree.parse(tmp_path / "junit.xml").getroot().findall("testsuite")
    counts = [[suite.get(name) for name in ("tests", "failures", "errors", "skipped")] for suite in suites]
    assert counts == [list(each) for each in ("1000", "1100", "2100", "1010", "1001", "1100")]
    assert suites[1].find("testcase/failure").get("message") == "It is not JSON."
    assert suites[3].find("testcase/error").get("message") == FAILED.refused
    assert suites[4].find("testcase/skipped").get("message") == "Nothing of this lesson was taken in."
    assert suites[5].find("testcase").get("name") == "stray.txt"


def test_the_summary_counts_students_exercises_and_seconds(tmp_path):
    page = summary.write(tmp_path, book(ADA, BOB), anew=1, wall_seconds=60).read_text()
    for words in (
        "2 students",
        "graded 1 of them in 60 s (1.0 a minute)",
        "1 × Hint: count the pairs.",
        "3.0 s",
    ):
        assert words in page
    for words in ("=b.ipynb: It is not JSON.", "Label quality and its price", 'href="grades.csv"'):
        assert words in page
    assert "a minute" not in summary.write(tmp_path, book(ADA)).read_text()
    assert summary.seconds_by_stage([ADA, BOB]) == {"answers": 3.0}


def test_shares_are_of_what_is_due_not_of_what_came(tmp_path):
    other = Graded("Eve", "00_start_here", "e", (Mark("start-labels-needed", 4, 4.0, 10, 10, ()),))
    bins = dict(summary._distribution(book(ADA, other)))
    assert (bins["30 to 40 %"], bins["50 to 60 %"], sum(bins.values())) == (
        1,
        1,
        2,
    )  # of 8 points each: 3 and 4


def test_staff_see_who_is_late_who_handed_in_twice_and_who_is_missing(tmp_path):
    submission = Submission("Ada", LESSON, "ada.ipynb", b"", late=LATE, several="2 notebooks of this lesson.")
    stray = NotTaken("", "", "stray.txt", "Whose is it?")
    made = book(ADA, students=["Di", "Ed"], submissions=[submission], refused=[stray])
    page = summary.write(tmp_path, made).read_text()
    for words in (
        f"Ada, ada.ipynb: {LATE}",
        "Ada: 2 notebooks of this lesson.",
        "Label quality and its price: Di, Ed",
        "Nobody of the roster, stray.txt: Whose is it?",
        "3, late",
    ):
        assert words in page
    plain = summary.write(tmp_path, book(ADA)).read_text()
    assert not any(f"<h2>{title}" in plain for title in ("Late", "More than once", "Missing", "Not graded"))


def test_a_comment_by_hand_and_a_refusal_are_no_usual_mistakes():
    by_hand = replace(HALF, by="hand", notes=("Nearly.",))
    (row,) = summary._exercises(book(replace(ADA, marks=(by_hand,)), BOB))
    assert (row["exercise"], row["of"], row["notes"]) == ("labels-kappa", 1, [])
