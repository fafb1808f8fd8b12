"""The class as tables: ``grades.csv``, and the columns that Canvas and Moodle import. And JUnit XML, for a CI."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree import ElementTree

from workshop.classroom.grading.work import Graded
from workshop.files import write_whole
from workshop.spreadsheet import as_csv


def write(out: Path, works: Sequence[Graded]) -> None:
    """Write every table of a run into ``out``."""
    write_whole(out / "grades.csv", as_csv(_grades(works)))
    totals = _totals(works)
    lessons = sorted({work.lesson for work in works if work.lesson})
    write_whole(out / "canvas.csv", as_csv(_canvas(totals, lessons)))
    write_whole(out / "moodle.csv", as_csv(_moodle(totals, lessons)))
    write_whole(out / "junit.xml", _junit(works))


def _grades(works: Sequence[Graded]) -> Iterable[Sequence[object]]:
    """One row an exercise of a student: enough to make any other table of."""
    yield "student", "lesson", "exercise", "points", "earned", "hidden inputs", "of", "by", "note"
    for work in works:
        for mark in work.marks:
            note = work.refused or " ".join(mark.notes)
            yield (
                work.student, work.lesson, mark.exercise, mark.points, mark.earned, mark.passed, mark.of,
                mark.by, note,
            )  # fmt: skip


def _totals(works: Sequence[Graded]) -> dict[str, dict[str, tuple[float, float]]]:
    """student -> lesson -> (earned, points)."""
    totals: dict[str, dict[str, tuple[float, float]]] = {}
    for work in (work for work in works if work.lesson):
        totals.setdefault(work.student, {})[work.lesson] = (work.earned, work.points)
    return totals


def _canvas(totals: dict, lessons: list[str]) -> Iterable[Sequence[object]]:
    """A gradebook as Canvas exports and imports it: a column an assignment, its points in the second row."""
    yield "Student", "ID", "SIS User ID", "SIS Login ID", "Section", *lessons
    possible = [
        max((mine[lesson][1] for mine in totals.values() if lesson in mine), default=0) for lesson in lessons
    ]
    yield "    Points Possible", "", "", "", "", *possible
    for student, mine in sorted(totals.items()):
        yield student, "", "", student, "", *(mine[lesson][0] if lesson in mine else "" for lesson in lessons)


def _moodle(totals: dict, lessons: list[str]) -> Iterable[Sequence[object]]:
    """A user's identifier, then a column a grade item, which Moodle's import maps to its own."""
    yield "Username", *lessons
    for student, mine in sorted(totals.items()):
        yield student, *(mine[lesson][0] if lesson in mine else "" for lesson in lessons)


def _junit(works: Sequence[Graded]) -> bytes:
    """A suite a lesson of a student, a case an exercise."""
    root = ElementTree.Element("testsuites")
    for work in works:
        failed = sum(mark.earned < mark.points for mark in work.marks)
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=_plain(f"{work.student} {work.lesson}"),
            tests=str(len(work.marks)),
            failures=str(failed),
            time=f"{sum((work.seconds or {}).values()):.3f}",
        )
        for mark in work.marks:
            case = ElementTree.SubElement(suite, "testcase", classname=work.lesson, name=mark.exercise)
            if mark.earned < mark.points:
                words = work.refused or " ".join(mark.notes)
                ElementTree.SubElement(case, "failure", message=_plain(words))
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _plain(text: str) -> str:
    """Without the characters that XML has no way to write."""
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)
