"""What an answer imports is told to staff; it costs nothing."""

import pytest

from workshop.classroom.answering.imports import foreign
from workshop.classroom.answering.marking import Answer, Asked, Hidden, mark_all
from workshop.exercises import EXERCISES


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        ("import numpy as np\nimport torch.nn.functional as F\nfrom math import exp", []),
        ("import scipy.special, os\nfrom scipy import stats", ["scipy", "os"]),
        ("def f():\n    from sklearn.metrics import cohen_kappa_score\n    import math", ["sklearn"]),
        ("from . import secrets", ["."]),
        ("this is not Python", []),
        ("x = 1\0", []),
        ("(" * 10_000, []),
        ("import os\n" + "1\n" * 1_000_000, []),  # would take gigabytes
        ("import a" + "a" * 10_000, ["too much to list"]),
    ],
)
def test_modules_beyond_the_allowed_ones_are_named(answer, names):
    assert foreign(answer, ("math", "numpy", "torch")) == names


def test_the_report_says_so_and_no_marks_are_lost():
    hidden = Hidden.draw(EXERCISES["labels-bill"], 1)
    (mark,) = mark_all([Answer(hidden, "import scipy", "")], lambda request: Asked(b""))
    assert "It imports scipy; the exercise is meant to be solved with math, numpy, torch." in mark.notes
