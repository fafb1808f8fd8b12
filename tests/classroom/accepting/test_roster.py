"""The roster and the marks of staff: what they say, and what is said about a slip of the pen."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from workshop.classroom.accepting.manual import ManualMark, read_marks
from workshop.classroom.accepting.notebooks import Refused
from workshop.classroom.accepting.roster import Roster
from workshop.errors import WorkshopError

pytestmark = pytest.mark.fast


@pytest.fixture
def table(tmp_path):
    def write(content: str | bytes):
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_every_column(table):
    roster = Roster.read(
        table(
            "\ufeffStudent, file ,due,submitted,late\r\n"
            '"Lovelace, Ada",ada.zip,2026-11-25 18:00,2026-11-25T19:30+02:00,\r\n'
            "\r\n"
            "=cmd|' /C calc'!A0,b*,2026-11-25,2026-11-26,\r\n"
            "Bob,bob,2026-11-25,2026-11-26,no\r\n"
            "Cy,cy,,,YES\r\n"
        )
    )
    ada, formula, bob, cy = roster.lines
    assert roster.students == ("Lovelace, Ada", "=cmd|' /C calc'!A0", "Bob", "Cy")
    assert ada.submitted == datetime(2026, 11, 25, 17, 30, tzinfo=UTC)
    assert [line.number for line in roster.lines] == [2, 4, 5, 6]
    assert [line.late for line in roster.lines] == [False, True, False, True]
    assert formula.lateness() == "Handed in late: 2026-11-26 00:00 UTC; it was due 2026-11-25 00:00 UTC."
    assert (ada.lateness(), bob.lateness(), cy.lateness()) == ("", "", "Handed in late.")


def test_a_time_without_a_zone_is_the_same_everywhere(table, monkeypatch):
    path = table("student,file,due,submitted\nada,a,2026-11-25 18:00,2026-11-25 18:30+00:00\n")
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        (ada,) = Roster.read(path).lines
    finally:
        monkeypatch.undo()
        time.tzset()
    assert ada.late and ada.due == datetime(2026, 11, 25, 18, tzinfo=UTC)


def test_semicolons_and_accents_of_two_spellings(table):
    roster = Roster.read(table("student;file\nZoe\u0308;zoe\u0308\n"))
    assert roster.students == ("Zo\u00eb",)
    assert roster.line_of("zo\u00eb/a.ipynb").student == "Zo\u00eb"


def test_the_line_that_names_a_file_best_counts(table):
    roster = Roster.read(
        table("student,file\nall,*\nada,a*\nada,a1\nada,a1.zip/x.ipynb\nbob,[1].ipynb\ncy,*/c?.ipynb\n")
    )
    lines = {
        name: roster.line_of(name) for name in ("a1.zip/x.ipynb", "a1.zip/y.ipynb", "[1].ipynb", "1.ipynb")
    }
    assert [line.number for line in lines.values()] == [5, 4, 6, 2]
    both = roster.line_of("ab/c1.ipynb")
    assert isinstance(both, Refused) and "all (line 2), ada (line 3), cy (line 7)" in both.reason


def test_a_file_that_no_line_names(table):
    answer = Roster.read(table("student,file\nada,a*\n")).line_of("bob/a.ipynb")
    assert answer == Refused("No line of the roster names this file.")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "line 1: there is no column student. The columns are: student, file, due, submitted, late."),
        ("student\n", "line 1: there is no column file."),
        ("student,file,deu\n", "line 1: there is no use for a column 'deu'."),
        ("student,file,due,due\n", "line 1: there are two columns due."),
        ("student,file\n", "names no student"),
        ("student,file\nada\n", "line 2, column file: the cell is empty."),
        ("student,file\nada,a\n ,b\n", "line 3, column student: the cell is empty."),
        ("student,file\nLovelace, Ada,a\n", "line 2: there are 3 cells for 2 columns."),
        ("student,file\nada,a\nbob,a\n", "line 3, column file: a is named on line 2 already."),
        ("student,file,due\nada,a,tomorrow\n", "line 2, column due: 'tomorrow' is no time."),
        ("student,file,submitted\nada,a,25.11.2026\n", "column submitted: '25.11.2026' is no time."),
        ("student,file,due\nada,a,0001-01-01T00:00+23:00\n", "column due: '0001-01-01T00:00+23:00' is no"),
        ("student,file,late\nada,a,perhaps\n", "line 2, column late: 'perhaps' is neither yes nor no."),
        ('student,file\nada,"a\n', "this is not CSV"),
        ("student,file\nada," + "a" * 200_000 + "\n", "this is not CSV (field larger"),
        (b"student,file\nada,a\nZo\xeb,z\n", "line 3: this is not UTF-8 text."),
    ],
)
def test_what_is_wrong_with_a_roster(table, content, sentence):
    with pytest.raises(WorkshopError) as error:
        Roster.read(table(content))
    assert str(error.value).startswith("table.csv") and sentence in str(error.value)


def test_a_roster_that_is_not_there(tmp_path):
    with pytest.raises(WorkshopError, match=r"none\.csv cannot be read: No such file"):
        Roster.read(tmp_path / "none.csv")


def test_marks_by_hand(table):
    marks = read_marks(
        table(
            "student,exercise,points,comment\n"
            'ada,labels-bill,1.5,"=well done, but why?"\nada,labels-kappa,0,\nbob,labels-bill,3,\n'
        )
    )
    assert marks == {
        ("ada", "labels-bill"): ManualMark(1.5, "=well done, but why?"),
        ("ada", "labels-kappa"): ManualMark(0.0),
        ("bob", "labels-bill"): ManualMark(3.0),
    }
    assert read_marks(table("student,exercise,points\n")) == {}


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("adda,labels-bill,1", "column student: there is no student 'adda'. Did you mean 'ada'?"),
        (
            "ada,labels-bil,1",
            "column exercise: There is no exercise 'labels-bil'. Did you mean 'labels-bill'?",
        ),
        ("ada,labels-bill,two", "column points: 'two' is no number."),
        ("ada,labels-bill,nan", "column points: nan is not between 0 and 3"),
        ("ada,labels-bill,3.5", "column points: 3.5 is not between 0 and 3"),
        ("ada,labels-bill,-1", "column points: -1 is not between 0 and 3"),
        ("ada,labels-kappa,1", "column exercise: ada was given a mark for labels-kappa on line 2 already."),
    ],
)
def test_what_is_wrong_with_marks(table, row, sentence):
    path = table(f"student,exercise,points\nada,labels-kappa,2\n{row}\n")
    with pytest.raises(WorkshopError) as error:
        read_marks(path, students=("ada", "bob"))
    assert str(error.value).startswith(f"table.csv, line 3, {sentence}")


def test_every_slip_of_a_marks_file_is_told_at_once(table):
    path = table(
        "student,exercise,points\nadda,labels-bill,1\nada,labels-bill,1\nada,labels-bill,2\nada,x,9\n"
    )
    with pytest.raises(WorkshopError) as error:
        read_marks(path, students=("ada", "bob"))
    assert [line.split(":")[0] for line in str(error.value).splitlines()] == [
        "table.csv, line 2, column student",
        "table.csv, line 4, column exercise",
        "table.csv, line 5, column exercise",
    ]


def test_a_mark_of_a_lesson_of_which_nobody_handed_in_anything(table):
    path = table("student,exercise,points\nada,labels-bill,1\n")
    assert read_marks(path, lessons=["06_label_quality"])
    with pytest.raises(WorkshopError, match="labels-bill is of 06_label_quality, of which nobody handed in"):
        read_marks(path, lessons=["05_meta_learning"])


def test_a_line_that_nobody_has_come_to_is_no_mark(table):
    """As in ``to_mark.csv`` of a run, half filled in; words alone are a slip."""
    head = "student,exercise,points,comment,of,text\n"
    path = table(f"{head}ada,scenarios-in-words,,,4,because\nbob,scenarios-in-words,3,why?,4,so\n")
    assert read_marks(path) == {("bob", "scenarios-in-words"): ManualMark(3.0, "why?")}
    with pytest.raises(WorkshopError, match="line 2, column points: the cell is empty"):
        read_marks(table(f"{head}ada,scenarios-in-words,,well argued,4,because\n"))
