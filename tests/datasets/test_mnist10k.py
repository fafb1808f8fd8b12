"""The embedded digits: they are MNIST, they are whole, and they can be built again."""

from __future__ import annotations

import io
import json
import runpy
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

from workshop.datasets import commands, fetch, load, split
from workshop.errors import WorkshopError

pytestmark = pytest.mark.fast

DATA = Path(__file__).parents[2] / "data"

#: Of the first 10,000 digits of MNIST's training set.
CLASS_COUNTS = [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]


@pytest.fixture(scope="module")
def mnist10k():
    return load("mnist10k")


def test_counts_shapes_and_types(mnist10k):
    assert mnist10k.images.shape == (10_000, 28, 28) and mnist10k.images.dtype == np.uint8
    assert mnist10k.labels.dtype == np.int64
    assert np.bincount(mnist10k.labels).tolist() == CLASS_COUNTS


def test_the_pixels_are_mnist(mnist10k):
    """0.1307 and 0.3081 are the mean and deviation of MNIST's training set that everybody normalises with."""
    pixels = mnist10k.images / 255
    assert pixels.mean() == pytest.approx(0.1307, abs=0.001)
    assert pixels.std() == pytest.approx(0.3081, abs=0.001)
    # Digits are fitted into 20x20 pixels and centred by mass: a bar of 28x2 at the edge is all but empty.
    assert mnist10k.images[:, :, :2].any(axis=(1, 2)).mean() < 0.01


def test_the_fingerprint_comes_from_the_recorded_checksum(mnist10k):
    recorded = json.loads((DATA / "checksums.json").read_text())["mnist10k.npz"]
    assert mnist10k.fingerprint == f"mnist10k-{recorded[:12]}"
    assert fetch.verify("mnist10k") == [("mnist10k", fetch.GOOD)]


def test_the_split_gives_8000_and_2000_of_every_class(mnist10k):
    train, sealed = split(mnist10k)
    assert (len(train), len(sealed)) == (8_000, 2_000)
    assert (train.name, sealed.name) == ("mnist10k/train", "mnist10k/sealed")
    assert np.bincount(sealed.labels).min() > 100
    assert (np.bincount(train.labels) + np.bincount(sealed.labels)).tolist() == CLASS_COUNTS
    # The file is sorted by class; neither side may be.
    assert len(set(train.labels[:50])) == len(set(sealed.labels[:50])) == 10


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_a_damaged_file_is_not_loaded(home, damage, capsys):
    target = home / "data" / "mnist10k.npz"
    target.parent.mkdir()
    shutil.copy(DATA / "checksums.json", target.parent)
    if damage == "changed":
        content = bytearray((DATA / "mnist10k.npz").read_bytes())
        content[1000] ^= 1
        target.write_bytes(content)
    with pytest.raises(WorkshopError, match=r"git checkout data/mnist10k\.npz"):
        load("mnist10k")
    assert commands.main(["verify"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "wrong checksum" in line] == lines[:1]


@pytest.fixture
def builder():
    return runpy.run_path(str(DATA / "build_mnist10k.py"))


def package(digits: dict[int, np.ndarray]) -> bytes:
    """A package like the one on npm: floats with three decimals, a file for each class."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for digit, pixels in digits.items():
            content = json.dumps({"data": (pixels.ravel() / 255).round(3).tolist()}).encode()
            info = tarfile.TarInfo(f"package/src/digits/{digit}.json")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def small(builder, monkeypatch) -> tuple[bytes, np.ndarray]:
    """A package of two digits a class, which together use every byte value, and its pixels."""
    pixels = (np.arange(20 * 784) * 7 % 256).astype(np.uint8).reshape(20, 28, 28)
    monkeypatch.setitem(builder["read_package"].__globals__, "CLASS_COUNTS", (2,) * 10)
    return package({digit: pixels[2 * digit : 2 * digit + 2] for digit in range(10)}), pixels


def test_the_builder_gives_back_every_byte_value(builder, monkeypatch):
    tgz, pixels = small(builder, monkeypatch)
    images, labels = builder["read_package"](tgz)
    assert set(pixels.ravel()) == set(range(256))
    assert np.array_equal(images, pixels) and labels.tolist() == [i // 2 for i in range(20)]


def test_the_builder_writes_the_same_bytes_at_any_time(builder, monkeypatch, tmp_path):
    tgz, _ = small(builder, monkeypatch)
    source = tmp_path / "package.tgz"
    source.write_bytes(tgz)
    digest = builder["hashlib"].sha256(tgz).hexdigest()
    monkeypatch.setitem(builder["build"].__globals__, "PACKAGE_SHA256", digest)
    first = builder["build"](source, tmp_path / "a.npz")
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert builder["build"](source, tmp_path / "b.npz") == first


def test_the_builder_refuses_another_package(builder, tmp_path):
    (tmp_path / "other.tgz").write_bytes(b"other")
    with pytest.raises(ValueError, match="its sha256 differs"):
        builder["build"](tmp_path / "other.tgz", tmp_path / "out.npz")
    assert not (tmp_path / "out.npz").exists()


def test_the_notice_travels_with_the_file():
    notice = (DATA / "mnist10k.NOTICE").read_text()
    for words in (
        "The MIT License",
        "Juan Cazala",
        "Yann LeCun",
        "Corinna Cortes",
        "Burges",
        "ShareAlike 3.0",
    ):
        assert words in notice
