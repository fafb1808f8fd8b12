"""A reader's progress: kept in the working folder, never in the way, and nothing lost."""

from __future__ import annotations

import json

import pytest

from workshop import lesson, orientation, progress
from workshop.progress import Progress
from workshop.studies.start import StartStudy

pytestmark = pytest.mark.fast


@pytest.fixture(autouse=True)
def reader(tmp_path, monkeypatch):
    """A reader who works in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WORKSHOP_PROGRESS", raising=False)
    return tmp_path


def test_guesses_and_passed_exercises_are_kept_once(reader):
    for _ in range(2):
        progress.guessed("00_start_here", "labels")
        progress.passed("start-labels-needed")
    progress.guessed("05_meta_learning", "average")
    assert progress.read() == Progress(
        {"00_start_here": ["labels"], "05_meta_learning": ["average"]}, ["start-labels-needed"]
    )
    assert [path.name for path in reader.iterdir()] == ["progress.json"]


def test_a_check_that_passes_is_noted_and_one_that_does_not_is_not(capsys):
    lesson.check("start-labels-needed", lambda classes, examples: classes + examples)
    assert progress.read().passed == []
    lesson.check("start-labels-needed", lambda classes, examples: classes * examples)
    assert progress.read().passed == ["start-labels-needed"]
    lesson.check("start-labels-needed", lambda classes, examples: 0)
    assert progress.read().passed == ["start-labels-needed"]


def test_a_guess_is_noted_when_it_is_committed_to(monkeypatch):
    made = []
    monkeypatch.setattr(lesson.widgets, "Button", _remembering(lesson.widgets.Button, made))
    lesson.start(StartStudy(budget="class"))
    lesson.predict("labels", "How many?", between=(50, 100))
    assert progress.read().guesses == {}
    made[0].click()
    assert progress.read().guesses == {"00_start_here": ["labels"]}


def _remembering(kind, made):
    def make(*arguments, **options):
        made.append(kind(*arguments, **options))
        return made[-1]

    return make


def test_without_a_reader_nothing_is_written(reader, monkeypatch):
    monkeypatch.setenv("WORKSHOP_PROGRESS", "off")
    progress.guessed("00_start_here", "labels")
    progress.passed("start-labels-needed")
    assert list(reader.iterdir()) == []


@pytest.mark.parametrize(
    "damaged",
    [b"{", b"\xff", b"[]", b"{}", b'{"guesses": [], "passed": []}', b'{"guesses": {"a": 1}, "passed": []}',
     b'{"guesses": {}, "passed": [1]}', b"[" * 100_000],
)  # fmt: skip
def test_a_damaged_file_is_set_aside_and_told(reader, damaged):
    for number in ("", "1"):
        (reader / "progress.json").write_bytes(damaged)
        assert progress.read() == Progress()
        assert (reader / f"progress.damaged{number}.json").read_bytes() == damaged
    progress.passed("start-labels-needed")
    assert progress.read().passed == ["start-labels-needed"]
    assert "set aside as progress.damaged.json, progress.damaged1.json" in orientation.own_progress().data


def test_a_folder_that_cannot_be_written_stops_no_lesson(monkeypatch):
    def refuse(path, content):
        raise OSError("read-only")

    monkeypatch.setattr(progress, "write_whole", refuse)
    progress.passed("start-labels-needed")
    assert progress.read() == Progress()


def test_an_outcome_is_ticked_when_its_guesses_and_checks_are_done():
    assert "☑" not in orientation.outcomes().data
    progress.passed("start-labels-needed")
    ticked = orientation.outcomes().data
    assert ticked.count("☑") == 1
    assert ticked.index("☑") < ticked.index("Work with a lesson")
    progress.guessed("00_start_here", "labels")
    assert orientation.outcomes().data.count("☑") == 2


def test_an_outcome_that_is_only_seen_has_no_box():
    """Its evidence is figures and verdicts; there is nothing to tick."""
    page = orientation.outcomes().data
    seen = [part for part in page.split("<li>")[1:] if "aria-label='to be seen'" in part and ">·<" in part]
    assert 0 < len(seen) < 10
    assert any("refresh" in part.lower() or "statistics" in part for part in seen)


def test_a_quiz_counts_when_every_question_was_tried():
    from workshop.panels.quiz import Quiz
    from workshop.studies.transfer_scenarios.quiz import QUESTIONS

    quiz = Quiz()
    for asked in QUESTIONS:
        assert "quiz" not in progress.read().guesses.get("01_transfer_scenarios", [])
        quiz.setting.value, quiz.shift.value = asked.setting, QUESTIONS[0].shift
        quiz.answer.click()
        quiz.onward.click()
    assert progress.read().guesses["01_transfer_scenarios"] == ["quiz"]
    named = "Name the setting of a situation"
    progress.guessed("01_transfer_scenarios", "rows")
    page = orientation.outcomes().data
    assert "☑" in page[: page.index(named)].rsplit("<li>", 1)[1]


def test_the_summary_counts_by_lesson():
    progress.guessed("00_start_here", "labels")
    progress.passed("start-labels-needed")
    page = orientation.own_progress().data
    assert "<td style='text-align:left'>00 start here</td><td>1</td><td>1 of 1</td>" in page
    assert "<td style='text-align:left'>05 meta learning</td><td>0</td><td>0 of 3</td>" in page


def test_the_file_is_small_and_plain(reader):
    progress.passed("start-labels-needed")
    assert json.loads((reader / "progress.json").read_text()) == {
        "guesses": {},
        "passed": ["start-labels-needed"],
    }


def test_this_machine_is_told_with_a_remedy_for_each_gap(monkeypatch):
    from workshop import doctor

    findings = [
        doctor.Finding("Python", "ok", "3.11 <b>"),
        doctor.Finding("Packages", "gap", "one missing", "make setup"),
    ]
    monkeypatch.setattr(doctor, "examine", lambda: findings)
    page = orientation.machine().data
    assert "Mend 1 of these first" in page
    assert "make setup" in page
    assert "<b>" not in page
    monkeypatch.setattr(doctor, "examine", lambda: findings[:1])
    assert "Lessons can run here." in orientation.machine().data
