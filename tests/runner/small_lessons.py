"""Small lessons to run, format and judge."""

from __future__ import annotations

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

# Stands in for workshop.lesson: it leaves the same evidence, and starts without torch.
STAND_IN = """from IPython.display import display
def show(**evidence):
    display({"text/plain": "evidence"}, raw=True, metadata={"workshop": evidence})
class lesson:
    def check(id, passed=3):
        show(check={"id": id, "passed": passed, "of": 3})
    def verdict(id, holds=True, **changes):
        verdict = {"id": id, "claim": "It works", "value": 0.5, "unit": "", "interval": None, "op": ">=",
                   "threshold": 0.9, "holds": holds, "data": "renders", "seeds": [0], "budget": budget,
                   "status": "run", "claimed": True}
        show(verdict=verdict | changes)
"""


def tagged(source: str, *tags: str) -> NotebookNode:
    """A code cell with tags."""
    return new_code_cell(source, metadata={"tags": list(tags)})


def build(*sources: str, parameters: str | None = 'budget = "smoke"') -> NotebookNode:
    """A lesson: a heading, the parameters cell, the stand-in for ``workshop.lesson``, then the code given."""
    cells = [new_markdown_cell("# A lesson"), new_code_cell(STAND_IN), *map(new_code_cell, sources)]
    if parameters is not None:
        cells.insert(1, tagged(parameters, "parameters"))
    return new_notebook(cells=cells)
