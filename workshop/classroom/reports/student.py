"""A student's report: ``report.json`` for machines, ``report.html`` for the student. Neither names a hidden input."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import jinja2

from workshop.classroom.reports.book import Book, Row
from workshop.classroom.reports.folders import folder_name
from workshop.classroom.reports.lessons import outcome, task, title
from workshop.files import write_whole

PAGES = jinja2.Environment(
    loader=jinja2.PackageLoader("workshop.classroom.reports"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
PAGES.filters |= {"points": lambda points: f"{points:g}", "title": title, "task": task, "outcome": outcome}


def write(out: Path, student: str, book: Book) -> Path:
    """Write both files into a folder of the student's own; returns the folder.

    Args:
        out: the run's folder.
        student: the name as handed in, whatever characters it holds.
        book: of the class.
    """
    folder = out / "students" / folder_name(student)
    folder.mkdir(parents=True, exist_ok=True)
    rows, others = book.rows_of[student], book.files_of(student)
    earned, points = book.total(student)
    told = {
        "student": student,
        "earned": earned,
        "points": points,
        "lessons": [_plain(row, book) for row in rows],
        "other_files": [{"file": each.file, "reason": each.reason} for each in others],
    }
    write_whole(folder / "report.json", json.dumps(told, indent=2, ensure_ascii=True) + "\n")
    page = PAGES.get_template("student.html.j2").render(
        told=told, rows=rows, others=others, possible=book.points, beside=_beside
    )
    write_whole(folder / "report.html", page.encode("utf-8", "replace"))
    return folder


def page_name(student: str, lesson: str, key: str) -> str:
    """The file, below the run's folder, for what a work showed: beside the student's report, which links to it.

    A few signs of the work's key are in it, for what the same student hands in later has a page of its own.
    """
    return f"students/{folder_name(student)}/{lesson}-{key[:8]}.html"


def _beside(page: str) -> str:
    return PurePosixPath(page).name


def _plain(row: Row, book: Book) -> dict:
    return row.work.plain() | {
        "earned": row.earned,
        "points": book.points[row.work.lesson],
        "state": row.state,
        "late": row.late,
        "several": row.several,
        "prose": dict(row.prose),
    }
