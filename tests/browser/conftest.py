"""A lesson, opened once and run once for all tests that drive it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build" / "browser"  # to be looked at; git ignores it

#: What the tests' copy of lesson 03 has otherwise: seconds to run, and a live training long enough to be stopped.
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
    """A copy of lesson 03, open in JupyterLab, run from top to bottom."""
    copy = _test_copy("03_domain_adaptation", CHANGES, (BUSY, FAILING_ONCE))
    with _opened(copy, chromium, tmp_path_factory) as notebook:
        yield notebook


@pytest.fixture(scope="session")
def opened_00(chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A copy of lesson 00, likewise; it shows its stored results, as a reader first sees it."""
    with _opened(_test_copy("00_start_here", {}, ()), chromium, tmp_path_factory) as notebook:
        yield notebook


@pytest.fixture(scope="session")
def opened_01(chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A copy of lesson 01, likewise; it shows its stored results, as a reader first sees it."""
    with _opened(_test_copy("01_transfer_scenarios", {}, ()), chromium, tmp_path_factory) as notebook:
        yield notebook


@pytest.fixture(scope="session")
def opened_02(chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A copy of lesson 02, likewise; it shows its stored results, as a reader first sees it."""
    with _opened(_test_copy("02_fine_tuning_spectrum", {}, ()), chromium, tmp_path_factory) as notebook:
        yield notebook


@pytest.fixture(scope="session")
def opened_05(chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A copy of lesson 05, likewise; it shows its stored results, as a reader first sees it."""
    with _opened(_test_copy("05_meta_learning", {}, ()), chromium, tmp_path_factory) as notebook:
        yield notebook


@pytest.fixture(scope="session")
def opened_06(chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A copy of lesson 06, likewise."""
    with _opened(_test_copy("06_label_quality", {}, ()), chromium, tmp_path_factory) as notebook:
        yield notebook


@contextmanager
def _opened(notebook: nbformat.NotebookNode, chromium, tmp_path_factory) -> Iterator[object]:
    from lab import OpenNotebook, jupyterlab  # playwright is there when `chromium` is

    folder = tmp_path_factory.mktemp("lab")
    path = folder / "lesson.ipynb"
    nbformat.write(notebook, path)
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


@pytest.fixture
def lesson_00(opened_00) -> Iterator[object]:
    """The same of lesson 00."""
    yield opened_00
    assert opened_00.strangers == []
    assert opened_00.complaints == []


@pytest.fixture
def lesson_01(opened_01) -> Iterator[object]:
    """The same of lesson 01."""
    yield opened_01
    assert opened_01.strangers == []
    assert opened_01.complaints == []


@pytest.fixture
def lesson_02(opened_02) -> Iterator[object]:
    """The same of lesson 02."""
    yield opened_02
    assert opened_02.strangers == []
    assert opened_02.complaints == []


@pytest.fixture
def lesson_05(opened_05) -> Iterator[object]:
    """The same of lesson 05."""
    yield opened_05
    assert opened_05.strangers == []
    assert opened_05.complaints == []


@pytest.fixture
def lesson_06(opened_06) -> Iterator[object]:
    """The same of lesson 06."""
    yield opened_06
    assert opened_06.strangers == []
    assert opened_06.complaints == []


def _test_copy(name: str, changes: dict[str, str], more: tuple[str, ...]) -> nbformat.NotebookNode:
    """A lesson with some of its code changed and some cells more, and no outputs."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    for old, new in changes.items():
        (cell,) = [cell for cell in notebook.cells if cell.cell_type == "code" and old in cell.source]
        cell.source = cell.source.replace(old, new)
    notebook.cells += [new_code_cell(source) for source in more]
    for cell in notebook.cells:
        if cell.cell_type == "code":  # what is seen later comes from this run
            cell.outputs, cell.execution_count = [], None
    return notebook
