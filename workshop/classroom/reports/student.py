"""A student's report: ``report.json`` for machines, ``report.html`` for the student. Neither names a hidden input."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import jinja2

from workshop.classroom.grading.work import Graded
from workshop.classroom.reports.folders import folder_name
from workshop.files import write_whole

PAGES = jinja2.Environment(
    loader=jinja2.PackageLoader("workshop.classroom.reports"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
)


def write(out: Path, student: str, works: Sequence[Graded]) -> Path:
    """Write both files into a folder of the student's own; returns the folder.

    Args:
        out: the run's folder.
        student: the name as handed in, whatever characters it holds.
        works: everything of theirs that was graded, or refused.
    """
    folder = out / "students" / folder_name(student)
    folder.mkdir(parents=True, exist_ok=True)
    earned = round(sum(work.earned for work in works), 2)
    points = sum(work.points for work in works)
    told = {
        "student": student,
        "earned": earned,
        "points": points,
        "lessons": [work.plain() | {"earned": work.earned, "points": work.points} for work in works],
    }
    write_whole(folder / "report.json", json.dumps(told, indent=2, ensure_ascii=True) + "\n")
    page = PAGES.get_template("student.html.j2").render(told=told, works=works)
    write_whole(folder / "report.html", page.encode("utf-8", "replace"))
    return folder
