"""Small text files that ship in ``data/`` beside the images, each checked against its checksum when it is read."""

from __future__ import annotations

import hashlib
import json

from workshop import settings
from workshop.errors import WorkshopError

GOOD = "good"


def names() -> list[str]:
    """The files that :func:`text` gives, as ``lecture/hivemind_counts.csv``."""
    return [name for name in _checksums() if name.endswith((".csv", ".json"))]


def text(name: str) -> str:
    """The content of ``data/<name>``.

    Raises:
        WorkshopError: it is not there, or not as it was shipped.
    """
    if (found := state(name)) != GOOD:
        raise WorkshopError(f"{found}.")
    return (settings.data_folder() / name).read_text(encoding="utf-8")


def state(name: str) -> str:
    """:data:`GOOD`, or what is wrong with ``data/<name>`` and what to do about it."""
    file, shown = settings.data_folder() / name, f"data/{name}"
    if not file.is_file():
        return f"{shown} is missing: restore it with git checkout {shown}"
    if hashlib.sha256(file.read_bytes()).hexdigest() != _checksums().get(name):
        return (
            f"{shown} has a wrong checksum: restore it with git checkout {shown}, or, if it was changed on purpose, "
            "run python data/checksums.py"
        )
    return GOOD


def _checksums() -> dict[str, str]:
    return json.loads((settings.data_folder() / "checksums.json").read_text(encoding="utf-8"))
