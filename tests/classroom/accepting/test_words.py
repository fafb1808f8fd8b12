"""Numbers in sentences."""

import pytest

from workshop.classroom.accepting.words import counted, span

pytestmark = pytest.mark.fast


def test_one_and_several():
    assert [counted(number, "file") for number in (0, 1, 2)] == ["0 files", "1 file", "2 files"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "0 s"), (89, "89 s"), (100, "2 min"), (3570, "1 h 0 min"), (43_500, "12 h 5 min")],
)
def test_a_time_to_wait(seconds, words):
    assert span(seconds) == words
