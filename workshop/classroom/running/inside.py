"""The program in the sandbox that runs a submission. papermill, the kernel and the page's making are all inside.

It reads ``{"name": lesson, "notebook": text, "limit": seconds, "cell limit": seconds}`` and writes a line,
``{"error": why it ended early or null, "reached": cells begun, "of": cells, "seconds": {stage: seconds}}``, and after
it the page, HTML. All of it may be forged; nothing is earned by it.
"""

import json
import os
import sys
import time
from pathlib import Path


def main():
    clock = [time.monotonic()]  # then when each cell began, and when the last had ended
    asked = json.load(sys.stdin)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    os.environ["WORKSHOP_HOME"] = str(home_that_can_be_written())
    import nbformat

    from workshop.runner.execute import code_cells, execute
    from workshop.runner.pages import lesson_page

    path = Path.home() / f"{asked['name']}.ipynb"
    path.write_text(asked["notebook"], encoding="utf-8")
    reached = 0

    def on_cell(number, total):
        nonlocal reached
        reached = number - 1  # papermill's own cell of parameters comes first
        clock.append(time.monotonic())

    output = path.with_suffix(".executed.ipynb")
    limits = {"limit": asked["limit"], "cell_limit": asked["cell limit"]}
    ran = execute(path, output, {"budget": "smoke"}, on_cell=on_cell, **limits)
    clock.append(time.monotonic())
    page = lesson_page(ran.notebook, path, [asked["name"]])
    cells = len(code_cells(nbformat.reads(asked["notebook"], as_version=4)))
    error = ran.error and ran.error[:500]
    line = {"error": error, "reached": reached, "of": cells, "seconds": by_stage(clock)}
    out.write(json.dumps(line) + "\n")
    out.write(page)
    out.close()


def by_stage(clock):
    """A lesson's third cell, after its parameters and papermill's, is the one that imports."""
    begun, ended = clock[:-1], clock[-1]
    stages = {"kernel start": (begun[1] if len(begun) > 1 else ended) - clock[0]}
    if len(begun) > 4:
        stages["imports"] = begun[4] - begun[3]
    stages["cells"] = ended - clock[0] - sum(stages.values())
    return stages


def home_that_can_be_written():
    """The workbook, with a folder of its own for what lessons keep: the workbook itself is read-only."""
    given, home = Path(os.environ["WORKSHOP_HOME"]), Path.home() / "workbook"
    (home / "data" / "cache").mkdir(parents=True)
    for folder in (Path(), Path("data"), Path("data/cache")):
        for path in (given / folder).glob("*"):
            link = home / folder / path.name
            if not link.exists():
                link.symlink_to(path)
    return home


main()
