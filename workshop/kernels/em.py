"""Expectation maximisation: E step, M step, and so on uphill, from the majority vote and from guesses.

Dempster, Laird, Rubin (1977), "Maximum Likelihood from Incomplete Data via the EM Algorithm", JRSS B 39.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from workshop.datasets.annotations import Annotations
from workshop.errors import WorkshopError
from workshop.kernels.engines.compiled import compiler
from workshop.kernels.engines.consensus_native import NativeExpectation
from workshop.kernels.engines.consensus_sparse import SparseExpectation
from workshop.kernels.expectation import Expectation, Expected, Readable

ENGINES = ("auto", "readable", "sparse", "native")
#: Labels from which compiling the native engine pays: it takes about a second, once.
WORTH_COMPILING = 2_000
#: The most entries that the confusion matrices of all workers may have: 2 GiB.
MOST_ENTRIES = 2**28


@dataclass(frozen=True, eq=False)
class Model:
    """What an M step finds.

    Attributes:
        confusion: (W, K, K) of [worker, true, said]: P(said | true).
        marginals: (K,) P(true).
        log_prior: of these, up to a constant.
    """

    confusion: np.ndarray
    marginals: np.ndarray
    log_prior: float = 0.0


#: From what the E step expects and the model that it used, the next model.
MStep = Callable[[Expected, Model | None], Model]


@dataclass(frozen=True, eq=False)
class Summit:
    """Where EM ended. ``log_likelihood`` (iterations,): before each M step, with the log prior; it never falls."""

    posterior: np.ndarray
    model: Model
    log_likelihood: np.ndarray
    converged: bool


def climb(
    annotations: Annotations,
    m_step: MStep,
    iterations: int,
    tolerance: float,
    engine: str,
    before: Model | None = None,
    guesses: Iterable[Model] = (),
) -> Summit:
    """The highest summit that EM reaches from the majority vote and from each of the guesses.

    Args:
        before: the model that the first M step is told the majority vote came from.

    Raises:
        WorkshopError: no iteration, a negative tolerance; and see :func:`engine_for`.
    """
    if not iterations >= 1 or not tolerance >= 0:
        raise WorkshopError(
            f"EM takes at least one iteration and a tolerance of at least 0, not {iterations} and {tolerance}."
        )
    expectation = engine_for(engine, annotations)
    enough = tolerance * len(annotations)
    highest = em(expectation, m_step, m_step(expectation.votes(), before), iterations, enough)
    for guess in guesses:
        other = em(expectation, m_step, guess, iterations, enough)
        if other.log_likelihood[-1] > highest.log_likelihood[-1]:
            highest = other
    return highest


def em(engine: Expectation, m_step: MStep, model: Model, iterations: int, enough: float = 0.0) -> Summit:
    """EM from ``model`` until an iteration gains less than ``enough``; 0 takes all iterations."""
    climbed: list[float] = []
    while True:
        found = engine.expect(model.confusion, model.marginals)
        climbed.append(found.log_likelihood + model.log_prior)
        converged = enough > 0 and len(climbed) > 1 and climbed[-1] - climbed[-2] < enough
        if converged or len(climbed) >= iterations:
            return Summit(found.posterior.copy(), model, np.array(climbed), converged)
        model = m_step(found, model)


def engine_for(name: str, annotations: Annotations) -> Expectation:
    """The engine that takes the E steps.

    Args:
        name: ``readable``; ``sparse``, which needs nothing but scipy; ``native``, which is compiled when first used; or
            ``auto``: native from :data:`WORTH_COMPILING` labels on where there is a compiler, else sparse.

    Raises:
        WorkshopError: there is no such engine, native cannot be had, or the confusion matrices do not fit into memory.
    """
    if name not in ENGINES:
        raise WorkshopError(f"There is no engine {name!r}. Choose one of: {', '.join(ENGINES)}.")
    if annotations.workers * annotations.classes**2 > MOST_ENTRIES:
        raise WorkshopError(
            f"The confusion matrices of {annotations.workers:,} workers and {annotations.classes:,} classes do not fit "
            "into memory. Number workers and classes from 0 on without gaps, or take the majority vote."
        )
    if name == "auto" and len(annotations) >= WORTH_COMPILING and compiler():
        try:
            return NativeExpectation(annotations)
        except WorkshopError as problem:
            warnings.warn(f"{problem} Going on without it, a few times slower.", stacklevel=4)
    return {"readable": Readable, "native": NativeExpectation}.get(name, SparseExpectation)(annotations)
