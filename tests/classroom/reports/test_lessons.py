"""Reports call lessons and exercises as the workbook does."""

import pytest

from workshop import exercises
from workshop.classroom.reports.lessons import outcome, task, title

pytestmark = pytest.mark.fast


def test_titles_tasks_and_outcomes_are_those_of_the_workbook():
    assert title("06_label_quality") == "Label quality and its price"
    assert task("labels-bill") == "Check a claim about the bill"
    assert task("scenarios-in-words") == "In your own words"
    assert outcome("labels-bill").startswith("Compute a bill under both readings of a price list")


def test_every_exercise_has_a_task_and_an_outcome():
    for id_ in exercises.EXERCISES:
        assert task(id_) != id_ and "SOLUTION" not in task(id_)
        assert outcome(id_)


def test_what_the_workbook_does_not_hold_is_called_by_its_name():
    assert (title("99_none"), task("none"), outcome("none")) == ("99_none", "none", "")
