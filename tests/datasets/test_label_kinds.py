"""The gallery's examples: nine kinds, two labelers who differ, and things to label that are what they should be."""

import re

import numpy as np
import pytest
from scipy.signal import spectrogram

from workshop.datasets import lecture, load
from workshop.datasets.label_kinds import ASSUMED, label_kinds
from workshop.datasets.small_scene import scene, sign
from workshop.datasets.small_sounds import DOT, GARDEN, RATE, garden, morse
from workshop.errors import WorkshopError

pytestmark = pytest.mark.fast


@pytest.fixture(scope="module")
def mnist10k():
    return load("mnist10k")


@pytest.fixture(scope="module")
def by_name(mnist10k):
    return {kind.name: kind for kind in label_kinds(mnist10k)}


def test_there_is_an_example_of_each_kind_of_the_lecture(by_name):
    assert len(by_name) == len(lecture.table("kinds_of_labels").rows)
    assert all(kind.title and kind.effort.seconds > 0 and kind.effort.unit for kind in by_name.values())


def test_each_duration_is_published_or_said_to_be_assumed(by_name):
    assumed = {name for name, kind in by_name.items() if not kind.effort.published}
    assert assumed == {"class", "sentiment", "speech", "text", "events", "transcript"}
    assert {by_name[name].effort.source for name in assumed} == {ASSUMED}
    others = [kind.effort.source for name, kind in by_name.items() if name not in assumed]
    assert len(others) == 3 and all(re.search(r"\((19|20)\d\d\)", source) for source in others)


def test_the_labelers_differ_on_every_kind_and_are_never_strangers(by_name):
    for name in ("class", "sentiment", "speech"):
        first, second = by_name[name].labels
        assert len(first) == len(second) == len(by_name[name].item)
        assert 0.5 < np.mean([a == b for a, b in zip(first, second, strict=True)]) < 1, name
    for name in ("box", "semantic", "instances"):
        first, second = by_name[name].labels
        assert first.shape != second.shape or not np.array_equal(first, second), name
    assert (
        len(by_name["instances"].labels[1]) == len(by_name["instances"].labels[0]) - 1
    )  # two were taken for one
    for name in ("text", "events", "transcript"):
        first, second = by_name[name].labels
        assert first != second, name


def test_the_first_labeler_reads_the_digits_right(by_name, mnist10k):
    kind = by_name["class"]
    rows = [np.flatnonzero((mnist10k.images == picture).all((1, 2))) for picture in kind.item]
    assert [mnist10k.labels[row].tolist() for row in rows] == [[label] for label in kind.labels[0]]


def test_a_scene_is_made_of_its_digits(mnist10k):
    shown = scene(mnist10k)
    assert shown.digits == (7, 3, 3)
    assert (shown.masks[1] & shown.masks[2]).any() or _touch(
        *shown.masks[1:]
    )  # so that they can be taken for one
    anywhere = shown.masks.any(0)
    assert shown.picture[anywhere].min() > shown.picture[~anywhere].mean() + 30
    assert set(np.unique(shown.classes())) == {-1, 3, 7}
    for mask, (left, top, right, bottom) in zip(shown.masks, shown.boxes().astype(int), strict=True):
        assert mask[top:bottom, left:right].sum() == mask.sum()
        inside = mask[top:bottom, left:right]
        assert inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()


def _touch(first: np.ndarray, second: np.ndarray) -> bool:
    grown = np.zeros_like(first)
    for down in (-2, -1, 0, 1, 2):
        for right in (-2, -1, 0, 1, 2):
            grown |= np.roll(first, (down, right), (0, 1))
    return bool((grown & second).any())


def test_boxes_stay_inside_the_picture(by_name):
    height, width = by_name["box"].item.shape
    for boxes in by_name["box"].labels:
        assert (boxes >= 0).all() and (boxes <= [width, height, width, height]).all()


def test_a_sign_is_dark_on_light_and_as_wide_as_its_text():
    short, long, blank = sign("MILL"), sign("MILL RD 80"), sign("        ")
    assert long.shape[1] > 1.8 * short.shape[1] and short.dtype == np.uint8
    letters = long[14:-14, 14:-14]  # inside the frame
    assert letters.min() < 80 and (letters < 130).mean() > 0.15
    assert (blank[14:-14, 14:-14] > 130).all()


def test_the_garden_sounds_when_its_events_say():
    sound = garden()
    assert sound.samples.dtype == np.float32 and sound.seconds == 6 and np.abs(sound.samples).max() == 1
    time = np.arange(len(sound.samples)) / sound.rate
    heard = np.zeros(len(time), bool)
    for event in GARDEN:
        inside = (time >= event.begin) & (time < event.end)
        heard |= inside
        assert np.abs(sound.samples[inside][: RATE // 10]).max() > 0.3, event  # from its beginning
    assert np.abs(sound.samples[~heard]).max() < 0.1
    bird = (time > 0.7) & (time < 1.1)
    pitch, _, power = spectrogram(sound.samples[bird], RATE)
    assert 2000 < pitch[power.mean(1).argmax()] < 3200


def test_morse_against_its_rules():
    """E is a dot, T a dash of three; pauses are 1, 3 and 7; two dots of silence stand at either end."""
    for text, units in {"E": 1, "T": 3, "A": 5, "ET": 7, "E T": 11, "SOS": 27}.items():
        assert morse(text).seconds == pytest.approx((units + 4) * DOT, abs=0.01), text
    loud = np.abs(morse("EE").samples)
    beats = [
        np.abs(loud[round(u * DOT * RATE) + 20 : round((u + 1) * DOT * RATE) - 20]).max() for u in range(9)
    ]
    assert [beat > 0.5 for beat in beats] == [False, False, True, False, False, False, True, False, False]


def test_a_letter_without_a_code_is_refused():
    with pytest.raises(WorkshopError, match="no Morse code here for 'q', only for A, D, E"):
        morse("q")
