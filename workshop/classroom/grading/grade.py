"""Grading one work: accepted, cut to its answers, run from top to bottom, and each answer asked in the sandbox."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

import nbformat
from nbformat import NotebookNode

from workshop import exercises
from workshop.classroom.accepting.notebooks import Refused, accept
from workshop.classroom.accepting.restore import Restored, answers
from workshop.classroom.answering import protocol
from workshop.classroom.answering.marking import SECONDS, Answer, Ask, Asked, Hidden, Mark, mark_all
from workshop.classroom.grading.work import Graded, Work
from workshop.classroom.running.run_through import RanThrough, run_through
from workshop.classroom.sandbox.limits import Limits
from workshop.classroom.sandbox.run import run
from workshop.errors import WorkshopError
from workshop.exercises.record import Exercise
from workshop.runner.lessons import lessons_folder

MB = 1 << 20

#: Of all answers of a submission. Each of them has seconds of its own, and ends long before these do.
ANSWER_LIMITS = Limits(
    cpu_seconds=60,
    wall_seconds=300,
    memory_bytes=2048 * MB,
    processes=64,
    file_bytes=64 * MB,
    scratch_bytes=64 * MB,
    output_bytes=4 * MB,
)


#: Runs a lesson's notebook from top to bottom.
RunThrough = Callable[[str, NotebookNode], RanThrough]


def sandboxed(*, unsafe: bool = False, limits: Limits = ANSWER_LIMITS) -> Ask:
    """Asks answers in a fresh sandbox; ``unsafe`` does without one."""

    def ask(job: bytes) -> Asked:
        finished = run([sys.executable, "-c", protocol.PROGRAM], job, limits, unsafe=unsafe)
        return Asked(finished.stdout, finished.ended_because)

    return ask


def sandboxed_run(workbook: Path, *, unsafe: bool = False) -> RunThrough:
    """Runs notebooks in a sandbox with the student edition at ``workbook``; ``unsafe`` does without one."""

    def run_notebook(lesson: str, notebook: NotebookNode) -> RanThrough:
        return run_through(lesson, notebook, workbook, unsafe=unsafe)

    return run_notebook


@dataclass(frozen=True)
class How:
    """How every work of a run is graded.

    Attributes:
        seed: of the hidden inputs.
        unsafe: without a sandbox.
        workbook: a student edition, in which each notebook is run from top to bottom; None leaves that out.
    """

    seed: int
    unsafe: bool = False
    workbook: Path | None = None

    def grade(self, work: Work) -> tuple[Graded, str]:
        """As :func:`grade` does."""
        run_notebook = sandboxed_run(self.workbook, unsafe=self.unsafe) if self.workbook else None
        return grade(work, self.seed, sandboxed(unsafe=self.unsafe), run_notebook)


#: In this package: what makes a grade of a notebook.
_DECIDES = (
    "exercises/**/*.py",
    "classroom/answering/*.py",
    "classroom/accepting/lessons.py",
    "classroom/accepting/notebooks.py",
    "classroom/accepting/restore.py",
    "classroom/editions/release.py",
    "classroom/grading/grade.py",
)


@cache
def version() -> str:
    """Of the exercises, the lessons, and how answers are taken out, called and judged: another gives other grades."""
    return _digest(Path(exercises.__file__).parents[1], lessons_folder())


def _digest(package: Path, notebooks: Path) -> str:
    digest = hashlib.sha256()
    for folder, patterns in ((package, _DECIDES), (notebooks, ("*.ipynb",))):
        for path in sorted(path for pattern in patterns for path in folder.glob(pattern)):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def of_lesson(lesson: str) -> list[Exercise]:
    """The exercises of a lesson."""
    return [exercise for exercise in exercises.EXERCISES.values() if exercise.lesson == lesson]


def grade(
    work: Work, seed: int, ask: Ask, run_notebook: RunThrough | None = None, seconds: float = SECONDS
) -> tuple[Graded, str]:
    """Grade one work. Whatever was handed in, this returns; it raises for a fault of ours alone.

    The notes of the grade are on the notebook; those that the work came with are laid over it by :meth:`Graded.of`.

    Args:
        work: the submission.
        seed: of the hidden inputs.
        ask: runs answers; see :func:`sandboxed`.
        run_notebook: runs it from top to bottom; None leaves that out.
        seconds: that each answer may take.

    Returns:
        The grade, and the page of what the notebook showed, empty where there is none.
    """
    clock = _Clock()
    accepted = accept(work.raw)
    if isinstance(accepted, Refused):
        return nothing(work, accepted.reason), ""
    restored = answers(_source(work.lesson), accepted.notebook)
    clock.lap("taking in")
    ran = run_notebook(work.lesson, restored.notebook) if run_notebook else None
    if ran:
        clock.lap("rest of the run", ran.seconds)

    imports = 0.0

    def timed(job: bytes) -> Asked:
        nonlocal imports
        asked = ask(job)
        imports += protocol.import_seconds(asked.sent)
        return asked

    marks = _marks(restored, seed, timed, seconds)
    if _leaves_out(accepted.notebook, restored.notebook):
        marks = [_on_names(mark) for mark in marks]
    clock.lap("answers", {"imports": imports})
    graded = Graded(
        work.student,
        work.lesson,
        work.file,
        tuple(marks),
        tuple(exercise.id for exercise in of_lesson(work.lesson) if exercise.manual),
        (*accepted.notes, *restored.notes),
        ran=ran.words if ran else "",
        seconds=clock.seconds,
    )
    return graded, ran.page if ran else ""


class _Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str, parts: Mapping[str, float] = MappingProxyType({})) -> None:
        """End a stage, but for the ``parts`` of it that are stages of their own."""
        now = time.perf_counter()
        whole, self._last = now - self._last, now
        for name, seconds in (*parts.items(), (stage, whole - sum(parts.values()))):
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds


def nothing(work: Work, reason: str) -> Graded:
    """No points, of what the lesson has to give."""
    mine = of_lesson(work.lesson)
    marks = tuple(Mark(e.id, e.points, 0.0, 0, 0, ("Not graded.",)) for e in mine if not e.manual)
    manual = tuple(e.id for e in mine if e.manual)
    return Graded(work.student, work.lesson, work.file, marks, manual, refused=reason)


def failed(work: Work, problem: BaseException) -> Graded:
    """For a work that was not graded through no fault of the student's."""
    words = str(problem) if isinstance(problem, WorkshopError) else f"{type(problem).__name__}."
    return nothing(work, f"The grader failed, not the work; resume the run to try it again. {words}")


def _leaves_out(submission: NotebookNode, restored: NotebookNode) -> bool:
    """Whether the submission has code of its own outside of its answers."""
    kept = {_lines(cell) for cell in restored.cells}
    return any(cell.cell_type == "code" and _lines(cell) not in {(), *kept} for cell in submission.cells)


def _lines(cell: NotebookNode) -> tuple[str, ...]:
    return tuple(line.rstrip() for line in cell.source.strip().splitlines())


def _on_names(mark: Mark) -> Mark:
    """With a note on where a name may have been lost: in a cell beside the answers."""
    if not any("NameError" in note for note in mark.notes):
        return mark
    note = "Cells beside the answers are left out when it is graded: what an answer needs belongs into its own cell."
    return replace(mark, notes=(*mark.notes, note))


def _marks(restored: Restored, seed: int, ask: Ask, seconds: float) -> list[Mark]:
    judged = [id_ for id_ in restored.handed_out if not exercises.find(id_).manual]
    return mark_all(
        [Answer(_hidden(id_, seed), restored.answers.get(id_), restored.handed_out[id_]) for id_ in judged],
        ask,
        seconds,
    )


@cache
def _source(lesson: str) -> NotebookNode:
    return nbformat.read(lessons_folder() / f"{lesson}.ipynb", as_version=4)


@cache
def _hidden(exercise_id: str, seed: int) -> Hidden:
    """Drawn and worked out once for the whole class."""
    return Hidden.draw(exercises.find(exercise_id), seed)
