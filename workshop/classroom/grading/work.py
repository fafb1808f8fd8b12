"""What goes into grading and what comes out of it. Both are plain: they travel to other machines as JSON."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from typing import Any

from workshop.classroom.answering.marking import Mark


@dataclass(frozen=True)
class Work:
    """One student's submission of one lesson.

    Attributes:
        student: the name that reports go by.
        lesson: the lesson's file name without its ending.
        file: where it came from, for the report.
        raw: the notebook as handed in, whatever it is.
        notes: what was found while it was taken in: late, a second one. No grade hangs on them.
    """

    student: str
    lesson: str
    file: str
    raw: bytes
    notes: tuple[str, ...] = ()

    def key(self, seed: int, version: str, *, run: bool) -> str:
        """Names this work under this seed and these exercises: grading it again would give the same.

        Args:
            seed: of the hidden inputs.
            version: of all else that a grade hangs on.
            run: whether the notebook is run from top to bottom, too.
        """
        digest = hashlib.sha256()
        for part in (self.student, self.lesson, str(seed), version, "run" if run else ""):
            digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
        digest.update(self.raw)
        return digest.hexdigest()


@dataclass(frozen=True)
class Graded:
    """What became of one work.

    Attributes:
        student, lesson, file: of the work.
        marks: one for each exercise of the lesson that a machine judges, in the lesson's order.
        manual: ids of the exercises that are marked by hand.
        notes: for the student, in sentences.
        refused: why it was not graded at all; empty when it was.
        ran: how it ran from top to bottom, in words; empty when it was not run.
        page: the file of what it showed, below the run's folder; empty where there is none.
        seconds: by stage.
    """

    student: str
    lesson: str
    file: str
    marks: tuple[Mark, ...] = ()
    manual: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refused: str = ""
    ran: str = ""
    page: str = ""
    seconds: dict[str, float] | None = None

    def of(self, work: Work) -> Graded:
        """With what is known of the work today: a roster may have been mended since it was graded."""
        return replace(self, file=work.file, notes=(*work.notes, *self.notes))

    @property
    def earned(self) -> float:
        """Points earned, of :attr:`points`."""
        return round(sum(mark.earned for mark in self.marks), 2)

    @property
    def points(self) -> float:
        """Points that a machine can give."""
        return sum(mark.points for mark in self.marks)

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Graded:
        """The way back from :meth:`plain`."""
        marks = tuple(Mark(**{**mark, "notes": tuple(mark["notes"])}) for mark in plain["marks"])
        lists = {name: tuple(plain[name]) for name in ("manual", "notes")}
        return cls(**{**plain, **lists, "marks": marks})
