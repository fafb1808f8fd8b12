"""Every lesson keeps the rules of ``workshop.runner.rules``, and every rule can be broken."""

from __future__ import annotations

import copy

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from workshop.runner import rules
from workshop.runner.lessons import lessons_folder
from workshop.runner.normalise import WIDGET_VIEW, normalise

LESSONS = sorted(lessons_folder().glob("*.ipynb"))
NO_LESSON = pytest.param(None, marks=pytest.mark.skip(reason="there is no lesson yet"))

ANSWER = """def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION"""
ANSWER_METADATA = {
    "cell_type": "code",
    "grade": False,
    "grade_id": "double",
    "locked": False,
    "schema_version": 3,
    "solution": True,
    "task": False,
}
PROSE = "### BEGIN SOLUTION\nBecause labels are dear.\n### END SOLUTION"
PROSE_METADATA = {**ANSWER_METADATA, "cell_type": "markdown", "grade": True, "grade_id": "why", "points": 2}
FIGURE = '<figure><img alt="Two curves that cross" src="data:image/png;base64,AAAA"><table></table></figure>'


@pytest.mark.fast
@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", LESSONS or [NO_LESSON], ids=lambda path: path and path.stem)
def test_lesson_keeps_the_rule(path, rule):
    assert rule(nbformat.read(path, as_version=4)) == []


@pytest.mark.fast
@pytest.mark.parametrize("path", LESSONS or [NO_LESSON], ids=lambda path: path and path.stem)
def test_nbgrader_accepts_the_lesson(path):
    preprocessors = pytest.importorskip("nbgrader.preprocessors", reason="nbgrader is not installed")
    preprocessors.CheckCellMetadata().preprocess(nbformat.read(path, as_version=4), {})


def code(source: str, *tags: str, html: str | None = None, **metadata) -> NotebookNode:
    """A code cell with tags, an output in HTML and other metadata."""
    cell = new_code_cell(source, metadata={"tags": list(tags), **metadata})
    if html is not None:
        cell.outputs = [new_output("display_data", {"text/html": html})]
    return cell


def good_lesson() -> NotebookNode:
    """A lesson that keeps every rule."""
    return normalise(
        new_notebook(
            cells=[
                new_markdown_cell("# Title"),
                code('budget = "class"', "parameters"),
                code("draw()", "figure", html=FIGURE),
                code(ANSWER, nbgrader=ANSWER_METADATA),
                code('lesson.check("double")'),
                code('lesson.verdict("a/x", 1)', "nbval-check-output", html="<p>a/x: holds</p>"),
                new_markdown_cell(PROSE, metadata={"nbgrader": PROSE_METADATA}),
            ]
        )
    )


def extra(cell: NotebookNode):
    """A change that adds a cell."""
    return lambda notebook: notebook.cells.append(cell)


def at(index: int, **fields):
    """A change of one cell's fields."""
    return lambda notebook: notebook.cells[index].update(fields)


def answer_metadata(**fields):
    """A change of the answer cell's nbgrader metadata."""
    return lambda notebook: notebook.cells[3].metadata.nbgrader.update(fields)


def output(data: dict):
    """A change of the figure's output."""
    return lambda notebook: notebook.cells[2].update(outputs=[new_output("display_data", data)])


def without_metadata(notebook: NotebookNode) -> None:
    del notebook.cells[3].metadata["nbgrader"]


def without_check(notebook: NotebookNode) -> None:
    del notebook.cells[4]


def without_verdict_tag(notebook: NotebookNode) -> None:
    notebook.cells[5].metadata.tags = ["figure"]


def without_points(notebook: NotebookNode) -> None:
    del notebook.cells[6].metadata.nbgrader["points"]


def with_widget_state(notebook: NotebookNode) -> None:
    notebook.metadata.widgets = {"state": {}}


ERROR = new_output("error", ename="ValueError", evalue="no", traceback=["ValueError: no"])
PRINTED = new_output("stream", name="stdout", text="saved /home/someone/model.npz")
TASK = {**ANSWER_METADATA, "cell_type": "markdown", "grade": True, "points": 1}

BREACHES = [
    (rules.normalised, at(2, execution_count=5), "run `make format`"),
    (rules.normalised, with_widget_state, "run `make format`"),
    (rules.parameters, at(1, source='budget = "lavish"'), "There is no budget 'lavish'"),
    (rules.parameters, at(1, source="budget = choose()"), "may hold nothing but lines like"),
    (rules.parameters, at(1, metadata=NotebookNode()), "has 0 cells tagged 'parameters'"),
    (rules.short_cells, extra(code("x = 1\n\n" * 16)), "has 16 lines"),
    (rules.no_training, extra(code("for x in y:\n    loss(x).backward()")), "has a training loop"),
    (rules.no_training, extra(code("while True:\n    optimizer.step()")), "has a training loop"),
    (rules.no_training, extra(code("[optimizer.step() for _ in range(9)]")), "has a training loop"),
    (rules.no_training, extra(code("def train_all(): ...")), "defines train_all()"),
    (rules.no_shell, extra(code("!ls")), "runs a shell command"),
    (rules.no_shell, extra(code("files = !ls")), "runs a shell command"),
    (rules.no_shell, extra(code("%pip install x")), "uses the magic pip"),
    (rules.no_shell, extra(code("%%bash\nls")), "uses the magic bash"),
    (rules.no_network, extra(code("import urllib.request as r")), "imports urllib.request"),
    (rules.no_network, extra(code("from requests import get")), "imports requests"),
    (rules.exercises, without_metadata, "no nbgrader metadata that says so"),
    (rules.exercises, answer_metadata(schema_version=2), "needs nbgrader metadata of schema 3"),
    (rules.exercises, answer_metadata(grade_id=""), "with a grade_id"),
    (rules.exercises, answer_metadata(grade_id="triple"), 'followed by a cell lesson.check("triple")'),
    (rules.exercises, at(3, source=ANSWER + "\n" + ANSWER), "exactly one ### BEGIN SOLUTION"),
    (rules.exercises, at(3, source="x = 1"), "exactly one ### BEGIN SOLUTION"),
    (rules.exercises, without_check, 'followed by a cell lesson.check("double")'),
    (rules.exercises, extra(code('lesson.check("other")')), "no answer cell has this grade_id"),
    (rules.exercises, extra(new_markdown_cell("", metadata={"nbgrader": TASK})), "occurs more than once"),
    (rules.exercises, at(6, source="Because."), "exactly one ### BEGIN SOLUTION"),
    (rules.exercises, at(6, metadata=NotebookNode()), "no nbgrader metadata that says so"),
    (rules.exercises, without_points, "is prose: it needs grade and points"),
    (rules.evidence_cells, extra(code("lesson.check(name)")), "without a literal id"),
    (rules.evidence_cells, extra(code('lesson.check("double")')), "lesson.check('double') again"),
    (rules.evidence_cells, without_verdict_tag, "must be tagged nbval-check-output"),
    (rules.kept_outputs, extra(code("draw()", html="")), "has outputs but no tag"),
    (rules.kept_outputs, at(5, outputs=[]), "has no saved output"),
    (rules.no_errors, at(2, outputs=[ERROR]), "has an error output"),
    (rules.no_machine_paths, output({"text/plain": "/tmp/x.npz"}), "shows the path /tmp/"),
    (rules.no_machine_paths, output({"text/html": "C:\\Users\\x"}), "shows the path C:\\Users"),
    (rules.no_machine_paths, at(2, outputs=[PRINTED]), "shows the path /home/"),
    (rules.no_widget_state, with_widget_state, "holds widget state"),
    (rules.no_widget_state, output({WIDGET_VIEW: {}}), "has a widget among its outputs"),
    (rules.small, output({"image/png": "A" * 2_000_001}), "2000000 are allowed"),
    (rules.described_figures, output({"text/html": '<img src="x"><table></table>'}), "without alt text"),
    (rules.described_figures, output({"text/html": '<img alt=" "><table></table>'}), "without alt text"),
    (rules.described_figures, output({"image/png": "AAAA"}), "bare picture"),
    (rules.described_figures, output({"text/html": '<img alt="A dot">'}), "its numbers as a table"),
]


@pytest.mark.fast
@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_a_good_lesson_draws_no_complaint(rule):
    assert rule(good_lesson()) == []


@pytest.mark.fast
@pytest.mark.parametrize(("rule", "change", "complaint"), BREACHES)
def test_a_breach_draws_a_complaint(rule, change, complaint):
    notebook = copy.deepcopy(good_lesson())
    change(notebook)
    assert any(complaint in text for text in rule(notebook))


@pytest.mark.fast
def test_every_rule_is_broken_by_some_lesson():
    assert {rule for rule, _, _ in BREACHES} == set(rules.RULES)


@pytest.mark.fast
def test_a_loop_that_does_not_train_is_allowed():
    notebook = good_lesson()
    notebook.cells.append(code("for name in names:\n    show(name)\nhistory.step(3)"))
    assert rules.no_training(notebook) == []


@pytest.mark.fast
def test_letters_of_a_picture_are_no_path():
    notebook = good_lesson()
    output({"text/html": '<img alt="A dot" src="data:image/png;base64,AAA/tmp/AAA">'})(notebook)
    assert rules.no_machine_paths(notebook) == []


@pytest.mark.fast
def test_nbgrader_accepts_the_exercise_form():
    preprocessors = pytest.importorskip("nbgrader.preprocessors", reason="nbgrader is not installed")
    notebook = good_lesson()
    preprocessors.CheckCellMetadata().preprocess(notebook, {})
    notebook.cells[3].metadata.nbgrader.schema_version = 2
    with pytest.raises(Exception, match="Outdated schema version"):
        preprocessors.CheckCellMetadata().preprocess(notebook, {})
