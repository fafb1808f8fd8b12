"""Lesson 03, opened once and run once for all tests that drive it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

ROOT = Path(__file__).resolve().parents[2]
LESSON = ROOT / "notebooks" / "03_domain_adaptation.ipynb"
PICTURES = ROOT / "build" / "browser"  # to be looked at; git ignores it

#: What the tests' copy of the lesson has otherwise: seconds to run, and a live training long enough to be stopped.
CHANGES = {
    'budget = "class"': 'budget = "smoke"',
    "panels.AdaptationPanel(study)": 'panels.AdaptationPanel(study, budget="ci")',
}
#: Two cells more: one that keeps the kernel busy, and a panel whose training fails the first time.
BUSY = "import time\n\ntime.sleep(0.8)"
FAILING_ONCE = """
from copy import copy

failing_once, tries = copy(study), []

def train(*arguments, **options):
    tries.append(arguments)
    if len(tries) == 1:
        raise RuntimeError("the labels have <gone> & nobody saw them")
    return study.train(*arguments, **options)

failing_once.train = train
panels.AdaptationPanel(failing_once)
""".strip()


@pytest.fixture(scope="session")
def opened(chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A copy of the lesson, open in JupyterLab, run from top to bottom."""
    from lab import OpenNotebook, jupyterlab  # playwright is there when `chromium` is

    folder = tmp_path_factory.mktemp("lab")
    path = folder / LESSON.name
    nbformat.write(_test_copy(), path)
    with jupyterlab(folder, home=ROOT, log=tmp_path_factory.mktemp("log") / "jupyterlab.log") as address:
        notebook = OpenNotebook(chromium, address, path, PICTURES)
        notebook.run_all(seconds=150)
        yield notebook
        notebook.close()


@pytest.fixture
def lesson(opened) -> Iterator[object]:
    """The open lesson. Whatever a test does in it asks no other machine, and makes the browser complain of nothing."""
    yield opened
    assert opened.strangers == []
    assert opened.complaints == []


def _test_copy() -> nbformat.NotebookNode:
    notebook = nbformat.read(LESSON, as_version=4)
    for old, new in CHANGES.items():
        (cell,) = [cell for cell in notebook.cells if cell.cell_type == "code" and old in cell.source]
        cell.source = cell.source.replace(old, new)
    notebook.cells += [new_code_cell(BUSY), new_code_cell(FAILING_ONCE)]
    for cell in notebook.cells:
        if cell.cell_type == "code":  # what is seen later comes from this run
            cell.outputs, cell.execution_count = [], None
    return notebook
