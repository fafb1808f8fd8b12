"""Dawid-Skene of very many items in a process of its own: how long, how much memory, and how long a copy takes.

Run as a file, with the number of items, workers, iterations and rounds; prints one line of JSON. So the process has
nothing in memory that the consensus does not need.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from workshop import settings
from workshop.datasets.annotations import Annotations
from workshop.kernels.consensus import dawid_skene
from workshop.kernels.em import engine_for

CLASSES, LABELS_AN_ITEM = 10, 5


def crowd(items: int, workers: int) -> Annotations:
    """Labels of workers between hardly better than guessing and good."""
    rng = np.random.default_rng(0)
    labels = items * LABELS_AN_ITEM
    item = np.repeat(np.arange(items, dtype=np.int32), LABELS_AN_ITEM)
    worker = rng.integers(0, workers, labels, dtype=np.int32)
    label = rng.integers(0, CLASSES, labels, dtype=np.int8)  # of those who guess
    knows = rng.random(labels, dtype=np.float32) < rng.uniform(0.2, 0.9, workers).astype(np.float32)[worker]
    truth = rng.integers(0, CLASSES, items, dtype=np.int8)
    label[knows] = truth[item[knows]]
    return Annotations.of(item, worker, label, items=items, workers=workers, classes=CLASSES)


def least_bytes(labels: int, classes: int) -> int:
    """Bytes that an iteration must read: for each label, in the E step and in the M step, an index and a row of
    numbers, with 4 bytes for each of them."""
    return 2 * labels * 4 * (1 + classes)


def peak_memory() -> int | None:
    """The most bytes that this process has had in memory so far; None where the system does not tell."""
    status = Path("/proc/self/status")
    if status.exists():  # not getrusage: there a process inherits the peak of the one that started it
        lines = status.read_text(encoding="utf-8").splitlines()
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return None


def measure(items: int, workers: int, iterations: int, rounds: int) -> dict[str, float | str | None]:
    """Seconds of a consensus and of the copy, in turns (medians); the engine; the peak memory before the copies."""
    annotations = crowd(items, workers)
    dawid_skene(annotations, iterations=iterations, tolerance=0)
    peak = peak_memory()
    # in parts too large for the cache
    source = np.ones(max(1, least_bytes(len(annotations), CLASSES) // 4 // 8))
    target = np.zeros_like(source)
    taken: list[list[float]] = [[], []]
    for _ in range(rounds):
        started = time.perf_counter()
        dawid_skene(annotations, iterations=iterations, tolerance=0)
        taken[0].append(time.perf_counter() - started)
        started = time.perf_counter()
        for _ in range(4 * iterations):
            np.copyto(target, source)
        taken[1].append(time.perf_counter() - started)
    ours, floor = (statistics.median(times) for times in taken)
    return {"ours": ours, "floor": floor, "engine": engine_for("auto", annotations).name, "peak": peak}


if __name__ == "__main__":
    settings.use_threads()
    print(json.dumps(measure(*map(int, sys.argv[1:]))))
