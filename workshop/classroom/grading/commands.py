"""``python -m workshop grade``: a folder of submissions in, marks and reports out."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import psutil

from workshop.classroom.accepting.intake import take_in
from workshop.classroom.accepting.manual import read_marks
from workshop.classroom.accepting.roster import Roster
from workshop.classroom.accepting.words import counted, span
from workshop.classroom.editions.edition import STUDENT, make
from workshop.classroom.grading.batch import WORKER_BYTES, grade_all
from workshop.classroom.grading.grade import version
from workshop.classroom.grading.ledger import Ledger
from workshop.classroom.grading.work import Graded, Work
from workshop.classroom.reports import student, summary, tables
from workshop.classroom.reports.book import Book, book_of
from workshop.classroom.sandbox import available
from workshop.errors import WorkshopError
from workshop.files import write_whole
from workshop.runner import lessons


def main(arguments: list[str]) -> int:
    """Grade a class.

    Returns:
        0: everything that was handed in was graded, or refused with a reason; 1: some work could not be graded,
        through no fault of the student's; 130: stopped by Ctrl-C, to be resumed.

    Raises:
        WorkshopError: the request cannot be met; nothing has been graded then.
    """
    asked = _parser().parse_args(arguments)
    try:
        return _grade(asked)
    except KeyboardInterrupt:
        print("\nStopped. What had been graded is kept; go on with --resume.")
        return 130


def _grade(asked: argparse.Namespace) -> int:
    if asked.unsafe_no_sandbox:
        print(
            "No sandbox: submissions can read and write what you can. For trusted notebooks only.",
            file=sys.stderr,
        )
    elif not asked.scheduler:  # whose workers are asked for theirs
        available.require()
    sources = {lesson.name: nbformat.read(lesson.path, as_version=4) for lesson in lessons.find([])}
    roster = Roster.read(asked.roster) if asked.roster else None
    taken = take_in(asked.submissions, sources, roster)
    due = {each.lesson for each in (*taken.submissions, *taken.refused) if each.student}
    marks = read_marks(asked.marks, taken.students, due) if asked.marks else {}
    works = [Work(each.student, each.lesson, each.file, each.raw, each.notes) for each in taken.submissions]
    workbook = None if asked.no_run else _edition()
    ledger = _ledger(asked)
    by_key = {work.key(asked.seed, version(), run=workbook is not None): work for work in works}
    anew: list[Graded] = []
    started = time.monotonic()

    def on_page(key: str, page: str) -> str:
        name = student.page_name(by_key[key].student, by_key[key].lesson, key)
        with _writing(asked.out):
            (asked.out / name).parent.mkdir(parents=True, exist_ok=True)
            write_whole(asked.out / name, page)
        return name

    def on_done(done: int, total: int, newest: Graded) -> None:
        anew.append(newest)
        took = time.monotonic() - started
        left = span(took / done * (total - done))
        print(
            f"{done} of {total}: {newest.student}, {newest.lesson}: {newest.earned:g} of {newest.points:g}"
            f"{' (refused)' if newest.refused else ''}; {done * 60 / took:.1f} a minute, {left} to go",
            flush=True,
        )

    batch = grade_all(
        works,
        asked.seed,
        ledger,
        jobs=asked.jobs or usual_jobs(runs=workbook is not None),
        scheduler=asked.scheduler,
        unsafe=asked.unsafe_no_sandbox,
        workbook=workbook,
        on_page=on_page,
        on_done=on_done,
        on_dashboard=lambda link: print(f"What the workers do: {link}", flush=True),
    )
    seconds = time.monotonic() - started
    book = book_of(taken, batch.graded, batch.failed, marks)
    write_reports(asked.out, book, batch.anew, seconds)
    _tell(asked.out, book, anew, seconds)
    return 1 if batch.failed else 0


def write_reports(out: Path, book: Book, anew: int, seconds: float) -> None:
    """Every report and table of a run.

    Args:
        out: the run's folder.
        book: of the class.
        anew: how many works this run graded.
        seconds: that this took.

    Raises:
        WorkshopError: they cannot be written.
    """
    with _writing(out):
        for name in book.students:
            student.write(out, name, book)
        tables.write(out, book)
        summary.write(out, book, anew, seconds)


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise WorkshopError(
            f"Not everything could be written into {out} ({problem.strerror}). What had been graded is kept: "
            "mend that, and go on with --resume."
        ) from None


def usual_jobs(*, runs: bool) -> int:
    """As many workers as cores and memory allow; one that runs no notebook needs half as much memory."""
    memory = psutil.virtual_memory().available // (WORKER_BYTES if runs else WORKER_BYTES // 2)
    return max(1, min(os.cpu_count() or 1, memory))


def _ledger(asked: argparse.Namespace) -> Ledger:
    out = asked.out.resolve()
    if out.is_relative_to(asked.submissions.resolve()) or out.is_relative_to(lessons.lessons_folder()):
        raise WorkshopError(f"{asked.out} lies among what is graded; give --out another folder.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as problem:
        raise WorkshopError(
            f"Nothing can be written into {asked.out} ({problem.strerror}); give --out another folder."
        ) from None
    return Ledger(out / "grades.sqlite", asked.seed, version(), resume=asked.resume)


def _tell(out: Path, book: Book, anew: list[Graded], seconds: float) -> None:
    graded = [row for row in book.rows if row.state == "graded"]
    failed = [row.work for row in book.rows if row.state == "failed"]
    now = len(anew) - len(failed)
    stages = summary.seconds_by_stage(anew)
    spent = ", ".join(f"{stage} {took:.0f} s" for stage, took in stages.items())
    print(
        f"\n{counted(len(graded), 'submission')} graded, {now} of them now"
        f"{f', in {span(seconds)} (all workers together: {spent})' if now else ''}."
    )
    refused = len(book.refused) + sum(row.state == "refused" and bool(row.work.file) for row in book.rows)
    if refused:
        were, reasons = ("was", "reason is") if refused == 1 else ("were", "reasons are")
        print(f"{counted(refused, 'file')} {were} refused; the {reasons} in {out / 'index.html'}.")
    silent = [name for name in book.students if _is_silent(name, book)]
    if silent:
        print(f"Nothing came from: {', '.join(silent)}.")
    for work in failed:
        print(f"{work.student}, {work.lesson}: {work.refused}", file=sys.stderr)
    print(f"The class: {out / 'index.html'}; tables: {', '.join(tables.FILES)} beside it.")


def _is_silent(name: str, book: Book) -> bool:
    return not book.files_of(name) and all(row.state == "absent" for row in book.rows_of[name])


def _edition() -> bytes:
    """The zip of a student edition made for this run alone: what lies in ``build/`` is for handing out."""
    with tempfile.TemporaryDirectory(prefix="workshop-edition-") as scratch:
        return make(STUDENT, Path(scratch)).archive.read_bytes()


def _seed(written: str) -> int:
    return _between(written, 0, (1 << 63) - 1)  # what SQLite can keep


def _jobs(written: str) -> int:
    return _between(written, 1, 1024)


def _between(written: str, least: int, most: int) -> int:
    if not written.isdecimal() or not least <= int(written) <= most:
        raise argparse.ArgumentTypeError(f"{written!r} is no whole number from {least} to {most}")
    return int(written)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m workshop grade", description="Grade a folder of submissions.")
    parser.add_argument("submissions", type=Path, help="holds a notebook, folder or zip for each student")
    parser.add_argument("--out", type=Path, required=True, help="where grades and reports go")
    parser.add_argument("--seed", type=_seed, required=True, help="of the hidden inputs; keep it to yourself")
    parser.add_argument("--jobs", type=_jobs, help="worker processes (default: what cores and memory allow)")
    parser.add_argument("--scheduler", help="a running Dask cluster instead, such as tcp://10.0.0.1:8786")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was interrupted")
    parser.add_argument("--roster", type=Path, help="CSV: who handed in what, and when")
    parser.add_argument("--marks", type=Path, help="CSV: marks given by hand")
    parser.add_argument("--no-run", action="store_true", help="judge the answers only, run no notebook")
    parser.add_argument("--unsafe-no-sandbox", action="store_true", help="for trusted notebooks only")
    return parser
