"""Grading a class: here, one after the other; or on Dask's workers, which ``cluster`` is about.

Whoever grades, each grade is written down as soon as it is known. What failed through no fault of the student's is
reported and not written down, so that resuming tries it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from workshop.classroom.grading.grade import How, failed, version
from workshop.classroom.grading.ledger import Ledger
from workshop.classroom.grading.work import Graded, Work
from workshop.classroom.grading.workbook import unpacked
from workshop.classroom.running.run_through import LIMITS
from workshop.errors import WorkshopError

#: Bytes that a worker of this machine may come to need: itself with torch, a run, and what that may write to memory.
WORKER_BYTES = (512 << 20) + LIMITS.memory_bytes + 3 * LIMITS.scratch_bytes

#: A work's key, its grade, and the page of what it showed; no page means that the grader failed.
Result = tuple[str, Graded, str | None]
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
        WorkshopError: no cluster answers at that address, or some of its workers would grade otherwise or unsafely;
            the ledger cannot be written.
        ModuleNotFoundError: Dask is needed and not installed.
    """
    keys = {work.key(seed, version(), run=workbook is not None): work for work in works}
    todo = {key: work for key, work in keys.items() if not ledger.has(key)}
    missed: list[Graded] = []
    results = _graded(todo, How(seed, unsafe), workbook, ledger, jobs, scheduler, on_dashboard)
    for done, (key, graded, page) in enumerate(results, start=1):
        if page is None:
            missed.append(graded.of(todo[key]))
        else:
            graded = replace(graded, page=on_page(key, page) if page else "")
            ledger.keep(key, graded)
        on_done(done, len(todo), graded)
    kept = [graded.of(work) for key, work in keys.items() if (graded := ledger.of(key))]
    kept.sort(key=lambda graded: (graded.student, graded.lesson))
    return Batch(tuple(kept), tuple(missed), len(todo) - len(missed))


def _graded(
    todo: dict[str, Work],
    how: How,
    workbook: bytes | None,
    ledger: Ledger,
    jobs: int,
    scheduler: str | None,
    on_dashboard: Callable[[str], None],
) -> Iterator[Result]:
    jobs = min(jobs, len(todo))
    if not todo:
        return
    if scheduler is None and jobs == 1:
        yield from _here(todo, replace(how, workbook=unpacked(workbook) if workbook else None), ledger)
        return
    # Needed by nobody else: it takes a second, and is in the extra "classroom".
    from workshop.classroom.grading import cluster

    with cluster.connected(jobs, scheduler, unsafe=how.unsafe) as client:
        on_dashboard(client.dashboard_link)
        yield from cluster.results(client, todo, how, workbook, ledger)


def _here(todo: dict[str, Work], how: How, ledger: Ledger) -> Iterator[Result]:
    for key, work in todo.items():
        ledger.begin(key)
        try:
            graded, page = how.grade(work)
        except WorkshopError:  # no sandbox any more: none of the others could be graded either
            raise
        except Exception as problem:
            graded, page = failed(work, problem), None
        yield key, graded, page
