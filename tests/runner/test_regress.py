"""The copies that nbval executes: parameters set, saved outputs kept, nothing run."""

import shutil

import nbformat
import pytest

from workshop.runner.lessons import lessons_folder
from workshop.runner.regress import prepare

pytestmark = pytest.mark.fast


def test_prepared_copies_have_their_budget_and_their_saved_verdicts(monkeypatch, tmp_path):

    shutil.copytree(lessons_folder(), tmp_path / "notebooks")
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path))
    folder = prepare(["03"], "ci")
    notebook = nbformat.read(folder / "03_domain_adaptation.ipynb", as_version=4)
    injected = [c for c in notebook.cells if "injected-parameters" in c.metadata.get("tags", [])]
    assert len(injected) == 1 and 'budget = "ci"' in injected[0].source
    compared = [c for c in notebook.cells if "nbval-check-output" in c.metadata.get("tags", [])]
    assert len(compared) >= 7
    assert all(cell.execution_count and cell.outputs for cell in compared)
