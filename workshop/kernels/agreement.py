"""How far labelers agree, for each kind of label: kappas and alpha for classes, overlap for areas, edits for text.

Thin: the coefficients come from scikit-learn, statsmodels, nltk, torchvision and rapidfuzz. What is added here
is a sentence where a coefficient is not defined, in place of a nan.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment

from workshop.datasets.annotations import Annotations
from workshop.errors import WorkshopError

LEVELS = ("nominal", "interval")

_ONE_CLASS = (
    "Every label names the same class, so agreement by chance would be perfect, too, and {0} is not defined. "
    "Report the share of equal labels, or take items of several classes."
)

# ---- classes -----------------------------------------------------------------------------------------


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float:
    """Cohen's kappa (1960) of two labelers: 1 is full agreement, 0 what chance gives with their own class shares.

    Args:
        first, second: (N,) classes that they gave to the same items, in the same order.

    Raises:
        WorkshopError: no items, unequal numbers of them, or one and the same class everywhere.
    """
    from sklearn.metrics import cohen_kappa_score  # here, as below: not every lesson should wait for it

    _check_pair(first, second)
    number = {name: place for place, name in enumerate(dict.fromkeys([*first, *second]))}
    if len(number) == 1:
        raise WorkshopError(_ONE_CLASS.format("kappa"))
    return float(cohen_kappa_score([number[name] for name in first], [number[name] for name in second]))


def fleiss_kappa(labels: Annotations | ArrayLike) -> float:
    """Fleiss' kappa (1971) of any number of labelers, who need not be the same ones for every item.

    Args:
        labels: annotations, or (items, classes) how often each item was given each class.

    Raises:
        WorkshopError: items differ in their number of labels, have fewer than two, or all labels name one class.
    """
    from statsmodels.stats import inter_rater

    votes = _votes(labels)
    each = votes.sum(1)
    if each.min() != each.max():
        raise WorkshopError(
            f"Fleiss' kappa needs equally many labels for each item; here they have {each.min()} to {each.max()}. "
            "Krippendorff's alpha takes items with missing labels: use krippendorff_alpha."
        )
    if each[0] < 2:
        raise WorkshopError(f"Agreement needs at least two labels an item, and here each has {each[0]}.")
    if (votes.sum(0) > 0).sum() == 1:
        raise WorkshopError(_ONE_CLASS.format("kappa"))
    return float(inter_rater.fleiss_kappa(votes))


def krippendorff_alpha(labels: Annotations | ArrayLike, level: str = "nominal") -> float:
    """Krippendorff's alpha (2004) of any number of labelers, each of whom may have left out any item.

    Items with fewer than two labels say nothing about agreement and do not count.

    Args:
        labels: annotations, or (items, classes) how often each item was given each class.
        level: of :data:`LEVELS`. ``interval`` takes the classes' numbers as measured, so that a near miss counts as
            less of a disagreement than a wide one.

    Raises:
        WorkshopError: no item with two labels, the labels that count all name one class, or an unknown level.
    """
    from nltk.metrics import agreement, binary_distance, interval_distance

    if level not in LEVELS:
        raise WorkshopError(f"There is no level {level!r}. Choose one of: {', '.join(LEVELS)}.")
    votes = _votes(labels)
    votes = votes[votes.sum(1) >= 2]
    if not len(votes):
        raise WorkshopError(
            "No item has two labels, so nobody can agree or disagree. Have some labelled twice."
        )
    if (votes.sum(0) > 0).sum() == 1:
        raise WorkshopError(_ONE_CLASS.format("alpha"))
    # Who said what does not enter alpha; the library only asks that an item's labelers differ.
    said = [
        (str(labeler), str(item), int(label))
        for item, counts in enumerate(votes)
        for labeler, label in enumerate(np.repeat(np.arange(len(counts)), counts))
    ]
    distance = {"nominal": binary_distance, "interval": interval_distance}[level]
    return float(agreement.AnnotationTask(said, distance).alpha())


def _votes(labels: Annotations | ArrayLike) -> np.ndarray:
    """(items, classes) whole numbers."""
    votes = labels.votes() if isinstance(labels, Annotations) else np.asarray(labels)
    if votes.ndim != 2 or not votes.size or votes.dtype.kind not in "iu" or votes.min() < 0:
        raise WorkshopError(
            "Give annotations, or whole numbers of shape (items, classes): how often each was given."
        )
    return votes


def _check_pair(first: Sequence, second: Sequence) -> None:
    if len(first) != len(second) or not len(first):
        raise WorkshopError(
            f"Two labelers are compared on the same items, at least one; here are {len(first)} and {len(second)}."
        )


# ---- areas and stretches of time ---------------------------------------------------------------------


def class_iou(first: ArrayLike, second: ArrayLike) -> float:
    """Semantic masks: intersection over union, averaged over the classes that either labeler used.

    Args:
        first, second: (H, W) whole numbers, the class of each pixel.
    """
    from sklearn.metrics import jaccard_score

    first, second = np.asarray(first), np.asarray(second)
    if first.shape != second.shape or not first.size:
        raise WorkshopError(
            f"Both masks must cover the same picture; they have {first.shape} and {second.shape}."
        )
    return float(jaccard_score(first.ravel(), second.ravel(), average="macro"))


def box_overlaps(first: ArrayLike, second: ArrayLike) -> np.ndarray:
    """(A, B): intersection over union of each of A boxes with each of B, both as rows left, top, right, bottom."""
    import torch
    from torchvision.ops import box_iou

    first, second = (_check_ends(boxes, 4, "box", "left, top, right, bottom") for boxes in (first, second))
    return box_iou(torch.from_numpy(first), torch.from_numpy(second)).numpy()


def span_overlaps(first: ArrayLike, second: ArrayLike) -> np.ndarray:
    """(A, B): the same for stretches of time, as rows begin, end: boxes of height one."""
    first, second = (_check_ends(spans, 2, "span", "begin, end") for spans in (first, second))

    def boxes(spans: np.ndarray) -> np.ndarray:
        return np.column_stack([spans[:, 0], np.zeros(len(spans)), spans[:, 1], np.ones(len(spans))])

    return box_overlaps(boxes(first), boxes(second))


def mask_overlaps(first: ArrayLike, second: ArrayLike) -> np.ndarray:
    """(A, B): the same for masks (A, H, W) and (B, H, W) of single objects, true where the object is."""
    first, second = np.asarray(first, bool), np.asarray(second, bool)
    if first.ndim != 3 or first.shape[1:] != second.shape[1:]:
        raise WorkshopError(
            f"Masks need the shapes (A, H, W) and (B, H, W); these have {first.shape} and {second.shape}."
        )
    both = np.einsum("ahw,bhw->ab", first, second, dtype=np.int64)
    either = first.sum((1, 2))[:, None] + second.sum((1, 2)) - both
    return np.divide(both, either, out=np.zeros(both.shape), where=either > 0)


def paired_iou(overlaps: np.ndarray) -> float:
    """Agreement on several objects: pair them up as well as possible, then average; an object without a partner is 0.

    Args:
        overlaps: (A, B) of :func:`box_overlaps`, :func:`span_overlaps` or :func:`mask_overlaps`.

    Returns:
        in 0..1; 1 where neither labeler marked anything.
    """
    if max(overlaps.shape) == 0:
        return 1.0
    return float(overlaps[linear_sum_assignment(overlaps, maximize=True)].sum() / max(overlaps.shape))


def _check_ends(rows: ArrayLike, width: int, what: str, order: str) -> np.ndarray:
    """(N, width) float64 whose second half is larger than its first."""
    rows = (
        np.asarray(rows, np.float64).reshape(-1, width)
        if np.size(rows) == 0
        else np.asarray(rows, np.float64)
    )
    if rows.ndim != 2 or rows.shape[1] != width or not np.isfinite(rows).all():
        raise WorkshopError(f"Give each {what} as {width} numbers: {order}.")
    if (rows[:, width // 2 :] <= rows[:, : width // 2]).any():
        raise WorkshopError(f"A {what} ends before it begins; the order is {order}.")
    return rows


# ---- text --------------------------------------------------------------------------------------------


def edit_distance(first: Sequence[Hashable], second: Sequence[Hashable]) -> int:
    """Levenshtein's distance: the fewest insertions, deletions and replacements that turn one into the other.

    Of letters when both are texts, of words when both are lists of words.
    """
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance(first, second)


def word_error_rate(reference: str, text: str) -> float:
    """Words to insert, delete or replace to turn ``text`` into ``reference``, per word of ``reference``.

    It can be larger than 1, and the two change roles only where they have as many words.

    Raises:
        WorkshopError: the reference has no word.
    """
    words = reference.split()
    if not words:
        raise WorkshopError("The reference has no word, so errors per word are not defined.")
    return edit_distance(words, text.split()) / len(words)
