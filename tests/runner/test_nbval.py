"""nbval compares what a verdict says and how it ends, and no measured number."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output
from small_lessons import tagged

SANITIZE = Path(__file__).parents[1] / "nbval_sanitize.cfg"

SHOW = '''from IPython.display import display
def verdict(word, value):
    html = f"""<p>a/x <b>It works</b>: <span class="measured">{value}
at least 0.9</span> {word}</p>"""
    data = {"text/plain": f"a/x: {word}", "text/html": html}
    display(data, raw=True, metadata={"workshop": {"value": value}})'''


def saved(word: str, value: float) -> nbformat.NotebookNode:
    """A lesson that measures 0.97 and holds, saved when it said ``word`` and measured ``value``."""
    html = f'<p>a/x <b>It works</b>: <span class="measured">{value}\nat least 0.9</span> {word}</p>'
    cell = tagged('verdict("holds", 0.97)', "nbval-check-output")
    cell.execution_count = 1
    cell.outputs = [
        new_output(
            "display_data",
            {"text/plain": f"a/x: {word}", "text/html": html},
            metadata={"workshop": {"value": value}},
        )
    ]
    return new_notebook(cells=[new_code_cell(SHOW), cell])


def test_another_number_passes_and_another_end_fails(tmp_path):
    nbformat.write(saved("holds", 0.9312), tmp_path / "number.ipynb")
    nbformat.write(saved("does not hold", 0.97), tmp_path / "end.ipynb")
    options = [
        "--nbval-lax",
        "--nbval-current-env",
        f"--nbval-sanitize-with={SANITIZE}",
        "-rA",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", str(tmp_path), str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    summary = [
        line.split("::", 1) for line in done.stdout.splitlines() if line.startswith(("PASSED ", "FAILED "))
    ]
    assert sorted((head, tail[:6]) for head, tail in summary) == [
        ("FAILED end.ipynb", "Cell 1"),
        ("PASSED end.ipynb", "Cell 0"),
        ("PASSED number.ipynb", "Cell 0"),
        ("PASSED number.ipynb", "Cell 1"),
    ]
    assert "mismatch 'text/plain'" in done.stdout or "mismatch 'text/html'" in done.stdout
