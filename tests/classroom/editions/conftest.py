"""Both editions of this very workbook, made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workshop import settings
from workshop.classroom.editions.edition import SOLUTIONS, STUDENT, Made, make


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that stands for ``build/``."""
    monkeypatch.setattr(settings, "build_folder", lambda: tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Made]]:
    """``made("student")`` and ``made("solutions")``."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("build")
        patch.setattr(settings, "build_folder", lambda: folder)
        editions = {edition.name: make(edition) for edition in (STUDENT, SOLUTIONS)}
    yield editions.__getitem__
