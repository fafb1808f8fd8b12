"""Every notebook below the submissions folder, as bytes. Nothing is unpacked to disk, no link is followed.

In it lies a notebook, folder or zip for each student. A zip says of itself what it likes: what counts is what comes
out while it is read, up to a limit.
"""

from __future__ import annotations

import io
import os
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from workshop.classroom.accepting.notebooks import NOTEBOOK_BYTES
from workshop.errors import WorkshopError

MB = 1_000_000


@dataclass(frozen=True)
class Allowed:
    """What one student may hand in.

    Attributes:
        notebook_bytes: of one notebook, unpacked.
        bytes: of all notebooks together, unpacked.
        zip_bytes: of one zip as it was handed in.
        files: of whatever kind.
        depth: of folders within folders.
    """

    notebook_bytes: int = NOTEBOOK_BYTES
    bytes: int = 100 * MB
    zip_bytes: int = 50 * MB
    files: int = 1000
    depth: int = 5


#: Methods that a zip may use. The others can ask for gigabytes of memory before the first byte comes out.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: Folders that systems and editors leave behind; what is in them nobody handed in.
_LEFT_BEHIND = ("__MACOSX", "__pycache__")


@dataclass(frozen=True)
class File:
    """A notebook that was handed in: the name below the submissions folder (``ada.zip/03.ipynb``), its bytes."""

    name: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True)
class RefusedFile:
    """What was not taken in, and why: one sentence."""

    name: str
    reason: str


def entries(folder: Path) -> list[Path]:
    """What lies in the submissions folder, by name, without what is hidden.

    Raises:
        WorkshopError: it is no folder, or cannot be read.
    """
    if not folder.is_dir():
        raise WorkshopError(
            f"There is no folder {folder}. Name the folder that holds a notebook, folder or zip for each student."
        )
    try:
        return sorted(path for path in folder.iterdir() if not _is_left_behind(path.name))
    except OSError as problem:
        raise WorkshopError(f"The folder {folder} cannot be read: {problem.strerror}.") from None


def read(entry: Path, allowed: Allowed = Allowed()) -> Iterator[File | RefusedFile]:
    """The notebooks of one entry of the submissions folder, and what of it was refused."""
    found = False
    for item in _walk(entry, readable(entry.name), _Left(allowed)):
        found = True
        yield item
    if not found:
        yield RefusedFile(readable(entry.name), "There is no notebook (.ipynb) in it.")


def readable(name: str) -> str:
    """A file's name as text to show: one spelling of accents, and no character that cannot be seen."""
    name = unicodedata.normalize("NFC", name)
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in name)


class _Left:
    """What the student may still hand in."""

    def __init__(self, allowed: Allowed) -> None:
        self.allowed = allowed
        self.bytes, self.files = allowed.bytes, allowed.files
        self.too_many = (
            f"More than {allowed.files} files were handed in together; what comes after is not read."
        )

    def count(self) -> bool:
        """Count a file; whether it may still be read."""
        self.files -= 1
        return self.files >= 0

    def take(self, source: io.BufferedIOBase | zipfile.ZipExtFile) -> bytes | str:
        """What comes out of ``source``, or why it is too much."""
        most = min(self.allowed.notebook_bytes, self.bytes)
        raw = _read_at_most(source, most + 1)
        self.bytes -= min(len(raw), most)
        if len(raw) <= most:
            return raw
        if most == self.allowed.notebook_bytes:
            return f"It is larger than {most // MB} MB. Clear its outputs and hand it in again."
        return f"The notebooks handed in together are larger than {self.allowed.bytes // MB} MB."


def _read_at_most(source: io.BufferedIOBase | zipfile.ZipExtFile, most: int) -> bytes:
    """In pieces: one large read would ask for all its memory first, however little there is to read."""
    pieces = []
    while most and (piece := source.read(min(most, MB))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


def _walk(path: Path, name: str, left: _Left, depth: int = 0) -> Iterator[File | RefusedFile]:
    try:
        kind = path.lstat().st_mode
        if stat.S_ISLNK(kind):
            yield RefusedFile(name, "It is a link; links are not followed.")
        elif stat.S_ISDIR(kind):
            yield from _walk_folder(path, name, left, depth)
        elif not stat.S_ISREG(kind):
            yield RefusedFile(name, "It is neither a file nor a folder.")
        elif path.suffix.lower() == ".ipynb":
            with _opened(path) as file:
                yield _file(name, left.take(file))
        elif path.suffix.lower() == ".zip":
            with _opened(path) as file:
                raw = _read_at_most(file, left.allowed.zip_bytes + 1)
            yield from _unzip(raw, name, left)
    except OSError as problem:
        yield RefusedFile(name, f"It cannot be read: {problem.strerror}.")


def _walk_folder(path: Path, name: str, left: _Left, depth: int) -> Iterator[File | RefusedFile]:
    if depth == left.allowed.depth:
        yield RefusedFile(name, f"There are more than {depth} folders within one another.")
        return
    with os.scandir(path) as inside:
        names = []
        for item in inside:
            if not left.count():
                break
            names.append(item.name)
    for each in sorted(names):
        if not _is_left_behind(each):
            yield from _walk(path / each, f"{name}/{readable(each)}", left, depth + 1)
    if left.files < 0:
        yield RefusedFile(name, left.too_many)


def _opened(path: Path) -> io.BufferedReader:
    """Open a file that was none but a file a moment ago: no link now, and nothing that keeps us waiting."""
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    return os.fdopen(os.open(path, flags), "rb")


def _unzip(raw: bytes, name: str, left: _Left) -> Iterator[File | RefusedFile]:
    if len(raw) > left.allowed.zip_bytes:
        yield RefusedFile(name, f"The zip is larger than {left.allowed.zip_bytes // MB} MB.")
        return
    # Each entry of the directory begins with this signature. Opening the zip would make an object of each.
    if raw.count(b"PK\x01\x02") > left.allowed.files:
        yield RefusedFile(name, f"The zip holds more than {left.allowed.files} files.")
        return
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
    # ValueError: a name that says it is UTF-8 and is not. NotImplementedError: a version of the future.
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError) as problem:
        yield RefusedFile(name, f"It is not a zip that can be read: {_words(problem)}.")
        return
    seen: set[str] = set()
    for member in archive.infolist():
        inside = _name_in_zip(member)
        shown = f"{name}/{readable(inside)}"
        if not left.count():
            yield RefusedFile(name, left.too_many)
            return
        if reason := _unsafe(member, inside):
            yield RefusedFile(shown, reason)
        elif member.is_dir() or any(map(_is_left_behind, PurePosixPath(inside).parts)):
            continue
        elif inside.lower().endswith(".zip"):
            yield RefusedFile(shown, "It is a zip within a zip.")
        elif inside.lower().endswith(".ipynb"):
            if inside in seen:
                yield RefusedFile(shown, "The zip holds two files of this name; the first counts.")
            else:
                seen.add(inside)
                yield _file(shown, _read_member(archive, member, left))


def _unsafe(member: zipfile.ZipInfo, inside: str) -> str:
    """Why a file of a zip is not touched; empty when it may be read."""
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "It is a link; links are not followed."
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "It is neither a file nor a folder."
    if inside.startswith("/") or inside[1:2] == ":":
        return "Its name is an absolute path."
    if ".." in inside.split("/"):
        return "Its name leads out of the zip (`..`)."
    if member.flag_bits & 0x41:
        return "It is encrypted. Hand in a zip without a password."
    if member.compress_type not in _METHODS:
        return "It is packed by a method that is not read. Make the zip with the system's own program."
    return ""


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: _Left) -> bytes | str:
    try:
        with archive.open(member) as file:
            return left.take(file)
    except (
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
    ) as problem:
        return f"It cannot be unpacked: {_words(problem)}."


def _name_in_zip(member: zipfile.ZipInfo) -> str:
    """The name with ``/`` between folders. Some programs write UTF-8 without saying so."""
    name = member.filename
    if not member.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = member.filename
    return name.replace("\\", "/")


def _file(name: str, taken: bytes | str) -> File | RefusedFile:
    return RefusedFile(name, taken) if isinstance(taken, str) else File(name, taken)


def _is_left_behind(name: str) -> bool:
    return (name.startswith(".") and name != "..") or name in _LEFT_BEHIND


def _words(problem: Exception) -> str:
    return readable(str(problem))[:200].rstrip(".") or type(problem).__name__
