"""A request that cannot be met is refused in a sentence, before anything runs."""

from __future__ import annotations

import pytest
from small_lessons import build, tagged

from workshop.errors import WorkshopError
from workshop.runner import commands, lessons

pytestmark = pytest.mark.fast


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch):
    monkeypatch.setattr(commands, "execute", lambda *_: pytest.fail("a lesson was run"))


def two_parameter_cells():
    notebook = build()
    notebook.cells.append(tagged('budget = "ci"', "parameters"))
    return notebook


@pytest.mark.parametrize(
    ("notebook", "sentence"),
    [
        (build(parameters=None), "00_x.ipynb has 0 cells tagged 'parameters'; it must have exactly one."),
        (two_parameter_cells(), "00_x.ipynb has 2 cells tagged 'parameters'"),
        (
            build(parameters='bugdet = "ci"'),
            "unknown parameter 'bugdet'. Choose from: budget, source, target.",
        ),
        (build(parameters='source = "renders"'), "has no parameter 'budget'"),
        (build(parameters='budget = "lavish"'), "There is no budget 'lavish'."),
        (build(parameters='budget = "c" + "i"'), "may hold nothing but lines like"),
        (build(parameters="budget = 3"), "may hold nothing but lines like"),
        (build(parameters='print("hello")'), "may hold nothing but lines like"),
        (build(parameters="budget ="), "may hold nothing but lines like"),
    ],
)
def test_a_faulty_parameters_cell_is_refused(workbook, notebook, sentence):
    workbook("00_x", notebook)
    with pytest.raises(WorkshopError, match=sentence):
        commands.main([])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--budget", "lavish"], "There is no budget 'lavish'. Choose one of: smoke, ci, class, full."),
        (["--lesson", "07"], "There is no lesson '07'. Choose from: 00_x."),
        (["--source", "svhn"], "No lesson of this run takes --source"),
        (["--target", "svhn"], "No lesson of this run takes --target"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused(workbook, arguments, sentence):
    workbook("00_x", build())
    with pytest.raises(WorkshopError, match=sentence):
        commands.main(arguments)


def test_a_file_that_is_missing_is_refused(workbook):
    workbook("00_x", build(parameters='budget = "ci"\nsource = "renders"'))
    with pytest.raises(WorkshopError, match=r"There is no file .*mine\.npz; give the path"):
        commands.main(["--source", "mine.npz"])


def test_an_empty_workbook_is_refused(workbook):
    with pytest.raises(WorkshopError, match=r"There is no lesson in .*notebooks. Set WORKSHOP_HOME"):
        commands.main([])


def test_an_unknown_option_is_a_usage_error(workbook, capsys):
    with pytest.raises(SystemExit) as stop:
        commands.main(["--bugdet", "ci"])
    assert stop.value.code == 2


def test_lessons_are_found_by_number_and_by_name_in_teaching_order(workbook):
    for name in ("00_start", "03_middle", "07_end"):
        workbook(name, build())
    workbook("draft", build(parameters=None))
    assert [lesson.name for lesson in lessons.find([])] == ["00_start", "03_middle", "07_end"]
    assert [lesson.name for lesson in lessons.find(["07_end", "3"])] == ["03_middle", "07_end"]


def test_data_goes_only_to_lessons_that_take_it(workbook):
    workbook("00_x", build())
    workbook("03_y", build(parameters='budget = "ci"\ntarget = "mnist10k"'))
    without, taker = lessons.find([])
    assert lessons.bind(without, "ci", None, "svhn") == {"budget": "ci"}
    assert lessons.bind(taker, "ci", None, "svhn") == {"budget": "ci", "target": "svhn"}
    assert lessons.bind(taker, "ci", None, None) == {"budget": "ci"}
