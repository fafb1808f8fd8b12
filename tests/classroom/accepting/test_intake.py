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
    assert (taken.set_aside, taken.missing) == ((), ())


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
    assert (ada.student, ada.file, ada.late) == ("Ada", "a-new.ipynb", False)
    assert ada.notes == (
        "3 notebooks of this lesson were handed in; a-new.ipynb, the newest (2026-11-24 00:00 UTC), counts.",
    )
    assert [(each.student, each.file, each.reason) for each in taken.set_aside] == [
        ("Ada", "a-none.ipynb", "a-new.ipynb counts instead."),
        ("Ada", "a-old.ipynb", "a-new.ipynb counts instead."),
    ]
    assert (bob.student, bob.late) == ("Bob", True) and bob.notes[0].startswith("Handed in late: 2026-11-26")
    assert [(each.student, each.file) for each in taken.refused] == [
        ("Cy", "broken.ipynb"),
        ("stray", "stray.ipynb"),
    ]
    assert taken.missing == ("Di",)


def test_two_of_one_lesson_without_times(folder):
    (folder / "ada").mkdir()
    for name in ("1.ipynb", "2.ipynb"):
        (folder / "ada" / name).write_bytes(RAW[THIRD])
    taken = take_in(folder, LESSONS)
    assert taken.submissions[0].notes == (
        "2 notebooks of this lesson were handed in; ada/2.ipynb, the last by its name, counts.",
    )
    assert [each.file for each in taken.set_aside] == ["ada/1.ipynb"]


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
