"""Folders and zips as nobody should hand them in: each is refused with a reason, and its honest neighbour is read."""

from __future__ import annotations

import io
import os
import random
import stat
import struct
import tracemalloc
import zipfile

import pytest

from workshop.classroom.accepting import archives
from workshop.classroom.accepting.archives import Allowed, File, RefusedFile
from workshop.errors import WorkshopError

pytestmark = [pytest.mark.fast, pytest.mark.hostile]

GOOD = b'{"cells": []}'


def packed(*members, method=zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of (name or ZipInfo, bytes)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


@pytest.fixture
def handed_in(tmp_path):
    """Reads a zip of these bytes, or what ``fill`` put into the folder ``ada``."""

    def read(zipped: bytes | None = None, **allowed):
        entry = tmp_path / ("ada" if zipped is None else "ada.zip")
        if zipped is not None:
            entry.write_bytes(zipped)
        found = list(archives.read(entry, Allowed(**allowed)))
        assert all(item.reason.endswith(".") for item in found if isinstance(item, RefusedFile))
        return {item.name: item.raw if isinstance(item, File) else item.reason for item in found}

    return read


def linked(name: str, kind: int = stat.S_IFLNK) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.create_system = 3
    member.external_attr = (kind | 0o777) << 16
    return member


def test_a_folder_with_folders_notebooks_and_a_zip(tmp_path, handed_in):
    (tmp_path / "ada" / "deep" / ".ipynb_checkpoints").mkdir(parents=True)
    for name in ("b.ipynb", "deep/a.IPYNB", "deep/.ipynb_checkpoints/a.ipynb", "notes.txt"):
        (tmp_path / "ada" / name).write_bytes(GOOD)
    (tmp_path / "ada" / "more.zip").write_bytes(packed(("c.ipynb", GOOD), ("__MACOSX/._c.ipynb", b"x")))
    assert handed_in() == {"ada/b.ipynb": GOOD, "ada/deep/a.IPYNB": GOOD, "ada/more.zip/c.ipynb": GOOD}


def test_what_lies_in_the_submissions_folder(tmp_path):
    for name in ("b.ipynb", "a.zip", ".DS_Store"):
        (tmp_path / name).write_bytes(GOOD)
    assert [path.name for path in archives.entries(tmp_path)] == ["a.zip", "b.ipynb"]
    with pytest.raises(WorkshopError, match=r"There is no folder .*b\.ipynb"):
        archives.entries(tmp_path / "b.ipynb")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../ada.ipynb", "leads out"),
        ("x/../../y.ipynb", "leads out"),
        ("..\\y.ipynb", "leads out"),
        ("/etc/passwd", "absolute"),
        ("\\\\server\\a.ipynb", "absolute"),
        ("C:\\a.ipynb", "absolute"),
        ("inner.zip", "zip within a zip"),
    ],
)
def test_a_name_that_leads_elsewhere(handed_in, name, reason):
    member = zipfile.ZipInfo("x")
    member.filename = name
    found = handed_in(packed((member, GOOD), ("good.ipynb", GOOD)))
    assert found.pop("ada.zip/good.ipynb") == GOOD
    assert len(found) == 1 and reason in next(iter(found.values()))


@pytest.mark.parametrize(
    ("kind", "reason"), [(stat.S_IFLNK, "is a link"), (stat.S_IFIFO, "neither"), (stat.S_IFCHR, "neither")]
)
def test_a_member_that_is_no_file(handed_in, kind, reason):
    found = handed_in(packed((linked("key.ipynb", kind), b"/etc/passwd"), ("good.ipynb", GOOD)))
    assert found.pop("ada.zip/good.ipynb") == GOOD
    assert reason in found["ada.zip/key.ipynb"]


def test_links_and_pipes_in_a_folder_are_not_followed(tmp_path, handed_in):
    (tmp_path / "secret.ipynb").write_bytes(b"key")
    (tmp_path / "neighbour").mkdir()
    (tmp_path / "neighbour" / "n.ipynb").write_bytes(b"key")
    ada = tmp_path / "ada"
    ada.mkdir()
    (ada / "good.ipynb").write_bytes(GOOD)
    (ada / "a.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (ada / "b").symlink_to(tmp_path / "neighbour")
    (ada / "loop").symlink_to(ada)
    os.mkfifo(ada / "pipe.ipynb")
    found = handed_in()
    assert found.pop("ada/good.ipynb") == GOOD
    assert found.pop("ada/pipe.ipynb").startswith("It is neither")
    assert set(found) == {"ada/a.ipynb", "ada/b", "ada/loop"}
    assert set(found.values()) == {"It is a link; links are not followed."}


def test_an_entry_that_is_a_link(tmp_path, handed_in):
    (tmp_path / "bob").mkdir()
    (tmp_path / "ada").symlink_to(tmp_path / "bob")
    assert handed_in() == {"ada": "It is a link; links are not followed."}


def test_a_bomb_is_let_out_no_further_than_the_limit(handed_in):
    bomb = packed(("bomb.ipynb", bytes(100_000_000)), ("good.ipynb", GOOD))
    assert len(bomb) < 150_000
    tracemalloc.start()
    found = handed_in(bomb, notebook_bytes=1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "larger than 1 MB" in found["ada.zip/bomb.ipynb"] and found["ada.zip/good.ipynb"] == GOOD
    assert peak < 10_000_000


def test_many_small_bombs_are_one_large_one(handed_in):
    found = handed_in(
        packed(*((f"{i}.ipynb", bytes(1_000_000)) for i in range(6))),
        notebook_bytes=1_000_000,
        bytes=3_500_000,
    )
    kinds = [isinstance(taken, bytes) for taken in found.values()]
    assert kinds == [True] * 3 + [False] * 3
    assert "together are larger" in found["ada.zip/5.ipynb"]


@pytest.mark.parametrize("said", [1, 5_000_000])
def test_a_header_that_lies_about_the_size(handed_in, said):
    raw = packed(("bomb.ipynb", bytes(3_000_000)))
    raw = raw.replace(struct.pack("<I", 3_000_000), struct.pack("<I", said))
    assert (
        "cannot be unpacked" in (reason := handed_in(raw, notebook_bytes=1_000_000)["ada.zip/bomb.ipynb"])
        or "larger" in reason
    )


def test_too_many_files(tmp_path, handed_in):
    found = handed_in(packed(*((f"{i}.ipynb", GOOD) for i in range(21))), files=20)
    assert found == {"ada.zip": "The zip holds more than 20 files."}
    (tmp_path / "ada").mkdir()
    for i in range(30):
        (tmp_path / "ada" / f"{i}.ipynb").write_bytes(GOOD)
    found = handed_in(files=20)
    assert "More than 20 files" in found.pop("ada") and len(found) == 20


def test_folders_too_deep(tmp_path, handed_in):
    (tmp_path / "ada" / "/".join("x" * 40)).mkdir(parents=True)
    assert "within one another" in handed_in()["ada/x/x/x/x/x"]


def test_an_encrypted_file(handed_in):
    raw = bytearray(packed(("a.ipynb", GOOD)))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(signature) + offset] |= 1
    assert "without a password" in handed_in(bytes(raw))["ada.zip/a.ipynb"]


def test_a_method_that_takes_memory(handed_in):
    raw = packed(("a.ipynb", GOOD), method=zipfile.ZIP_LZMA)
    assert "method that is not read" in handed_in(raw)["ada.zip/a.ipynb"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name(tmp_path):
    (tmp_path / "ada.zip").write_bytes(packed(("a.ipynb", GOOD), ("a.ipynb", b"second")))
    first, second = archives.read(tmp_path / "ada.zip")
    assert first.raw == GOOD and "two files of this name" in second.reason


def test_names_that_are_not_utf_8(tmp_path, handed_in):
    raw = packed(("å.ipynb", GOOD)).replace("å".encode(), b"\xff\xff")
    assert "not a zip that can be read" in handed_in(raw)["ada.zip"]
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / os.fsdecode(b"\xff\n.ipynb")).write_bytes(GOOD)
    assert handed_in() == {"ada/\\udcff\\n.ipynb": GOOD}


def test_names_of_programs_that_do_not_say_their_encoding(handed_in):
    raw = bytearray(packed(("å.ipynb", GOOD)))
    for signature, offset in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        raw[raw.index(signature) + offset] &= ~8
    assert handed_in(bytes(raw)) == {"ada.zip/å.ipynb": GOOD}


@pytest.mark.parametrize("raw", [b"", b"no zip", packed(("a.ipynb", GOOD))[:-30]])
def test_what_is_no_zip(handed_in, raw):
    assert "not a zip" in handed_in(raw)["ada.zip"]


def test_a_zip_too_large(tmp_path, handed_in):
    with open(tmp_path / "ada.zip", "wb") as file:
        file.truncate(50_000_001)  # sparse: no such space is taken
    (reason,) = [item.reason for item in archives.read(tmp_path / "ada.zip")]
    assert "larger than 50 MB" in reason


def test_nothing_to_grade(tmp_path, handed_in):
    (tmp_path / "ada").mkdir()
    assert handed_in() == {"ada": "There is no notebook (.ipynb) in it."}
    (tmp_path / "bob.pdf").write_bytes(b"%PDF")
    assert [item.name for item in archives.read(tmp_path / "bob.pdf")] == ["bob.pdf"]


def test_a_notebook_of_100_mb_on_its_own(tmp_path):
    with open(tmp_path / "ada.ipynb", "wb") as file:
        file.truncate(100_000_000)
    tracemalloc.start()
    (refused,) = archives.read(tmp_path / "ada.ipynb")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "larger than 20 MB" in refused.reason
    assert peak < 45_000_000


def test_no_broken_zip_ends_the_batch(tmp_path, handed_in):
    good = packed(("a.ipynb", GOOD * 50), ("b/å.ipynb", os.urandom(500)), (linked("c.ipynb"), b"x"))
    draw = random.Random(0)
    outcomes = set()
    for _ in range(300):
        raw = bytearray(good)
        for _ in range(draw.randint(1, 4)):
            raw[draw.randrange(len(raw))] = draw.randrange(256)
        outcomes.update(map(type, handed_in(bytes(raw)).values()))
    assert outcomes == {bytes, str}
