"""``python -m workshop COMMAND``: everything that make does, where there is no make.

Each command has its own ``--help``.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

from workshop.errors import WorkshopError

#: command -> (module, function, what it does)
COMMANDS = {
    "doctor": ("workshop.doctor", "main", "say what this machine has, and what to do about each gap"),
    "data": ("workshop.datasets.commands", "main", "list, fetch and verify data sets"),
    "run": ("workshop.runner.commands", "main", "run every lesson from top to bottom, strictly"),
    "lab": ("workshop.__main__", "lab", "open the lessons in JupyterLab"),
    "results": ("workshop.publishing", "main", "train the stored results, redraw the saved lessons"),
    "measure": ("workshop.measuring", "main", "run the multi-seed studies behind the README's numbers"),
    "bench": ("workshop.bench", "main", "time the kernels against their peers"),
    "regress": (
        "workshop.runner.regress",
        "main",
        "compare the lessons' verdicts with the saved ones, under nbval",
    ),
    "grade": ("workshop.classroom.grading.commands", "main", "grade a folder of submissions"),
    "selftest": ("workshop.classroom.selftest", "main", "grade what is known: lessons, hostile submissions"),
    "student": (
        "workshop.classroom.editions.commands",
        "student_main",
        "write what students receive: solutions cut out",
    ),
    "solutions": (
        "workshop.classroom.editions.commands",
        "solutions_main",
        "write what staff receive: solutions kept",
    ),
    "format": ("workshop.runner.commands", "format_main", "normalise the saved lessons"),
}

_HERE = Path(__file__).parent


def _is_here(module: str) -> bool:
    """Whether this copy of the workbook has the module: students' copies lack what staff need."""
    path = _HERE.joinpath(*module.split(".")[1:])
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


COMMANDS = {name: command for name, command in COMMANDS.items() if _is_here(command[0])}


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit status: 2 when the request cannot be met as it stands."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        for name, (_, _, what) in COMMANDS.items():
            print(f"  {name:9}  {what}")
        return 0 if arguments else 2
    name, *rest = arguments
    if name not in COMMANDS:
        print(f"There is no command {name!r}. Choose one of: {', '.join(COMMANDS)}.", file=sys.stderr)
        return 2
    module, function, _ = COMMANDS[name]
    try:
        return getattr(importlib.import_module(module), function)(rest)
    except WorkshopError as error:
        print(error, file=sys.stderr)
        return 2
    except ModuleNotFoundError as missing:
        if (missing.name or "").split(".")[0] == "workshop":
            raise
        print(f"{missing.name} is not installed, and `{name}` needs it. {_remedy()}", file=sys.stderr)
        return 2


def _remedy() -> str:
    """How to install what is missing. What is handed out has no Makefile; a student's copy, no grader either."""
    if (_HERE.parent / "Makefile").is_file():
        return (
            "Run `make setup-dev`, or `python -m pip install -c constraints.txt -e '.[core,classroom,dev]'`."
        )
    extras = "core,classroom" if (_HERE / "classroom").is_dir() else "core"
    return f"Run `python -m pip install -c constraints.txt -e '.[{extras}]'`."


def lab(arguments: list[str]) -> int:
    """Open JupyterLab on the lessons; further arguments go to it."""
    from workshop import settings

    command = [sys.executable, "-m", "jupyterlab", str(settings.home() / "notebooks"), *arguments]
    os.execv(sys.executable, command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
