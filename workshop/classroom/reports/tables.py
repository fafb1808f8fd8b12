"""The class as tables: ``grades.csv``, and the columns that Canvas and Moodle import. And JUnit XML, for a CI."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree import ElementTree

from workshop.classroom.answering.marking import Mark
from workshop.classroom.reports.book import Book, Row
from workshop.exercises import find
from workshop.files import write_whole
from workshop.spreadsheet import as_csv

FILES = ("grades.csv", "canvas.csv", "moodle.csv", "junit.xml", "to_mark.csv")


def write(out: Path, book: Book) -> None:
    """Write every table of a run into ``out``."""
    made = (
        as_csv(_grades(book)), as_csv(_canvas(book)), as_csv(_moodle(book)), _junit(book), as_csv(_to_mark(book)),
    )  # fmt: skip
    for name, content in zip(FILES, made, strict=True):
        write_whole(out / name, content)


def _grades(book: Book) -> Iterable[Sequence[object]]:
    """One row an exercise of a student: enough to make any other table of.

    What is absent, was not graded through no fault of the student's, or is of no known lesson has one row, with empty
    cells and the reason: nobody should read a zero there.
    """
    yield (
        "student", "lesson", "exercise", "points", "earned", "hidden inputs", "of", "by", "late", "file", "note",
    )  # fmt: skip
    for row in book.rows:
        work, late = row.work, "late" if row.late else ""
        if row.earned is None:
            yield work.student, work.lesson, *[""] * 6, late, work.file, work.refused
            continue
        for mark in work.marks:
            yield (
                work.student, work.lesson, mark.exercise, mark.points, mark.earned, mark.passed, mark.of, mark.by,
                late, work.file, _note(row, mark),
            )  # fmt: skip
        for exercise in row.to_mark:
            yield (
                work.student, work.lesson, exercise, find(exercise).points, *[""] * 4, late, work.file,
                "People will mark it.",
            )  # fmt: skip
    for each in book.refused:
        yield each.student, each.lesson, *[""] * 7, each.file, each.reason


def _to_mark(book: Book) -> Iterable[Sequence[object]]:
    """What was written in words and nobody has marked: to be filled in, and handed back with ``--marks``."""
    yield "student", "exercise", "points", "comment", "of", "text"
    for row in book.rows:
        for exercise in row.to_mark:
            yield row.work.student, exercise, "", "", find(exercise).points, row.prose[exercise]


def _note(row: Row, mark: Mark) -> str:
    return row.work.refused if row.work.refused and mark.by != "hand" else " ".join(mark.notes)


def _canvas(book: Book) -> Iterable[Sequence[object]]:
    """A gradebook as Canvas exports and imports it: a column an assignment, its points in the second row."""
    yield "Student", "ID", "SIS User ID", "SIS Login ID", "Section", *book.points
    yield "    Points Possible", "", "", "", "", *book.points.values()
    for student in book.students:
        yield student, "", "", student, "", *_earned(book, student)


def _moodle(book: Book) -> Iterable[Sequence[object]]:
    """A user's identifier, then a column a grade item, which Moodle's import maps to its own."""
    yield "Username", *book.points
    for student in book.students:
        yield student, *_earned(book, student)


def _earned(book: Book, student: str) -> Iterable[object]:
    """A cell a lesson; empty where no points are known."""
    return ("" if row.earned is None else row.earned for row in book.rows_of[student])


def _junit(book: Book) -> bytes:
    """A suite a lesson of a student, a case an exercise; and a suite of the files that are of neither."""
    root = ElementTree.Element("testsuites")
    for row in book.rows:
        work = row.work
        suite = ElementTree.SubElement(root, "testsuite", name=_plain(f"{work.student} {work.lesson}"))
        suite.set("time", f"{sum((work.seconds or {}).values()):.3f}")
        if row.state == "absent":
            _case(suite, work.lesson, "handed in", "skipped", work.refused)
        for mark in work.marks:
            short = "failure" if mark.earned < mark.points else ""
            _case(
                suite,
                work.lesson,
                mark.exercise,
                "error" if row.state == "failed" else short,
                _note(row, mark),
            )
        _count(suite)
    if book.refused:
        suite = ElementTree.SubElement(root, "testsuite", name="files that were refused")
        for each in book.refused:
            _case(suite, each.lesson, each.file, "failure", each.reason)
        _count(suite)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _case(suite: ElementTree.Element, lesson: str, name: str, outcome: str, words: str) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=_plain(lesson), name=_plain(name))
    if outcome:
        ElementTree.SubElement(case, outcome, message=_plain(words))


def _count(suite: ElementTree.Element) -> None:
    suite.set("tests", str(len(suite)))
    for outcome, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(attribute, str(len(suite.findall(f"testcase/{outcome}"))))


def _plain(text: str) -> str:
    """Without the characters that XML has no way to write."""
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)
