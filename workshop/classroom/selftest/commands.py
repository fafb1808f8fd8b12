"""Running the self-test."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from workshop import exercises, settings
from workshop.classroom.accepting.intake import Submission, take_in
from workshop.classroom.answering import protocol
from workshop.classroom.answering.marking import Answer, Asked, Hidden, mark_all
from workshop.classroom.editions.release import release
from workshop.classroom.grading.grade import grade, of_lesson, sandboxed
from workshop.classroom.grading.work import Work
from workshop.classroom.sandbox import available
from workshop.classroom.selftest.hostile import ANSWER, LESSON, SUBMISSIONS
from workshop.exercises.judging import as_plain
from workshop.files import write_whole
from workshop.runner import lessons

#: Of an answer, so that what never ends does so soon.
SECONDS = 5.0


def main(arguments: list[str]) -> int:
    """Grade what is known, and write what came of it to ``build/selftest.json``.

    Returns:
        0: all of it came out as it must; 1: something did not, and is named.

    Raises:
        WorkshopError: there is no sandbox here.
    """
    parser = argparse.ArgumentParser("python -m workshop selftest", description=main.__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="of the hidden inputs (default: 0)")
    seed = parser.parse_args(arguments).seed
    available.require()
    found = {
        "source": _share(seed, handed_out=False),
        "student": _share(seed, handed_out=True),
        "hostile": hostile(seed),
        "wrong_answers": wrong_answers(seed),
    }
    path = settings.build_folder() / "selftest.json"
    write_whole(path, json.dumps(found, indent=2) + "\n")
    wrong = complaints(found)
    for line in wrong:
        print(line, file=sys.stderr)
    print(
        f"Sources {found['source']:.0%}, students' edition {found['student']:.0%}, {len(found['hostile'])} hostile "
        f"submissions, {len(found['wrong_answers'])} usual mistakes: {'NOT ' if wrong else ''}as it must be. {path}"
    )
    return 1 if wrong else 0


def complaints(found: dict[str, Any]) -> list[str]:
    """What did not come out as it must, a sentence each."""
    said = []
    if found["source"] != 1:
        said.append(f"The lessons' sources earn {found['source']:.1%}, not everything.")
    if found["student"] != 0:
        said.append(f"The students' edition as handed out earns {found['student']:.1%}.")
    said += [
        f"Hostile, {case['kind']}: {case['earned']} earned, {case['expected']} deserved."
        for case in found["hostile"]
        if case["earned"] != case["expected"]
    ]
    said += [
        f"A usual mistake in {case['id']} got no hint."
        for case in found["wrong_answers"]
        if not case["hint_given"]
    ]
    return said


def _share(seed: int, *, handed_out: bool) -> float:
    """Of all points, those that every lesson earns, solved or as handed out."""
    graded = []
    for lesson in lessons.find([]):
        notebook = nbformat.read(lesson.path, as_version=4)
        notebook = release(notebook, lesson.path.name) if handed_out else notebook
        work = Work("self-test", lesson.name, lesson.path.name, nbformat.writes(notebook).encode())
        graded.append(grade(work, seed, sandboxed())[0])
    return sum(one.earned for one in graded) / sum(one.points for one in graded)


def hostile(seed: int) -> list[dict[str, Any]]:
    """Every hostile submission, all of them taken in as one class, and graded as any other."""
    points = sum(exercise.points for exercise in of_lesson(LESSON))
    deserved = {"all": points, "the others": points - exercises.find(ANSWER).points, "nothing": 0}
    sources = {lesson.name: nbformat.read(lesson.path, as_version=4) for lesson in lessons.find([LESSON])}
    with tempfile.TemporaryDirectory(prefix="workshop-selftest-") as scratch:
        for number, case in enumerate(SUBMISSIONS):
            folder = Path(scratch) / f"student {number}"
            folder.mkdir()
            case.write(folder)
        taken = take_in(Path(scratch), sources)
    return [
        {
            "kind": case.kind,
            "expected": deserved[case.deserves],
            **_earned([each for each in taken.submissions if each.student == f"student {number}"], seed),
        }
        for number, case in enumerate(SUBMISSIONS)
    ]


def _earned(submissions: Sequence[Submission], seed: int) -> dict[str, float]:
    started = time.perf_counter()
    works = [Work(each.student, each.lesson, each.file, each.raw) for each in submissions]
    graded = [grade(work, seed, sandboxed(), seconds=SECONDS)[0] for work in works]
    earned = sum(one.earned for one in graded)
    return {"earned": earned, "seconds": round(time.perf_counter() - started, 2)}


def wrong_answers(seed: int) -> list[dict[str, Any]]:
    """Every usual mistake of every exercise, and whether its hint was given."""
    return [
        {"id": exercise.id, "hint_given": _is_hinted(Hidden.draw(exercise, seed), hint)}
        for exercise in exercises.EXERCISES.values()
        for hint in exercise.hints
    ]


def _is_hinted(hidden: Hidden, hint: Any) -> bool:
    def mistaken(request: bytes) -> Asked:
        with np.errstate(all="ignore"):
            values = [as_plain(hint.mistake(**inputs)) for inputs in hidden.inputs]
        return Asked(protocol.reply(values))

    (mark,) = mark_all([Answer(hidden, "mistaken", "")], mistaken)
    return f"Hint: {hint.text}" in mark.notes and mark.earned < mark.points
