"""The lessons as they are run: once at ``ci`` for all tests, and once under nbval as they are saved."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from workshop.runner.lessons import find
from workshop.studies.registry import STUDIES

ROOT = Path(__file__).resolve().parents[1]
FIELDS = {
    "id",
    "claim",
    "value",
    "unit",
    "interval",
    "op",
    "threshold",
    "holds",
    "data",
    "seeds",
    "budget",
    "status",
}
#: Verdicts that take no training, at any budget: nothing is stored for them.
ON_THE_SPOT = {"labels/likelihood_never_falls", "labels/managed_vs_crowd"}
#: Verdicts about a computation or a count, and a mean over budgets that were chosen: no interval fits them.
EXACT = {
    "finetune/cached_equals_uncached",
    "finetune/convergence_speedup",
    "labels/likelihood_never_falls",
    "labels/managed_vs_crowd",
    "maml/agrees_with_learn2learn",
    "scenarios/map_has_three_regions",
    "scenarios/one_shift_at_a_time",
}


def test_every_lesson_passes_at_ci(executed):
    assert executed["status"] == 0, executed["printed"][-3000:]
    assert [lesson["name"] for lesson in executed["results"]["lessons"]] == [
        lesson.name for lesson in find([])
    ]


def test_results_follow_the_schema_and_every_claim_that_was_tried_holds(executed):
    assert executed["results"]["budget"] == "ci"
    for lesson in executed["results"]["lessons"]:
        assert set(lesson) == {"name", "seconds", "verdicts"} and lesson["seconds"] > 0
        assert lesson["verdicts"], lesson["name"]
        for verdict in lesson["verdicts"]:
            assert set(verdict) == FIELDS
            assert verdict["status"] in ("run", "stored", "skipped")
            if verdict["status"] == "skipped":
                continue
            assert verdict["holds"] is True, verdict
            if verdict["id"] in EXACT:
                assert verdict["interval"] is None
            else:
                assert verdict["interval"][0] <= verdict["value"] <= verdict["interval"][1]


def test_lesson_00_draws_its_curve_at_ci(executed):
    verdicts = {v["id"]: v for lesson in executed["results"]["lessons"] for v in lesson["verdicts"]}
    assert verdicts["start/label_hunger"]["status"] == "run"


def test_lesson_01_runs_all_that_its_claims_are_about_at_ci(executed):
    verdicts = {v["id"]: v for lesson in executed["results"]["lessons"] for v in lesson["verdicts"]}
    found = {name: v["status"] for name, v in verdicts.items() if name.startswith("scenarios/")}
    assert set(found) == set(STUDIES["01_transfer_scenarios"].make.claims) and set(found.values()) == {"run"}


def test_lesson_02_trains_the_small_network_and_the_lights_at_ci_and_shows_the_rest(executed):
    verdicts = {v["id"]: v for lesson in executed["results"]["lessons"] for v in lesson["verdicts"]}
    tuned = {name: v["status"] for name, v in verdicts.items() if name.startswith("finetune/")}
    trained = {name for name, status in tuned.items() if status == "run"}
    assert trained == {"finetune/convergence_speedup", "finetune/final_gain_shrinks_with_labels",
                       "finetune/poverty_r2_gain", "finetune/cached_equals_uncached"}  # fmt: skip
    assert len(tuned) == 7 and set(tuned.values()) == {"run", "stored"}


def test_lesson_03_trains_rungs_0_1_and_3_at_ci_and_shows_the_rest(executed):
    verdicts = {v["id"]: v for lesson in executed["results"]["lessons"] for v in lesson["verdicts"]}
    trained = {
        name for name, v in verdicts.items() if name.startswith("adaptation/") and v["status"] == "run"
    }
    assert trained == {"adaptation/source_on_source", "adaptation/source_only", "adaptation/batch_statistics",
                       "adaptation/target_accuracy"}  # fmt: skip
    assert {v["budget"] for v in verdicts.values() if v["status"] == "stored"} == {"class"}


def test_lesson_05_trains_its_four_starts_at_ci_and_compares_with_learn2learn_where_it_is(executed):
    verdicts = {v["id"]: v for lesson in executed["results"]["lessons"] for v in lesson["verdicts"]}
    maml = {name: v["status"] for name, v in verdicts.items() if name.startswith("maml/")}
    here = "run" if importlib.util.find_spec("learn2learn") else "stored"
    assert maml.pop("maml/agrees_with_learn2learn") == here
    assert len(maml) == 12 and set(maml.values()) == {"run"}


def test_lesson_06_runs_all_that_its_claims_are_about_at_ci(executed):
    verdicts = {v["id"]: v for lesson in executed["results"]["lessons"] for v in lesson["verdicts"]}
    labels = {name: v["status"] for name, v in verdicts.items() if name.startswith("labels/")}
    assert len(labels) == 16 and set(labels.values()) == {"run"}


def test_each_lesson_has_a_page_that_asks_no_other_host_for_anything(executed):
    for lesson in executed["results"]["lessons"]:
        page = (executed["folder"] / f"{lesson['name']}.html").read_text(encoding="utf-8")
        assert not re.search(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=[\"']https?:", page)
        assert "<math" in page and 'lang="en"' in page
    index = (executed["folder"] / "index.html").read_text(encoding="utf-8")
    assert all(f"{lesson['name']}.html" in index for lesson in executed["results"]["lessons"])


@pytest.mark.timeout(900)
def test_the_saved_lessons_pass_nbval_as_anyone_would_call_it():
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "-q", "-p", "no:cacheprovider", "notebooks/"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    cells = sum(
        cell.cell_type == "code"
        for path in (ROOT / "notebooks").glob("*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
    )
    assert f"{cells} passed" in done.stdout


def test_saved_outputs_come_from_class_results_and_cover_every_claim():
    for lesson in find([]):
        cells = nbformat.read(lesson.path, as_version=4).cells
        told = [
            output["metadata"]["workshop"]["verdict"]
            for cell in cells
            for output in cell.get("outputs", [])
            if "workshop" in output.get("metadata", {})
        ]
        claims = STUDIES[lesson.name].make.claims if lesson.name in STUDIES else {}
        assert {verdict["id"] for verdict in told} == set(claims)
        for verdict in told:
            made = "run" if verdict["id"] in ON_THE_SPOT else "stored"
            assert verdict["budget"] == "class" and verdict["status"] == made and verdict["holds"], verdict
