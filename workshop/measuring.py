"""``python -m workshop measure``: the multi-seed studies behind the README's numbers."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

from workshop import settings
from workshop.claims import Measurement, Verdict, judge, pooled, short
from workshop.errors import WorkshopError
from workshop.files import write_whole
from workshop.studies.registry import STUDIES


def main(arguments: list[str]) -> int:
    """Train every study with several seeds and judge each claim by the mean.

    Writes ``build/measure.json`` after each set of data, so that what was measured survives an interruption.

    Returns:
        0 when every claim holds, 1 otherwise.
    """
    parser = argparse.ArgumentParser("python -m workshop measure", description=__doc__)
    parser.add_argument("--lesson", nargs="+", choices=sorted(STUDIES), default=sorted(STUDIES))
    parser.add_argument("--budget", choices=("class", "full"), default="class")
    parser.add_argument("--seeds", type=int, default=3, help="how many (default: 3)")
    asked = parser.parse_args(arguments)
    if asked.seeds < 1:
        raise WorkshopError("Measuring needs at least one seed.")
    os.environ["WORKSHOP_RETRAIN"] = "1"  # a stored result is nothing measured
    file = settings.build_folder() / "measure.json"
    verdicts: list[Verdict] = []
    for lesson in asked.lesson:
        for data in STUDIES[lesson].measurable():
            verdicts += measure(lesson, data, asked.budget, range(asked.seeds))
            write(file, asked.budget, verdicts)
    print(f"Written: {file}")
    return 1 if any(verdict.broken for verdict in verdicts) else 0


def measure(lesson: str, data: dict[str, str], budget: str, seeds: Sequence[int]) -> list[Verdict]:
    """Train a lesson's study once a seed; returns a verdict for each of its claims."""
    found: dict[str, list[Measurement]] = {}
    for seed in seeds:
        started = time.perf_counter()
        study = STUDIES[lesson].make(budget=budget, seed=seed, **data)
        for claim_id in study.claims:
            found.setdefault(claim_id, []).append(study.measure(claim_id))
        print(f"{lesson}, {data}, seed {seed}: {time.perf_counter() - started:.0f} s", flush=True)
    verdicts = [judge(study.claims[claim_id], pooled(each)) for claim_id, each in found.items()]
    for verdict in verdicts:
        value = "none" if verdict.value is None else short(verdict.value)
        interval = f" [{', '.join(map(short, verdict.interval))}]" if verdict.interval else ""
        print(f"  {verdict.id}: {value} {verdict.unit}{interval} {verdict.word}; {verdict.data}", flush=True)
    return verdicts


def write(file: Path, budget: str, verdicts: Sequence[Verdict]) -> None:
    """Verdicts in the schema of ``build/run/results.json``, one entry a verdict."""
    document = {"budget": budget, "verdicts": [verdict.as_row() for verdict in verdicts]}
    write_whole(file, json.dumps(document, indent=1) + "\n")
