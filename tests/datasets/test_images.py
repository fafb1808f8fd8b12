"""Image sets: a user's own file in every accepted form, every refusal, and the split."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from workshop.datasets import ImageSet, read_npz, split
from workshop.errors import WorkshopError

pytestmark = pytest.mark.fast

N, HEIGHT, WIDTH = 120, 9, 12
COLOUR = np.random.default_rng(0).integers(0, 256, (N, HEIGHT, WIDTH, 3), dtype=np.uint8)
GREY = COLOUR[..., 0]
LABELS = np.arange(N) % 10


def save(folder, pixels=GREY, labels=LABELS, **more):
    path = folder / "mine.npz"
    np.savez(path, images=pixels, labels=labels, **more)
    return path


def refusal(path) -> str:
    with pytest.raises(WorkshopError) as error:
        read_npz(path)
    message = str(error.value)
    assert "\n" not in message and message.endswith(".")
    return message


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (GREY, GREY),
        (GREY[..., None], GREY),
        (GREY[:, None], GREY),
        (COLOUR, COLOUR),
        (np.moveaxis(COLOUR, 3, 1), COLOUR),
        (np.asfortranarray(COLOUR), COLOUR),
        (GREY.astype(np.int64), GREY),
        (GREY.astype(">f8"), GREY),
        (GREY / 255, GREY),
        ((COLOUR / 255).astype(np.float32), COLOUR),
        ((GREY / 255).astype(np.float16), GREY),
        (np.clip(GREY - 0.4, 0, None), GREY),
        (GREY // 128, GREY // 128 * 255),
    ],
    ids=lambda value: f"{value.dtype}-{value.ndim}d",
)
def test_every_accepted_form_gives_the_same_bytes(tmp_path, pixels, expected):
    read = read_npz(save(tmp_path, pixels))
    assert read.images.dtype == np.uint8 and np.array_equal(read.images, expected)
    assert read.labels.dtype == np.int64 and np.array_equal(read.labels, LABELS)
    assert (read.name, read.block) == ("mine", 20)


def test_the_fingerprint_follows_the_content_and_not_the_name(tmp_path):
    first = read_npz(save(tmp_path))
    again = read_npz(save(tmp_path).rename(tmp_path / "other.npz"))
    changed = GREY.copy()
    changed[-1, -1, -1] ^= 1
    assert again.fingerprint == first.fingerprint
    assert read_npz(save(tmp_path, changed)).fingerprint != first.fingerprint
    assert read_npz(save(tmp_path, labels=LABELS[::-1])).fingerprint != first.fingerprint
    assert read_npz(save(tmp_path, GREY.reshape(N, WIDTH, HEIGHT))).fingerprint != first.fingerprint


def test_compressed_files_are_read_too(tmp_path):
    np.savez_compressed(tmp_path / "mine.npz", images=GREY, labels=LABELS.astype(np.uint8))
    assert np.array_equal(read_npz(tmp_path / "mine.npz").images, GREY)


@pytest.mark.parametrize(
    ("pixels", "labels", "words"),
    [
        (GREY, LABELS[:-1], "120 images and 119 labels"),
        (GREY[:99], LABELS[:99], "99 images"),
        (GREY[:0], LABELS[:0], "0 images"),
        (GREY[:, :7], LABELS, "7 by 12 pixels"),
        (np.zeros((100, 8, 513), np.uint8), LABELS[:100], "8 by 513 pixels"),
        (GREY[0], LABELS, "shape (9, 12)"),
        (COLOUR[..., :2], LABELS, "shape (120, 9, 12, 2)"),
        (COLOUR[None], LABELS, "shape (1, 120, 9, 12, 3)"),
        (GREY > 9, LABELS, "type bool"),
        (GREY.astype(complex), LABELS, "type complex128"),
        (GREY.astype("U3"), LABELS, "type <U3"),
        (GREY / 127.5 - 1, LABELS, "from -1 to 1"),
        (GREY.astype(int) + 1, LABELS, "to 256"),
        (np.where(GREY > 250, np.nan, GREY), LABELS, "NaN"),
        (np.where(GREY > 250, np.inf, GREY), LABELS, "infinite"),
        (GREY, LABELS + 1, "from 1 to 10"),
        (GREY, LABELS - 1, "from -1 to 8"),
        (GREY, LABELS.astype(float), "float64"),
        (GREY, np.eye(10, dtype=int)[LABELS], "shape (120, 10)"),
        (GREY, LABELS.astype(object), "labels of mine.npz are damaged or no plain array"),
        (GREY.astype(object), LABELS, "images of mine.npz are damaged or no plain array"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_refusal_names_what_was_wrong(tmp_path, pixels, labels, words):
    assert words in refusal(save(tmp_path, pixels, labels))


@pytest.mark.parametrize("missing", ["images", "labels"])
def test_a_missing_array_is_named(tmp_path, missing):
    arrays = {"images": GREY, "labels": LABELS}
    del arrays[missing]
    np.savez(tmp_path / "mine.npz", **arrays)
    assert f"no array named '{missing}'" in refusal(tmp_path / "mine.npz")


def test_what_is_not_a_file_is_refused_at_once(tmp_path):
    assert "There is no file" in refusal(tmp_path / "nothing.npz")
    assert "There is no file" in refusal(tmp_path)
    if hasattr(os, "mkfifo"):  # opening it would wait for ever
        os.mkfifo(tmp_path / "pipe.npz")
        assert "There is no file" in refusal(tmp_path / "pipe.npz")


@pytest.mark.parametrize("content", [b"", b"digits", b"\x93NUMPY\x01\x00", b"PK\x03\x04 and no more"])
def test_what_is_not_an_npz_is_refused(tmp_path, content):
    (tmp_path / "mine.npz").write_bytes(content)
    assert "not a readable .npz" in refusal(tmp_path / "mine.npz")


def test_no_pickle_is_ever_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("sprung").touch, ())

    path = tmp_path / "mine.npz"
    trap = np.empty(N, dtype=object)
    trap[:] = [Trap()] * N
    for evil in (lambda: save(tmp_path, GREY, trap), lambda: path.write_bytes(pickle.dumps(Trap()))):
        evil()
        refusal(path)
        assert not (tmp_path / "sprung").exists()


def rezip(path, name, content, declared=None):
    """Write ``name`` into a new zip at ``path``; its directory declares ``declared`` bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
        if declared is not None:
            archive.filelist[0].file_size = declared
    return path


def test_a_zip_bomb_is_refused_by_its_declared_size(tmp_path, monkeypatch):
    path = rezip(tmp_path / "mine.npz", "images.npy", b"small", declared=2 << 30)
    monkeypatch.setattr(np.lib.format, "read_array", lambda *_, **__: pytest.fail("it was unpacked"))
    assert "unpack to 2.0 GiB" in refusal(path)


def test_a_zip_bomb_that_lies_about_its_size_is_not_unpacked_beyond_it(tmp_path):
    bomb = io.BytesIO()
    np.save(bomb, np.zeros((100, 500, 500), np.uint8))
    path = rezip(tmp_path / "mine.npz", "images.npy", bomb.getvalue(), declared=1000)
    assert "images of mine.npz are damaged" in refusal(path)


def test_an_array_that_claims_more_than_the_file_holds_is_refused(tmp_path):
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000, 28, 28), }"
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    content = np.lib.format.magic(1, 0) + len(header).to_bytes(2, "little") + header
    assert "damaged" in refusal(rezip(tmp_path / "mine.npz", "images.npy", content))


def test_a_damaged_member_is_refused(tmp_path):
    path = save(tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF  # a pixel: the zip's own checksum notices
    path.write_bytes(content)
    assert "images of mine.npz are damaged" in refusal(path)


def numbered(rows: int, block: int) -> ImageSet:
    """A set whose images carry their row number, so that rows can be followed through a split."""
    pixels = np.arange(rows, dtype="<u4").view(np.uint8).reshape(rows, 2, 2)
    return ImageSet("set", pixels, np.arange(rows, dtype=np.int64) % 10, "set-0", block)


def rows_of(part: ImageSet) -> np.ndarray:
    return part.images.reshape(-1).view("<u4")


@pytest.mark.parametrize(("rows", "block"), [(10_000, 1), (6_000, 50), (1_013, 20), (101, 50)])
def test_split_puts_every_row_on_one_side_and_no_block_on_both(rows, block):
    train, sealed = (rows_of(part) for part in split(numbered(rows, block)))
    assert sorted([*train, *sealed]) == list(range(rows))
    assert not set(train // block) & set(sealed // block)


@pytest.mark.parametrize("seed", range(8))
def test_a_side_can_be_split_again_by_the_same_blocks(seed):
    for part in split(numbered(1_013, 20), seed=seed):
        first, second = (rows_of(half) for half in split(part, share=0.5))
        assert not set(first // 20) & set(second // 20)


def test_split_is_fixed_by_its_seed_and_shuffles():
    whole = numbered(1_000, 1)
    first, again, other = (rows_of(split(whole, seed=seed)[0]) for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert not np.array_equal(first, np.sort(first))


def test_split_keeps_labels_with_images_and_names_both_sides():
    train, sealed = split(numbered(1_000, 20), share=0.7, seed=3)
    for part in (train, sealed):
        assert np.array_equal(part.labels, rows_of(part) % 10)
        assert part.block == 20
    assert (len(train), len(sealed)) == (700, 300)
    assert (train.name, sealed.name) == ("set/train", "set/sealed")
    prints = {part.fingerprint for seed in (0, 1) for part in split(numbered(1_000, 20), seed=seed)}
    assert len(prints | {train.fingerprint, sealed.fingerprint}) == 6


@pytest.mark.parametrize("share", [0, 1, -0.5, 80, 0.001])
def test_a_share_that_empties_a_side_is_refused(share):
    with pytest.raises(WorkshopError, match="leaves one side of set empty"):
        split(numbered(100, 20), share=share)


def test_an_image_set_cannot_be_changed_by_accident():
    with pytest.raises(FrozenInstanceError):
        numbered(100, 1).name = "other"
