"""What the outputs of an executed lesson prove. Only that counts as a pass.

An exit code proves little: papermill returns quietly when a cell calls ``sys.exit(0)``, and a lesson that
never reaches its last claim raises nothing. So the calls written in the lesson are compared with what they
left behind.
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass, fields
from typing import Any, get_args

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from workshop.claims import Status, Verdict
from workshop.runner.execute import Execution, code_cells

#: What a verdict says, in the order of ``results.json``.
VERDICT_FIELDS = tuple(field.name for field in fields(Verdict))


@dataclass(frozen=True)
class Fault:
    """One reason why a lesson is no pass: a sentence, and the cell and the traceback where there are any."""

    sentence: str
    source: str = ""
    traceback: str = ""


@dataclass(frozen=True)
class Outcome:
    """What one lesson of a run came to."""

    name: str
    seconds: float
    verdicts: tuple[Verdict, ...]
    faults: tuple[Fault, ...]

    @property
    def judged(self) -> list[Verdict]:
        """The claims that were held against a threshold."""
        return [verdict for verdict in self.verdicts if verdict.holds is not None]

    @property
    def skipped(self) -> list[Verdict]:
        """The claims that this run had no means to judge."""
        return [verdict for verdict in self.verdicts if verdict.status == "skipped"]

    @property
    def broken(self) -> list[Verdict]:
        """The claims that do not hold."""
        return [verdict for verdict in self.judged if verdict.broken]

    @property
    def passed(self) -> bool:
        """Whether the lesson ran to its end and every judged claim holds."""
        return not self.faults and not self.broken


def judge(name: str, execution: Execution, budget: str) -> Outcome:
    """Compare what a lesson says it will show with what its outputs hold.

    Args:
        name: the lesson's.
        execution: its executed copy.
        budget: the run's; a verdict trained at another budget is a fault, a stored one keeps its own.
    """
    found = collected(execution.notebook, "verdict")
    verdicts = tuple(Verdict(**verdict) for verdict in found if _verdict_fault(verdict, budget) is None)
    faults = _execution_faults(execution)
    if not faults:  # Otherwise the calls after the first fault are missing for that one reason.
        faults = _evidence_faults(execution.notebook, budget)
    return Outcome(name, execution.seconds, verdicts, tuple(faults))


def calls(source: str) -> list[tuple[str, str | None]]:
    """The calls of ``lesson.check`` and ``lesson.verdict`` in a cell: which of the two, and the id.

    The id is None where it is not written as a literal string. A cell that is not Python has no calls.
    """
    try:
        tree = ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError:
        return []
    found: list[tuple[str, str | None]] = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="lesson"), attr="check" | "verdict" as kind)):
                match node.args:
                    case [ast.Constant(value=str(id_)), *_]:
                        found.append((kind, id_))
                    case _:
                        found.append((kind, None))
    return found


def collected(notebook: NotebookNode, kind: str) -> list[dict[str, Any]]:
    """The evidence of one kind (``check`` or ``verdict``) in a notebook's outputs, in order."""
    return [
        output.metadata["workshop"][kind]
        for cell in code_cells(notebook)
        for output in cell.outputs
        if kind in output.get("metadata", {}).get("workshop", {})
    ]


def _execution_faults(execution: Execution) -> list[Fault]:
    """Cells that raised, cells that did not run."""
    cells = code_cells(execution.notebook)
    errors = [(cell, out) for cell in cells for out in cell.outputs if out.output_type == "error"]
    if execution.error:
        traceback = "\n".join(line for _, error in errors for line in error.traceback)
        return [Fault(execution.error, execution.reached, traceback)]
    if errors:  # papermill lets SystemExit pass, and what a cell tagged raises-exception raises
        return [
            Fault(f"A cell raised {error.ename}: {error.evalue}", cell.source, "\n".join(error.traceback))
            for cell, error in errors
        ]
    counts = [cell.execution_count for cell in cells if cell.execution_count is not None]
    if len(counts) < len(cells):
        return [Fault(f"The lesson ended early: {len(counts)} of {len(cells)} cells ran.", execution.reached)]
    if counts != sorted(set(counts)):
        return [Fault("The cells did not run once each, from top to bottom.")]
    return []


def _evidence_faults(notebook: NotebookNode, budget: str) -> list[Fault]:
    """Calls without evidence, evidence without a call, and evidence that falls short."""
    written = [(call, cell.source) for cell in code_cells(notebook) for call in calls(cell.source)]
    promised = Counter(call for call, _ in written)
    shown = Counter(
        (kind, item.get("id")) for kind in ("check", "verdict") for item in collected(notebook, kind)
    )
    faults = []
    for (kind, id_), source in written:
        call = f'lesson.{kind}("{id_}")'
        if id_ is None:
            faults.append(Fault(f"A lesson.{kind}(...) names no id; write it as a literal string.", source))
        elif promised[kind, id_] > 1 or shown[kind, id_] > 1:
            faults.append(Fault(f"{call} occurs more than once; an id stands for one {kind}.", source))
        elif not shown[kind, id_]:
            faults.append(Fault(f"{call} left no evidence in the outputs.", source))
    for kind, id_ in shown - promised:
        if not promised[kind, id_]:
            faults.append(Fault(f'The {kind} "{id_}" was shown, but no cell calls lesson.{kind}("{id_}").'))
    sentences = [_check_fault(check) for check in collected(notebook, "check")]
    sentences += [_verdict_fault(verdict, budget) for verdict in collected(notebook, "verdict")]
    return faults + [Fault(sentence) for sentence in sentences if sentence]


def _check_fault(check: dict[str, Any]) -> str | None:
    """Why a check's evidence is not that of a reference solution; None when it is."""
    match check:
        case {"passed": int(passed), "of": int(of)} if passed == of > 0:
            return None
    return f'The check "{check.get("id")}" passed {check.get("passed")} of {check.get("of")} examples.'


def _verdict_fault(verdict: dict[str, Any], budget: str) -> str | None:
    """Why a verdict cannot be counted; None when it can. One that does not hold can."""
    name = f'The verdict "{verdict.get("id")}"'
    if set(verdict) != set(VERDICT_FIELDS):
        return f"{name} must have the fields {', '.join(VERDICT_FIELDS)}, and no others."
    status, holds = verdict["status"], verdict["holds"]
    if status not in get_args(Status):
        return f"{name} has status {status!r}; it must be one of {', '.join(get_args(Status))}."
    if status != "stored" and verdict["budget"] != budget:
        return f"{name} was reached at budget {verdict['budget']!r}, but the run is at {budget!r}."
    numbers = [verdict["value"], verdict["threshold"], *(verdict["interval"] or [])]
    # A kernel sends a number that is not finite as text.
    if not all(number is None or isinstance(number, int | float) for number in numbers):
        return f"{name} needs finite numbers as its value, threshold and interval."
    if holds not in (True, False, None):
        return f"{name} says {holds!r}; holds must be true, false or null."
    if holds is None and budget != "smoke" and status != "skipped":
        return f"{name} was not judged, though it was not skipped and the budget is {budget!r}."
    return None
