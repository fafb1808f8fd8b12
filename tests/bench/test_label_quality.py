"""The bench of lesson 06: what it compares, what it refuses to compare, what it says where crowd-kit is missing."""

from __future__ import annotations

import importlib.util
import warnings

import numpy as np
import pytest

from workshop.bench import label_quality as bench
from workshop.bench import million
from workshop.errors import WorkshopError
from workshop.kernels.expectation import Readable


def test_the_bytes_are_an_index_and_a_row_for_each_label_twice():
    """A goal of the lesson is stated in these: 0.44 GB an iteration for five million labels of ten classes."""
    assert million.least_bytes(5_000_000, 10) == 440_000_000


def test_ids_are_numbered_as_they_appear():
    assert bench._as_they_appear(np.array([7, 3, 7, 9, 3])).tolist() == [0, 1, 0, 2, 1]
    made = bench.crowd(50, 20)
    assert (made.items, made.classes, len(made)) == (50, 10, 250)
    _, first = np.unique(made.worker, return_index=True)
    assert (np.diff(first) > 0).all()


def test_two_ways_that_do_different_work_are_not_compared():
    one = np.full((3, 2), 0.5)
    bench.check_same("x", one, one + 1e-9)
    for other in (one + 1e-7, one * np.nan, one[:2]):
        with pytest.raises(WorkshopError, match=r"x compares different work: posteriors differ by up to "):
            bench.check_same("x", one, other)


@pytest.mark.peers
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(bench.our_dawid_skene, bench.crowdkit_dawid_skene), (bench.our_mace, bench.crowdkit_mace)],
)
def test_crowd_kit_finds_the_same(ours, theirs):
    pytest.importorskip("crowdkit", reason="crowd-kit is not installed: make peers")
    annotations = bench.crowd(300, 20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bench.check_same("x", ours(annotations)(), theirs(annotations)())


@pytest.mark.peers
def test_a_row_has_a_ratio_and_says_what_was_labelled():
    pytest.importorskip("crowdkit", reason="crowd-kit is not installed: make peers")
    row = bench._dawid_skene("x", 300, 20, rounds=1)
    assert row.ratio == pytest.approx(row.ours / row.peer) and row.peer_name == "crowd-kit"
    assert row.note == "sparse; 300 items, 20 workers"


def test_crowd_kit_that_finds_something_else_is_an_error(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: True)
    annotations = bench.crowd(100, 10)
    wrong = lambda _: lambda: np.zeros((100, 10))  # noqa: E731
    with pytest.raises(WorkshopError, match="x compares different work"):
        bench._against("x", annotations, bench.our_dawid_skene(annotations), wrong, rounds=1)


def test_a_peer_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    row = bench._dawid_skene("x", 100, 10, rounds=1)
    assert row.peer is None and row.ratio is None and row.ours > 0
    assert row.note == "sparse; 100 items, 10 workers; crowd-kit is not installed: make peers"


def test_memory_is_that_of_the_process_that_labels():
    ours = np.ones(200_000_000 // 8)  # not to be seen there
    small = bench.in_a_process_of_its_own(1_000, 50, 2, 1)
    large = bench.in_a_process_of_its_own(200_000, 50, 2, 1)
    if small["peak"] is None:
        pytest.skip("this system does not tell the memory of a process")
    posteriors = 200_000 * 10 * 8
    assert posteriors < large["peak"] - small["peak"] < 40 * posteriors
    assert million.peak_memory() > ours.nbytes
    assert small["ours"] > 0 and small["floor"] > 0 and small["engine"] in ("sparse", "native")


def test_the_million_row_is_ours_in_seconds_beside_the_copy(monkeypatch):
    monkeypatch.setattr(bench, "MILLION", 2_000)
    monkeypatch.setattr(bench, "MILLION_WORKERS", 20)
    row = bench._million()
    assert (row.name, row.unit, row.better, row.peer_name) == ("dawid_skene_1m", "s", "lower", "a copy")
    assert row.ratio == pytest.approx(row.peer / row.ours)
    assert "10 iterations, 20 workers; peak memory of the process with its labels 0." in row.note


def test_a_process_that_fails_is_reported():
    with pytest.raises(WorkshopError, match=r"The process that labels 0 items failed: .*There is no label"):
        bench.in_a_process_of_its_own(0, 1, 1, 1)


def test_the_labels_of_the_bench_are_worth_aggregating():
    """Else EM would have nothing to find and stop at once."""
    annotations = bench.crowd(2_000, 50)
    engine = Readable(annotations)
    votes = engine.votes()
    assert 0.3 < votes.posterior.max(1).mean() < 0.9
