"""The self-test passes, and would say so if it did not."""

from __future__ import annotations

import json
import shutil
import sys

import pytest

from workshop import exercises, settings
from workshop.classroom.sandbox import available
from workshop.classroom.selftest import commands, hostile
from workshop.errors import WorkshopError

GOOD = {
    "source": 1.0,
    "student": 0.0,
    "hostile": [{"kind": "k", "expected": 9, "earned": 9.0, "seconds": 1.0}],
    "wrong_answers": [{"id": "labels-bill", "hint_given": True}],
}


@pytest.mark.hostile
@pytest.mark.timeout(900)
def test_sources_earn_all_the_edition_nothing_and_each_hostile_what_is_honest_in_it(
    tmp_path, monkeypatch, capsys
):
    if sys.platform != "linux" or not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed (Debian: apt-get install bubblewrap)")
    status = commands.main([])
    found = json.loads((settings.build_folder() / "selftest.json").read_text())
    assert commands.complaints(found) == []
    assert (status, found["source"], found["student"]) == (0, 1, 0)
    assert len(found["hostile"]) >= 25
    assert {case["expected"] for case in found["hostile"]} == {0, 9, 12}
    assert {case["kind"] for case in found["hostile"]} == {case.kind for case in hostile.SUBMISSIONS}
    assert len(found["wrong_answers"]) == sum(len(e.hints) for e in exercises.EXERCISES.values())
    assert "as it must be" in capsys.readouterr().out


def test_each_kind_has_a_name_of_its_own_and_can_be_written(tmp_path):
    kinds = [case.kind for case in hostile.SUBMISSIONS]
    assert len(kinds) == len(set(kinds))
    for number, case in enumerate(hostile.SUBMISSIONS):
        folder = tmp_path / str(number)
        folder.mkdir()
        case.write(folder)
        files = sorted(path.suffix for path in folder.iterdir())
        assert files in ([".ipynb"], [".zip"], [".ipynb", ".zip"])
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"source": 0.99}, "sources earn 99.0%, not everything"),
        ({"student": 0.1}, "as handed out earns 10.0%"),
        (
            {"hostile": [{"kind": "k", "expected": 9, "earned": 12.0, "seconds": 1}]},
            "Hostile, k: 12.0 earned, 9 deserved",
        ),
        (
            {"hostile": [{"kind": "k", "expected": 9, "earned": 6.0, "seconds": 1}]},
            "Hostile, k: 6.0 earned, 9 deserved",
        ),
        (
            {"wrong_answers": [{"id": "labels-bill", "hint_given": False}]},
            "mistake in labels-bill got no hint",
        ),
    ],
)
def test_whatever_comes_out_otherwise_is_named(change, says):
    (said,) = commands.complaints(GOOD | change)
    assert says in said
    assert commands.complaints(GOOD) == []


def test_it_needs_a_sandbox(monkeypatch):
    def refuse():
        raise WorkshopError("no sandbox")

    monkeypatch.setattr(available, "require", refuse)
    with pytest.raises(WorkshopError, match="no sandbox"):
        commands.main([])
