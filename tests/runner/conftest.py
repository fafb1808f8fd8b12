"""A workbook to write lessons into."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode


@pytest.fixture
def workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Writes lessons into a fresh workbook; a call ``workbook("03_x", notebook)`` returns the file's path."""
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path))

    def write(name: str, notebook: NotebookNode) -> Path:
        path = tmp_path / "notebooks" / f"{name}.ipynb"
        nbformat.write(notebook, path)
        return path

    return write
