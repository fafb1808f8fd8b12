"""What a run tells: the progress line, ``results.json``, the closing table and the faults."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workshop.claims import Verdict
from workshop.files import write_whole
from workshop.runner.evidence import Outcome
from workshop.runner.execute import OnCell

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@contextmanager
def progress(name: str) -> Iterator[OnCell]:
    """Say that a lesson runs, and how far it is, while the ``with`` block lasts.

    In a terminal one line is redrawn twice a second; elsewhere one line is printed now and none after it.
    """
    if not sys.stdout.isatty():
        print(f"{name}: started", flush=True)
        yield lambda i, n: None
        return

    started, done = time.monotonic(), threading.Event()
    place = "starting"

    def on_cell(i: int, n: int) -> None:
        nonlocal place
        place = f"cell {i} of {n}"

    def redraw() -> None:
        while not done.wait(0.5):
            print(f"\r{name}: {place}, {time.monotonic() - started:.0f} s".ljust(79), end="", flush=True)

    painter = threading.Thread(target=redraw, daemon=True)
    painter.start()
    try:
        yield on_cell
    finally:
        done.set()
        painter.join()
        print("\r" + " " * 79 + "\r", end="", flush=True)


def ended(outcome: Outcome) -> str:
    """The line that says how a lesson ended."""
    return f"{outcome.name}: {'passed' if outcome.passed else 'FAILED'} after {outcome.seconds:.1f} s"


def claims(outcome: Outcome) -> str:
    """Which claims held, in a few words: ``6 of 6``, ``not judged``, and the skipped ones by name."""
    if outcome.faults:
        return "failed"
    if not outcome.verdicts:
        return "no claims"
    held = len(outcome.judged) - len(outcome.broken)
    skipped = [verdict.id for verdict in outcome.skipped]
    words = [f"{held} of {len(outcome.judged)}"] if outcome.judged else []
    if len(outcome.judged) + len(skipped) < len(outcome.verdicts):
        words.append("not judged")
    if skipped:
        words.append(f"skipped: {', '.join(skipped)}")
    return "; ".join(words)


def table(outcomes: list[Outcome]) -> str:
    """The closing table: lesson, seconds, claims that held."""
    width = max(len(outcome.name) for outcome in outcomes)
    rows = [f"{outcome.name:<{width}}  {outcome.seconds:>7.1f}  {claims(outcome)}" for outcome in outcomes]
    return "\n".join([f"{'lesson':<{width}}  seconds  claims that held", *rows])


def broken_claim(verdict: Verdict) -> str:
    """A claim that does not hold, with its numbers and the data they were measured on."""
    measured = f"{verdict.value:.4g} {verdict.unit}".strip()
    return (
        f"{verdict.id} does not hold: {verdict.claim.rstrip('.')}. Measured {measured}, "
        f"claimed {verdict.op} {verdict.threshold}, on {verdict.data}."
    )


def reasons(outcome: Outcome) -> list[str]:
    """Why a lesson is no pass, a sentence each: its faults, and the claims that do not hold."""
    return [fault.sentence for fault in outcome.faults] + [
        broken_claim(verdict) for verdict in outcome.broken
    ]


def explain(outcome: Outcome) -> str:
    """Why a lesson failed: each fault with its cell and traceback, each claim that does not hold."""
    paragraphs = [f"{outcome.name} failed." if outcome.faults else f"{outcome.name}: a claim does not hold."]
    for fault in outcome.faults:
        paragraphs.append(fault.sentence)
        if fault.source:
            paragraphs.append(_indented(fault.source))
        if fault.traceback:
            paragraphs.append(_indented(_COLOUR.sub("", fault.traceback)))
    paragraphs += [broken_claim(verdict) for verdict in outcome.broken]
    return "\n\n".join(paragraphs)


def write_results(folder: Path, budget: str, outcomes: list[Outcome]) -> None:
    """Write ``results.json``: this run's lessons only, each with the verdicts it reached."""
    results = {
        "budget": budget,
        "lessons": [
            {
                "name": outcome.name,
                "seconds": round(outcome.seconds, 2),
                "verdicts": [verdict.as_row() for verdict in outcome.verdicts],
            }
            for outcome in outcomes
        ],
    }
    write_whole(folder / "results.json", json.dumps(results, indent=1, ensure_ascii=False) + "\n")


def _indented(text: str) -> str:
    """A block of text, set in from the margin."""
    return "\n".join(f"    {line}" for line in text.splitlines())
