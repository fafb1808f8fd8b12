"""Grading on Dask's workers: processes of this machine, or any running cluster.

A worker needs a copy of this workbook, the same commit, and a sandbox. It gets the student edition once, whenever it
joins. One that dies has its work done once more elsewhere; work whose worker dies twice has failed.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from typing import Any

from distributed import Client, LocalCluster, WorkerPlugin, as_completed, get_worker

from workshop.classroom.grading.batch import Result
from workshop.classroom.grading.grade import How, failed, version
from workshop.classroom.grading.ledger import Ledger
from workshop.classroom.grading.work import Graded, Work
from workshop.classroom.grading.workbook import unpacked
from workshop.classroom.sandbox import available
from workshop.errors import WorkshopError

#: How often a work's worker may die. Once is bad luck; twice may be the work.
_DEATHS = 1


@contextmanager
def connected(jobs: int, scheduler: str | None, *, unsafe: bool) -> Iterator[Client]:
    """A client of the cluster at that address, or of one of ``jobs`` processes that ends with the block.

    Raises:
        WorkshopError: no cluster answers there; it has no workers, or some that would grade otherwise, or, unless
            ``unsafe``, some without a sandbox.
    """
    # Set here, for its own configuration of this was read when it was imported.
    logging.getLogger("distributed").setLevel(logging.ERROR)
    # The dashboard is for this machine alone.
    place = (
        nullcontext(scheduler)
        if scheduler
        else LocalCluster(
            n_workers=jobs, threads_per_worker=1, memory_limit=0, dashboard_address="127.0.0.1:0"
        )
    )
    with place as cluster, _client(cluster) as client, _deaths_allowed(client):
        _same_everywhere(client)
        if scheduler and not unsafe:
            _sandbox_everywhere(client)
        yield client


def _client(cluster: LocalCluster | str) -> Client:
    try:
        return Client(cluster, timeout="10s")
    except (OSError, ValueError, TimeoutError) as problem:
        raise WorkshopError(
            f"No Dask scheduler answers at {cluster} ({type(problem).__name__}). "
            "Start one with `dask scheduler`, and workers with `dask worker ADDRESS`."
        ) from None


@contextmanager
def _deaths_allowed(client: Client) -> Iterator[None]:
    """Tell the scheduler itself, for as long as we use it: one started elsewhere has settings of its own."""

    # Within this function, it travels as it is: a scheduler may do without this package.
    def allow(deaths, dask_scheduler):
        before, dask_scheduler.allowed_failures = dask_scheduler.allowed_failures, deaths
        return before

    before = client.run_on_scheduler(allow, _DEATHS)
    try:
        yield
    finally:
        with suppress(OSError):  # it may be gone
            client.run_on_scheduler(allow, before)


def _same_everywhere(client: Client) -> None:
    """Workers with another workbook would give other grades.

    Raises:
        WorkshopError: some have, or there is no worker.
    """
    try:
        client.wait_for_workers(1, timeout=30)
    except TimeoutError:
        raise WorkshopError("The cluster has no workers. Start some with `dask worker ADDRESS`.") from None
    # What a worker without our package says is returned, too, and is no version.
    theirs = client.run(version, on_error="return")
    if others := sorted(address for address, said in theirs.items() if said != version()):
        raise WorkshopError(_other_workbook(", ".join(others)))


def _other_workbook(address: str) -> str:
    return (
        f"The workbook at {address} is not the one here. Every worker needs a copy of it, of the same commit."
    )


def _sandbox_everywhere(client: Client) -> None:
    tried = client.run(available.require, on_error="return")
    without = {address: problem for address, problem in sorted(tried.items()) if problem is not None}
    if without:
        raise WorkshopError(
            f"There is no sandbox on {', '.join(without)}. On {next(iter(without))}: {next(iter(without.values()))}"
        )


class Edition(WorkerPlugin):
    """The student edition on each worker, unpacked: on those there are, and on each that comes later.

    Args:
        archive: its zip.
    """

    def __init__(self, archive: bytes) -> None:
        self._archive = archive
        self.name = f"workbook-{hashlib.sha256(archive).hexdigest()}"

    def setup(self, worker: Any) -> None:
        """Dask calls this on the worker."""
        self.folder = unpacked(self._archive)


@contextmanager
def _handed_out(client: Client, workbook: bytes | None) -> Iterator[str | None]:
    """The name under which the workers have the edition."""
    if workbook is None:
        yield None
        return
    edition = Edition(workbook)
    client.register_plugin(edition)
    try:
        yield edition.name
    finally:
        with suppress(OSError):
            client.unregister_worker_plugin(edition.name)


def results(
    client: Client, todo: dict[str, Work], how: How, workbook: bytes | None, ledger: Ledger
) -> Iterator[Result]:
    """Each work's result as it comes.

    Args:
        client: from :func:`connected`.
        todo: works by their keys.
        how: without a workbook, which each worker has a folder of its own for.
        workbook: the student edition's zip, or None.
        ledger: told what begins.
    """
    waiting, keys = iter(todo.items()), {}

    with _handed_out(client, workbook) as edition:

        def submit(count: int) -> Iterator[Any]:
            for key, work in (pair for _, pair in zip(range(count), waiting, strict=False)):
                ledger.begin(key)
                future = client.submit(
                    _on_worker, work, how, edition, version(), key=f"grade-{key}", pure=False
                )
                keys[future.key] = key
                yield future

        def room() -> int:
            """A few works for each worker there is by now and no more: a class need not all be in memory."""
            return 2 * max(1, sum(client.nthreads().values())) - running.count()

        running = as_completed()
        running.update(submit(room()))
        for future in running:
            key = keys.pop(future.key)
            if future.status == "finished":
                plain, page = future.result()
                yield key, Graded.from_plain(plain), page
            else:
                yield key, failed(todo[key], future.exception()), None
            running.update(submit(room()))


def _on_worker(work: Work, how: How, edition: str | None, expected: str) -> tuple[dict[str, Any], str]:
    worker = get_worker()
    if version() != expected:  # it came after the others had been asked
        raise WorkshopError(_other_workbook(worker.address))
    folder = worker.plugins[edition].folder if edition else None
    graded, page = replace(how, workbook=folder).grade(work)
    return graded.plain(), page
