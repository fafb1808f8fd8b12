"""Of a submission nothing survives but the text of its answer cells, in the lesson's own notebook."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from workshop.classroom.accepting.lessons import grade_id, lesson_of, named_in
from workshop.classroom.accepting.notebooks import Refused
from workshop.classroom.accepting.restore import answers
from workshop.classroom.editions.release import PROSE_STUB, release
from workshop.exercises import EXERCISES

LESSONS = Path(__file__).resolve().parents[3] / "notebooks"
NAMES = sorted(path.stem for path in LESSONS.glob("*.ipynb"))
NAME = "03_domain_adaptation"
IDS = ["adaptation-reversal", "adaptation-strength", "adaptation-pseudo-labels"]

pytestmark = [pytest.mark.fast, pytest.mark.hostile]


@cache
def _source(name: str):
    return nbformat.read(LESSONS / f"{name}.ipynb", as_version=4)


@pytest.fixture
def source():
    return copy.deepcopy(_source(NAME))


@pytest.fixture
def submission():
    return copy.deepcopy(_source(NAME))


def cell_of(notebook, name):
    return next(cell for cell in notebook.cells if grade_id(cell) == name)


def without_answers(notebook):
    return [(c.id, c.cell_type, c.metadata, None if grade_id(c) in IDS else c.source) for c in notebook.cells]


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_gives_every_answer_of_its_own(name):
    source = _source(name)
    restored = answers(source, source)
    mine = [exercise.id for exercise in EXERCISES.values() if exercise.lesson == name]
    assert restored.notes == ()
    assert sorted(restored.answers) == sorted(restored.handed_out) == sorted(mine)
    assert restored.answers == {each: cell_of(source, each).source for each in restored.answers}
    assert [c.source for c in restored.notebook.cells] == [c.source for c in source.cells]
    assert not any(c.outputs for c in restored.notebook.cells if c.cell_type == "code")
    nbformat.validate(restored.notebook)


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_as_handed_out_gives_what_was_handed_out(name):
    source = _source(name)
    student = release(source, "The lesson")
    restored = answers(source, student)
    assert restored.notes == () and restored.answers == restored.handed_out
    assert all(text == PROSE_STUB or "NotImplementedError" in text for text in restored.answers.values())
    assert not any("SOLUTION" in text for text in restored.answers.values())
    assert restored.notebook == student


def test_only_answers_survive(source, submission):
    cell_of(submission, IDS[1]).source = "mine"
    submission.cells.reverse()
    for cell in submission.cells:
        if grade_id(cell) is None:
            cell.source = "import os; os._exit(0)"
            cell.metadata["tags"] = ["theirs"]
        elif grade_id(cell).endswith("-check"):
            cell.source = "pass"
            cell.metadata.nbgrader["points"] = 1000
    submission.cells.insert(0, new_code_cell("extra = 1"))
    submission.metadata["theirs"] = True
    restored = answers(source, submission)
    assert without_answers(restored.notebook) == without_answers(release(source, "The lesson"))
    assert restored.notebook.metadata == source.metadata
    assert list(restored.answers) == IDS and restored.answers[IDS[1]] == "mine"
    assert cell_of(restored.notebook, IDS[1]).source == "mine"
    altered = sum(grade_id(cell) is None for cell in source.cells)
    assert restored.notes == (
        *(f"{name}-check: the check cell was altered; the lesson's own is used." for name in IDS),
        f"{altered} cells of the lesson were changed; the lesson's own were used.",
        "1 cell is not of the lesson and was left out.",
    )


def test_a_check_cell_that_was_deleted(source, submission):
    submission.cells.remove(cell_of(submission, f"{IDS[0]}-check"))
    restored = answers(source, submission)
    assert restored.notes == (f"{IDS[0]}-check: the check cell is missing; the lesson's own is used.",)
    assert cell_of(restored.notebook, f"{IDS[0]}-check").source == f'lesson.check("{IDS[0]}")'


def test_an_answer_that_was_deleted_earns_what_was_handed_out(source, submission):
    submission.cells.remove(cell_of(submission, IDS[0]))
    restored = answers(source, submission)
    assert restored.notes == (f"{IDS[0]}: the answer cell is missing.",)
    assert list(restored.answers) == IDS[1:] and list(restored.handed_out) == IDS
    assert "NotImplementedError" in cell_of(restored.notebook, IDS[0]).source


def test_two_cells_of_one_id(source, submission):
    second = copy.deepcopy(cell_of(submission, IDS[1]))
    second.source, second.id = "second", "second"
    submission.cells += [second, copy.deepcopy(second)]
    restored = answers(source, submission)
    assert restored.answers[IDS[1]] == cell_of(source, IDS[1]).source
    assert restored.notes == (f"{IDS[1]}: two or more cells have this id; the first counts.",)


def test_an_answer_in_a_markdown_cell(source, submission):
    place = submission.cells.index(cell_of(submission, IDS[1]))
    submission.cells[place] = new_markdown_cell("x = 1", metadata=submission.cells[place].metadata)
    restored = answers(source, submission)
    assert restored.notes == (f"{IDS[1]}: the answer cell had become a markdown cell.",)
    assert cell_of(restored.notebook, IDS[1]).cell_type == "code"
    assert restored.answers[IDS[1]] == "x = 1"


@pytest.mark.parametrize("known", [None, 3, [], {"grade_id": 3}, {"grade_id": None}, {"grade_id": ["x"]}])
def test_what_nbgrader_never_wrote(source, submission, known):
    cell_of(submission, IDS[2]).metadata["nbgrader"] = known
    assert answers(source, submission).notes[0] == f"{IDS[2]}: the answer cell is missing."


def test_ends_of_lines_mean_nothing(source, submission):
    for cell in submission.cells:
        if grade_id(cell) not in IDS:
            cell.source = cell.source.replace("\n", "  \r\n") + "\n"
    assert answers(source, submission).notes == ()


def test_neither_notebook_is_changed(source, submission):
    answers(source, submission)
    assert source == submission == _source(NAME)


@pytest.mark.parametrize("file", [f"{NAME}.ipynb", f"ada/{NAME}-Copy1.ipynb", f"x {NAME.upper()} (2).IPYNB"])
def test_a_lesson_by_its_files_name(file):
    lessons = {name: _source(name) for name in NAMES}
    assert lesson_of(file, nbformat.v4.new_notebook(), lessons) == NAME


def test_a_lesson_by_a_name_alone():
    assert named_in(f"eve/{NAME.upper()} (1).ipynb", NAMES) == NAME
    assert (named_in("eve.ipynb", NAMES), named_in(f"{NAME} {NAMES[0]}.ipynb", NAMES)) == ("", "")


@pytest.mark.parametrize("file", ["ada.ipynb", "05_meta_learning.ipynb", f"{NAME} {NAMES[0]}.ipynb"])
def test_a_lesson_by_its_cells(file, submission):
    lessons = {name: _source(name) for name in NAMES}
    assert lesson_of(file, submission, lessons) == NAME


def test_a_lesson_that_nobody_knows(submission):
    lessons = {name: _source(name) for name in NAMES}
    for notebook in (nbformat.v4.new_notebook(), copy.deepcopy(submission)):
        if notebook.cells:  # as much of one lesson as of another
            taken = cell_of(lessons["05_meta_learning"], "maml-meta-loss")
            notebook.cells = [cell_of(notebook, IDS[0]), taken]
        answer = lesson_of("ada.ipynb", notebook, lessons)
        assert isinstance(answer, Refused) and all(name in answer.reason for name in NAMES)
