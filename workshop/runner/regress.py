"""``python -m workshop regress``: every lesson under nbval, its saved verdicts against those of a run of today."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import papermill

from workshop import settings
from workshop.runner import lessons
from workshop.runner.execute import LIMITS


def main(arguments: list[str]) -> int:
    """Prepare each lesson at a budget, then let nbval execute it and compare the cells that are tagged for it.

    nbval cannot set parameters, so papermill writes the prepared copies to ``build/<budget>/`` first.

    Returns:
        pytest's exit status: 0 when every compared output is as it was saved.
    """
    parser = argparse.ArgumentParser("python -m workshop regress", description=__doc__)
    parser.add_argument("--budget", choices=("ci", "class"), default="ci")
    parser.add_argument("--lesson", nargs="+", default=[], help="numbers or names (default: every lesson)")
    asked = parser.parse_args(arguments)
    folder = prepare(asked.lesson, asked.budget)
    command = [
        *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--nbval-lax", "--nbval-current-env"),
        f"--nbval-cell-timeout={LIMITS[asked.budget]:.0f}",
        f"--nbval-sanitize-with={settings.home() / 'tests' / 'nbval_sanitize.cfg'}",
        str(folder),
    ]
    return subprocess.run(command, env=os.environ | {"WORKSHOP_RETRAIN": "1"}, check=False).returncode


def prepare(names: list[str], budget: str) -> Path:
    """Write the lessons asked for to ``build/<budget>/``, their parameters set and nothing run; returns the folder."""
    folder = settings.build_folder() / budget
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for lesson in lessons.find(names):
        papermill.execute_notebook(
            lesson.path, folder / lesson.path.name, {"budget": budget}, prepare_only=True
        )
    return folder
