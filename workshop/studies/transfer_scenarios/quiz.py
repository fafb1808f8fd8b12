"""Situations to be named: the setting, by where there are labels, and the object that was moved."""

from __future__ import annotations

from dataclasses import dataclass

from workshop.kernels.gaussian_shift import OBJECTS

SETTINGS = ("inductive", "transductive", "unsupervised")
SHIFTS = tuple(OBJECTS.values())


@dataclass(frozen=True)
class Question:
    """A situation and its two answers.

    Attributes:
        story: what the reader is told.
        setting: of :data:`SETTINGS`.
        shift: of :data:`SHIFTS`: the object that moved by itself; others may have had to follow.
        why_setting, why_shift: the reasons, a sentence each.
    """

    story: str
    setting: str
    shift: str
    why_setting: str
    why_shift: str


QUESTIONS = (
    Question(
        "English reviews are labelled as praise or blame. You want to sort German reviews, of which none is labelled. "
        "Both are given as counts of words.",
        "transductive",
        "feature space",
        "There are labels in the source, and none in the target.",
        "The columns count other words: there is no common list to count.",
    ),
    Question(
        "Skin spots were photographed and diagnosed in a clinic for the old. You will use the model on young people, "
        "with the same camera. The same spot means the same illness. Nobody there has been diagnosed yet.",
        "transductive",
        "P(X)",
        "There are diagnoses in the source only.",
        "Other spots are common there; what a spot means stays as it was. This is covariate shift.",
    ),
    Question(
        "A model sorts mail into private and work. Your mail has advertising as well, and you have labelled forty "
        "of your letters.",
        "inductive",
        "label space",
        "There are labels in the target, if only forty.",
        "A label appears that the source never had.",
    ),
    Question(
        "Book reviews come with stars. On another site the very same words earn fewer stars. You have 200 of that "
        "site's reviews with their stars.",
        "inductive",
        "P(Y|X)",
        "There are labels in the target.",
        "The same input is labelled otherwise. This is concept shift.",
    ),
    Question(
        "A test was made in a study where half of all people were ill. Those who come to you have been sent by a "
        "doctor, and most of them are ill. The illness looks the same. You have no diagnosis yet.",
        "transductive",
        "P(Y)",
        "There are labels in the source only.",
        "Each class looks as it did; one of them is more common. This is prior shift.",
    ),
    Question(
        "You want to sort a heap of photographs of mountain roads into groups. Nobody has named any group. You have "
        "a far larger heap of city streets, without labels, too.",
        "unsupervised",
        "P(X)",
        "There are no labels at all.",
        "The pictures are of the same kind, and others are common. Without labels there is no P(Y) to compare.",
    ),
    Question(
        "Fields were labelled by crop and seen by a satellite with four bands. The new satellite has seven other "
        "bands. You have labelled fifty fields of the same region anew.",
        "inductive",
        "feature space",
        "There are labels in the target.",
        "The fields are the same, and what is measured is not.",
    ),
    Question(
        "Bird calls of one forest were labelled. In another forest the same species sing the same songs, and the "
        "warbler is ten times as common there. Nobody has listened to those recordings yet.",
        "transductive",
        "P(Y)",
        "There are labels in the source only.",
        "Every species sounds as before, P(X|Y), and their shares differ.",
    ),
)
