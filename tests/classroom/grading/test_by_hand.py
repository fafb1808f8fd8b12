"""Marks by hand count before those of the machine."""

from workshop.classroom.accepting.manual import ManualMark
from workshop.classroom.answering.marking import Mark
from workshop.classroom.grading.by_hand import with_hand_marks
from workshop.classroom.grading.work import Graded

BILL = Mark("labels-bill", 2, 0.4, 2, 10, ("2 of 10 hidden inputs answered rightly.",))
ADA = Graded("Ada", "06_label_quality", "a", (BILL,), manual=("labels-kappa",))
BOB = Graded("Bob", "06_label_quality", "b", (BILL,))


def test_a_mark_by_hand_replaces_the_machines_and_closes_what_was_open():
    given = {
        ("Ada", "labels-bill"): ManualMark(1.5, "the idea is right"),
        ("Ada", "labels-kappa"): ManualMark(2),
        ("Ada", "maml-meta-loss"): ManualMark(1),  # of another lesson
    }
    ada = with_hand_marks(ADA, given)
    assert [(m.exercise, m.earned, m.by, m.notes) for m in ada.marks] == [
        ("labels-bill", 1.5, "hand", ("the idea is right",)),
        ("labels-kappa", 2, "hand", ()),
    ]
    assert ada.manual == ()
    assert ada.earned == 3.5
    assert with_hand_marks(BOB, given) == BOB
