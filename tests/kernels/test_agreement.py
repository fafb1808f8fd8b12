"""Agreement: published values, cases small enough for paper, formulas from scratch, and sentences in place of nan."""

import itertools

import numpy as np
import pytest

from workshop.datasets.annotations import Annotations
from workshop.datasets.real_crowds import CROWDS, crowd, fleiss, is_here
from workshop.errors import WorkshopError
from workshop.kernels import agreement
from workshop.kernels.consensus import majority_vote

pytestmark = pytest.mark.fast

#: Four observers, twelve units, values 1 to 5, 0 where one is missing: the example of Krippendorff (2011), "Computing
#: Krippendorff's alpha-reliability".
EXAMPLE = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
)


def example() -> Annotations:
    worker, item = EXAMPLE.nonzero()
    return Annotations.of(item, worker, EXAMPLE[worker, item] - 1, items=12)


# ---- classes -----------------------------------------------------------------------------------------


def test_fleiss_1971_as_published():
    votes = fleiss()
    assert agreement.fleiss_kappa(votes) == pytest.approx(0.430, abs=5e-4)
    assert votes.mean(0) / 6 == pytest.approx([0.144, 0.144, 0.167, 0.306, 0.239], abs=5e-4)


def test_fleiss_kappa_from_scratch():
    """Of all pairs of labels an item, the share that agrees, beside the share that would by chance."""
    item = [0, 0, 0, 1, 1, 1, 2, 2, 2]
    label = [0, 0, 1, 1, 1, 1, 2, 0, 2]
    pairs = [label[a] == label[b] for a, b in itertools.permutations(range(9), 2) if item[a] == item[b]]
    chance = sum((label.count(k) / 9) ** 2 for k in range(3))
    found = agreement.fleiss_kappa(Annotations.of(item, [0, 1, 2] * 3, label))
    assert found == pytest.approx((np.mean(pairs) - chance) / (1 - chance))


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("interval", 0.849)])
def test_krippendorff_2011_as_published(level, alpha):
    assert agreement.krippendorff_alpha(example(), level) == pytest.approx(alpha, abs=5e-4)


def test_alpha_from_scratch_with_missing_labels():
    """Disagreement within items over disagreement between all labels that have a partner: the definition."""
    labels = example()
    kept = [list(labels.label[labels.item == i]) for i in range(12)]
    kept = [values for values in kept if len(values) > 1]
    within = sum(sum(a != b for a, b in itertools.permutations(v, 2)) / (len(v) - 1) for v in kept)
    everything = [value for values in kept for value in values]
    n = len(everything)
    between = sum(a != b for a, b in itertools.permutations(everything, 2)) / (n - 1)
    assert agreement.krippendorff_alpha(labels) == pytest.approx(1 - within / between)


def test_alpha_takes_several_labels_of_one_worker():
    twice = Annotations.of([0, 0, 1, 1, 2, 2], [0, 0, 0, 0, 0, 0], [0, 0, 1, 1, 0, 1])
    apart = Annotations.of([0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1], [0, 0, 1, 1, 0, 1])
    assert agreement.krippendorff_alpha(twice) == agreement.krippendorff_alpha(apart) > 0


def test_cohens_kappa_by_hand():
    # 20 + 15 of 50 agree, 35/50; chance gives 25/50 * 30/50 + 25/50 * 20/50 = 1/2.
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert agreement.cohen_kappa(first, second) == pytest.approx((0.7 - 0.5) / (1 - 0.5))
    assert agreement.cohen_kappa([1, "b", None], [1, "b", None]) == 1


def test_chance_is_worth_nothing_and_contradiction_less():
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 3, (2, 20_000))
    assert agreement.cohen_kappa(first, second) == pytest.approx(0, abs=0.02)
    pair = Annotations.of(np.tile(np.arange(20_000), 2), np.repeat([0, 1], 20_000), [*first, *second])
    assert agreement.fleiss_kappa(pair) == pytest.approx(0, abs=0.02)
    assert agreement.krippendorff_alpha(pair) == pytest.approx(0, abs=0.02)
    assert agreement.cohen_kappa([0, 1, 0, 1], [1, 0, 1, 0]) == -1


SPARSE = Annotations.of([0, 0, 1], [0, 1, 0], [0, 1, 1])
SINGLE = Annotations.of([0, 1], [0, 1], [0, 1])
ALIKE = Annotations.of([0, 0, 1, 1], [0, 1, 0, 1], [1, 1, 1, 1])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (
            lambda: agreement.fleiss_kappa(SPARSE),
            "they have 1 to 2. Krippendorff's alpha takes items with missing",
        ),
        (lambda: agreement.fleiss_kappa(SINGLE), "at least two labels an item, and here each has 1"),
        (lambda: agreement.fleiss_kappa(ALIKE), "names the same class.*kappa is not defined"),
        (lambda: agreement.fleiss_kappa([[0.5, 0.5]]), r"whole numbers of shape \(items, classes\)"),
        (lambda: agreement.fleiss_kappa(np.zeros((0, 2), int)), r"whole numbers of shape \(items, classes\)"),
        (lambda: agreement.fleiss_kappa([[-1, 3]]), r"whole numbers of shape \(items, classes\)"),
        (lambda: agreement.krippendorff_alpha(SINGLE), "No item has two labels"),
        (lambda: agreement.krippendorff_alpha(ALIKE), "names the same class.*alpha is not defined"),
        (
            lambda: agreement.krippendorff_alpha(SPARSE, "nomial"),
            "no level 'nomial'. Choose one of: nominal, int",
        ),
        (lambda: agreement.cohen_kappa([1, 1], [1, 1]), "names the same class.*kappa is not defined"),
        (lambda: agreement.cohen_kappa([1], [1, 2]), "here are 1 and 2"),
        (lambda: agreement.cohen_kappa([], []), "at least one; here are 0 and 0"),
        (lambda: agreement.class_iou([[0]], [[0, 1]]), r"they have \(1, 1\) and \(1, 2\)"),
        (lambda: agreement.box_overlaps([[0, 0, 1]], [[0, 0, 1, 1]]), "each box as 4 numbers: left, top"),
        (lambda: agreement.box_overlaps([[2, 0, 1, 1]], [[0, 0, 1, 1]]), "A box ends before it begins"),
        (lambda: agreement.span_overlaps([[1, 1]], [[0, 2]]), "A span ends before it begins"),
        (lambda: agreement.span_overlaps([[0, np.nan]], [[0, 2]]), "each span as 2 numbers: begin, end"),
        (lambda: agreement.mask_overlaps(np.ones((2, 2)), np.ones((1, 2, 2))), r"these have \(2, 2\) and"),
        (lambda: agreement.word_error_rate("  ", "a"), "The reference has no word"),
    ],
)
def test_what_is_not_defined_is_said_in_words(call, says):
    with pytest.raises(WorkshopError, match=f"(?s){says}"):
        call()


@pytest.mark.peers
@pytest.mark.parametrize("level", agreement.LEVELS)
def test_alpha_agrees_with_krippendorffs_own_package(level):
    other = pytest.importorskip("krippendorff", reason="krippendorff is not installed: make peers")
    rng = np.random.default_rng(0)
    for _ in range(10):
        votes = rng.integers(0, 4, (12, 3)) + np.eye(12, 3, dtype=int)
        theirs = other.alpha(value_counts=votes, level_of_measurement=level)
        assert agreement.krippendorff_alpha(votes, level) == pytest.approx(theirs)


@pytest.mark.parametrize("name", [n for n in CROWDS if n != "anaesthetists"])
def test_of_real_crowds_agreement_is_low_and_their_majority_is_not(name):
    if not is_here(name):
        pytest.skip("WORKSHOP_EXTRA_DATA is not set to a folder that holds it: not ours to ship")
    real = crowd(name)
    assert 0.1 < agreement.krippendorff_alpha(real.annotations) < 0.25
    assert np.mean(majority_vote(real.annotations).label == real.truth) > 0.75


# ---- areas and stretches of time ---------------------------------------------------------------------


def test_boxes_by_counting_pixels():
    boxes = np.array([[0, 0, 4, 4], [2, 1, 6, 5], [7, 7, 9, 8]])
    masks = np.zeros((3, 10, 10), bool)
    for mask, (left, top, right, bottom) in zip(masks, boxes, strict=True):
        mask[top:bottom, left:right] = True
    counted = [[(a & b).sum() / (a | b).sum() for b in masks] for a in masks]
    assert agreement.box_overlaps(boxes, boxes) == pytest.approx(np.array(counted))
    assert agreement.mask_overlaps(masks, masks) == pytest.approx(np.array(counted))


def test_spans_by_hand():
    found = agreement.span_overlaps([[0, 2], [3, 4]], [[1, 3]])
    assert found == pytest.approx(np.array([[1 / 3], [0]]))


def test_pairing_is_the_best_of_all_and_counts_what_has_no_partner():
    overlaps = np.random.default_rng(0).random((3, 4))
    best = max(sum(overlaps[i, p[i]] for i in range(3)) for p in itertools.permutations(range(4), 3))
    assert agreement.paired_iou(overlaps) == pytest.approx(best / 4)
    assert agreement.paired_iou(overlaps.T) == pytest.approx(best / 4)
    assert agreement.paired_iou(agreement.box_overlaps([], [[0, 0, 1, 1]])) == 0
    assert agreement.paired_iou(agreement.span_overlaps([], [])) == 1
    nothing = np.zeros((1, 2, 2), bool)
    assert agreement.mask_overlaps(nothing, nothing).tolist() == [[0]]  # and no division by zero


def test_class_iou_by_hand():
    first = [[0, 0, 1], [0, 2, 2]]
    second = [[0, 1, 1], [0, 2, 0]]
    assert agreement.class_iou(first, second) == pytest.approx((2 / 4 + 1 / 2 + 1 / 2) / 3)
    assert agreement.class_iou([[0, 0]], [[0, 3]]) == pytest.approx((1 / 2 + 0) / 2)


# ---- text --------------------------------------------------------------------------------------------


def levenshtein(a, b) -> int:
    """From its definition."""
    if not a or not b:
        return len(a) + len(b)
    rest = levenshtein(a[1:], b[1:])
    if a[0] == b[0]:
        return rest
    return 1 + min(rest, levenshtein(a[1:], b), levenshtein(a, b[1:]))


@pytest.mark.parametrize(
    ("a", "b"), [("", ""), ("", "ab"), ("kitten", "sitting"), ("ab", "ba"), ("R0AD", "ROAD"), ("aaa", "a")]
)
def test_edits_from_their_definition(a, b):
    assert agreement.edit_distance(a, b) == levenshtein(a, b)
    assert agreement.edit_distance(list(a), list(b)) == levenshtein(a, b)


def test_word_errors_by_hand():
    assert agreement.word_error_rate("send more tea", "send more tea") == 0
    assert agreement.word_error_rate("send more tea", "send  more ten") == pytest.approx(1 / 3)
    assert agreement.word_error_rate("tea", "send more tea") == 2
    assert agreement.word_error_rate("send more tea", "") == 1
