"""A folder's name for a student's: whatever the name holds, the folder lies where it should and is its own."""

from __future__ import annotations

import hashlib
import re
import unicodedata


def folder_name(student: str) -> str:
    """Letters, digits and ``- _ .`` of the name; where that leaves anything out, a few signs that tell it apart."""
    plain = unicodedata.normalize("NFC", student)
    kept = re.sub(r"[^\w.-]+", "_", plain).strip("._")[:60]
    # Nobody can be called like the folder of somebody else.
    if kept == student and kept and not re.search(r"-[0-9a-f]{8}$", kept):
        return kept
    digest = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{kept or 'student'}-{digest}"
