"""Grading a class: here, one after the other; or on Dask's workers, on this machine or any running cluster.

Whoever grades, each grade is written down as soon as it is known. A worker that dies has its work done once more
elsewhere; work whose worker dies twice is reported and not written down, so that resuming tries it again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from workshop.classroom.grading.grade import RunThrough, grade, nothing, sandboxed, sandboxed_run, version
from workshop.classroom.grading.ledger import Ledger
from workshop.classroom.grading.work import Graded, Work
from workshop.classroom.grading.workbook import unpacked
from workshop.errors import WorkshopError

#: Bytes that a worker of this machine may come to need: torch in itself and an answer beside it.
WORKER_BYTES = 3 << 30

#: Told after each work: how many are done, of how many, and the newest.
OnDone = Callable[[int, int, Graded], None]
#: Told a work's key and its page; returns the file that it was kept in, below the run's folder.
OnPage = Callable[[str, str], str]


@dataclass(frozen=True)
class Batch:
    """What became of a class.

    Attributes:
        graded: every grade of the run, by student and lesson.
        failed: what could not be graded, through no fault of the student's.
        anew: how many were graded now; the others had been before.
    """

    graded: tuple[Graded, ...]
    failed: tuple[Graded, ...]
    anew: int


def grade_all(
    works: Sequence[Work],
    seed: int,
    ledger: Ledger,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    unsafe: bool = False,
    workbook: bytes | None = None,
    on_page: OnPage = lambda key, page: "",
    on_done: OnDone = lambda done, total, newest: None,
    on_dashboard: Callable[[str], None] = lambda link: None,
) -> Batch:
    """Grade what the ledger does not hold yet.

    Args:
        works: at most one a student and lesson.
        seed: of the hidden inputs.
        ledger: of this run.
        jobs: worker processes on this machine; 1 grades in this very process.
        scheduler: the address of a running Dask cluster instead, such as ``tcp://10.0.0.1:8786``.
        unsafe: without a sandbox.
        workbook: the student edition's zip, in which each notebook is run from top to bottom; None leaves that out.
        on_page: keeps the page of a notebook that was run; see :data:`OnPage`.
        on_done: see :data:`OnDone`.
        on_dashboard: told where Dask shows what its workers do.

    Raises:
        WorkshopError: no cluster answers at that address, or its workers hold other exercises.
    """
    keys = {work.key(seed, version()): work for work in works}
    todo = {key: work for key, work in keys.items() if not ledger.has(key)}
    failed: list[Graded] = []
    how = _How(seed, unsafe, workbook)
    results = _graded(todo, how, ledger, jobs, scheduler, on_dashboard)
    for done, (key, graded, page) in enumerate(results, start=1):
        if page is None:
            failed.append(graded)
        else:
            graded = replace(graded, page=on_page(key, page) if page else "")
            ledger.keep(key, graded)
        on_done(done, len(todo), graded)
    kept = sorted(ledger.of(keys), key=lambda graded: (graded.student, graded.lesson))
    return Batch(tuple(kept), tuple(failed), len(todo) - len(failed))


@dataclass(frozen=True)
class _How:
    """How every work of a run is graded."""

    seed: int
    unsafe: bool
    workbook: bytes | None

    def run_notebook(self) -> RunThrough | None:
        return sandboxed_run(unpacked(self.workbook), unsafe=self.unsafe) if self.workbook else None


def _graded(
    todo: dict[str, Work],
    how: _How,
    ledger: Ledger,
    jobs: int,
    scheduler: str | None,
    on_dashboard: Callable[[str], None],
) -> Iterator[tuple[str, Graded, str | None]]:
    """Each work's key, grade and page as they come; no page means that it failed through no fault of the student's."""
    if not todo:
        return
    if scheduler is None and jobs == 1:
        for key, work in todo.items():
            ledger.begin(key)
            try:
                graded, page = grade(work, how.seed, sandboxed(unsafe=how.unsafe), how.run_notebook())
            except WorkshopError:  # no sandbox any more: none of the others could be graded either
                raise
            except Exception as problem:
                graded, page = nothing(work, _fault(problem)), None
            yield key, graded, page
        return
    with _client(min(jobs, len(todo)), scheduler) as client:
        _same_exercises(client)
        on_dashboard(client.dashboard_link)
        yield from _on_workers(client, todo, how, ledger)


def _on_workers(
    client: Any, todo: dict[str, Work], how: _How, ledger: Ledger
) -> Iterator[tuple[str, Graded, str | None]]:
    from distributed import as_completed

    waiting = iter(todo.items())
    keys = {}

    def submit(count: int) -> list:
        futures = []
        for key, work in (pair for _, pair in zip(range(count), waiting, strict=False)):
            ledger.begin(key)
            # The workbook goes with each work: scattered once, it would be lost with a worker that dies.
            future = client.submit(_on_worker, work, how, key=f"grade-{key}", pure=False)
            keys[future.key] = key
            futures.append(future)
        return futures

    # A few for each worker and no more: a class of notebooks need not all be in memory.
    workers = max(1, sum(client.nthreads().values()))
    running = as_completed(submit(2 * workers))
    for future in running:
        key = keys.pop(future.key)
        if future.status == "finished":
            plain, page = future.result()
            yield key, Graded.from_plain(plain), page
        else:
            yield key, nothing(todo[key], _fault(future.exception())), None
        for another in submit(1):
            running.add(another)


def _fault(problem: Exception) -> str:
    """Why a work was not graded, through no fault of the student's."""
    words = str(problem) if isinstance(problem, WorkshopError) else f"{type(problem).__name__}."
    return f"The grader failed, not the work; resume the run to try it again. {words}"


def _on_worker(work: Work, how: _How) -> tuple[dict[str, Any], str]:
    graded, page = grade(work, how.seed, sandboxed(unsafe=how.unsafe), how.run_notebook())
    return graded.plain(), page


@contextmanager
def _client(jobs: int, scheduler: str | None) -> Iterator[Any]:
    """A client of the cluster at that address, or of one of ``jobs`` processes that ends with the block."""
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        raise WorkshopError(
            "Grading with several workers needs distributed, which is not installed: pip install 'workshop[classroom]'."
        ) from None
    # Set here, for its own configuration of this was read when it was imported.
    logging.getLogger("distributed").setLevel(logging.ERROR)
    # Dead once is bad luck and is tried again; dead twice may be the work.
    with dask.config.set({"distributed.scheduler.allowed-failures": 1}):
        if scheduler is None:
            with (
                LocalCluster(
                    n_workers=jobs, threads_per_worker=1, memory_limit=0, dashboard_address=":0"
                ) as cluster,
                Client(cluster) as client,
            ):
                yield client
            return
        try:
            client = Client(scheduler, timeout="10s")
        except (OSError, ValueError, TimeoutError) as problem:
            raise WorkshopError(
                f"No Dask scheduler answers at {scheduler} ({type(problem).__name__}). "
                "Start one with `dask scheduler`, and workers with `dask worker ADDRESS`."
            ) from None
        with client:
            yield client


def _same_exercises(client: Any) -> None:
    """Workers that hold other exercises would give other grades.

    Raises:
        WorkshopError: some do, or there is no worker.
    """
    try:
        client.wait_for_workers(1, timeout=30)
    except TimeoutError:
        raise WorkshopError("The cluster has no workers. Start some with `dask worker ADDRESS`.") from None
    theirs = client.run(version)
    others = sorted(address for address, mine in theirs.items() if mine != version())
    if others:
        raise WorkshopError(
            f"The exercises on {', '.join(others)} are not those here. Install the same version everywhere."
        )


def refused(student: str, file: str, reason: str) -> Graded:
    """For a file of which not even the lesson is known."""
    return replace(nothing(Work(student, "", file, b""), reason))
