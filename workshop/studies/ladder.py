"""From little training to much: the ways to transfer, and what each cost and gained in this workbook's own results.

Each lesson's study adds its rungs. A rung whose lesson is not in yet, or whose results are not stored, stays open.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The rungs from low to high involvement of training, and the lessons that climb them.
RUNGS = {
    "direct use": "01_transfer_scenarios",
    "last layer": "02_fine_tuning_spectrum",
    "fine-tuning": "02_fine_tuning_spectrum",
    "adaptation": "03_domain_adaptation",
    "multi-task": "04_multi_task",
    "meta-learning": "05_meta_learning",
}


@dataclass(frozen=True)
class LadderRung:
    """What one rung came to in one lesson.

    Attributes:
        rung: of :data:`RUNGS`.
        lesson: whose results these are.
        how: what was done, in a few words.
        labels: of the target that it used, in words.
        elsewhere: labels of other domains or tasks, likewise.
        seconds: of training, on one core.
        gain: what it bought, in words and numbers.
    """

    rung: str
    lesson: str
    how: str
    labels: str
    elsewhere: str
    seconds: float
    gain: str


def open_rungs(found: list[LadderRung]) -> dict[str, str]:
    """The rungs that nobody has climbed yet, with the lesson that will."""
    taken = {rung.rung for rung in found}
    return {rung: lesson for rung, lesson in RUNGS.items() if rung not in taken}
