"""A folder as a zip that is the same for the same files, and a folder put into the place of an older one."""

from __future__ import annotations

import zipfile
from pathlib import Path

#: The earliest that a zip can say. The files' own times differ from clone to clone.
_WHEN = (1980, 1, 1, 0, 0, 0)


def pack(folder: Path, archive: Path, top: str) -> None:
    """Zip a folder's files, sorted by name, all below one folder ``top``: the same tree gives the same bytes."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(f"{top}/{path.relative_to(folder).as_posix()}", _WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on every system; only then the rights below mean something
            entry.external_attr = 0o100644 << 16
            packed.writestr(entry, path.read_bytes())


def put_in_place(fresh: Path, target: Path, aside: Path) -> None:
    """Move the folder ``fresh`` to ``target``; what was there goes to ``aside``, and comes back if that fails.

    All three are on one file system.
    """
    try:
        if target.exists():
            target.rename(aside)
        fresh.rename(target)
    except BaseException:
        if aside.exists() and not target.exists():
            aside.rename(target)
        raise
