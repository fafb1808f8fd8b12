"""What a lesson's source must be like: each rule takes a notebook and returns its complaints.

A complaint is a sentence that names the cell by its id. No complaint: the rule is kept.
"""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from bs4 import BeautifulSoup
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from workshop.errors import WorkshopError
from workshop.runner.evidence import calls
from workshop.runner.execute import code_cells
from workshop.runner.lessons import read_parameters, tags
from workshop.runner.normalise import WIDGET_VIEW, is_kept, normalise

Rule = Callable[[NotebookNode], list[str]]

CELL_LINES = 15
#: Bytes of saved outputs in one lesson.
OUTPUT_BYTES = 2_000_000

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"

_NETWORK = {"aiohttp", "ftplib", "http", "httpx", "requests", "socket", "urllib", "urllib3", "wget"}
_MAGICS = {"bash", "conda", "mamba", "pip", "sc", "script", "sh", "sx", "system", "uv"}
_MACHINE_PATH = re.compile(r"/(?:home|root|tmp|Users)/|[A-Za-z]:\\+Users\b")


def normalised(notebook: NotebookNode) -> list[str]:
    """The lesson is saved as ``python -m workshop format`` saves it."""
    return [] if notebook == normalise(notebook) else ["The lesson is not normalised; run `make format`."]


def parameters(notebook: NotebookNode) -> list[str]:
    """One cell tagged ``parameters``, literals only, known names, a known budget."""
    try:
        read_parameters(notebook, "The lesson")
    except WorkshopError as error:
        return [str(error)]
    return []


def short_cells(notebook: NotebookNode) -> list[str]:
    """A code cell has at most 15 lines that are not blank."""
    lengths = {
        cell.id: sum(bool(line.strip()) for line in cell.source.splitlines()) for cell in code_cells(notebook)
    }
    return [
        f"Cell {id_} has {length} lines; {CELL_LINES} are the end of it."
        for id_, length in lengths.items()
        if length > CELL_LINES
    ]


def no_training(notebook: NotebookNode) -> list[str]:
    """Training lives in kernels: no loop steps an optimiser, no function trains."""
    complaints = []
    for cell, tree in _trees(notebook):
        for node in ast.walk(tree):
            match node:
                case ast.FunctionDef(name=name) if name.startswith("train"):
                    complaints.append(
                        f"Cell {cell.id} defines {name}(); training belongs into workshop.kernels."
                    )
                case ast.For() | ast.While() | ast.ListComp() | ast.GeneratorExp() if _steps(node):
                    complaints.append(
                        f"Cell {cell.id} has a training loop; it belongs into workshop.kernels."
                    )
    return complaints


def no_shell(notebook: NotebookNode) -> list[str]:
    """No ``!command``, no ``%pip``, no ``%%bash``: a lesson changes nothing on the machine."""
    complaints = []
    for cell, tree in _trees(notebook):
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Attribute(attr="system" | "getoutput")):
                    complaints.append(f"Cell {cell.id} runs a shell command.")
                case ast.Call(
                    func=ast.Attribute(attr="run_line_magic" | "run_cell_magic"),
                    args=[ast.Constant(value=magic), *_],
                ) if magic in _MAGICS:
                    complaints.append(f"Cell {cell.id} uses the magic {magic}.")
    return complaints


def no_network(notebook: NotebookNode) -> list[str]:
    """No import of a module that reaches the network; downloads are ``python -m workshop data``."""
    complaints = []
    for cell, tree in _trees(notebook):
        for node in ast.walk(tree):
            match node:
                case ast.Import(names=names):
                    modules = [alias.name for alias in names]
                case ast.ImportFrom(module=str(module)):
                    modules = [module]
                case _:
                    continue
            complaints += [
                f"Cell {cell.id} imports {module}, which reaches the network."
                for module in modules
                if module.split(".")[0] in _NETWORK
            ]
    return complaints


def exercises(notebook: NotebookNode) -> list[str]:
    """An answer cell with nbgrader's metadata and one solution, then the check of the same id; prose has no check."""
    complaints = []
    answers = set()
    for cell in notebook.cells:
        meta = _grader(cell)
        if not meta.get("solution"):
            if BEGIN in cell.source or END in cell.source:
                complaints.append(f"Cell {cell.id} holds a solution but no nbgrader metadata that says so.")
            continue
        answers.add(name := meta.get("grade_id"))
        if meta.get("schema_version") != 3 or not name:
            complaints.append(f"Answer cell {cell.id} needs nbgrader metadata of schema 3 with a grade_id.")
        lines = [line.strip() for line in cell.source.splitlines() if line.strip() in (BEGIN, END)]
        if lines != [BEGIN, END]:
            complaints.append(f"Answer cell {cell.id} needs exactly one {BEGIN} and then one {END}.")
        if cell.cell_type == "markdown" and not (meta.get("grade") and meta.get("points")):
            complaints.append(
                f"Answer cell {cell.id} is prose: it needs grade and points, for people mark it."
            )
    cells = code_cells(notebook)
    for cell, following in zip(cells, [*cells[1:], None], strict=True):
        name = _grader(cell).get("grade_id")
        checked = following is not None and calls(following.source) == [("check", name)]
        if _grader(cell).get("solution") and not checked:
            complaints.append(f'Answer cell {cell.id} must be followed by a cell lesson.check("{name}").')
        for kind, checks in calls(cell.source):
            if kind == "check" and checks not in answers:
                complaints.append(f"Cell {cell.id} checks {checks!r}, but no answer cell has this grade_id.")
    grade_ids = Counter(_grader(cell).get("grade_id") for cell in notebook.cells)
    repeated = [name for name, count in grade_ids.items() if name and count > 1]
    return complaints + [f"The grade_id {name!r} occurs more than once." for name in repeated]


def _grader(cell: NotebookNode) -> dict[str, Any]:
    return cell.metadata.get("nbgrader", {})


def evidence_cells(notebook: NotebookNode) -> list[str]:
    """Checks and verdicts carry literal ids, each used once; nbval compares the verdicts."""
    complaints, seen = [], set()
    for cell in code_cells(notebook):
        for kind, id_ in calls(cell.source):
            if id_ is None:
                complaints.append(f"Cell {cell.id} calls lesson.{kind} without a literal id.")
            elif (kind, id_) in seen:
                complaints.append(f"Cell {cell.id} calls lesson.{kind}({id_!r}) again.")
            seen.add((kind, id_))
            if kind == "verdict" and "nbval-check-output" not in tags(cell):
                complaints.append(f"Cell {cell.id} shows a verdict and must be tagged nbval-check-output.")
    return complaints


def kept_outputs(notebook: NotebookNode) -> list[str]:
    """Outputs are saved on exactly the cells tagged for it."""
    complaints = []
    for cell in notebook.cells:
        if cell.cell_type == "code" and is_kept(cell) != bool(cell.outputs):
            word = "has no saved output" if is_kept(cell) else "has outputs but no tag that keeps them"
            complaints.append(f"Cell {cell.id} {word}.")
    return complaints


def no_errors(notebook: NotebookNode) -> list[str]:
    """No saved traceback."""
    return [
        f"Cell {cell.id} has an error output."
        for cell, out in _outputs(notebook)
        if out.output_type == "error"
    ]


def no_machine_paths(notebook: NotebookNode) -> list[str]:
    """Nothing in the outputs says on whose machine they were made."""
    return [
        f"Cell {cell.id} shows the path {found[0]}... of some machine."
        for cell, output in _outputs(notebook)
        for found in [_MACHINE_PATH.search(text) for text in _texts(output)]
        if found
    ]


def no_widget_state(notebook: NotebookNode) -> list[str]:
    """Neither the state of widgets nor a view of one: both mean nothing without the kernel."""
    complaints = ["The notebook holds widget state."] if "widgets" in notebook.metadata else []
    return complaints + [
        f"Cell {cell.id} has a widget among its outputs."
        for cell, output in _outputs(notebook)
        if WIDGET_VIEW in output.get("data", {})
    ]


def small(notebook: NotebookNode) -> list[str]:
    """The saved outputs take at most 2 MB."""
    size = sum(len(json.dumps(output).encode()) for _, output in _outputs(notebook))
    return [f"The outputs take {size} bytes; {OUTPUT_BYTES} are allowed."] if size > OUTPUT_BYTES else []


def described_figures(notebook: NotebookNode) -> list[str]:
    """Every picture says in words what it shows, and every figure has its numbers as a table."""
    complaints = []
    for cell, output in _outputs(notebook):
        data = output.get("data", {})
        if "text/html" not in data and any(kind.startswith("image/") for kind in data):
            complaints.append(f"Cell {cell.id} shows a bare picture, which can have no alt text.")
        images = BeautifulSoup(data.get("text/html", ""), "html.parser").find_all("img")
        if any(not image.get("alt", "").strip() for image in images):
            complaints.append(f"Cell {cell.id} shows a picture without alt text.")
    for cell in notebook.cells:
        if "figure" in tags(cell) and not any(
            BeautifulSoup(output.get("data", {}).get("text/html", ""), "html.parser").find("table")
            for output in cell.get("outputs", [])
        ):
            complaints.append(f"Figure cell {cell.id} does not show its numbers as a table.")
    return complaints


RULES: tuple[Rule, ...] = (
    normalised,
    parameters,
    short_cells,
    no_training,
    no_shell,
    no_network,
    exercises,
    evidence_cells,
    kept_outputs,
    no_errors,
    no_machine_paths,
    no_widget_state,
    small,
    described_figures,
)


def _trees(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, ast.Module]]:
    """Every code cell with its syntax tree; ``!ls`` and magics appear as the calls IPython makes of them."""
    for cell in code_cells(notebook):
        yield cell, ast.parse(TransformerManager().transform_cell(cell.source))


def _steps(loop: ast.AST) -> bool:
    """Whether a loop calls ``.backward()`` or ``.step()``."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("backward", "step")
        for node in ast.walk(loop)
    )


def _outputs(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, NotebookNode]]:
    """Every output with its cell."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            yield cell, output


def _texts(output: NotebookNode) -> list[str]:
    """What an output says in letters: pictures in base64 are left out."""
    data = output.get("data", {})
    written = [data[kind] for kind in data if isinstance(data[kind], str) and not kind.startswith("image/")]
    without_pictures = [re.sub(r"data:image/[^\"')]*", "", text) for text in written]
    return [*without_pictures, output.get("text", ""), *output.get("traceback", [])]
