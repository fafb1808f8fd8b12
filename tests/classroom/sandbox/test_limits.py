"""Limits are checked where they are made."""

from dataclasses import replace

import pytest

from workshop.errors import WorkshopError

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(("name", "value"), [("processes", 0), ("cpu_seconds", 1.5), ("memory_bytes", "1G")])
def test_a_limit_that_is_none_is_refused(small, name, value):
    with pytest.raises(WorkshopError, match=f"The limit {name} is .*; give a whole number above zero"):
        replace(small, **{name: value})


def test_only_wall_time_may_be_a_fraction(small):
    assert replace(small, wall_seconds=0.5).wall_seconds == 0.5
    with pytest.raises(WorkshopError, match="wall_seconds is -1; give a number above zero"):
        replace(small, wall_seconds=-1)
