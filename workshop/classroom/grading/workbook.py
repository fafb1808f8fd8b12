"""The student edition that submissions are run in, unpacked once in each process that grades."""

from __future__ import annotations

import atexit
import io
import shutil
import tempfile
import zipfile
from functools import cache
from pathlib import Path


@cache
def unpacked(archive: bytes) -> Path:
    """The folder of the edition in this zip of ours; it goes when the process ends."""
    scratch = Path(tempfile.mkdtemp(prefix="workshop-workbook-"))
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        packed.extractall(scratch)
    # Whoever runs submissions is another user than the grader, and may read and no more.
    scratch.chmod(0o755)
    for path in scratch.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (inside,) = scratch.iterdir()
    return inside
