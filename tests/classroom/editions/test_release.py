"""A released lesson has everything but its solutions, and nbgrader accepts it."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.utils import compute_checksum

from workshop.classroom.editions.release import PROSE_STUB, release, worth
from workshop.errors import WorkshopError
from workshop.exercises import EXERCISES

ROOT = Path(__file__).resolve().parents[3]
LESSONS = sorted(path.name for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))

each_lesson = pytest.mark.parametrize("name", LESSONS)


@cache
def source(name: str) -> NotebookNode:
    return nbformat.read(ROOT / "notebooks" / name, as_version=4)


@cache
def released(name: str) -> NotebookNode:
    return release(source(name), name)


def meta(cell: NotebookNode) -> dict:
    return cell.metadata.get("nbgrader", {})


def answer(text: str, grade_id: str = "double", **changes) -> NotebookNode:
    record = {"schema_version": 3, "grade_id": grade_id, "solution": True, "grade": False, "locked": False}
    return new_code_cell(text, metadata={"nbgrader": record | {"task": False} | changes})


def check(grade_id: str = "double", more: str = "") -> NotebookNode:
    record = {"solution": False, "grade": True, "locked": True, "points": 2}
    return answer(f'lesson.check("{grade_id}"){more}', f"{grade_id}-check", **record)


SOLVED = "def double(x):\n    given = x\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n    # kept"


@each_lesson
def test_nbgrader_accepts_it_with_checksums_of_what_is_handed_out(name):
    MetadataValidator().validate_nb(released(name))
    nbformat.validate(released(name))
    marked = [cell for cell in released(name).cells if meta(cell)]
    prose = sum(cell.cell_type == "markdown" for cell in marked)  # has no check
    assert len(marked) + prose == 2 * worth(source(name))[0] > 0
    assert all(meta(cell)["checksum"] == compute_checksum(cell) for cell in marked)


@each_lesson
def test_all_else_is_kept_and_outputs_are_cleared(name):
    assert [cell.id for cell in released(name).cells] == [cell.id for cell in source(name).cells]
    for before, after in zip(source(name).cells, released(name).cells, strict=True):
        if not meta(before).get("solution"):
            assert after.source == before.source
        assert not after.get("outputs") and after.get("execution_count") is None
        assert {key: after.metadata.get(key) for key in ("tags", "slideshow")} == {
            key: before.metadata.get(key) for key in ("tags", "slideshow")
        }


@each_lesson
def test_check_cells_are_locked_and_answers_can_be_edited_not_deleted(name):
    for cell in released(name).cells:
        if meta(cell).get("grade") and not meta(cell).get("solution"):
            assert cell.metadata.editable is False and cell.metadata.deletable is False
            assert meta(cell)["locked"]
        elif meta(cell).get("solution"):
            assert "editable" not in cell.metadata and cell.metadata.deletable is False


@each_lesson
def test_no_line_of_a_solution_is_left(name):
    """But for lines that the lesson itself shows: a colleague's code with a bug, given code."""
    cut = re.compile(r"### BEGIN SOLUTION.*?### END SOLUTION", re.DOTALL)
    shown = "\n".join(cut.sub("", cell.source) for cell in source(name).cells)
    handed_out = nbformat.writes(released(name))
    secret = {
        line.strip()
        for cell in source(name).cells
        for solution in cut.findall(cell.source)
        for line in solution.splitlines()[1:-1]
        if len(line.strip()) > 15 and line.strip() not in shown
    }
    assert secret or name == "00_start_here.ipynb"  # which gives its answer away, to show how answering works
    assert not [line for line in secret if line.replace('"', '\\"') in handed_out]
    assert "SOLUTION" not in handed_out


@each_lesson
def test_an_unsolved_answer_is_defined_and_raises_not_implemented(name):
    """Cells are run in order, as a student would: a later answer may use what an earlier one is given."""
    space: dict = {}
    for cell in released(name).cells:
        if meta(cell).get("solution") and cell.cell_type == "markdown":
            assert cell.source == PROSE_STUB
        elif meta(cell).get("solution"):
            exec(cell.source, space)
            exercise = EXERCISES[meta(cell)["grade_id"]]
            with pytest.raises(NotImplementedError):
                space[exercise.function](**exercise.examples[0][0])


@each_lesson
def test_points_are_those_of_the_exercises(name):
    records = [exercise for exercise in EXERCISES.values() if f"{exercise.lesson}.ipynb" == name]
    assert worth(released(name)) == (len(records), sum(exercise.points for exercise in records))


@pytest.mark.fast
def test_given_code_on_both_sides_of_a_solution_stays_and_the_source_is_untouched():
    lesson = new_notebook(cells=[answer(SOLVED), check()])
    before = copy.deepcopy(lesson)
    cell = release(lesson, "a lesson").cells[0]
    assert cell.source == (
        "def double(x):\n    given = x\n    # YOUR CODE HERE\n    raise NotImplementedError\n    # kept"
    )
    assert lesson == before


@pytest.mark.fast
def test_hidden_tests_are_cut():
    hidden = "\n### BEGIN HIDDEN TESTS\nassert double(21) == 42\n### END HIDDEN TESTS"
    cells = release(new_notebook(cells=[answer(SOLVED), check(more=hidden)]), "a lesson").cells
    assert cells[1].source == 'lesson.check("double")'


@pytest.mark.fast
@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([answer("x = 1\n### END SOLUTION"), check()], "exactly one ### BEGIN SOLUTION and then one"),
        ([answer("### BEGIN SOLUTION\nx = 1"), check()], "exactly one ### BEGIN SOLUTION and then one"),
        ([answer(f"{SOLVED}\n{SOLVED}"), check()], "exactly one ### BEGIN SOLUTION and then one"),
        ([answer("x = 1"), check()], "exactly one ### BEGIN SOLUTION and then one"),
        ([answer(SOLVED)], "must be followed by a cell"),
        ([answer(SOLVED), check(), answer(SOLVED), check()], "occurs more than once"),
        ([new_code_cell(SOLVED)], "no nbgrader metadata that says so"),
        (
            [new_code_cell("1"), new_markdown_cell("so:\nEND SOLUTION")],
            "is not an answer cell, and holds the mark END",
        ),
        (
            [new_code_cell("1"), new_markdown_cell("BEGIN SOLUTION\nx")],
            "is not an answer cell, and holds the mark BEGIN",
        ),
        (
            [new_code_cell("1"), new_markdown_cell("### BEGIN SOLUTION\nx")],
            "no nbgrader metadata that says so",
        ),
        ([new_code_cell("1  # BEGIN HIDDEN TESTS")], "BEGIN HIDDEN TESTS without its END"),
        ([answer(SOLVED), check(), answer("x", "y", schema_version=2, solution=False)], "Outdated schema"),
        ([answer(SOLVED), answer('lesson.check("double")', "c", solution=False, grade=True)], "points"),
    ],
)
def test_a_lesson_that_might_give_a_solution_away_is_refused(cells, says):
    with pytest.raises(WorkshopError, match=r"^(nbgrader does not accept )?03_x") as refusal:
        release(new_notebook(cells=copy.deepcopy(cells)), "03_x.ipynb")
    assert says in str(refusal.value)


def test_without_nbgrader_the_extra_is_named_and_the_rest_can_be_imported():
    program = (
        "import sys; sys.modules['nbgrader'] = None; from workshop import __main__ as cli;"
        "sys.exit(cli.main(['student']))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("nbgrader") and "'.[core,classroom]'" in done.stderr
    assert done.stderr.count("\n") == 1
