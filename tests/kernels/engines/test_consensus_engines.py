"""The fast E steps of consensus against the readable one; what they refuse; which one ``auto`` takes."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest

from workshop.datasets.annotations import Annotations
from workshop.errors import WorkshopError
from workshop.kernels import em
from workshop.kernels.consensus import METHODS, dawid_skene, mace, majority_vote
from workshop.kernels.em import engine_for
from workshop.kernels.engines import compiled, consensus_native
from workshop.kernels.engines.compiled import compiler
from workshop.kernels.engines.consensus_native import NativeExpectation
from workshop.kernels.engines.consensus_sparse import SparseExpectation
from workshop.kernels.expectation import Readable

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no g++ or clang++ is installed")
FAST = ("sparse", pytest.param("native", marks=needs_compiler))

#: Classes: rows of one, two, three and more vectors of the compiled engine, filled and not; and a single class.
CLASSES = (1, 2, 4, 5, 8, 10, 12, 13, 40)


def random_labels(classes, seed=0, items=60, workers=9, labels=200):
    """In no order; some items without labels, some workers twice at one item."""
    rng = np.random.default_rng([seed, classes])
    truth = rng.integers(0, classes, items)
    item, worker = rng.integers(0, items, labels), rng.integers(0, workers, labels)
    label = np.where(rng.random(labels) < 0.6, truth[item], rng.integers(0, classes, labels))
    return Annotations.of(item, worker, label, items=items + 3, workers=workers + 2, classes=classes)


def random_model(annotations, seed=0, sharpness=1.0):
    rng, classes = np.random.default_rng(seed), annotations.classes
    confusion = rng.dirichlet(np.full(classes, sharpness), (annotations.workers, classes))
    return confusion, rng.dirichlet(np.ones(classes))


def same(found, expected, rel=1e-11):
    assert found.posterior.shape == expected.posterior.shape and found.counts.shape == expected.counts.shape
    assert found.posterior == pytest.approx(expected.posterior, rel=rel, abs=1e-14)
    assert found.counts == pytest.approx(expected.counts, rel=rel, abs=1e-12)
    assert found.marginals == pytest.approx(expected.marginals, rel=rel)
    assert found.log_likelihood == pytest.approx(expected.log_likelihood, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("name", FAST)
def test_a_fast_engine_takes_the_readable_e_step(name, classes):
    """Twice, with other workers: nothing of the first may be left in the second."""
    annotations = random_labels(classes)
    fast, readable = engine_for(name, annotations), Readable(annotations)
    same(fast.votes(), readable.votes())
    for seed in (0, 1):
        model = random_model(annotations, seed)
        same(fast.expect(*model), readable.expect(*model))
    same(fast.votes(), readable.votes())


@pytest.mark.parametrize("name", FAST)
def test_so_it_does_where_answers_are_impossible(name):
    """EM soon finds confusion matrices and marginals full of zeros."""
    annotations = random_labels(4)
    confusion, marginals = random_model(annotations)
    confusion[:, :2, 2:] = 0  # of classes 0 and 1 nobody says 2 or 3: where somebody did, they are ruled out
    marginals[1] = 0
    fast, readable = engine_for(name, annotations), Readable(annotations)
    expected = readable.expect(confusion, marginals)
    assert (expected.posterior == 0).any() and (expected.posterior[:, 1] == 0).all()
    same(fast.expect(confusion, marginals), expected)


@pytest.mark.parametrize("name", FAST)
@pytest.mark.parametrize("labels", [40, 300, 3_000])
def test_so_it_does_for_many_labels_of_an_item(name, labels):
    """Products of 3,000 probabilities are too small for any number that the processor knows."""
    rng = np.random.default_rng(0)
    item = np.concatenate([np.full(labels, 1), [0, 0, 2]])
    label = rng.integers(0, 3, labels + 3)
    annotations = Annotations.of(item, rng.integers(0, 50, labels + 3), label, workers=50, classes=3)
    confusion, marginals = random_model(annotations, sharpness=3.0)
    blind = np.full_like(confusion, 1 / 3) * 0.99 + 0.01 * confusion  # so that the posterior is not clear
    for said in (confusion, blind):
        expected = Readable(annotations).expect(said, marginals)
        same(engine_for(name, annotations).expect(said, marginals), expected, rel=1e-9)
    assert expected.posterior[1].min() > 0.001


@pytest.mark.parametrize("name", FAST)
@pytest.mark.parametrize("tiny", [1e-60, 1e-107, 1e-150, 1e-300])
def test_so_it_does_for_hardly_possible_answers(name, tiny):
    """Where all classes are next to impossible, which is least so still matters."""
    annotations = Annotations.of([0, 0, 0, 1], [0, 1, 2, 0], [0, 0, 0, 0], classes=2)
    confusion = np.array([[[tiny, 1 - tiny], [3 * tiny, 1 - 3 * tiny]]] * 3)
    marginals = np.array([0.9, 0.1])
    found = engine_for(name, annotations).expect(confusion, marginals)
    same(found, Readable(annotations).expect(confusion, marginals))
    assert found.posterior[0, 1] == pytest.approx(27 * 0.1 / (0.9 + 27 * 0.1))


@pytest.mark.parametrize("name", FAST)
def test_the_log_likelihood_of_many_items_is_exact(name):
    annotations = random_labels(10, items=20_000, workers=30, labels=60_000)
    model = random_model(annotations)
    expected = Readable(annotations).expect(*model)
    same(engine_for(name, annotations).expect(*model), expected)


@pytest.mark.parametrize("method", [m for m in METHODS.values() if m is not majority_vote])
@pytest.mark.parametrize("name", FAST)
def test_a_whole_method_finds_the_same(name, method):
    for seed in range(4):
        annotations = random_labels(6, seed, items=100, labels=500)
        fast, readable = (method(annotations, engine=engine, tolerance=1e-4) for engine in (name, "readable"))
        assert fast.posterior == pytest.approx(readable.posterior, abs=1e-8)
        assert fast.confusion == pytest.approx(readable.confusion, abs=1e-8)
        assert fast.log_likelihood == pytest.approx(readable.log_likelihood, rel=1e-10)
        assert (fast.converged, fast.method) == (readable.converged, readable.method)


@pytest.mark.parametrize("name", FAST)
def test_the_best_restart_is_not_overwritten_by_the_last(name):
    """An engine may use its memory again for the next E step."""
    kept = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        label = rng.integers(0, 4, 60)
        annotations = Annotations.of(rng.integers(0, 20, 60), rng.integers(0, 20, 60), label, classes=4)
        found, last = (mace(annotations, restarts=count, engine=name, seed=seed) for count in (12, 11))
        kept += found.log_likelihood[-1] == last.log_likelihood[-1]
        again = Readable(annotations).expect(found.confusion, found.marginals)
        assert found.posterior == pytest.approx(again.posterior, abs=1e-10)
    assert kept >= 1  # so the best was not always the last


@pytest.mark.parametrize("name", ["readable", *FAST])
def test_labels_that_are_impossible_for_every_class_are_an_error(name):
    annotations = Annotations.of([0, 0, 1], [0, 1, 0], [0, 1, 1], classes=2)
    with pytest.raises(WorkshopError) as error:
        engine_for(name, annotations).expect(np.array([np.eye(2)] * 2), np.array([0.5, 0.5]))
    assert str(error.value) == (
        "The labels of some item are impossible under these confusion matrices and marginals. "
        "Give every answer that occurs a probability above zero."
    )


@needs_compiler
def test_loading_the_library_leaves_the_processors_arithmetic_as_it_is():
    consensus_native.library()
    assert np.float64(5e-324) * np.float64(1) > 0
    assert np.float32(1e-40) * np.float32(1) > 0


# ---- which engine ------------------------------------------------------------------------------------


def few(labels):
    return Annotations.of(np.arange(labels), np.zeros(labels, int), np.zeros(labels, int), classes=2)


@needs_compiler
def test_auto_compiles_where_it_pays():
    assert isinstance(engine_for("auto", few(em.WORTH_COMPILING)), NativeExpectation)
    assert isinstance(engine_for("auto", few(em.WORTH_COMPILING - 1)), SparseExpectation)
    assert [engine_for(name, few(9)).name for name in em.ENGINES[1:]] == ["readable", "sparse", "native"]


def test_without_a_compiler_auto_is_sparse_and_native_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(engine_for("auto", few(em.WORTH_COMPILING)), SparseExpectation)
    with pytest.raises(WorkshopError) as error:
        engine_for("native", few(9))
    assert str(error.value) == (
        "The native engine needs g++ or clang++ (not on Windows). Install one, or choose engine='sparse'."
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no shell scripts there")
def test_a_compiler_that_fails_is_reported_and_it_goes_on_without(tmp_path, monkeypatch):
    program = tmp_path / "g++"
    program.write_text(f"#!/bin/sh\necho x >> {tmp_path}/calls\necho 'error: out of luck' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    for _ in range(2):
        with pytest.warns(UserWarning) as told:
            found = dawid_skene(few(em.WORTH_COMPILING))
    assert (found.label == 0).all()
    assert [str(warning.message) for warning in told] == [
        f"{program} could not compile the native engine: error: out of luck "
        "Going on without it, a few times slower."
    ]
    assert told[0].filename == __file__  # where the consensus was asked for
    assert len((tmp_path / "calls").read_text().split()) == len(compiled.TUNED)  # found out once


@pytest.mark.parametrize("name", FAST)
def test_items_of_many_labels_one_after_the_other_do_not_underflow(name):
    """Each item's likelihood is a number that a computer knows; their product is not."""
    rng = np.random.default_rng(0)
    sizes = (145, 245, 160, 280)
    item = np.repeat(np.arange(len(sizes)), sizes)
    labels = Annotations.of(item, np.arange(len(item)), rng.integers(0, 10, len(item)), classes=10)
    confusion, marginals = np.full((labels.workers, 10, 10), 0.1), np.full(10, 0.1)
    readable = Readable(labels).expect(confusion, marginals)
    fast = engine_for(name, labels).expect(confusion, marginals)
    assert fast.log_likelihood == pytest.approx(readable.log_likelihood)
    assert np.allclose(fast.posterior, readable.posterior)
