"""The class on one page, for staff: how scores spread, what failed and how, who is late or missing, where time went."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from workshop.classroom.accepting.words import counted, span
from workshop.classroom.grading.work import Graded
from workshop.classroom.reports.book import Book, Row
from workshop.classroom.reports.folders import folder_name
from workshop.classroom.reports.student import PAGES
from workshop.classroom.reports.tables import FILES
from workshop.files import write_whole


def write(out: Path, book: Book, anew: int = 0, wall_seconds: float = 0.0) -> Path:
    """Write ``index.html`` into ``out``; returns it.

    Args:
        out: the run's folder.
        book: of the class.
        anew: how many works the newest run graded; the others had been before.
        wall_seconds: that this took.
    """
    page = PAGES.get_template("summary.html.j2").render(
        book=book,
        handed_in=sum(row.state != "absent" for row in book.rows),
        bins=_distribution(book),
        exercises=_exercises(book),
        not_graded=[row for row in book.rows if row.state in ("refused", "failed")],
        late=[row for row in book.rows if row.late],
        several=[row for row in book.rows if row.several],
        missing=_missing(book),
        to_mark=sum(len(row.to_mark) for row in book.rows),
        stages=seconds_by_stage(row.work for row in book.rows),
        anew=anew,
        wall_seconds=wall_seconds,
        tables=FILES,
        folder_name=folder_name,
        in_short=_in_short,
        counted=counted,
        span=span,
    )
    path = out / "index.html"
    write_whole(path, page.encode("utf-8", "replace"))
    return path


def seconds_by_stage(works: Iterable[Graded]) -> dict[str, float]:
    """Seconds that all these works took together, by stage."""
    stages: dict[str, float] = defaultdict(float)
    for work in works:
        for stage, seconds in (work.seconds or {}).items():
            stages[stage] += seconds
    return dict(stages)


def _missing(book: Book) -> dict[str, list[str]]:
    """Of each lesson that is due, who handed in nothing of it."""
    missing: dict[str, list[str]] = defaultdict(list)
    for row in book.rows:
        if row.state == "absent":
            missing[row.work.lesson].append(row.work.student)
    return dict(sorted(missing.items()))


def _distribution(book: Book) -> list[tuple[str, int]]:
    """Students by tenth of the points that are due; the last tenth holds full marks, too."""
    totals = [book.total(student) for student in book.students]
    counts = Counter(min(9, int(earned / points * 10 + 1e-9)) for earned, points in totals if points)
    return [(f"{tenth * 10} to {tenth * 10 + 10} %", counts[tenth]) for tenth in range(10)]


def _exercises(book: Book) -> list[dict]:
    """Of each exercise: how many solved it, how far all got on average, and the most frequent notes of the machine.

    Of those alone whose work was graded: what a notebook that cannot be read says of an exercise is nothing.
    """
    marks = defaultdict(list)
    for row in book.rows:
        for mark in row.work.marks:
            if row.state == "graded" or mark.by == "hand":
                marks[row.work.lesson, mark.exercise].append(mark)
    rows = []
    for (lesson, exercise), given in sorted(marks.items(), key=lambda item: item[0][0]):
        short = [mark for mark in given if mark.earned < mark.points]
        told = (note for mark in short if mark.by != "hand" for note in mark.notes)
        rows.append(
            {
                "lesson": lesson,
                "exercise": exercise,
                "solved": len(given) - len(short),
                "of": len(given),
                "mean_share": statistics.fmean(mark.earned / mark.points for mark in given),
                "notes": Counter(note for note in told if "hidden inputs" not in note).most_common(3),
            }
        )
    return rows


def _in_short(row: Row) -> str:
    """A cell of the table of students: points, or what there is instead."""
    words = {"graded": "", "refused": "refused", "failed": "not yet", "absent": "–"}[row.state]
    points = "" if row.earned is None else f"{row.earned:g}"
    return ", ".join(part for part in (points, words, "late" if row.late else "") if part)
