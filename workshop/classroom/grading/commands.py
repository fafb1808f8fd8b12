"""``python -m workshop grade``: a folder of submissions in, marks and reports out."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil

from workshop.classroom.accepting.intake import Intake, take_in
from workshop.classroom.accepting.manual import read_marks
from workshop.classroom.accepting.roster import Roster
from workshop.classroom.editions.edition import STUDENT, make
from workshop.classroom.grading.batch import WORKER_BYTES, Batch, grade_all, refused
from workshop.classroom.grading.by_hand import require_works, with_hand_marks
from workshop.classroom.grading.grade import version
from workshop.classroom.grading.ledger import Ledger
from workshop.classroom.grading.work import Graded, Work
from workshop.classroom.reports import student, summary, tables
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
    else:
        available.require()
    sources = {lesson.name: nbformat.read(lesson.path, as_version=4) for lesson in lessons.find([])}
    roster = Roster.read(asked.roster) if asked.roster else None
    marks = read_marks(asked.marks, roster and roster.students) if asked.marks else {}
    taken = take_in(asked.submissions, sources, roster)
    works = [Work(each.student, each.lesson, each.file, each.raw, each.notes) for each in taken.submissions]
    require_works(works, marks)
    workbook = None if asked.no_run else _edition()
    ledger = _ledger(asked)
    started = time.monotonic()

    def on_done(done: int, total: int, newest: Graded) -> None:
        took = time.monotonic() - started
        left = took / done * (total - done)
        print(
            f"{done} of {total}: {newest.student}, {newest.lesson}: {newest.earned:g} of {newest.points:g}"
            f"{' (refused)' if newest.refused else ''}; {done * 60 / took:.1f} a minute, {left:.0f} s to go",
            flush=True,
        )

    batch = grade_all(
        works,
        asked.seed,
        ledger,
        jobs=asked.jobs or usual_jobs(),
        scheduler=asked.scheduler,
        unsafe=asked.unsafe_no_sandbox,
        workbook=workbook,
        on_page=lambda key, page: _keep_page(asked.out, key, page),
        on_done=on_done,
        on_dashboard=lambda link: print(f"What the workers do: {link}", flush=True),
    )
    seconds = time.monotonic() - started
    batch = replace(
        batch, graded=with_hand_marks(batch.graded, marks), failed=with_hand_marks(batch.failed, marks)
    )
    write_reports(asked.out, taken, batch, seconds if batch.anew else None)
    _tell(asked.out, taken, batch, seconds)
    return 1 if batch.failed else 0


def write_reports(out: Path, taken: Intake, batch: Batch, seconds: float | None) -> None:
    """Every report and table of a run. What failed is in no table: nobody should import a zero for it."""
    turned_away = tuple(refused(each.student, each.file, each.reason) for each in taken.refused)
    everything = (*batch.graded, *batch.failed, *turned_away)
    by_student: dict[str, list[Graded]] = defaultdict(list)
    for work in everything:
        by_student[work.student].append(work)
    for name, theirs in by_student.items():
        student.write(out, name, theirs)
    tables.write(out, (*batch.graded, *turned_away))
    summary.write(out, everything, seconds, missing=taken.missing)


def _keep_page(out: Path, key: str, page: str) -> str:
    name = f"pages/{key}.html"
    (out / "pages").mkdir(exist_ok=True)
    write_whole(out / name, page)
    return name


def usual_jobs() -> int:
    """As many workers as cores and memory allow."""
    memory = psutil.virtual_memory().available // WORKER_BYTES
    return max(1, min(os.cpu_count() or 1, memory))


def _ledger(asked: argparse.Namespace) -> Ledger:
    out = asked.out.resolve()
    if out.is_relative_to(asked.submissions.resolve()) or out.is_relative_to(lessons.lessons_folder()):
        raise WorkshopError(f"{asked.out} lies among what is graded; give --out another folder.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise WorkshopError(
            f"{asked.out} cannot be made ({problem.strerror}); give --out another folder."
        ) from None
    return Ledger(out / "grades.sqlite", asked.seed, version(), resume=asked.resume)


def _tell(out: Path, taken: Intake, batch: Batch, seconds: float) -> None:
    stages = summary.seconds_by_stage(batch.graded)
    spent = ", ".join(f"{stage} {took:.0f} s" for stage, took in stages.items())
    print(
        f"\n{len(batch.graded)} submissions graded, {batch.anew} of them now, in {seconds:.0f} s ({spent})."
    )
    if taken.refused:
        print(f"{len(taken.refused)} files were refused; the reasons are in {out / 'index.html'}.")
    if taken.missing:
        print(f"Nothing came from: {', '.join(taken.missing)}.")
    for work in batch.failed:
        print(f"{work.student}, {work.lesson}: {work.refused}", file=sys.stderr)
    print(
        f"The class: {out / 'index.html'}; tables: grades.csv, canvas.csv, moodle.csv, junit.xml beside it."
    )


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
    parser.add_argument("submissions", type=Path, help="a notebook, folder or zip of each student lies in it")
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
