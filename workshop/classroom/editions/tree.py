"""Which files of the workbook go along with its lessons.

Chosen by name and kind, not by what lies around: a cache, a data set that may not be handed on, or a note of
one's own in the same folder stays at home.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from workshop.errors import WorkshopError

_CODE = {".py", ".cpp", ".j2", ".json", ".md"}
_BESIDE_DATA = {".py", ".md", ".json", ".NOTICE"}


def shipped_files(home: Path, left_out: tuple[str, ...]) -> list[Path]:
    """Every file but lessons, README and pyproject.toml, relative to ``home`` and sorted.

    Args:
        home: the workbook.
        left_out: files and folders of it that stay behind.

    Raises:
        WorkshopError: a file that has to be there is missing.
    """
    files = {path for path in _candidates(home) if not any(map(path.is_relative_to, left_out))}
    for path in sorted(files):
        if not (home / path).is_file():
            raise WorkshopError(f"{home / path} is missing; an edition is made from a whole workbook.")
    return sorted(path for path in files if not (home / path).is_symlink())


def trimmed(pyproject: str, extras: tuple[str, ...]) -> str:
    """pyproject.toml with these extras only, and without what it says to the tools of maintainers."""
    text = pyproject.partition("[tool.ruff]")[0]
    for name in tomllib.loads(text)["project"]["optional-dependencies"]:
        if name not in extras:
            text = re.sub(rf"^(#[^\n]*\n)*{name} = \[.*?\]\n", "", text, flags=re.MULTILINE | re.DOTALL)
    return text.rstrip() + "\n"


def _candidates(home: Path) -> Iterator[Path]:
    """What belongs to a workbook; named even where it is missing, when nothing works without it."""
    yield from map(Path, ("LICENSE", "LICENSE-CONTENT", "constraints.txt", "environment.yml"))
    yield from map(Path, ("Dockerfile", ".dockerignore"))
    yield Path("notebooks/outcomes.json")
    yield Path("notebooks/lecture_map.json")
    for path in (home / "workshop").rglob("*"):
        inside = path.relative_to(home)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
        if path.suffix in _CODE and path.is_file() and not hidden:
            yield inside
    data = home / "data"
    for path in data.glob("*"):
        if path.suffix in _BESIDE_DATA and path.is_file():
            yield path.relative_to(home)
    checksums = data / "checksums.json"
    yield checksums.relative_to(home)
    if checksums.is_file():
        yield from (Path("data") / name for name in json.loads(checksums.read_text(encoding="utf-8")))
    for kind in ("json", "npz"):
        yield from (path.relative_to(home) for path in data.glob(f"results/*/[!.]*.{kind}"))
