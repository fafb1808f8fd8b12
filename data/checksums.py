"""Write the checksums of the text files that ship into ``data/checksums.json``, after one was changed on purpose.

python data/checksums.py
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

DATA = Path(__file__).parent
RECORD = DATA / "checksums.json"


def checksums() -> dict[str, str]:
    """The record with today's sha256 of ``data/*.csv`` and of all in ``data/lecture/``; the rest of it is kept."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    kept = {name: digest for name, digest in record.items() if not name.endswith((".csv", ".json"))}
    files = sorted([*DATA.glob("*.csv"), *DATA.glob("lecture/*")])
    return kept | {
        file.relative_to(DATA).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files
    }


if __name__ == "__main__":
    RECORD.write_text(json.dumps(checksums(), indent=2) + "\n", encoding="utf-8", newline="\n")
