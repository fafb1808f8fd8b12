"""What a reader sees while lessons run."""

from __future__ import annotations

import sys
import time

import pytest

from workshop.runner.report import progress


@pytest.mark.fast
def test_a_terminal_shows_the_cell_and_the_seconds_and_is_left_clean(monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with progress("03_x") as on_cell:
        on_cell(2, 9)
        time.sleep(0.7)
    drawn = capsys.readouterr().out.split("\r")
    assert drawn[1].rstrip() in ("03_x: cell 2 of 9, 0 s", "03_x: cell 2 of 9, 1 s")
    assert drawn[-2:] == [" " * 79, ""]


@pytest.mark.fast
def test_a_log_gets_one_plain_line(capsys):
    with progress("03_x") as on_cell:
        on_cell(2, 9)
    assert capsys.readouterr().out == "03_x: started\n"
