"""The kinds of labels, one example each, with what two labelers said and what such a label costs in time.

The labelers are invented: their labels are written here so that they differ where people do. So are the texts. The
digits are real; the sign and the sounds are made by this package.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.ndimage import binary_dilation, binary_erosion, shift

from workshop.datasets.images import ImageSet
from workshop.datasets.small_scene import Scene, scene, sign
from workshop.datasets.small_sounds import GARDEN, Event, garden, morse

ASSUMED = "assumed"


@dataclass(frozen=True)
class Effort:
    """How long one label takes.

    Attributes:
        seconds: a label.
        unit: what counts as one.
        source: who measured it, or :data:`ASSUMED` where it is our estimate.
    """

    seconds: float
    unit: str
    source: str

    @property
    def published(self) -> bool:
        return self.source != ASSUMED


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of label, shown on one example.

    Attributes:
        name: ``class``, ``box``, ``semantic``, ``instances``, ``sentiment``, ``speech``, ``text``, ``events`` or
            ``transcript``.
        title: in a reader's words.
        data: what is labelled.
        item: what the labelers looked at. Pictures (N, H, W) or (H, W) uint8; sentences or words as a tuple; a
            :class:`~workshop.datasets.small_sounds.Sound`.
        labels: what the first and the second labeler said, in the form of the kind: a tuple of classes, boxes (N, 4),
            classes of pixels (H, W), masks (N, H, W), a text, or a tuple of events.
        effort: how long one label takes.
    """

    name: str
    title: str
    data: Literal["image", "text", "sound"]
    item: object
    labels: tuple
    effort: Effort


#: Rows of mnist10k, some of them hard to read, and what the two labelers take them for.
_DIGITS = (4233, 4007, 6610, 9934, 8742, 5768, 1654, 7817)
_READ = ((4, 3, 6, 9, 8, 5, 1, 7), (4, 7, 6, 4, 8, 6, 1, 7))

_SENTENCES = (
    "The soup was cold, the waiter charming.",
    "Best train ride of my life!",
    "Well, it was a hotel.",
    "I want my money back.",
    "Not bad at all.",
)
_FELT = (
    ("negative", "positive", "neutral", "negative", "positive"),
    ("neutral", "positive", "negative", "negative", "positive"),
)

_WORDS = ("We", "saw", "her", "duck", "near", "the", "water")
_TAGS = (
    ("PRON", "VERB", "PRON", "VERB", "ADP", "DET", "NOUN"),
    ("PRON", "VERB", "DET", "NOUN", "ADP", "DET", "NOUN"),
)

_SIGN, _MISREAD = "MILL RD 80", "MILL RO 86"
_SENT, _MISHEARD = "SEND MORE TEA", "SEND MORE TEN"

_HEARD = (
    Event("bird", 0.55, 1.25),
    Event("bell", 1.9, 2.7),  # where it is no longer heard is a matter of taste
    Event("bird", 3.8, 4.65),
)


def label_kinds(mnist10k: ImageSet) -> tuple[Kind, ...]:
    """All nine, in the lecture's order: pictures, text, sound.

    Args:
        mnist10k: the digits that ship with the workbook.
    """
    shown = scene(mnist10k)
    return (
        Kind(
            "class",
            "class",
            "image",
            mnist10k.images[list(_DIGITS)],
            _READ,
            Effort(1, "image and class", ASSUMED),
        ),
        Kind(
            "box",
            "box",
            "image",
            shown.picture,
            (shown.boxes(), _loose(shown)),
            Effort(35, "box", "Su, Deng, Fei-Fei (2012), as quoted by Papadopoulos et al. (2017)"),
        ),
        Kind(
            "semantic",
            "semantic mask",
            "image",
            shown.picture,
            (shown.classes(), _coarse(shown)),
            Effort(240, "image", "Bearman et al. (2016): 239.7 s"),
        ),
        Kind(
            "instances",
            "instance masks",
            "image",
            shown.picture,
            (shown.masks, _merged(shown)),
            Effort(79, "object", "Lin et al. (2014), COCO, as quoted by Bearman et al. (2016)"),
        ),
        Kind("sentiment", "sentiment", "text", _SENTENCES, _FELT, Effort(5, "sentence", ASSUMED)),
        Kind(
            "speech",
            "parts of speech",
            "text",
            _WORDS,
            _TAGS,
            Effort(3, "word", ASSUMED),
        ),
        Kind("text", "text in an image", "image", sign(_SIGN), (_SIGN, _MISREAD), Effort(8, "line", ASSUMED)),
        Kind("events", "audio events", "sound", garden(), (GARDEN, _HEARD), Effort(10, "event", ASSUMED)),
        Kind(
            "transcript",
            "transcript (of Morse code)",
            "sound",
            morse(_SENT),
            (_SENT, _MISHEARD),
            Effort(4, "second of sound", ASSUMED),
        ),
    )


def _loose(shown: Scene) -> np.ndarray:
    """Boxes of somebody in a hurry: too wide, and off by a few pixels."""
    moved = np.array([[-1, -3, 2, 2], [-3, -1, 1, 4], [2, -2, 3, -3]], float)
    height, width = shown.picture.shape
    return np.clip(shown.boxes() + moved, 0, [width, height, width, height])


def _coarse(shown: Scene) -> np.ndarray:
    """Classes of pixels with outlines that are too fat."""
    found = np.full(shown.picture.shape, -1)
    for mask, digit in zip(shown.masks, shown.digits, strict=True):
        found[binary_dilation(mask, iterations=1)] = digit
    return found


def _merged(shown: Scene) -> np.ndarray:
    """Masks of somebody who takes the two threes for one object, and cuts too thin on one side."""
    seven, *threes = shown.masks
    thin = seven & shift(binary_erosion(binary_dilation(seven)).astype(float), (0, 1), order=0).astype(bool)
    return np.stack([thin, np.any(threes, axis=0)])
