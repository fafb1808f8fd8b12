"""The roster: who handed in which file, and when."""

from __future__ import annotations

import fnmatch
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from workshop.classroom.accepting.notebooks import Refused
from workshop.classroom.accepting.tables import Row, rows
from workshop.errors import WorkshopError

_YES_OR_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


@dataclass(frozen=True)
class Line:
    """One line of the roster.

    Attributes:
        number: of the line, for messages.
        student: the name that reports go by.
        file: below the submissions folder, a file or folder, with or without its ending; or a pattern with ``*`` and
            ``?``, of what lies in that folder itself, unless the pattern has a ``/``.
        due, submitted: when it had to be there, and when it was.
        late: whether it was late; what staff wrote goes before what the times say.
    """

    number: int
    student: str
    file: str
    due: datetime | None = None
    submitted: datetime | None = None
    late: bool = False

    def lateness(self) -> str:
        """A sentence for the report; empty when it was in time."""
        if not self.late:
            return ""
        if self.due and self.submitted and self.submitted > self.due:
            return f"Handed in late: {spelled(self.submitted)}; it was due {spelled(self.due)}."
        return "Handed in late."

    def fits(self, name: str) -> int:
        """How well this line names a file: 0 not at all, 1 by a pattern, 2 as a folder or zip, 3 by itself."""
        entry = PurePosixPath(name).parts[0]
        if self.file == name:
            return 3
        if self.file in (entry, PurePosixPath(entry).stem):
            return 2
        pattern = self.file.replace("[", "[[]")  # a bracket in a file's name means itself
        # Inside a zip or folder a student chooses the names, another's among them.
        return int(fnmatch.fnmatchcase(name if "/" in pattern else entry, pattern))


@dataclass(frozen=True)
class Roster:
    """All lines of a roster."""

    lines: tuple[Line, ...]

    @classmethod
    def read(cls, path: Path) -> Roster:
        """Read a CSV file with the columns ``student``, ``file`` and, if wanted, ``due``, ``submitted``, ``late``.

        Times are ISO 8601 (``2026-11-25 18:00``), in UTC where they name no zone.

        Raises:
            WorkshopError: it is not such a file; the sentence names line and column.
        """
        lines: dict[str, Line] = {}
        for row in rows(path, ("student", "file"), ("due", "submitted", "late")):
            line = _line(row)
            if line.file in lines:
                raise row.wrong("file", f"{line.file} is named on line {lines[line.file].number} already.")
            lines[line.file] = line
        if not lines:
            raise WorkshopError(f"{path.name} names no student: there is no line below its header.")
        return cls(tuple(lines.values()))

    @property
    def students(self) -> tuple[str, ...]:
        """Everybody, in the roster's order."""
        return tuple(dict.fromkeys(line.student for line in self.lines))

    def line_of(self, name: str) -> Line | Refused:
        """The line of a file, by its name below the submissions folder. The line that names it best counts."""
        fitting = [(line.fits(name), line) for line in self.lines]
        best = max((fit for fit, _ in fitting), default=0)
        found = [line for fit, line in fitting if fit == best]
        if best == 0:
            return Refused("No line of the roster names this file.")
        if len({line.student for line in found}) > 1:
            who = ", ".join(f"{line.student} (line {line.number})" for line in found)
            return Refused(f"The roster gives this file to more than one student: {who}.")
        return found[0]


def spelled(time: datetime) -> str:
    """A time as reports have it."""
    return time.strftime("%Y-%m-%d %H:%M %Z")


def _line(row: Row) -> Line:
    due, submitted = _time(row, "due"), _time(row, "submitted")
    late = bool(due and submitted and submitted > due)
    if row["late"]:
        if row["late"].lower() not in _YES_OR_NO:
            raise row.wrong("late", f"{row['late']!r} is neither yes nor no.")
        late = _YES_OR_NO[row["late"].lower()]
    student, file = (unicodedata.normalize("NFC", row.required(column)) for column in ("student", "file"))
    return Line(row.line, student, file.strip("/") or file, due, submitted, late)


def _time(row: Row, column: str) -> datetime | None:
    if not row[column]:
        return None
    try:
        time = datetime.fromisoformat(row[column])
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise row.wrong(column, f"{row[column]!r} is no time. Write it as 2026-11-25 18:00.") from None
