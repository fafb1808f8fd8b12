"""Answers earn what their numbers deserve: asked in a process of their own, judged here.

The process of these tests is a plain one without a sandbox; what the sandbox keeps from it is tested there.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest

from workshop.classroom.answering import protocol
from workshop.classroom.answering.marking import Answer, Asked, Hidden, Mark, mark_all
from workshop.exercises import EXERCISES
from workshop.exercises.judging import as_plain, difference
from workshop.exercises.references import REFERENCES

ROOT = Path(__file__).resolve().parents[3]


def ask(job: bytes) -> Asked:
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", protocol.PROGRAM],
            input=job,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=20,
        )
    except subprocess.TimeoutExpired as expired:
        return Asked(expired.stdout or b"", "it took more than 20 seconds.")
    return Asked(done.stdout)


def marked(
    source: str | None, exercise_id: str = "adaptation-strength", before=(), own=None, seed: int = 1
) -> Mark:
    """The mark of one answer; the exercises before it do not matter and are all the same one."""
    hidden = Hidden.draw(EXERCISES[exercise_id], seed)
    earlier = [
        Answer(hidden, mine, handed_out)
        for mine, handed_out in zip(before if own is None else own, before, strict=True)
    ]
    return mark_all([*earlier, Answer(hidden, source, HANDED_OUT)], ask, seconds=5)[-1]


HANDED_OUT = "def strength(progress, steepness):\n    raise NotImplementedError()"


def answer_cells() -> list[tuple[str, str, list[str]]]:
    """Every answer in the lessons: its id, its source, and the answer cells before it."""
    found = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        before: list[str] = []
        for cell in nbformat.read(path, as_version=4).cells:
            about = cell.metadata.get("nbgrader", {})
            if cell.cell_type == "code" and about.get("solution"):
                found.append((about["grade_id"], cell.source, list(before)))
                before.append(cell.source)
    return found


RIGHT = """
import math

def strength(progress, steepness):
    return 2 / (1 + math.exp(-steepness * progress)) - 1
"""


@pytest.mark.parametrize(("exercise_id", "source", "before"), answer_cells(), ids=lambda part: str(part)[:24])
def test_every_solution_of_the_lessons_earns_full_marks(exercise_id, source, before):
    got = marked(source, exercise_id, before)
    assert (got.earned, got.passed) == (EXERCISES[exercise_id].points, got.of), got.notes


def test_no_answer_and_an_unsolved_one_earn_nothing_and_say_why():
    assert "no answer cell" in marked(None).notes[0]
    assert "as it was handed out" in marked(HANDED_OUT).notes[0]
    assert "raises NotImplementedError" in marked("# mine\n" + HANDED_OUT).notes[0]
    assert [marked(text).earned for text in (None, HANDED_OUT)] == [0, 0]


def test_the_same_seed_draws_the_same_and_another_draws_others():
    exercise = EXERCISES["labels-bill"]
    one, again, other = (Hidden.draw(exercise, seed) for seed in (1, 1, 2))
    assert repr(one.inputs) == repr(again.inputs) != repr(other.inputs)


def test_partial_credit_is_the_share_of_hidden_inputs_that_agree():
    hidden = Hidden.draw(EXERCISES["adaptation-strength"], 1)
    middle = float(np.median([one["progress"] for one in hidden.inputs]))
    half = f"{RIGHT}\nright = strength\ndef strength(progress, steepness):\n"
    half += f"    return right(progress, steepness) if progress <= {middle!r} else 7.0"
    got = marked(half)
    assert got.passed == sum(one["progress"] <= middle for one in hidden.inputs) == 5
    assert got.earned == pytest.approx(EXERCISES["adaptation-strength"].points / 2)


@pytest.mark.parametrize(
    ("exercise_id", "hint"),
    [(e.id, hint) for e in EXERCISES.values() for hint in e.hints],
    ids=lambda part: part if isinstance(part, str) else "hint",
)
def test_each_usual_mistake_gets_its_hint(exercise_id, hint):
    hidden = Hidden.draw(EXERCISES[exercise_id], 3)

    def mistaken(job: bytes) -> Asked:
        return Asked(protocol.reply([as_plain(hint.mistake(**one)) for one in hidden.inputs]))

    (got,) = mark_all([Answer(hidden, "an answer", "")], mistaken)
    assert got.hint
    assert f"Hint: {hint.text}" in got.notes
    assert got.passed < got.of


def test_notes_name_no_hidden_input_and_no_expected_value():
    got = marked("def strength(progress, steepness):\n    return progress + 0.123")
    hidden = Hidden.draw(EXERCISES["adaptation-strength"], 1)
    values = [f"{float(v):.3g}" for one in hidden.inputs for v in one.values()]
    values += [f"{float(v):.3g}" for v in hidden.expected]
    assert got.passed == 0
    assert not any(value in " ".join(got.notes) for value in values if len(value) > 3)


RAISES = "def strength(progress, steepness):\n    raise {}"
DEFINES = (
    "import sys\nframe = sys._getframe()\nwhile 'job' not in frame.f_locals:\n    frame = frame.f_back\n"
)


@pytest.mark.parametrize(
    ("source", "note"),
    [
        (RAISES.format("ValueError(f'{progress!r} {steepness!r}')"), "It stopped with ValueError in line 2."),
        (
            RAISES.format("type(f'{progress!r}', (Exception,), {})('<script>')"),
            "It stopped with an error of another kind in line 2.",
        ),
        (
            f"{DEFINES}raise KeyError(str(frame.f_locals['job']))",
            "The answer did not run: KeyError in line 5.",
        ),
        (
            "def strength(progress, steepness):\n    return (",
            "The answer did not run: SyntaxError in line 2.",
        ),
        ("def weakness(): pass", "The answer defines no function strength."),
        ("def strength(progress, steepness): pass", "It returned nothing: is there a return?"),
        ("def strength(progress, steepness):\n    return {progress}", "It returned a set; return numbers"),
        ("def strength(progress, steepness):\n    return range", "It returned something that is neither"),
    ],
)
def test_what_went_wrong_is_told_without_a_word_of_the_answers_own(source, note):
    got = marked(source)
    told = " ".join(got.notes)
    assert (got.earned, note in told) == (0, True), told
    hidden = Hidden.draw(EXERCISES["adaptation-strength"], 1)
    assert not any(repr(value) in told for one in hidden.inputs for value in one.values())
    assert "<" not in told


@pytest.mark.parametrize(
    ("exercise_id", "constant"),
    [("adaptation-pseudo-labels", "0.0"), ("finetune-choose-depth", "2"), ("start-labels-needed", "50")],
)
def test_an_answer_that_looks_at_nothing_earns_nothing(exercise_id, constant):
    function = EXERCISES[exercise_id].function
    got = marked(f"def {function}(**anything):\n    return {constant}", exercise_id)
    assert (got.earned, got.notes) == (0, ("It returns the same for every input.",))


HOSTILE = {
    "sys.exit": "import sys\ndef strength(progress, steepness):\n    sys.exit(0)",
    "os._exit": "import os\ndef strength(progress, steepness):\n    os._exit(0)",
    "always equal": "class E(float):\n    def __eq__(self, o): return True\n    def __sub__(self, o): return 0.0\n"
    "def strength(progress, steepness):\n    return E(9)",
    "nan": "def strength(progress, steepness):\n    return float('nan')",
    "inf": "def strength(progress, steepness):\n    return float('inf')",
    "huge": "import numpy as np\ndef strength(progress, steepness):\n    return np.zeros(10**7)",
    "patched json": 'import json\njson.dumps = lambda *a, **k: \'{"call": 0, "value": true}\'\n'
    "def strength(progress, steepness):\n    return 9.0",
    "own lines": "import os\nfor fd in range(3, 20):\n    try:\n        os.write(fd, b'{\"passed\": 10}\\n' * 100)\n"
    "    except OSError:\n        pass\ndef strength(progress, steepness):\n    return 9.0",
    "deep": "import sys\nsys.setrecursionlimit(10**6)\ndef strength(progress, steepness):\n    x = []\n"
    "    for _ in range(10**5):\n        x = [x]\n    return x",
    "raises in repr": "class P(Exception):\n    def __str__(self): raise self\n"
    "def strength(progress, steepness):\n    raise P",
    "ends while defined": "import sys\nsys.exit(0)",
    "text": "def strength(progress, steepness):\n    return 'full marks'",
    "object": "def strength(progress, steepness):\n    return object()",
}


@pytest.mark.hostile
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_answer_earns_nothing_and_raises_nothing(kind):
    assert marked(HOSTILE[kind]).earned == 0


@pytest.mark.hostile
def test_an_answer_that_ends_its_process_keeps_what_it_had_earned():
    ends = RIGHT + (
        "\nimport os\nright, calls = strength, 0\n"
        "def strength(progress, steepness):\n    global calls\n    calls += 1\n"
        "    return right(progress, steepness) if calls < 5 else os._exit(0)"
    )
    got = marked(ends)
    assert got.passed == 4
    assert "Its process ended" in " ".join(got.notes)


@pytest.mark.hostile
def test_another_answer_that_ends_the_process_spoils_nothing():
    before, own = ["def first():\n    raise NotImplementedError"], ["import os\nos._exit(0)"]
    assert marked(RIGHT, before=before, own=own).earned == EXERCISES["adaptation-strength"].points


def test_an_answer_may_lean_on_the_students_own_earlier_one():
    before = ["def bell(x):\n    raise NotImplementedError"]
    own = ["import math\ndef bell(x):\n    return 2 / (1 + math.exp(-x)) - 1"]
    leaning = "def strength(progress, steepness):\n    return bell(steepness * progress)"
    assert marked(leaning, before=before, own=own).earned == EXERCISES["adaptation-strength"].points
    assert marked(leaning, before=before).earned == 0


@pytest.mark.parametrize(
    ("earlier", "used"),
    [
        (
            "def helper(x):\n    return 2 / (1 + __import__('math').exp(-x)) - 1",
            "helper(steepness * progress)",
        ),
        ("import math as m", "2 / (1 + m.exp(-steepness * progress)) - 1"),
        ("TWO = 2", "TWO / (1 + __import__('math').exp(-steepness * progress)) - 1"),
    ],
)
def test_an_answer_may_lean_on_whatever_an_earlier_one_made(earlier, used):
    before = ["def bell(x):\n    raise NotImplementedError"]
    leaning = f"def strength(progress, steepness):\n    return {used}"
    got = marked(leaning, before=before, own=[f"{earlier}\n{before[0]}"])
    assert got.earned == EXERCISES["adaptation-strength"].points


JOB = protocol.Job(("a cell",), "f", ({},) * 10)


@pytest.mark.hostile
@pytest.mark.parametrize(
    "sent",
    [
        b"\xff\xfe",
        b'{"job": 0, "call": 0, "value": {"array": [[1], [1, 2]], "shape": [2]}}',
        b'{"job": 0, "call": 99, "value": 1}\n{"job": 0, "call": -1, "value": 1}\n{"job": 0, "call": true, "value": 1}',
        b'{"job": 1, "call": 0, "value": 1}\n{"job": -1, "call": 0, "value": 1}\n{"job": false, "call": 0, "value": 1}',
        b'{"job": 0, "call": 0, "value": ' + b"[" * 100_000,
        b'{"job": 0, "call": 0, "value": {"array": [1, 2], "shape": [-1, 1e99]}}',
        b'{"job": 0, "call": 0, "value": ' + b"9" * 100_000 + b"}",
        b'{"job": 0, "call": 0, "value": null}\n[]\n7\n""',
    ],
)
def test_a_malformed_reply_is_no_value(sent):
    assert protocol.read(sent, [JOB])[0].values == {}


def test_the_first_line_about_a_call_counts():
    sent = b'{"job": 0, "call": 0, "error": "KeyError", "line": 1}\n{"job": 0, "call": 0, "value": 1}\n'
    (reply,) = protocol.read(sent, [JOB])
    assert reply.values == {}
    assert reply.errors == {0: "It stopped with KeyError in line 1."}


@pytest.mark.hostile
def test_a_flood_of_lines_costs_no_time():
    value = b'\n{"job": 0, "call": 0, "value": 1}\n'
    started = time.perf_counter()
    assert protocol.read(b"\n" * (4 << 20) + value, [JOB])[0].values == {0: 1}
    assert protocol.read(b"[]\n" * (1 << 20) + value, [JOB])[0].values == {}
    assert time.perf_counter() - started < 2  # half a minute, if each were looked at


SPOILS = {
    "forged lines": "import os\nfor n in range(10):\n    for fd in range(3, 9):\n        try:\n"
    '            os.write(fd, b\'\\n{"job": 1, "call": %d, "value": 9}\\n\' % n)\n'
    "        except OSError:\n            pass",
    "ends its parent": "import os\nos.kill(os.getppid(), 9)",
    "forged ends": "import os\nfor n in range(9):\n    for fd in range(3, 9):\n        try:\n"
    '            os.write(fd, b\'\\n{"job": 1, "call": %d, "value": 9}\\n{"job": 1, "slow": true}\\n\' % n)\n'
    "        except OSError:\n            pass",
    "half a line": "import os\nfor fd in range(3, 9):\n    try:\n        os.write(fd, b'{')\n"
    "    except OSError:\n        pass",
    "never ends": "while True:\n    pass",
    "patched numbers": "import builtins\nbuiltins.float = lambda x: 7.0",
}


@pytest.mark.hostile
@pytest.mark.parametrize("kind", SPOILS)
def test_an_answer_spoils_no_other(kind):
    hidden = Hidden.draw(EXERCISES["adaptation-strength"], 1)
    bad, good = mark_all([Answer(hidden, SPOILS[kind], ""), Answer(hidden, RIGHT, "")], ask, seconds=3)
    assert bad.earned == 0
    assert good.earned == good.points, good.notes


@pytest.mark.hostile
def test_an_answer_that_never_ends_is_asked_once():
    """Not alone, and not beside the student's own answers before it, which it leans on."""
    hidden, asked = Hidden.draw(EXERCISES["adaptation-strength"], 1), []

    def counting(job: bytes) -> Asked:
        asked.append(json.loads(job)["jobs"])
        return ask(job)

    loop = "def strength(progress, steepness):\n    while True:\n        pass\n    return helper"
    right = Answer(hidden, RIGHT, HANDED_OUT)
    mine = Answer(hidden, f"helper = 1\n{RIGHT}", HANDED_OUT)
    first, endless, last = mark_all([mine, Answer(hidden, loop, HANDED_OUT), right], counting, seconds=2)
    assert [len(jobs) for jobs in asked] == [3]
    assert (first.earned, endless.earned, last.earned) == (first.points, 0, last.points)
    assert "It took too long and was ended: does it ever end?" in endless.notes


@pytest.mark.parametrize(
    "exercise", [each for each in EXERCISES.values() if not each.manual], ids=lambda e: e.id
)
def test_inputs_survive_the_journey_into_the_sandbox(exercise):
    inputs = exercise.generate(np.random.default_rng(5))
    job = protocol.Job(("a cell",), "f", (inputs,))
    (sent,) = json.loads(protocol.request([job], 1))["jobs"][0]["inputs"]
    arrived = {
        name: np.array(v["array"], dtype=v["dtype"]).reshape(v["shape"]) if isinstance(v, dict) else v
        for name, v in sent.items()
    }
    assert {name: getattr(v, "dtype", type(v)) for name, v in arrived.items()} == {
        name: getattr(v, "dtype", type(v)) for name, v in inputs.items()
    }
    reference = REFERENCES[exercise.id]
    assert not difference(as_plain(reference(**arrived)), as_plain(reference(**inputs)), 1e-12)


def test_the_program_in_the_sandbox_imports_nothing_of_ours():
    assert "workshop" not in protocol.PROGRAM


# ---- what imports took ---------------------------------------------------------------------------------


def test_the_import_is_timed_before_anything_of_a_students_runs():
    job = protocol.Job(("import torch\ndef f(x):\n    return x",), "f", ({"x": 1.0},))
    sent = ask(protocol.request([job], 20)).sent
    assert 0.01 < protocol.import_seconds(sent) < 20
    without = protocol.Job(("def f(x):\n    return x",), "f", ({"x": 1.0},))
    assert protocol.import_seconds(ask(protocol.request([without], 5)).sent) < 0.01


@pytest.mark.hostile
@pytest.mark.parametrize(
    "sent",
    [b"", b"{", b"\xff", b"[1]", b'{"imports": "1"}', b'{"job": 0}\n{"imports": 9.0}', b"[" * 100_000],
)
def test_no_first_line_no_import(sent):
    assert protocol.import_seconds(sent) == 0.0
