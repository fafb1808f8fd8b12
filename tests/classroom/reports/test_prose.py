"""What is written in words reaches the people who mark it, and their marks the student."""

from __future__ import annotations

import csv
import io

import nbformat
import pytest

from workshop.classroom.accepting.intake import Intake, NotTaken, Submission
from workshop.classroom.accepting.manual import ManualMark, read_marks
from workshop.classroom.accepting.prose import MOST, prose
from workshop.classroom.editions.release import PROSE_STUB
from workshop.classroom.grading.grade import of_lesson
from workshop.classroom.grading.work import Graded
from workshop.classroom.reports import student, summary, tables
from workshop.classroom.reports.book import book_of
from workshop.exercises import find

LESSON, ID = "01_transfer_scenarios", "scenarios-in-words"
WORDS = "=It is inductive;\n<b>two</b> objects differ."

pytestmark = pytest.mark.fast


def submission(name: str, *texts: str, lesson: str = LESSON) -> Submission:
    cells = [nbformat.v4.new_markdown_cell(text, metadata={"nbgrader": {"grade_id": ID}}) for text in texts]
    return Submission(
        name, lesson, f"{name}.ipynb", nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()
    )


def graded(name: str) -> Graded:
    manual = tuple(each.id for each in of_lesson(LESSON) if each.manual)
    assert manual == (ID,)
    return Graded(name, LESSON, f"{name}.ipynb", manual=manual)


def a_class(marks=None):
    handed_in = submission("Ada", WORDS), submission("Bob", PROSE_STUB), submission("Cy")
    names = tuple(each.student for each in handed_in)
    return book_of(Intake(handed_in, (), (), names), map(graded, names), marks=marks)


def test_the_first_cell_of_that_id_counts_and_what_was_handed_out_does_not():
    assert prose(submission("Ada", WORDS, "later")) == {ID: WORDS}
    assert (
        prose(submission("Ada", f" {PROSE_STUB}\n"))
        == prose(submission("Ada", ""))
        == prose(submission("Ada"))
        == {}
    )
    assert prose(submission("Ada", WORDS, lesson="06_label_quality")) == {}
    assert prose(submission("Ada", "x" * (MOST + 1)))[ID] == f"{'x' * MOST} [...]"


def test_what_waits_for_people_is_one_table_that_they_hand_back(tmp_path):
    tables.write(tmp_path, a_class())
    path = tmp_path / "to_mark.csv"
    header, *lines = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    assert header == ["student", "exercise", "points", "comment", "of", "text"]
    assert lines == [["Ada", ID, "", "", str(find(ID).points), f"'{WORDS}"]]
    assert read_marks(path) == {}  # nobody has come to it yet
    filled = path.read_text(encoding="utf-8-sig").replace(f"Ada,{ID},,", f"Ada,{ID},3,which two?")
    path.write_text(filled, encoding="utf-8")
    assert read_marks(path, ["Ada", "Bob", "Cy"], [LESSON]) == {("Ada", ID): ManualMark(3.0, "which two?")}
    index = summary.write(tmp_path, a_class()).read_text(encoding="utf-8")
    assert "1 answer in words" in index and "--resume --marks to_mark.csv" in index


def test_what_is_open_is_in_the_grades_without_a_number(tmp_path):
    tables.write(tmp_path, a_class())
    lines = csv.reader(io.StringIO((tmp_path / "grades.csv").read_text(encoding="utf-8-sig")))
    told = {line[0]: line for line in lines if line[2] == ID}
    assert told["Ada"][3:] == ["4", "", "", "", "", "", "Ada.ipynb", "People will mark it."]
    assert told["Bob"][3:5] == ["4", "0.0"] and len(told["Ada"]) == len(told["Bob"]) == 11


def test_silence_earns_nothing_and_words_wait(tmp_path):
    book = a_class()
    ada, bob, cy = (book.rows_of[name][0] for name in ("Ada", "Bob", "Cy"))
    assert ada.to_mark == [ID] and not ada.work.marks
    for silent in (bob, cy):
        assert silent.to_mark == [] and silent.work.marks[0].notes == ("Nothing was written.",)
    page = (student.write(tmp_path, "Ada", book) / "report.html").read_text(encoding="utf-8")
    assert "People will mark it." in page and "&lt;b&gt;two&lt;/b&gt; objects" in page


def test_of_what_was_refused_nobody_marks_anything(tmp_path):
    refused = NotTaken("Eve", LESSON, "eve.ipynb", "It is not JSON.")
    book = book_of(Intake((), (refused,), (), ("Eve",)), [])
    page = (student.write(tmp_path, "Eve", book) / "report.html").read_text(encoding="utf-8")
    assert "It is not JSON." in page and "People will mark it." not in page
    assert not book.rows[0].to_mark


def test_a_mark_by_hand_takes_its_place_with_the_words_beside_it(tmp_path):
    book = a_class({("Ada", ID): ManualMark(3.0, "which two?"), ("Bob", ID): ManualMark(1.0, "orally")})
    assert book.total("Ada") == (3.0, 4) and book.total("Bob") == (1.0, 4) and book.total("Cy") == (0.0, 4)
    assert not any(row.to_mark for row in book.rows)
    page = (student.write(tmp_path, "Ada", book) / "report.html").read_text(encoding="utf-8")
    assert "which two?" in page and "It is inductive" in page and "People will mark it." not in page
    assert "To be marked by people" not in summary.write(tmp_path, book).read_text(encoding="utf-8")
