"""Workers of this machine, and of clusters that were started elsewhere."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

distributed = pytest.importorskip("distributed", reason="distributed is not installed: make setup-dev")

from workshop.classroom.grading import batch, cluster  # noqa: E402
from workshop.classroom.grading.grade import How, nothing, version  # noqa: E402
from workshop.classroom.grading.ledger import Ledger  # noqa: E402
from workshop.classroom.grading.work import Work  # noqa: E402
from workshop.classroom.sandbox import available  # noqa: E402
from workshop.errors import WorkshopError  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
LESSON = "06_label_quality"  # its answers need no torch
SOURCE = (ROOT / "notebooks" / f"{LESSON}.ipynb").read_bytes()


def works(count: int) -> list[Work]:
    return [Work(f"student {n}", LESSON, f"{n}.ipynb", SOURCE) for n in range(count)]


def zipped() -> bytes:
    """As small as an edition can be."""
    with zipfile.ZipFile(packed := io.BytesIO(), "w") as archive:
        archive.writestr("student/README.md", "hello")
    return packed.getvalue()


# ---- of this machine -----------------------------------------------------------------------------------


def test_workers_give_the_grades_that_this_process_gives(needs_sandbox, tmp_path, ledger):
    alone = batch.grade_all(works(3), 1, ledger)
    other = Ledger(tmp_path / "other.sqlite", 1, version())
    seen, dashboard = [], []
    together = batch.grade_all(
        works(3), 1, other, jobs=2, on_done=lambda *told: seen.append(told[:2]), on_dashboard=dashboard.append
    )
    assert [g.marks for g in together.graded] == [g.marks for g in alone.graded]
    assert (together.anew, together.failed) == (3, ())
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert dashboard[0].startswith("http")


def test_nobody_else_on_the_network_sees_what_the_workers_do():
    import psutil

    with cluster.connected(1, None, unsafe=True):
        mine = psutil.Process()
        listening = [
            each.laddr.ip
            for process in (mine, *mine.children(recursive=True))
            for each in process.net_connections("inet")
            if each.status == psutil.CONN_LISTEN
        ]
    assert set(listening) == {"127.0.0.1"}


def test_workers_that_come_later_are_given_work_too(monkeypatch):
    def stub(work, how, edition, expected):
        return nothing(work, "").plain(), ""

    monkeypatch.setattr(cluster, "_on_worker", stub)
    begun = []
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
        ) as place,
        distributed.Client(place) as client,
    ):
        todo = {str(n): work for n, work in enumerate(works(40))}
        told = cluster.results(client, todo, How(1), None, SimpleNamespace(begin=begun.append))
        done = [next(told)]
        assert len(begun) == 2
        place.scale(4)
        client.wait_for_workers(4)
        done.append(next(told))
        assert len(begun) == 8 + 1
        done += told
    assert sorted(key for key, _, _ in done) == sorted(todo) == sorted(begun)


def test_the_edition_is_sent_once_to_each_worker_whenever_it_comes():
    def read(name, dask_worker):
        return (dask_worker.plugins[name].folder / "README.md").read_text()

    def has(name, dask_worker):
        return name in dask_worker.plugins

    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as place,
        distributed.Client(place) as client,
    ):
        with cluster._handed_out(client, zipped()) as edition:
            place.scale(2)
            client.wait_for_workers(2)
            assert list(client.run(read, edition).values()) == ["hello", "hello"]
        assert list(client.run(has, edition).values()) == [False, False]


# ---- started elsewhere ---------------------------------------------------------------------------------


@pytest.fixture
def started_elsewhere():
    """The address of a scheduler with two workers, in processes of their own, with settings of their own."""
    dask = [sys.executable, "-m", "distributed.cli.{}"]
    begun = []

    def start(program, *options):
        line = [part.format(program) for part in dask] + list(options)
        process = subprocess.Popen(
            line, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=ROOT
        )
        begun.append(process)
        return process

    scheduler = start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    for line in scheduler.stderr:
        if "Scheduler at:" in line:
            address = line.split()[-1]
            break
    start("dask_worker", address, "--nworkers", "2", "--nthreads", "1", "--no-dashboard")
    yield address
    for process in reversed(begun):
        process.terminate()
        process.communicate(timeout=30)


def _dies(work, how, edition, expected):
    import os
    import signal
    from pathlib import Path

    marker = Path(work.file)
    times = int(marker.read_text()) if marker.exists() else 0
    marker.write_text(str(times + 1))
    if times < int(work.student):
        os.kill(os.getpid(), signal.SIGKILL)
    graded, page = how.grade(work)
    return graded.plain(), page


_dies.__module__ = "__main__"  # so that it travels to the workers as it is: this file they cannot import


def _graded_by_mortals(tmp_path, ledger, deaths: int, **how) -> batch.Batch:
    """What becomes of a work whose workers die, and of its neighbour's."""
    work = Work(str(deaths), LESSON, str(tmp_path / "marker"), SOURCE)
    neighbour = Work("0", LESSON, str(tmp_path / "neighbour"), SOURCE)
    told = batch.grade_all([work, neighbour], 1, ledger, **how)
    assert (tmp_path / "marker").read_text() == "2"
    fails = deaths > 1
    assert len(told.failed) == fails
    assert len(told.graded) == 2 - fails  # the neighbour always
    return told


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_worker_that_dies_is_replaced_once(needs_sandbox, tmp_path, ledger, monkeypatch, deaths):
    monkeypatch.setattr(cluster, "_on_worker", _dies)
    told = _graded_by_mortals(tmp_path, ledger, deaths, jobs=2)
    sentence = "The grader failed, not the work; resume the run to try it again. KilledWorker."
    assert all(sentence in work.refused for work in told.failed)


def test_a_scheduler_that_was_started_elsewhere_keeps_to_that_and_gets_its_own_rule_back(
    needs_sandbox, tmp_path, ledger, monkeypatch, started_elsewhere
):
    monkeypatch.setattr(cluster, "_on_worker", _dies)
    _graded_by_mortals(tmp_path, ledger, 2, scheduler=started_elsewhere)
    monkeypatch.undo()
    told = batch.grade_all(works(1), 1, ledger, scheduler=started_elsewhere)
    assert told.graded[0].earned == told.graded[0].points
    with distributed.Client(started_elsewhere) as client:
        assert client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.allowed_failures) == 3


def test_no_cluster_is_told_and_nothing_that_dask_warns_of(ledger):
    logging.getLogger("distributed").setLevel(logging.INFO)  # as it is when imported
    with pytest.raises(WorkshopError, match="No Dask scheduler answers at"):
        batch.grade_all(works(1), 1, ledger, scheduler="tcp://127.0.0.1:9")
    assert not logging.getLogger("distributed.nanny").isEnabledFor(logging.WARNING)


class Workers:
    """Of a cluster: ``one`` does as it is asked, ``two`` answers as given."""

    def __init__(self, answer):
        self._answer = answer

    def wait_for_workers(self, count, timeout):
        pass

    def run(self, function, on_error):
        assert on_error == "return"
        return {"tcp://one": function(), "tcp://two": self._answer}


@pytest.mark.parametrize("theirs", ["theirs", ModuleNotFoundError("No module named 'workshop'")])
def test_workers_with_another_workbook_are_told(theirs):
    with pytest.raises(WorkshopError, match=r"workbook at tcp://two is not the one here.*copy of it"):
        cluster._same_everywhere(Workers(theirs))
    cluster._same_everywhere(Workers(version()))


def test_a_worker_with_another_workbook_that_comes_later_grades_nothing(monkeypatch):
    monkeypatch.setattr(cluster, "get_worker", lambda: SimpleNamespace(address="tcp://late", plugins={}))
    with pytest.raises(WorkshopError, match="workbook at tcp://late is not the one here"):
        cluster._on_worker(works(1)[0], How(1), None, "another version")


def test_workers_without_a_sandbox_are_told(monkeypatch):
    monkeypatch.setattr(available, "require", lambda: None)
    cluster._sandbox_everywhere(Workers(None))
    with pytest.raises(WorkshopError, match=r"no sandbox on tcp://two\. On tcp://two: It needs bwrap\."):
        cluster._sandbox_everywhere(Workers(WorkshopError("It needs bwrap.")))


@pytest.mark.parametrize("unsafe", [False, True])
def test_each_worker_of_a_cluster_is_asked_for_its_sandbox(monkeypatch, unsafe):
    asked = []
    monkeypatch.setattr(cluster, "_sandbox_everywhere", asked.append)
    with (
        distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=None) as place,
        cluster.connected(1, place.scheduler_address, unsafe=unsafe),
    ):
        pass
    assert len(asked) == (not unsafe)
