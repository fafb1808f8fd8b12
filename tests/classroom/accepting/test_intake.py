"""A class of honest, late, double and hostile submissions: all are accounted for, each once."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import nbformat
import pytest

from workshop.classroom.accepting.intake import take_in
from workshop.classroom.accepting.notebooks import accept
from workshop.classroom.accepting.roster import Roster

ROOT = Path(__file__).resolve().parents[3]
LESSONS = {
    path.stem: nbformat.read(path, as_version=4) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
}
RAW = {name: (ROOT / "notebooks" / f"{name}.ipynb").read_bytes() for name in LESSONS}
THIRD, FIFTH = "03_domain_adaptation", "05_meta_learning"

pytestmark = [pytest.mark.fast, pytest.mark.hostile]


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "submissions"
    made.mkdir()
    return made


def test_a_class_without_a_roster(folder):
    (folder / "ada.ipynb").write_bytes(RAW[THIRD])
    (folder / "bob").mkdir()
    for name in (THIRD, FIFTH):
        (folder / "bob" / f"{name}.ipynb").write_bytes(RAW[name])
    with zipfile.ZipFile(folder / "cy.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("work/five.ipynb", RAW[FIFTH])
        archive.writestr("../five.ipynb", RAW[FIFTH])
        archive.writestr("work/deep.ipynb", "[" * 100_000)
    (folder / "d.x").mkdir()
    (folder / "eve.ipynb").write_bytes(b"\xff")
    (folder / "fay.ipynb").write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": []}))
    with open(folder / "gus.ipynb", "wb") as file:
        file.truncate(100_000_000)
    (folder / "hal.zip").write_bytes(b"PK")
    (folder / "ida").symlink_to(folder / "bob")
    taken = take_in(folder, LESSONS)
    assert [(each.student, each.lesson, each.file) for each in taken.submissions] == [
        ("ada", THIRD, "ada.ipynb"),
        ("bob", THIRD, f"bob/{THIRD}.ipynb"),
        ("bob", FIFTH, f"bob/{FIFTH}.ipynb"),
        ("cy", FIFTH, "cy.zip/work/five.ipynb"),
    ]
    for each in taken.submissions:
        taken_in = accept(RAW[each.lesson])
        assert accept(each.raw) == taken_in
        assert (len(each.raw) < 100_000, each.notes) == (True, taken_in.notes)
    reasons = {(each.student, each.file): each.reason for each in taken.refused}
    expected = {
        ("cy", "cy.zip/../five.ipynb"): "leads out of the zip",
        ("cy", "cy.zip/work/deep.ipynb"): "nested too deep",
        ("d.x", "d.x"): "no notebook",
        ("eve", "eve.ipynb"): "not UTF-8",
        ("fay", "fay.ipynb"): "which lesson",
        ("gus", "gus.ipynb"): "larger than 20 MB",
        ("hal", "hal.zip"): "not a zip",
        ("ida", "ida"): "is a link",
    }
    assert reasons.keys() == expected.keys()
    assert all(words in reasons[key] for key, words in expected.items())
    lessons = {each.file: each.lesson for each in taken.refused}
    assert (lessons["cy.zip/work/deep.ipynb"], lessons["eve.ipynb"]) == ("", "")
    assert taken.set_aside == ()
    assert taken.students == ("ada", "bob", "cy", "d.x", "eve", "fay", "gus", "hal", "ida")


def test_a_refused_file_is_of_the_lesson_that_its_name_holds(folder):
    (folder / "eve").mkdir()
    (folder / "eve" / f"{FIFTH}.ipynb").write_bytes(b"{")
    (refused,) = take_in(folder, LESSONS).refused
    assert (refused.student, refused.lesson) == ("eve", FIFTH)


def roster_of(folder, *lines):
    path = folder.parent / "roster.csv"
    path.write_text("student,file,due,submitted\n" + "\n".join(lines) + "\n")
    return Roster.read(path)


def test_late_missing_unknown_and_twice(folder):
    for name in ("a-old", "a-new", "a-none", "late", "stray"):
        (folder / f"{name}.ipynb").write_bytes(RAW[THIRD])
    (folder / "broken.ipynb").write_bytes(b"{")
    roster = roster_of(
        folder,
        "Ada,a-new.ipynb,2026-11-25,2026-11-24",
        "Ada,a-old.ipynb,2026-11-25,2026-11-23",
        "Ada,a-none.ipynb,2026-11-25,",
        "Bob,late,2026-11-25,2026-11-26",
        "Cy,broken*,,",
        "Di,di*,,",
    )
    taken = take_in(folder, LESSONS, roster)
    ada, bob = taken.submissions
    assert (ada.student, ada.file, ada.late, ada.notes) == ("Ada", "a-new.ipynb", "", ())
    assert ada.several == (
        "3 notebooks of this lesson were handed in; a-new.ipynb, the newest (2026-11-24 00:00 UTC), counts."
    )
    assert [(each.student, each.file, each.reason) for each in taken.set_aside] == [
        ("Ada", "a-none.ipynb", "a-new.ipynb counts instead."),
        ("Ada", "a-old.ipynb", "a-new.ipynb counts instead."),
    ]
    assert bob.student == "Bob" and bob.late.startswith("Handed in late: 2026-11-26")
    assert (bob.several, bob.notes) == ("", ())
    assert [(each.student, each.file) for each in taken.refused] == [
        ("Cy", "broken.ipynb"),
        ("", "stray.ipynb"),
    ]
    assert taken.students == ("Ada", "Bob", "Cy", "Di")


def test_a_stray_file_is_no_student_where_there_is_a_roster(folder):
    (folder / "notes.txt").write_text("for ourselves")
    taken = take_in(folder, LESSONS, roster_of(folder, "Ada,ada,,"))
    assert taken.students == ("Ada",)
    assert [(each.student, each.reason) for each in taken.refused] == [
        ("", "There is no notebook (.ipynb) in it.")
    ]


def test_two_of_one_lesson_without_times(folder):
    (folder / "ada").mkdir()
    for name in ("1.ipynb", "2.ipynb"):
        (folder / "ada" / name).write_bytes(RAW[THIRD])
    taken = take_in(folder, LESSONS)
    assert taken.submissions[0].several == (
        "2 notebooks of this lesson were handed in; ada/2.ipynb, the last by its name, counts."
    )
    assert [each.file for each in taken.set_aside] == ["ada/1.ipynb"]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (f"{THIRD}.ipynb", f"{THIRD} (1).ipynb"),
        (f"{THIRD}.ipynb", f"{THIRD}-1.ipynb"),
        (f"{THIRD}.ipynb", f"{THIRD}-Copy1.ipynb"),
        (f"{THIRD} (9).ipynb", f"{THIRD} (10).ipynb"),
        (f"{THIRD}-02.ipynb", f"{THIRD}-3.ipynb"),
        ("v" + "1" * 100 + ".ipynb", "v" + "2" * 100 + ".ipynb"),
    ],
)
def test_without_times_the_copy_that_was_made_last_counts(folder, older, newer):
    (folder / "ada").mkdir()
    for name in (older, newer):
        (folder / "ada" / name).write_bytes(RAW[THIRD])
    taken = take_in(folder, LESSONS)
    assert [each.file for each in taken.submissions] == [f"ada/{newer}"]
    assert [each.file for each in taken.set_aside] == [f"ada/{older}"]


def test_numbers_of_thousands_of_digits_are_in_order(folder):
    with zipfile.ZipFile(folder / "ada.zip", "w") as archive:
        for digit in "21":
            archive.writestr(f"{digit * 5000}.ipynb", RAW[THIRD])
    assert take_in(folder, LESSONS).submissions[0].file == f"ada.zip/{'2' * 5000}.ipynb"


def test_what_was_repaired_is_told_once(folder):
    notebook = json.loads(RAW[THIRD]) | {"metadata": {"kernelspec": {"name": "julia"}}}
    (folder / f"{THIRD}.ipynb").write_text(json.dumps(notebook))
    (submission,) = take_in(folder, LESSONS).submissions
    assert submission.notes == ("The kernel 'julia' is not known here; python3 is used.",)
    assert accept(submission.raw).notes == ()


def test_a_name_inside_a_zip_takes_nobodys_place(folder):
    (folder / "bob.ipynb").write_bytes(RAW[THIRD])
    with zipfile.ZipFile(folder / "eve.zip", "w") as archive:
        archive.writestr(f"z bob {THIRD}.ipynb", RAW[THIRD])
    taken = take_in(folder, LESSONS, roster_of(folder, "Bob,*bob*,,"))
    assert [(each.student, each.file) for each in taken.submissions] == [("Bob", "bob.ipynb")]
    assert [each.reason for each in taken.refused] == ["No line of the roster names this file."]
