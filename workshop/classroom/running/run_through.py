"""Run a submission in the sandbox, and wrap what it made of itself so that a browser runs none of it."""

from __future__ import annotations

import html
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from workshop.classroom.sandbox.limits import Limits
from workshop.classroom.sandbox.run import run

MB = 1 << 20
_PROGRAM = (Path(__file__).parent / "inside.py").read_text(encoding="utf-8")

#: Of the line before the page: a short one, so that reading it costs nothing.
_HEAD_BYTES = 1 << 16
_STAGES = ("kernel start", "imports", "cells")
#: Of a page that is kept, where a character may become five. A lesson's own has 1 to 2 MB.
PAGE_BYTES = 12 * MB

#: Seconds of one cell: four times as many as the slowest of our lessons take, and far fewer than a lesson may.
CELL_SECONDS = 90.0

#: Of a lesson at the budget smoke, with torch twice: in papermill's process and in the kernel's.
LIMITS = Limits(
    cpu_seconds=300,
    wall_seconds=420,
    memory_bytes=4096 * MB,
    processes=256,
    file_bytes=256 * MB,
    scratch_bytes=512 * MB,
    output_bytes=32 * MB,
)


@dataclass(frozen=True)
class RanThrough:
    """What became of a submission that was run. It earns and costs nothing.

    Attributes:
        words: how far it came, in a sentence.
        page: HTML of what it showed, safe to open; empty where there is none.
        seconds: by stage, as the sandbox tells them.
    """

    words: str
    page: str
    seconds: dict[str, float]


def run_through(
    lesson: str,
    notebook: NotebookNode,
    workbook: Path,
    *,
    unsafe: bool = False,
    limits: Limits = LIMITS,
    cell_seconds: float = CELL_SECONDS,
) -> RanThrough:
    """Run ``notebook`` from top to bottom at the budget smoke.

    Args:
        lesson: its name.
        notebook: the lesson as handed out, with the student's answers in it.
        workbook: a student edition; what the lesson imports comes from there.
        unsafe: without a sandbox.
        limits: of the whole.
        cell_seconds: that each cell may take.
    """
    asked = {
        "name": lesson,
        "notebook": nbformat.writes(notebook),
        "limit": limits.wall_seconds * 0.9,
        "cell limit": cell_seconds,
    }
    finished = run(
        [sys.executable, "-c", _PROGRAM], json.dumps(asked).encode(), limits, workbook=workbook, unsafe=unsafe
    )
    head, _, rest = finished.stdout.partition(b"\n")
    try:
        told = json.loads(head[:_HEAD_BYTES])
        reached, cells = int(told["reached"]), int(told["of"])
        error = None if told["error"] is None else str(told["error"])[:500]
        seconds = _stages(told.get("seconds", {}), finished.seconds)
    # Whatever was sent: cut off, forged, nested too deep.
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        reason = finished.ended_because or "Its process ended before it had told how far it came."
        return RanThrough(f"It did not run to its end. {reason}", "", {})
    words = (
        f"It ran from top to bottom ({cells} cells, {finished.seconds:.0f} s)."
        if error is None
        else f"It ran as far as cell {reached} of {cells}. {error}"
    )
    if len(rest) > PAGE_BYTES:
        words += f" What it showed is more than {PAGE_BYTES // MB} MB, too much to keep."
        return RanThrough(words, "", seconds)
    return RanThrough(words, _wrapped(lesson, rest.decode("utf-8", "replace")), seconds)


def _stages(told: Any, total: float) -> dict[str, float]:
    """What was told of the stages; nothing where that cannot be."""
    stages = {stage: float(told[stage]) for stage in _STAGES if stage in told}
    possible = all(seconds >= 0 for seconds in stages.values()) and sum(stages.values()) <= total
    return stages if possible else {}


def _wrapped(lesson: str, page: str) -> str:
    """A page that shows another one in a frame without scripts, forms, navigation or requests."""
    title = html.escape(f"{lesson}, as it ran")
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    style = "html, body { margin: 0; height: 100%; } iframe { border: 0; width: 100%; height: 100%; }"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{title}</title><style>{style}</style></head>"
        f'<body><iframe sandbox title="{title}" srcdoc="{html.escape(page)}"></iframe></body></html>\n'
    )
