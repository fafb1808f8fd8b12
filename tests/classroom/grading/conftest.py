"""What grading needs: a ledger of its own, and the sandbox."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from workshop.classroom.grading.grade import version
from workshop.classroom.grading.ledger import Ledger
from workshop.classroom.sandbox import available


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Of a run with seed 1."""
    return Ledger(tmp_path / "grades.sqlite", 1, version())


@pytest.fixture(scope="session")
def needs_sandbox() -> None:
    if sys.platform != "linux" or not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed (Debian: apt-get install bubblewrap)")
    available.require()
