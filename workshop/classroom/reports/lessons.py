"""What lessons and exercises are called where people read of them. All of it stands in the workbook."""

from __future__ import annotations

import json
from functools import cache

import nbformat

from workshop.classroom.accepting.lessons import grade_id
from workshop.exercises import EXERCISES
from workshop.runner.lessons import lessons_folder


def title(lesson: str) -> str:
    """A lesson's, from its first heading; its file's name where there is none."""
    return next((heading for cell in _cells(lesson) for heading in _headings(cell)), lesson)


def task(exercise: str) -> str:
    """What an exercise asks for: the heading above its answer cell; its id where there is none."""
    known = EXERCISES.get(exercise)
    return _tasks(known.lesson).get(exercise, exercise) if known else exercise


def outcome(exercise: str) -> str:
    """What an exercise is evidence of, in a sentence; empty where that is not written down."""
    known = EXERCISES.get(exercise)
    return _outcomes().get((known.lesson, known.outcome), "") if known else ""


@cache
def _cells(lesson: str) -> list[nbformat.NotebookNode]:
    path = lessons_folder() / f"{lesson}.ipynb"
    return nbformat.read(path, as_version=4).cells if path.is_file() else []


def _headings(cell: nbformat.NotebookNode) -> list[str]:
    if cell.cell_type != "markdown" or grade_id(cell):  # an answer in words is no heading
        return []
    return [line.lstrip("#").strip() for line in cell.source.splitlines() if line.startswith("#")]


@cache
def _tasks(lesson: str) -> dict[str, str]:
    tasks: dict[str, str] = {}
    heading = ""
    for cell in _cells(lesson):
        heading = next(reversed(_headings(cell)), heading)
        if (name := grade_id(cell)) and heading:
            words = heading.removeprefix("Now you:").strip()
            tasks[name] = words[:1].upper() + words[1:]
    return tasks


@cache
def _outcomes() -> dict[tuple[str, str], str]:
    path = lessons_folder() / "outcomes.json"
    told = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {(lesson, each["id"]): each["outcome"] for lesson, several in told.items() for each in several}
