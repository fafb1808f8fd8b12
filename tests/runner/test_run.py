"""A pass is counted from evidence: lessons that fail in every way there is, run for real."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest
from small_lessons import build

from workshop.runner import commands, execute

SURROUNDINGS = f"""import os, sys
from pathlib import Path
assert sys.executable == {sys.executable!r}
assert os.environ["WORKSHOP_RETRAIN"] == "1"
assert Path(source).is_absolute() and Path(source).name == "digits.npz" and Path(source).is_file()
Path("scratch.txt").write_text("beside the kernel, not beside the lessons")"""

LESSONS = {
    "00_passes": build(
        SURROUNDINGS,
        'lesson.check("one")',
        'lesson.verdict("a/holds")',
        'lesson.verdict("a/skipped", None, status="skipped")',
        "",
        parameters='budget = "smoke"\nsource = "renders"',
    ),
    "01_claim_false": build('lesson.verdict("b/false", False)'),
    "02_raises": build("1 / 0", 'lesson.verdict("c/never")'),
    "03_exits": build("import sys; sys.exit(0)", 'lesson.verdict("d/never")'),
    "04_dies": build("import os; os._exit(0)"),
    "05_no_evidence": build('print("e/printed: holds")\nif False:\n    lesson.verdict("e/printed")'),
    "06_check_1_of_3": build('lesson.check("two", 1)'),
    "07_twice": build('for _ in range(2):\n    lesson.verdict("f/twice")'),
    "08_unannounced": build('show_it = lesson.verdict\nshow_it("g/unannounced")'),
    "09_not_judged": build('lesson.verdict("h/unjudged", None)'),
    "10_other_budget": build('lesson.verdict("i/budget", budget="smoke")'),
    "11_not_finite": build('lesson.verdict("j/nan", False, value=float("nan"))'),
    "12_skips_a_cell": build('print("never run")'),
}
LESSONS["12_skips_a_cell"].cells[-1].metadata.tags = ["skip-execution"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """One run over all those lessons: exit code, printed text, results and the folder."""
    home = tmp_path_factory.mktemp("workbook")
    (home / "notebooks").mkdir()
    for name, notebook in LESSONS.items():
        nbformat.write(notebook, home / "notebooks" / f"{name}.ipynb")
    np.savez(home / "digits.npz", images=np.zeros((100, 28, 28), np.uint8), labels=np.arange(100) % 10)
    # A kernel of the same name that some user has installed, and that is no Python at all.
    impostor = home / "jupyter" / "kernels" / "python3"
    impostor.mkdir(parents=True)
    impostor.joinpath("kernel.json").write_text(
        '{"argv": ["false"], "display_name": "x", "language": "python"}'
    )

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKSHOP_HOME", str(home))
        patch.setenv("JUPYTER_PATH", str(home / "jupyter"))
        patch.chdir(home)
        printed = []
        patch.setattr("builtins.print", lambda *words, **_: printed.append(" ".join(map(str, words))))
        code = commands.main(["--budget", "class", "--source", "digits.npz"])
    folder = home / "build" / "run"
    return {
        "code": code,
        "text": "\n".join(printed),
        "results": json.loads((folder / "results.json").read_text()),
        "folder": folder,
        "notebooks": home / "notebooks",
    }


def test_a_failure_fails_the_run_but_stops_no_other_lesson(run):
    assert run["code"] == 1
    assert [lesson["name"] for lesson in run["results"]["lessons"]] == list(LESSONS)
    assert {line for line in run["text"].splitlines() if " passed after " in line} == {
        line for line in run["text"].splitlines() if line.startswith("00_passes: passed")
    }


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("02_raises", "A cell raised ZeroDivisionError: division by zero\n\n    1 / 0"),
        ("03_exits", "A cell raised SystemExit: 0\n\n    import sys; sys.exit(0)"),
        (
            "04_dies",
            "The kernel died: the cell ended the process, or the machine ran out of memory.\n\n    import os",
        ),
        ("05_no_evidence", 'lesson.verdict("e/printed") left no evidence in the outputs.'),
        ("06_check_1_of_3", 'The check "two" passed 1 of 3 examples.'),
        ("07_twice", 'lesson.verdict("f/twice") occurs more than once'),
        ("08_unannounced", 'The verdict "g/unannounced" was shown, but no cell calls'),
        ("09_not_judged", 'The verdict "h/unjudged" was not judged'),
        (
            "10_other_budget",
            "The verdict \"i/budget\" was reached at budget 'smoke', but the run is at 'class'.",
        ),
        ("11_not_finite", 'The verdict "j/nan" needs finite numbers as its value, threshold and interval.'),
        ("12_skips_a_cell", "The lesson ended early: 3 of 4 cells ran."),
    ],
)
def test_each_fault_is_named_with_its_cell(run, name, sentence):
    explanation = run["text"].split(f"\n{name} failed.")[1]
    assert explanation.strip().startswith(sentence)


def test_a_claim_that_does_not_hold_is_printed_with_its_numbers(run):
    assert "b/false does not hold: It works. Measured 0.5, claimed >= 0.9, on renders." in run["text"]


def test_table_counts_the_claims_that_held_and_names_the_skipped(run):
    rows = {line.split()[0]: line.split(maxsplit=2)[2] for line in table(run["text"])}
    assert rows["00_passes"] == "1 of 1; skipped: a/skipped"
    assert rows["01_claim_false"] == "0 of 1"
    assert rows["02_raises"] == "failed"


def table(text: str) -> list[str]:
    """The rows of the closing table."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.endswith("claims that held"))
    return lines[start + 1 : start + 1 + len(LESSONS)]


def test_results_follow_the_schema(run):
    assert list(run["results"]) == ["budget", "lessons"]
    assert run["results"]["budget"] == "class"
    first = run["results"]["lessons"][0]
    assert list(first) == ["name", "seconds", "verdicts"]
    assert first["seconds"] > 0
    assert first["verdicts"][0] == {
        "id": "a/holds",
        "claim": "It works",
        "value": 0.5,
        "unit": "",
        "interval": None,
        "op": ">=",
        "threshold": 0.9,
        "holds": True,
        "data": "renders",
        "seeds": [0],
        "budget": "class",
        "status": "run",
    }


def test_every_lesson_leaves_a_notebook_and_a_page_and_nothing_beside_its_source(run):
    written = {path.name for path in run["folder"].iterdir()}
    assert written == {"index.html", "results.json"} | {
        f"{n}.{kind}" for n in LESSONS for kind in ("html", "ipynb")
    }
    assert {path.stem for path in run["notebooks"].iterdir()} == set(LESSONS)


def test_an_endless_loop_is_stopped_at_the_limit(workbook, monkeypatch, capsys):
    workbook("00_loop", build("while True: pass"))
    monkeypatch.setitem(execute.LIMITS, "smoke", 3.0)
    assert commands.main(["--budget", "smoke"]) == 1
    printed = capsys.readouterr().out
    assert (
        "The lesson was stopped after 3 seconds, the limit of its budget.\n\n    while True: pass" in printed
    )


def test_a_cell_may_have_a_limit_of_its_own(tmp_path):
    path = tmp_path / "00_loop.ipynb"
    nbformat.write(build("import time; time.sleep(1.5)", "while True: pass", 'print("never")'), path)

    def run(limit: float, cell_limit: float) -> execute.Execution:
        output = tmp_path / "out.ipynb"
        return execute.execute(path, output, {}, limit, lambda *_: None, cell_limit=cell_limit)

    ran = run(60.0, 2.0)
    assert ran.error == "A cell was stopped after 2 seconds, the limit of a cell: does it ever end?"
    assert ran.reached == "while True: pass"
    assert run(4.0, 60.0).error == "The lesson was stopped after 4 seconds, the limit of its budget."


def test_smoke_judges_no_claim_and_passes(workbook, capsys, tmp_path):
    workbook("00_fine", build('lesson.verdict("a/x", None)'))
    workbook("01_fine", build('lesson.verdict("b/x", None)'))
    assert commands.main(["--budget", "smoke", "--lesson", "01", "--out", str(tmp_path / "out")]) == 0
    assert "not judged" in capsys.readouterr().out
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [lesson["name"] for lesson in results["lessons"]] == ["01_fine"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to another process")
def test_ctrl_c_ends_the_kernel_too(workbook, tmp_path):
    pid_file = tmp_path / "pid"
    workbook(
        "00_waits",
        build(f"import os, time\nopen({str(pid_file)!r}, 'w').write(f'{{os.getpid()}}\\n')\ntime.sleep(99)"),
    )
    script = "import sys; from workshop.runner.commands import main; sys.exit(main(['--budget', 'smoke']))"
    runner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        for _ in range(300):
            if pid_file.exists() and pid_file.read_text().endswith("\n"):
                break
            time.sleep(0.1)
        kernel = int(pid_file.read_text())
        runner.send_signal(signal.SIGINT)
        printed, _ = runner.communicate(timeout=30)
    finally:
        runner.kill()
    assert runner.returncode == 130
    assert "Stopped. 0 of 1 lessons had finished" in printed
    with pytest.raises(ProcessLookupError):
        os.kill(kernel, 0)


def test_no_lesson_is_written_over(workbook, tmp_path):
    path: Path = workbook("00_fine", build())
    with pytest.raises(commands.WorkshopError, match="holds the lessons' sources; give --out another folder"):
        commands.main(["--out", str(path.parent)])
    (tmp_path / "file").write_text("")
    with pytest.raises(commands.WorkshopError, match="cannot be made"):
        commands.main(["--out", str(tmp_path / "file" / "folder")])
