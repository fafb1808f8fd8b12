"""One thread, one browser, one executed set of lessons; and in CI nothing that is required may be skipped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]
EXECUTED = ROOT / "build" / "test-run"
_RUN = pytest.StashKey[subprocess.Popen]()

# Before anything starts a kernel or a thread pool: two threads on a busy two-core machine are slower than one.
os.environ.setdefault("WORKSHOP_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
torch.set_num_threads(1)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """``WORKSHOP_REQUIRE=peers,browser``: a test with one of these marks that is skipped has failed."""
    outcome = yield
    report = outcome.get_result()
    required = [name for name in os.environ.get("WORKSHOP_REQUIRE", "").split(",") if name]
    marks = [name for name in required if item.get_closest_marker(name)]
    if report.skipped and marks and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"WORKSHOP_REQUIRE names {marks[0]}, and this test was skipped: {reason}"


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """A real browser, without a window."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: make setup-dev"
    )
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no chromium is installed (Debian: apt-get install chromium)")
    switches = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=switches)
        yield browser
        browser.close()


def _asks_for_lessons(item: pytest.Item) -> bool:
    return "executed" in getattr(item, "fixturenames", ())  # a lesson's cell under nbval has none


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _asks_for_lessons(item):
            item.add_marker(pytest.mark.timeout(1800))  # the first of them may wait for every lesson


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the lessons at once where a test will ask for them: they take minutes, and a core is idle meanwhile."""
    if session.config.option.collectonly or not any(map(_asks_for_lessons, session.items)):
        return
    shutil.rmtree(EXECUTED, ignore_errors=True)
    EXECUTED.mkdir(parents=True)
    command = [sys.executable, "-m", "workshop", "run", "--budget", "ci", "--out", str(EXECUTED)]
    with (EXECUTED / "printed.txt").open("wb") as printed:
        session.stash[_RUN] = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT
        )


def pytest_sessionfinish(session: pytest.Session) -> None:
    run = session.stash.get(_RUN, None)
    if run is not None and run.poll() is None:
        run.send_signal(signal.SIGINT)  # as a reader stops it: it ends its kernel, too
        run.wait()


@pytest.fixture(scope="session")
def executed(request: pytest.FixtureRequest) -> dict:
    """Every lesson, run once at ``ci`` for the whole test run: ``folder``, ``status``, ``printed``, ``results``."""
    status = request.session.stash[_RUN].wait()
    return {
        "folder": EXECUTED,
        "status": status,
        "printed": (EXECUTED / "printed.txt").read_text(encoding="utf-8"),
        "results": json.loads((EXECUTED / "results.json").read_text(encoding="utf-8")),
    }
