"""``python -m workshop selftest``: grades what is known beforehand, and says whether the grader found it so.

The lessons' sources must earn everything, the students' edition as handed out nothing, each hostile submission what
its honest parts deserve, and each usual mistake its hint. Written to ``build/selftest.json``.
"""

from workshop.classroom.selftest.commands import main

__all__ = ["main"]
