"""One thread, one browser, one executed set of lessons; and in CI nothing that is required may be skipped."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]

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


@pytest.fixture(scope="session")
def executed() -> dict:
    """Every lesson, run once at ``ci`` for the whole test run: ``folder``, ``status`` and ``results``."""
    from workshop.runner.commands import main

    folder = ROOT / "build" / "test-run"
    shutil.rmtree(folder, ignore_errors=True)
    status = main(["--budget", "ci", "--out", str(folder)])
    return {
        "folder": folder,
        "status": status,
        "results": json.loads((folder / "results.json").read_text(encoding="utf-8")),
    }
