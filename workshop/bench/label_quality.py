"""Bench of lesson 06: whole consensuses, from checked labels to posteriors, against crowd-kit and against a copy.

Five labels an item, ten classes. Both sides start alike and take the same number of iterations; two ways are compared
only if they have found the same posteriors. A million items are labelled in a process of their own, so that its memory
can be told.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from workshop.bench import million
from workshop.bench.million import CLASSES, LABELS_AN_ITEM
from workshop.bench.timing import Row, throughput
from workshop.datasets.annotations import Annotations
from workshop.errors import WorkshopError
from workshop.kernels.consensus import any_matrix, sometimes_spamming, spam
from workshop.kernels.em import Model, climb, em, engine_for
from workshop.kernels.expectation import Expected

UNIT, ITERATIONS = "iterations/s", 20
PEER = "crowd-kit"
#: Posteriors may differ by this much.
TOLERANCE = 1e-8
#: crowd-kit takes smaller expected counts for this; so do we here, to do the same work.
SMALLEST_COUNT = 1e-10
MILLION, MILLION_WORKERS, MILLION_ITERATIONS, MILLION_ROUNDS = 1_000_000, 5_000, 10, 3

#: One of two ways to do the same; returns the posteriors (N, K).
Way = Callable[[], np.ndarray]


def rows() -> list[Row]:
    """Measure all rows; about a minute on a quiet core, most of it crowd-kit's with 100,000 items."""
    return [
        _dawid_skene("dawid_skene_10k", 10_000, 300, rounds=7),
        _dawid_skene("dawid_skene_100k", 100_000, 2_000, rounds=4),
        _mace("mace_10k", 10_000, 300, rounds=5),
        _million(),
    ]


def crowd(items: int, workers: int, seed: int = 0) -> Annotations:
    """Labels of workers between hardly better than guessing and good, all numbered as they appear."""
    rng = np.random.default_rng(seed)
    labels = items * LABELS_AN_ITEM
    item = np.repeat(np.arange(items), LABELS_AN_ITEM)
    worker = rng.integers(0, workers, labels)
    knows = rng.random(labels) < rng.uniform(0.2, 0.9, workers)[worker]
    label = np.where(knows, rng.integers(0, CLASSES, items)[item], rng.integers(0, CLASSES, labels))
    return Annotations.of(item, _as_they_appear(worker), _as_they_appear(label), classes=CLASSES)


def _as_they_appear(ids: np.ndarray) -> np.ndarray:
    """The same ids, numbered in the order in which they occur: crowd-kit's MACE confuses workers otherwise."""
    _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]


def _dawid_skene(name: str, items: int, workers: int, rounds: int) -> Row:
    annotations = crowd(items, workers)
    return _against(name, annotations, our_dawid_skene(annotations), crowdkit_dawid_skene, rounds)


def our_dawid_skene(annotations: Annotations, iterations: int = ITERATIONS) -> Way:
    """Ours, from the majority vote, with crowd-kit's smallest count."""

    def step(found: Expected, _: Model | None) -> Model:
        return any_matrix(replace(found, counts=np.maximum(found.counts, SMALLEST_COUNT)))

    return lambda: climb(annotations, step, iterations, 0, "auto").posterior


def crowdkit_dawid_skene(annotations: Annotations, iterations: int = ITERATIONS) -> Way:
    """crowd-kit's, from the majority vote."""
    from crowdkit.aggregation import DawidSkene

    labels = _as_frame(annotations)

    def way() -> np.ndarray:
        found = DawidSkene(n_iter=iterations, tol=-np.inf).fit(labels).probas_
        return found[list(range(annotations.classes))].to_numpy()

    return way


def _mace(name: str, items: int, workers: int, rounds: int) -> Row:
    annotations = crowd(items, workers)
    return _against(name, annotations, our_mace(annotations), crowdkit_mace, rounds)


def our_mace(annotations: Annotations) -> Way:
    """Ours, from the random workers that crowd-kit starts from; it takes an E step more than M steps."""
    rng = np.random.RandomState(0)  # of crowd-kit's default seed, which it takes twice
    spams = rng.uniform(1, 2.5, (annotations.workers, 2))
    habit = np.random.RandomState(0).uniform(1, 2.5, (annotations.workers, annotations.classes))
    start = sometimes_spamming(spams[:, 0] / spams.sum(1), habit / habit.sum(1, keepdims=True))

    def way() -> np.ndarray:
        def step(found: Expected, before: Model) -> Model:
            return spam(found, before, smoothing=0.01 / annotations.classes)

        return em(engine_for("auto", annotations), step, start, ITERATIONS + 1).posterior

    return way


def crowdkit_mace(annotations: Annotations) -> Way:
    """crowd-kit's, by EM and without restarts (its restarts are all the same)."""
    from crowdkit.aggregation import MACE

    labels = _as_frame(annotations)
    return lambda: MACE(n_restarts=1, n_iter=ITERATIONS, method="em").fit(labels).probas_.to_numpy()


def _as_frame(annotations: Annotations):
    import pandas as pd

    return pd.DataFrame({"task": annotations.item, "worker": annotations.worker, "label": annotations.label})


def _against(
    name: str, annotations: Annotations, ours: Way, peer: Callable[[Annotations], Way], rounds: int
) -> Row:
    """Our way beside crowd-kit's; without a ratio where it is not installed."""
    engine = engine_for("auto", annotations).name
    note = f"{engine}; {annotations.items:,} items, {annotations.workers:,} workers"
    if importlib.util.find_spec("crowdkit") is None:
        note = f"{note}; crowd-kit is not installed: make peers"
        return throughput(name, UNIT, ITERATIONS, ours, None, PEER, note, rounds)
    found: dict[str, np.ndarray] = {}

    def kept(who: str, way: Way) -> Callable[[], None]:
        def run() -> None:
            found[who] = way()

        return run

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas has many about crowd-kit
        theirs = peer(annotations)
        row = throughput(
            name, UNIT, ITERATIONS, kept("ours", ours), kept("theirs", theirs), PEER, note, rounds
        )
    check_same(name, found["ours"], found["theirs"])
    return row


def check_same(name: str, ours: np.ndarray, theirs: np.ndarray) -> None:
    """Raise a :class:`WorkshopError` unless both are the same posteriors."""
    largest = abs(ours - theirs).max() if ours.shape == theirs.shape else np.inf
    if not largest <= TOLERANCE:
        raise WorkshopError(f"{name} compares different work: posteriors differ by up to {largest:.2g}.")


def _million() -> Row:
    """A million items beside a copy of as many bytes as the iterations must read."""
    told = in_a_process_of_its_own(MILLION, MILLION_WORKERS, MILLION_ITERATIONS, MILLION_ROUNDS)
    floor = told["floor"]
    peak = f"{told['peak'] / 1e9:.2f} GB" if told["peak"] else "not known on this system"
    read = million.least_bytes(MILLION * LABELS_AN_ITEM, CLASSES) * MILLION_ITERATIONS / 1e9
    note = (
        f"{told['engine']}; {MILLION_ITERATIONS} iterations, {MILLION_WORKERS:,} workers; peak memory of the process "
        f"with its labels {peak}; the copy is of {read:.1f} GB (looked-up rows may come faster, from the cache)"
    )
    return Row("dawid_skene_1m", "s", "lower", told["ours"], floor, "a copy", floor / told["ours"], note)


def in_a_process_of_its_own(items: int, workers: int, iterations: int, rounds: int) -> dict:
    """What :func:`workshop.bench.million.measure` finds there."""
    command = [sys.executable, million.__file__, *map(str, (items, workers, iterations, rounds))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it was ended from outside"]
        raise WorkshopError(f"The process that labels {items:,} items failed: {lines[-1]}")
    return json.loads(done.stdout.splitlines()[-1])
