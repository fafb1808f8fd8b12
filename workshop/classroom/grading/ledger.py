"""The grades of a run, each written down as soon as it is known: SQLite with a write-ahead log.

A grader may be killed at any moment. What it had committed is kept whole; what it had not is graded anew.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from workshop.classroom.grading.work import Graded
from workshop.errors import WorkshopError

_TABLES = """
CREATE TABLE IF NOT EXISTS run (
  one INTEGER PRIMARY KEY CHECK (one = 1), seed INTEGER NOT NULL, version TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS begun (key TEXT NOT NULL, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE IF NOT EXISTS graded (
  key TEXT PRIMARY KEY, student TEXT NOT NULL, lesson TEXT NOT NULL, grade TEXT NOT NULL
);
"""


class Ledger:
    """The file ``grades.sqlite`` of one run.

    Args:
        path: the file; made when it is not there.
        seed: of the hidden inputs.
        version: of the exercises; see :func:`workshop.classroom.grading.grade.version`.
        resume: go on with a run that was interrupted. One that had not begun to grade is no run.

    Raises:
        WorkshopError: the file holds a run, and ``resume`` was not asked for; or one of another seed or other
            exercises; or it is no ledger; or, then and later, it cannot be written.
    """

    def __init__(self, path: Path, seed: int, version: str, *, resume: bool = False) -> None:
        self._path = path
        try:
            self._file = sqlite3.connect(path, isolation_level=None)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=FULL")
            self._file.executescript(_TABLES)
            begun = self._file.execute("SELECT 1 FROM begun LIMIT 1").fetchone() is not None
            if not begun:  # a run that came to nothing, for want of a cluster say, is in nobody's way
                self._file.execute("DELETE FROM run")
            self._file.execute("INSERT OR IGNORE INTO run VALUES (1, ?, ?)", (seed, version))
            kept = self._file.execute("SELECT seed, version FROM run").fetchone()
        except sqlite3.OperationalError as problem:
            raise self._unwritable(problem) from None
        except sqlite3.DatabaseError as problem:
            raise WorkshopError(
                f"{path} is not a file of grades ({problem}); choose another folder."
            ) from None
        if begun and not resume:
            raise WorkshopError(
                f"{path} holds the grades of a run. Go on with it (--resume), or choose another folder (OUT=...)."
            )
        if kept[0] != seed:
            raise WorkshopError(
                f"The run in {path} was graded with another seed than {seed}. Resume it with its own seed, "
                "or grade into another folder."
            )
        if kept[1] != version:
            raise WorkshopError(
                f"The exercises have changed since the run in {path} began. Grade into another folder."
            )

    def begin(self, key: str) -> None:
        """Note that a work is being graded."""
        self._insert("INSERT INTO begun (key) VALUES (?)", (key,))

    def keep(self, key: str, graded: Graded) -> None:
        """Write one grade down. It is on the disk when this returns.

        Raises:
            WorkshopError: it has been written down already.
        """
        row = (key, graded.student, graded.lesson, json.dumps(graded.plain()))
        try:
            self._insert("INSERT INTO graded VALUES (?, ?, ?, ?)", row)
        except sqlite3.IntegrityError:
            raise WorkshopError(
                f"{graded.student}'s {graded.lesson} has been graded in this run already."
            ) from None

    def has(self, key: str) -> bool:
        """Whether that work has been graded."""
        return self._file.execute("SELECT 1 FROM graded WHERE key = ?", (key,)).fetchone() is not None

    def times_begun(self, key: str) -> int:
        """How often grading of that work has begun."""
        return self._file.execute("SELECT count(*) FROM begun WHERE key = ?", (key,)).fetchone()[0]

    def of(self, key: str) -> Graded | None:
        """The grade of that work; None when it has not been graded.

        A work that was handed in anew has another key; what its older version earned stays here and does not count.
        """
        row = self._file.execute("SELECT grade FROM graded WHERE key = ?", (key,)).fetchone()
        return Graded.from_plain(json.loads(row[0])) if row else None

    def _insert(self, statement: str, row: tuple[str, ...]) -> None:
        try:
            self._file.execute(statement, row)
        except sqlite3.OperationalError as problem:
            raise self._unwritable(problem) from None

    def _unwritable(self, problem: sqlite3.OperationalError) -> WorkshopError:
        """A full disk, a folder without rights, another grader at the same run."""
        return WorkshopError(
            f"{self._path} cannot be written ({problem}). Mend that, and go on with --resume: what it holds is kept."
        )

    def close(self) -> None:
        """Close the file."""
        self._file.close()
