"""A submission runs from top to bottom in the sandbox, and its page can be opened by anybody."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import replace

import nbformat
import pytest

from workshop.classroom.running import run_through as running
from workshop.classroom.running.run_through import LIMITS, run_through
from workshop.classroom.sandbox import available
from workshop.classroom.sandbox.run import Finished


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    """A student edition, made once."""
    if sys.platform != "linux" or not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed (Debian: apt-get install bubblewrap)")
    available.require()
    from workshop.classroom.editions.edition import STUDENT, make
    from workshop.classroom.grading.workbook import unpacked

    build = tmp_path_factory.mktemp("build")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workshop.settings.build_folder", lambda: build)
        return unpacked(make(STUDENT).archive.read_bytes())


def notebook(*cells: str):
    parameters = nbformat.v4.new_code_cell('budget = "class"', metadata={"tags": ["parameters"]})
    made = nbformat.v4.new_notebook(cells=[parameters, *map(nbformat.v4.new_code_cell, cells)])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def test_it_runs_at_smoke_and_shows_what_it_printed(workbook):
    ran = run_through("00_small", notebook("print('budget is', budget)", "print('to the end')"), workbook)
    assert "It ran from top to bottom (3 cells" in ran.words
    assert "budget is smoke" in ran.page
    assert "to the end" in ran.page


def test_a_cell_that_raises_is_told_with_its_place(workbook):
    ran = run_through("00_small", notebook("1 / 0", "print('never')"), workbook)
    assert "as far as cell 2 of 3. A cell raised ZeroDivisionError" in ran.words
    assert "never" not in ran.page.split("srcdoc")[0]


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("import workshop.exercises.references", "ModuleNotFoundError"),
        ("import workshop.classroom", "ModuleNotFoundError"),
        ("open('/workbook/notebooks/mine', 'w')", "Read-only file system"),
        ("import os; os._exit(0)", "The kernel died"),
        ("import os; os.kill(-1, 9)", "It did not run to its end"),
        ("import os\nwhile True:\n    os.write(1, b'x' * 10**6)", "It did not run to its end|stopped after"),
        ("while True:\n    pass", "It did not run to its end|stopped after"),
    ],
)
def test_a_hostile_cell_ends_its_own_run_and_reads_no_answers(workbook, cell, says):
    limits = replace(LIMITS, wall_seconds=15.0, memory_bytes=1 << 30)
    ran = run_through("00_small", notebook(cell), workbook, limits=limits)
    assert re.search(says, ran.words), ran.words


@pytest.mark.hostile
@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"[]",
        b'{"error": null, "reached": "x", "of": 3}\n',
        b'{"error": null, "reached": 1e999, "of": 3}\n',
        b'{"error": "%s", "reached": 1, "of": 3}\n' % (b"x" * 100_000),
    ],
)
def test_what_is_forged_is_no_page(monkeypatch, tmp_path, sent):
    monkeypatch.setattr(running, "run", lambda *a, **k: Finished(0, sent, 1.0, 0, None))
    ran = run_through("00_small", notebook(), tmp_path)
    assert ran.page == ""
    assert ran.words.startswith("It did not run to its end.")


@pytest.mark.hostile
def test_a_cell_that_never_ends_is_ended_and_told_by_its_own_limit(workbook):
    cells = notebook("print('so far')", "while True:\n    pass", "print('never')")
    ran = run_through("00_small", cells, workbook, cell_seconds=3.0)
    assert ran.words.startswith("It ran as far as cell 3 of 4. A cell was stopped after 3 seconds, the limit")
    assert "so far" in ran.page
    assert running.CELL_SECONDS < LIMITS.cpu_seconds < LIMITS.wall_seconds * 0.9


def test_a_lesson_itself_runs_to_its_end(workbook):
    """As it is handed out, with its answers open."""
    lesson = nbformat.read(workbook / "notebooks" / "00_start_here.ipynb", as_version=4)
    ran = run_through("00_start_here", lesson, workbook)
    assert ran.words.startswith("It ran from top to bottom ("), ran.words
    assert "sealed digits" in ran.page


def test_its_stages_are_told(workbook):
    """The third cell that runs is the lesson's own second, the one of its imports."""
    ran = run_through("00_small", notebook("import time; time.sleep(1.5)", "time.sleep(0.7)"), workbook)
    assert set(ran.seconds) == {"kernel start", "imports", "cells"}
    assert 1.5 <= ran.seconds["imports"] < 2.5
    assert ran.seconds["cells"] >= 0.7
    assert ran.seconds["kernel start"] > 0.1


@pytest.mark.hostile
@pytest.mark.parametrize(
    "told", ["[]", "{}", '{"cells": 2}', '{"cells": -1}', '{"cells": NaN}', '{"more": 1}']
)
def test_stages_that_cannot_be_are_not_believed(monkeypatch, tmp_path, told):
    sent = f'{{"error": null, "reached": 1, "of": 1, "seconds": {told}}}\n'.encode()
    monkeypatch.setattr(running, "run", lambda *a, **k: Finished(0, sent, 1.0, 0, None))
    ran = run_through("00_small", notebook(), tmp_path)
    assert ran.seconds == {}
    assert ran.words == "It ran from top to bottom (1 cells, 1 s)."


@pytest.mark.hostile
def test_a_forged_page_stays_in_a_frame_that_runs_nothing(monkeypatch, tmp_path):
    evil = '"></iframe><script>alert(1)</script><meta http-equiv="refresh" content="0; url=http://x">\ud800'
    sent = json.dumps({"error": None, "reached": 1, "of": 1}).encode() + b"\n"
    sent += evil.encode("utf-8", "surrogatepass")
    monkeypatch.setattr(running, "run", lambda *a, **k: Finished(0, sent, 1.0, 0, None))
    page = run_through("00_small", notebook(), tmp_path).page
    assert "<script" not in page
    assert '<meta http-equiv="refresh' not in page
    assert page.count("</iframe>") == 1
    assert "<iframe sandbox " in page
    assert "default-src 'none'" in page


@pytest.mark.hostile
def test_a_page_that_would_fill_the_disk_is_not_kept(monkeypatch, tmp_path):
    sent = b'{"error": null, "reached": 1, "of": 1}\n' + b'"' * (running.PAGE_BYTES + 1)
    monkeypatch.setattr(running, "run", lambda *a, **k: Finished(0, sent, 1.0, 0, None))
    ran = run_through("00_small", notebook(), tmp_path)
    assert ran.page == ""
    assert ran.words.endswith("What it showed is more than 12 MB, too much to keep.")


def test_a_long_error_is_cut_short(workbook):
    ran = run_through("00_small", notebook("raise ValueError('x' * 10**6)"), workbook)
    assert "A cell raised ValueError: xxx" in ran.words
    assert len(ran.words) < 600
