"""``python -m workshop results``: train what the lessons ship, and draw their saved outputs from it."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import nbformat

from workshop import results
from workshop.errors import WorkshopError
from workshop.files import write_whole
from workshop.runner import lessons, report
from workshop.runner.execute import LIMITS, StoredResultsKernel, execute
from workshop.runner.normalise import keep_outputs, text
from workshop.studies.registry import STUDIES


def main(arguments: list[str]) -> int:
    """Bring ``data/results/`` and the outputs saved in ``notebooks/`` up to date.

    A stored result whose key still fits is kept; ``--again`` trains it all the same.

    Returns:
        0; a lesson that fails to run is a :class:`WorkshopError`, and leaves its file as it was.
    """
    parser = argparse.ArgumentParser("python -m workshop results", description=__doc__)
    parser.add_argument("--lesson", nargs="+", default=[], help="numbers or names (default: every lesson)")
    parser.add_argument("--again", action="store_true", help="train also what is up to date")
    asked = parser.parse_args(arguments)
    for lesson in lessons.find(asked.lesson):
        if lesson.name in STUDIES:
            store(lesson.name, asked.again)
        redraw(lesson.path)
        print(f"redrawn: {lesson.path.name}", flush=True)
    return 0


def store(lesson: str, again: bool) -> None:
    """Train and save the ``class`` results of a lesson that are stale, or all of them."""
    entry = STUDIES[lesson]
    study = entry.make(budget="class", **entry.data[0])
    for result, key in study.to_store(again):
        print(f"stored: {results.save(result, key).name}", flush=True)


def redraw(path: Path) -> None:
    """Execute a lesson with its defaults, from stored results, and keep the outputs of its figures and verdicts."""
    with tempfile.TemporaryDirectory() as folder, report.progress(path.stem) as on_cell:
        executed = execute(path, Path(folder) / path.name, {}, LIMITS["class"], on_cell, StoredResultsKernel)
    if executed.error:
        raise WorkshopError(f"{path.name} could not be redrawn. {executed.error}")
    source = nbformat.read(path, as_version=4)
    write_whole(path, text(keep_outputs(source, executed.notebook)))
