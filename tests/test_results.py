"""Results come back as they were saved, under their key only, whole or not at all."""

import dataclasses
import json
import types
from dataclasses import dataclass, field

import numpy as np
import pytest

from workshop import results
from workshop.errors import WorkshopError
from workshop.results import Key, code_version, find, save

pytestmark = pytest.mark.fast


@dataclass(frozen=True, eq=False)
class Inner:
    curve: np.ndarray


@dataclass(frozen=True, eq=False)
class Result:
    name: str
    score: float
    count: int
    stopped: bool
    seeds: tuple[int, ...]
    history: dict[str, np.ndarray]
    inner: Inner
    note: str | None = field(default=None)


RESULT = Result(
    "ø", 0.1, 3, True, (0, 1), {"loss": np.arange(4, dtype=np.float32)}, Inner(np.eye(2, dtype=np.uint8))
)
KEY = Key("99_test", "one", "c0de", "da7a", {"steps": 3, "nested": {"rate": 0.1}})


def test_saved_and_found_again(tmp_path):
    file = save(RESULT, KEY, tmp_path)
    again = find(Result, KEY, tmp_path)
    assert file == tmp_path / "99_test" / "one.json"
    assert [getattr(again, n) for n in ("name", "score", "count", "stopped", "seeds", "note")] == [
        "ø", 0.1, 3, True, (0, 1), None]  # fmt: skip
    assert np.array_equal(again.history["loss"], RESULT.history["loss"])
    assert again.history["loss"].dtype == np.float32 and again.inner.curve.dtype == np.uint8


@pytest.mark.parametrize("change", [{"code": "other"}, {"data": "other"}, {"parameters": {"steps": 4}}])
def test_another_key_is_another_result(tmp_path, change):
    save(RESULT, KEY, tmp_path)
    assert find(Result, dataclasses.replace(KEY, **change), tmp_path) is None


def test_nothing_stored_nothing_found(tmp_path):
    assert find(Result, KEY, tmp_path) is None


@pytest.mark.parametrize("damage", ["truncated", "changed array", "no arrays", "not json"])
def test_damage_is_said_and_never_shown(tmp_path, damage):
    file = save(RESULT, KEY, tmp_path)
    arrays = file.with_suffix(".npz")
    if damage == "truncated":
        arrays.write_bytes(arrays.read_bytes()[:-20])
    elif damage == "changed array":
        np.savez_compressed(arrays, a0=np.ones(4, np.float32), a1=np.eye(2, dtype=np.uint8))
    elif damage == "no arrays":
        arrays.unlink()
    else:
        file.write_text("{")
    with pytest.raises(WorkshopError, match=r"one.json is damaged .* `python -m workshop results`"):
        find(Result, KEY, tmp_path)


def test_saving_again_replaces_and_leaves_nothing_beside(tmp_path):
    save(RESULT, KEY, tmp_path)
    save(dataclasses.replace(RESULT, score=0.9), KEY, tmp_path)
    assert find(Result, KEY, tmp_path).score == 0.9
    assert sorted(f.name for f in (tmp_path / "99_test").iterdir()) == ["one.json", "one.npz"]


def test_what_json_cannot_hold_is_refused_before_anything_is_replaced(tmp_path):
    save(RESULT, KEY, tmp_path)
    with pytest.raises(TypeError, match="not set"):
        save(dataclasses.replace(RESULT, note={1, 2}), KEY, tmp_path)
    assert find(Result, KEY, tmp_path).score == 0.1


def module(monkeypatch, source: str) -> types.ModuleType:
    made = types.ModuleType("made")
    monkeypatch.setattr(results.inspect, "getsource", lambda m: m.text)
    made.text = source
    return made


def test_comments_and_docstrings_do_not_make_a_result_stale(monkeypatch):
    plain = 'x = 1\n\ndef f(a):\n    return "# no comment" + a\n'
    talkative = (
        '"""Doc."""\n# why\nx = 1  # one\n\n\n'
        'def f(a):\n    """Doc\n    more."""\n    return "# no comment" + a\n'
    )
    assert code_version([module(monkeypatch, plain)]) == code_version([module(monkeypatch, talkative)])


@pytest.mark.parametrize("other", ["x = 2\n", "if x:\n    x = 1\n", "x = 1\ny = 1\n"])
def test_other_code_does(monkeypatch, other):
    assert code_version([module(monkeypatch, "x = 1\n")]) != code_version([module(monkeypatch, other)])


def test_stored_files_say_what_they_were_made_from(tmp_path):
    document = json.loads(save(RESULT, KEY, tmp_path).read_text())
    assert document["parameters"] == {"steps": 3, "nested": {"rate": 0.1}}
    assert document["key"] == KEY.digest and len(KEY.digest) == 12
