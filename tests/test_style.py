"""Everything in the tree, the lessons' cells included, is as ``make format`` leaves it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.fast
@pytest.mark.parametrize("command", [("format", "--check", "--diff"), ("check",)], ids=lambda words: words[0])
def test_ruff_finds_nothing(command):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, f"make format\n{done.stdout[-3000:]}{done.stderr[-1000:]}"
