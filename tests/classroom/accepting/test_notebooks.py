"""A notebook of any bytes: valid afterwards, or refused with a reason."""

from __future__ import annotations

import json
import random
from pathlib import Path

import nbformat
import pytest

from workshop.classroom.accepting import notebooks
from workshop.classroom.accepting.notebooks import Accepted, Refused, accept

pytestmark = [pytest.mark.fast, pytest.mark.hostile]

LESSONS = Path(__file__).resolve().parents[3] / "notebooks"
SPEC = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}


def notebook(*cells, **changes) -> dict:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": SPEC, "cells": list(cells), **changes}


def code(source="x = 1", **changes) -> dict:
    return {
        "cell_type": "code",
        "id": "one",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": 3,
        **changes,
    }


def taken(data) -> Accepted:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    accepted = accept(raw)
    assert isinstance(accepted, Accepted), accepted
    nbformat.validate(accepted.notebook)
    return accepted


def refused(data) -> str:
    answer = accept(data if isinstance(data, bytes) else json.dumps(data).encode())
    assert isinstance(answer, Refused) and answer.reason.endswith("."), answer
    return answer.reason


@pytest.mark.parametrize("path", sorted(LESSONS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_lesson_is_taken_as_it_is(path):
    accepted, source = taken(path.read_bytes()), nbformat.read(path, as_version=4)
    assert accepted.notes == ()
    assert [(c.id, c.cell_type, c.source, c.metadata) for c in accepted.notebook.cells] == [
        (c.id, c.cell_type, c.source, c.metadata) for c in source.cells
    ]


def test_lines_in_a_list_and_outputs_of_any_kind():
    accepted = taken(notebook(code(["a\n", "b"], outputs=[{"output_type": "no such"}, 3])))
    (cell,) = accepted.notebook.cells
    assert (cell.source, cell.outputs, cell.execution_count) == ("a\nb", [], None)
    assert accepted.notes == ()


def test_nbformat_3():
    cells = [
        {"cell_type": "heading", "level": 1, "metadata": {}, "source": ["Title"]},
        {
            "cell_type": "code",
            "language": "python",
            "metadata": {"nbgrader": {"grade_id": "a"}},
            "collapsed": False,
            "input": ["x = 1\n", "y = 2"],
            "outputs": [{"output_type": "pyout"}],
            "prompt_number": 4,
        },
    ]
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]}
    accepted = taken(old)
    assert "The notebook was of nbformat 3 and was brought to nbformat 4." in accepted.notes
    title, answer = accepted.notebook.cells
    assert (title.cell_type, title.source) == ("markdown", "# Title")
    assert (answer.source, answer.metadata.nbgrader.grade_id) == ("x = 1\ny = 2", "a")
    assert accepted == taken(old), "the same file gives the same ids"


def test_older_nbformat_4_without_ids():
    cell = code()
    del cell["id"]
    accepted = taken(notebook(cell, cell, nbformat_minor=2))
    assert [c.id for c in accepted.notebook.cells] == ["cell-0", "cell-1"]
    assert accepted.notes == ()


def test_two_cells_of_one_id():
    accepted = taken(notebook(code("a"), code("b"), code("c", id="cell-1"), code("d", id="not valid!")))
    assert [(c.id, c.source) for c in accepted.notebook.cells] == [
        ("one", "a"),
        ("cell-1-", "b"),
        ("cell-1", "c"),
        ("cell-3", "d"),
    ]
    assert accepted.notes == ("1 cell had the id of an earlier one; each got one of its own.",)


@pytest.mark.parametrize(
    ("metadata", "note"),
    [
        ({"kernelspec": {"name": "ir", "display_name": "R"}}, "The kernel 'ir' is not known here"),
        ({"kernelspec": {"name": ["x"]}}, "is not known here"),
        ({"kernelspec": 3}, "names no kernel"),
        ({"language_info": 3}, "names no kernel"),
        (["x"], "names no kernel"),
    ],
)
def test_a_kernel_that_is_not_known(metadata, note):
    accepted = taken(notebook(code(), metadata=metadata))
    assert accepted.notebook.metadata.kernelspec.name == "python3"
    assert len(accepted.notes) == 1 and note in accepted.notes[0]


def test_keys_twice_and_nan():
    raw = json.dumps(notebook(code("first", metadata={"x": float("nan")}))).encode()
    raw = raw.replace(b'"source": "first"', b'"source": "first", "source": "second"')
    accepted = taken(raw)
    assert accepted.notebook.cells[0].source == "first"
    assert accepted.notebook.cells[0].metadata == {"x": None}
    assert [note.split()[0] for note in accepted.notes] == ["A", "NaN"]


def test_a_byte_order_mark():
    assert taken(b"\xef\xbb\xbf" + json.dumps(notebook(code())).encode()).notes == ()


def test_a_notebook_of_100_mb():
    assert "larger than 20 MB" in refused(bytes(100_000_000))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not JSON: line 1, column 1"),
        (b'{"cells": [', "not JSON: line 1, column 12"),
        (b"%PDF-1.7", "not JSON"),
        (b'{"nbformat": 4, "x": "\xff"}', "The notebook is not text: byte 23 is not UTF-8."),
        ("{}".encode("utf-16"), "byte 1 is not UTF-8"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deep"),
        (b"[" + b"{}," * 1_000_001, "more lists"),
        (b'{"nbformat": ' + b"4" * 5000 + b"}", "thousands of digits"),
        (b"[]", "does not say its nbformat"),
        (b'"4"', "does not say its nbformat"),
        (b'{"nbformat": "4"}', "does not say its nbformat"),
        (b'{"nbformat": 5}', "nbformat 5"),
        (b'{"nbformat": 2, "worksheets": []}', "nbformat 2"),
        (b'{"nbformat": true, "cells": []}', "nbformat True"),
        (b'{"nbformat": 4}', "no cells"),
        (b'{"nbformat": 4, "cells": {}}', "no cells"),
        (b'{"nbformat": 3, "worksheets": [3]}', "no cells"),
        (b'{"nbformat": 3, "worksheets": []}', "no cells"),
        (b'{"nbformat": 3, "worksheets": [{"cells": [{}]}]}', "nbformat 3 is not valid"),
        (b'{"nbformat": 4, "cells": [3]}', "not an object"),
        (b'{"nbformat": 4, "cells": [{"metadata": 3}]}', "not an object"),
    ],
)
def test_what_is_no_notebook(raw, reason):
    assert reason in refused(raw)


@pytest.mark.parametrize("depth", [100, 200, 300, 400, 600, 900])
def test_metadata_nested_deeper_and_deeper(depth):
    deep: dict = {}
    for _ in range(depth):
        deep = {"x": deep}
    answer = accept(json.dumps(notebook(code(metadata=deep))).encode())
    assert isinstance(answer, Accepted) or "nested too deep" in answer.reason
    if depth in (100, 900):
        assert isinstance(answer, Accepted) == (depth == 100)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (code(source=3), "is not valid"),
        (code(source=["a", 3]), "is not valid"),
        (code(cell_type="no such"), "is not valid"),
        ({"cell_type": "markdown", "source": "x", "id": "a", "attachments": 3}, "is not valid"),
        (code("\ud800"), "lone surrogate"),
        (code(metadata={"\udfff": 1}), "lone surrogate"),
    ],
)
def test_a_cell_that_is_none(cell, reason):
    assert reason in refused(notebook(cell))


def test_a_notebook_is_measured_without_its_outputs():
    large = "x" * (notebooks.BARE_BYTES + 1)
    assert taken(notebook(code(outputs=[{"text": large}]))).notes == ()
    assert "without its outputs is larger than 5 MB" in refused(notebook(code(metadata={"x": large})))


def test_too_many_cells():
    cell = code()
    assert "more than 2000 cells" in refused(notebook(*[cell] * (notebooks.CELLS + 1)))


def test_no_broken_notebook_ends_the_batch():
    good = json.dumps(notebook(code(), code("b", id="two", metadata={"nbgrader": {"grade_id": "a"}})))
    draw = random.Random(0)
    pieces = ["null", "3", "[]", "{}", '"x"', "NaN", "[[]]", '"\\ud800"', "1e999", "-"]
    values = ['"code"', '"one"', "{}", '"x = 1"', "[]", "3", "4", "5", '"python3"', '"a"', '"Python 3"']
    outcomes = set()
    for _ in range(2000):
        changed = good
        for _ in range(draw.randint(1, 3)):
            changed = changed.replace(draw.choice(values), draw.choice(pieces), draw.randint(1, 2))
        outcomes.add(type(accept(changed.encode())))
    assert outcomes == {Accepted, Refused}
