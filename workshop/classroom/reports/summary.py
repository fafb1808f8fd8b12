"""The class on one page, for staff: how scores spread, which exercise failed and how, where the time went."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from workshop.classroom.grading.work import Graded
from workshop.classroom.reports.folders import folder_name
from workshop.classroom.reports.student import PAGES
from workshop.files import write_whole


def write(
    out: Path, works: Sequence[Graded], wall_seconds: float | None = None, missing: Sequence[str] = ()
) -> Path:
    """Write ``index.html`` into ``out``; returns it."""
    page = PAGES.get_template("summary.html.j2").render(
        students=_students(works),
        bins=_distribution(works),
        exercises=_exercises(works),
        refused=[work for work in works if work.refused],
        stages=seconds_by_stage(works),
        works=sum(bool(work.lesson) for work in works),
        wall_seconds=wall_seconds,
        missing=missing,
        folder_name=folder_name,
    )
    path = out / "index.html"
    write_whole(path, page.encode("utf-8", "replace"))
    return path


def seconds_by_stage(works: Sequence[Graded]) -> dict[str, float]:
    """Seconds that all works took together, by stage."""
    stages: dict[str, float] = defaultdict(float)
    for work in works:
        for stage, seconds in (work.seconds or {}).items():
            stages[stage] += seconds
    return dict(stages)


def _students(works: Sequence[Graded]) -> list[tuple[str, float, float, list[Graded]]]:
    mine: dict[str, list[Graded]] = defaultdict(list)
    for work in works:
        mine[work.student].append(work)
    return [
        (student, round(sum(w.earned for w in theirs), 2), sum(w.points for w in theirs), theirs)
        for student, theirs in sorted(mine.items())
    ]


def _distribution(works: Sequence[Graded]) -> list[tuple[str, int]]:
    """Students by tenth of the points they could have; the last tenth holds full marks, too."""
    shares = [earned / points for _, earned, points, _ in _students(works) if points]
    counts = Counter(min(9, int(share * 10 + 1e-9)) for share in shares)
    return [(f"{tenth * 10} to {tenth * 10 + 10} %", counts[tenth]) for tenth in range(10)]


def _exercises(works: Sequence[Graded]) -> list[dict]:
    """Of each exercise: how many solved it, how far the others got on average, and the most frequent notes."""
    marks = defaultdict(list)
    for work in works:
        for mark in work.marks:
            marks[work.lesson, mark.exercise].append(mark)
    rows = []
    for (lesson, exercise), given in sorted(marks.items()):
        short = [mark for mark in given if mark.earned < mark.points]
        notes = Counter(note for mark in short for note in mark.notes if "hidden inputs agree" not in note)
        rows.append(
            {
                "lesson": lesson,
                "exercise": exercise,
                "solved": len(given) - len(short),
                "of": len(given),
                "mean_share": statistics.fmean(mark.earned / mark.points for mark in given),
                "notes": notes.most_common(3),
            }
        )
    return rows
