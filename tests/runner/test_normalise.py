"""What a saved lesson keeps."""

from __future__ import annotations

import copy

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook, new_output
from small_lessons import tagged

from workshop.errors import WorkshopError
from workshop.runner import commands
from workshop.runner.normalise import WIDGET_VIEW, keep_outputs, normalise, text

pytestmark = pytest.mark.fast


def display(data: dict, **metadata) -> nbformat.NotebookNode:
    return new_output("display_data", data, metadata=metadata)


@pytest.fixture
def messy() -> nbformat.NotebookNode:
    """A lesson as an editor and papermill leave it."""
    plain = tagged("1 + 1")
    plain.execution_count = 7
    plain.outputs = [new_output("execute_result", {"text/plain": "2"}, execution_count=7)]
    plain.metadata.update(collapsed=True, execution={"iopub.status.busy": "..."}, papermill={"duration": 1.0})
    figure = tagged("draw()", "figure")
    figure.execution_count = 9
    figure.outputs = [
        display({WIDGET_VIEW: {"model_id": "1"}, "text/plain": "IntSlider()"}),
        display({WIDGET_VIEW: {"model_id": "2"}, "text/html": "<table></table>"}),
        new_output(
            "execute_result", {"image/png": "x"}, metadata={"image/png": {"width": 640}}, execution_count=9
        ),
    ]
    verdict = tagged('lesson.verdict("a/x")', "nbval-check-output")
    verdict.execution_count = 11
    verdict.outputs = [
        display({"text/plain": "a/x: holds"}, workshop={"verdict": {"id": "a/x"}}, isolated=True)
    ]
    answer = tagged("def f(): ...")
    answer.metadata.update(nbgrader={"grade_id": "f"}, slideshow={"slide_type": "slide"})
    prose = new_markdown_cell("# Title", metadata={"tags": []})
    notebook = new_notebook(cells=[prose, plain, figure, verdict, answer])
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "my env", "name": "myenv"},
            "language_info": {"name": "python", "version": "3.11.7"},
            "widgets": {"state": {}},
            "papermill": {"duration": 2.0},
        }
    )
    return notebook


def test_outputs_and_counts_stay_on_kept_cells_only(messy):
    _, plain, figure, verdict, answer = normalise(messy).cells
    assert [cell.execution_count for cell in (plain, figure, verdict, answer)] == [None, 1, 2, None]
    assert plain.outputs == []
    assert [list(output.data) for output in figure.outputs] == [["text/html"], ["image/png"]]
    assert figure.outputs[1].execution_count == 1


def test_metadata_keeps_what_an_author_wrote(messy):
    notebook = normalise(messy)
    prose, plain, figure, verdict, answer = notebook.cells
    assert prose.metadata == {} and plain.metadata == {}
    assert answer.metadata == {"nbgrader": {"grade_id": "f"}, "slideshow": {"slide_type": "slide"}}
    assert verdict.outputs[0].metadata == {"workshop": {"verdict": {"id": "a/x"}}}
    assert figure.outputs[1].metadata == {}
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def test_the_notebook_given_is_left_as_it_was(messy):
    before = copy.deepcopy(messy)
    normalise(messy)
    assert messy == before


def test_twice_is_once(messy):
    once = normalise(messy)
    assert normalise(once) == once
    assert normalise(nbformat.reads(text(once), as_version=4)) == once
    nbformat.validate(once)


def test_ids_are_kept_and_missing_or_doubled_ones_do_not_depend_on_chance(messy):
    ids = [cell.id for cell in messy.cells]
    assert [cell.id for cell in normalise(messy).cells] == ids
    messy.cells[2].id = messy.cells[1].id
    del messy.cells[3]["id"]
    first, second = normalise(messy), normalise(messy)
    assert first == second
    assert len({cell.id for cell in first.cells}) == 5
    assert [first.cells[i].id for i in (0, 1, 4)] == [ids[i] for i in (0, 1, 4)]


def test_outputs_come_from_the_executed_copy_by_id(messy):
    source = copy.deepcopy(messy)
    for cell in source.cells[1:]:
        cell.outputs = []
    executed = copy.deepcopy(messy)
    executed.cells.insert(1, tagged('budget = "class"', "injected-parameters"))
    assert keep_outputs(source, executed) == normalise(messy)


def test_a_copy_of_another_version_is_refused(messy):
    executed = copy.deepcopy(messy)
    executed.cells[2].source = "draw(2)"
    with pytest.raises(WorkshopError, match="has changed since the lesson was executed; run it again"):
        keep_outputs(messy, executed)
    del executed.cells[2]
    with pytest.raises(WorkshopError, match="has changed since"):
        keep_outputs(messy, executed)


def test_format_lists_then_mends_then_has_nothing_to_do(workbook, messy, capsys):
    path = workbook("00_messy", messy)
    before = path.read_bytes()
    assert commands.format_main(["--check"]) == 1
    assert capsys.readouterr().out == "would change: 00_messy.ipynb\n"
    assert path.read_bytes() == before
    assert commands.format_main([]) == 0
    assert capsys.readouterr().out == "changed: 00_messy.ipynb\n"
    assert path.read_text(encoding="utf-8") == text(normalise(messy))
    assert path.read_text(encoding="utf-8").startswith('{\n "cells"')
    assert path.read_text(encoding="utf-8").endswith("}\n")
    assert commands.format_main(["--check"]) == 0
    assert capsys.readouterr().out == ""
