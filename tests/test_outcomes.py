"""Each learning outcome has evidence in its lesson, and each exercise and verdict serves an outcome."""

import json
from pathlib import Path

import nbformat
import pytest

from workshop.exercises import EXERCISES
from workshop.studies.registry import STUDIES

pytestmark = pytest.mark.fast

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
OUTCOMES = json.loads((NOTEBOOKS / "outcomes.json").read_text(encoding="utf-8"))


def code(lesson: str) -> str:
    notebook = nbformat.read(NOTEBOOKS / f"{lesson}.ipynb", as_version=4)
    words = [cell.metadata.nbgrader.grade_id for cell in notebook.cells if is_prose(cell)]
    return "\n".join([cell.source for cell in notebook.cells if cell.cell_type == "code"] + words)


def is_prose(cell: nbformat.NotebookNode) -> bool:
    return cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("solution", False)


def is_there(evidence: str, source: str) -> bool:
    kind, name = evidence.split(" ", 1)
    if kind == "prose":
        return name in source
    if kind == "quiz":
        return "Quiz()" in source
    if kind == "figure":
        return f"{name}(" in source
    return f'lesson.{kind}("{name}"' in source.replace("(\n    ", "(")


def test_every_lesson_states_its_outcomes():
    assert set(OUTCOMES) == {path.stem for path in NOTEBOOKS.glob("[0-9]*.ipynb")}


@pytest.mark.parametrize("lesson", OUTCOMES)
def test_the_evidence_is_in_the_lesson(lesson):
    source = code(lesson)
    missing = [e for outcome in OUTCOMES[lesson] for e in outcome["evidence"] if not is_there(e, source)]
    assert missing == []
    assert not is_there("verdict no/such", source)


@pytest.mark.parametrize("lesson", OUTCOMES)
def test_ids_are_unique_and_every_outcome_has_evidence(lesson):
    ids = [outcome["id"] for outcome in OUTCOMES[lesson]]
    assert len(ids) == len(set(ids))
    assert all(outcome["evidence"] and outcome["outcome"].endswith(".") for outcome in OUTCOMES[lesson])


@pytest.mark.parametrize("lesson", OUTCOMES)
def test_every_check_is_evidence_of_the_outcome_its_exercise_names(lesson):
    named = {e: outcome["id"] for outcome in OUTCOMES[lesson] for e in outcome["evidence"]}
    for exercise in EXERCISES.values():
        if exercise.lesson == lesson:
            kind = "prose" if exercise.manual else "check"
            assert named[f"{kind} {exercise.id}"] == exercise.outcome


@pytest.mark.parametrize("lesson", set(OUTCOMES) & set(STUDIES))
def test_the_lesson_judges_most_of_its_claims_for_an_outcome(lesson):
    source = code(lesson)
    make = STUDIES[lesson].make
    assert all(is_there(f"verdict {claim}", source) for claim in make.claims)
