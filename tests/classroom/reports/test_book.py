"""The book of a class: everybody and every lesson that is due is in it, once, whatever became of it."""

from __future__ import annotations

import pytest

from workshop.classroom.accepting.intake import Intake, NotTaken, Submission
from workshop.classroom.accepting.manual import ManualMark
from workshop.classroom.answering.marking import Mark
from workshop.classroom.grading.work import Graded
from workshop.classroom.reports.book import book_of

LABELS, START = "06_label_quality", "00_start_here"
BILL = Mark("labels-bill", 3, 2.0, 6, 10, ("6 of 10 hidden inputs answered rightly.",))
HELLO = Mark("start-labels-needed", 1, 1.0, 10, 10, ())

pytestmark = pytest.mark.fast


def labels(student: str, **more) -> Graded:
    return Graded(student, LABELS, f"{student}.ipynb", (BILL,), **more)


def states(book, student):
    return {row.work.lesson: (row.state, row.earned) for row in book.rows_of[student]}


def test_every_student_has_a_row_for_every_lesson_that_anybody_handed_in():
    taken = Intake((), (), (), ("Ada", "Bob", "Di"))
    book = book_of(taken, [labels("Ada"), Graded("Bob", START, "b", (HELLO,))])
    assert book.points == {START: 1, LABELS: 3}
    assert states(book, "Ada") == {START: ("absent", None), LABELS: ("graded", 2.0)}
    assert states(book, "Di") == {START: ("absent", None), LABELS: ("absent", None)}
    assert [book.total(student) for student in ("Ada", "Bob", "Di")] == [(2.0, 4), (1.0, 4), (0, 4)]


def test_a_refused_file_earns_nothing_of_the_lesson_that_it_is_of():
    refused = NotTaken("Eve", LABELS, f"{LABELS}.ipynb", "It is not JSON.")
    book = book_of(Intake((), (refused,), (), ("Eve",)), [])
    (row,) = book.rows
    assert (row.state, row.earned, row.work.refused) == ("refused", 0, "It is not JSON.")
    assert book.total("Eve") == (0, 12)
    assert book.refused == ()


def test_a_refused_file_takes_no_points_from_another_that_counts():
    refused = [NotTaken("Ada", LABELS, f"{n}.ipynb", "It is a link.") for n in range(2)]
    book = book_of(Intake((), tuple(refused), (), ("Ada",)), [labels("Ada")])
    assert book.total("Ada") == (2.0, 3)
    assert book.refused == tuple(refused) == tuple(book.files_of("Ada"))


def test_a_file_of_no_lesson_or_of_nobody_is_kept_beside_the_rows():
    unknown = (NotTaken("Eve", "", "e.ipynb", "Which?"), NotTaken("", LABELS, f"{LABELS}.ipynb", "Whose?"))
    book = book_of(Intake((), unknown, (), ("Ada", "Eve")), [labels("Ada")])
    assert book.students == ("Ada", "Eve")
    assert book.refused == unknown
    assert states(book, "Eve") == {LABELS: ("absent", None)}


def test_what_the_grader_failed_at_is_counted_in_neither_sum():
    failed = labels("Ada", refused="The grader failed.")
    book = book_of(Intake((), (), (), ("Ada",)), [Graded("Ada", START, "a", (HELLO,))], [failed])
    assert states(book, "Ada")[LABELS] == ("failed", None)
    assert book.total("Ada") == (1.0, 1)


def test_a_work_that_was_refused_while_it_was_graded_says_so():
    (row,) = book_of(Intake((), (), (), ()), [labels("Ada", refused="It is not JSON.")]).rows
    assert row.state == "refused"


def test_when_it_came_is_read_from_what_was_handed_in():
    submission = Submission("Ada", LABELS, "a", b"", late="Handed in late.", several="2 notebooks.")
    book = book_of(Intake((submission,), (), (), ("Ada",)), [labels("Ada")])
    assert (book.rows[0].late, book.rows[0].several) == ("Handed in late.", "2 notebooks.")


def test_a_mark_by_hand_counts_for_what_was_refused_or_never_came():
    refused = NotTaken("Eve", LABELS, f"{LABELS}.ipynb", "It is not JSON.")
    marks = {(student, "labels-bill"): ManualMark(1.5) for student in ("Ada", "Di", "Eve")}
    book = book_of(Intake((), (refused,), (), ("Ada", "Di", "Eve", "Flo")), [labels("Ada")], marks=marks)
    earned = {student: states(book, student)[LABELS] for student in book.students}
    assert earned == {
        "Ada": ("graded", 1.5),
        "Di": ("refused", 1.5),
        "Eve": ("refused", 1.5),
        "Flo": ("absent", None),
    }
