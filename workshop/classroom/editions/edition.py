"""The two editions, and making one of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

import nbformat
from nbformat import NotebookNode

from workshop import settings
from workshop.classroom.editions.packing import pack, put_in_place
from workshop.classroom.editions.release import release, worth
from workshop.classroom.editions.tree import shipped_files, trimmed
from workshop.errors import WorkshopError
from workshop.exercises import EXERCISES, public
from workshop.runner import lessons, normalise
from workshop.runner.pages import title

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Edition:
    """One way of handing the workbook out.

    Attributes:
        name: of its folder and its zip in ``build/``, and of the template of its README.
        unpacks_to: the folder that the zip makes.
        lesson: what becomes of a lesson; takes it and its name.
        left_out: files and folders that stay at home.
        extras: those of pyproject.toml that its readers need.
        instead: files that it has for what was left out: texts by path, made when the edition is.
    """

    name: str
    unpacks_to: str
    lesson: Callable[[NotebookNode, str], NotebookNode]
    left_out: tuple[str, ...]
    extras: tuple[str, ...]
    instead: Callable[[], Mapping[str, str]] = dict


def as_it_is(lesson: NotebookNode, name: str) -> NotebookNode:
    """The lesson with its solutions and the outputs that it keeps."""
    return lesson


def _exercises_as_data() -> Mapping[str, str]:
    return {f"workshop/exercises/{public.FILE}": public.write(EXERCISES.values())}


STUDENT = Edition(
    "student",
    "workbook",
    release,
    left_out=(
        "Dockerfile",
        ".dockerignore",
        "workshop/exercises/lessons",
        "workshop/exercises/references",
        "workshop/classroom",
        "workshop/bench",
        "workshop/measuring.py",
        "workshop/publishing.py",
        "workshop/runner/regress.py",
        "workshop/runner/rules.py",
    ),
    extras=("core",),
    instead=_exercises_as_data,
)

SOLUTIONS = Edition(
    "solutions",
    "workbook-solutions",
    as_it_is,
    left_out=(),
    extras=("core", "classroom", "present"),
)


@dataclass(frozen=True)
class HandedOut:
    """One lesson of an edition: its file's name without ending, its heading, and what there is to earn."""

    name: str
    title: str
    exercises: int
    points: int


@dataclass(frozen=True)
class Made:
    """An edition that lies in its place."""

    folder: Path
    archive: Path
    lessons: tuple[HandedOut, ...]


def make(edition: Edition, build: Path | None = None) -> Made:
    """Write ``build/NAME/`` and ``build/NAME.zip``, or leave both as they were.

    Args:
        edition: which.
        build: another folder than the workbook's own ``build/``.

    Raises:
        WorkshopError: a lesson cannot be handed out, the workbook is not whole, or the disk refuses.
    """
    build = settings.build_folder() if build is None else build
    target, archive = build / edition.name, build / f"{edition.name}.zip"
    try:
        # Beside its target, so that a rename is enough to put it there.
        with tempfile.TemporaryDirectory(prefix=f".{edition.name}-", dir=build) as scratch:
            fresh, packed = Path(scratch) / "fresh", Path(scratch) / "zip"
            handed_out = _write(edition, settings.home(), fresh)
            pack(fresh, packed, edition.unpacks_to)
            put_in_place(fresh, target, aside=Path(scratch) / "old")
            packed.replace(archive)
    except OSError as refusal:
        raise WorkshopError(f"{target} cannot be written: {refusal.strerror} ({refusal.filename}).") from None
    return Made(target, archive, handed_out)


def _write(edition: Edition, home: Path, folder: Path) -> tuple[HandedOut, ...]:
    """An edition's files into a new folder."""
    for path in shipped_files(home, edition.left_out):
        _put(folder / path, (home / path).read_bytes())
    for path, text in edition.instead().items():
        _put(folder / path, text.encode())
    handed_out = []
    for lesson in lessons.find([]):
        source = nbformat.read(lesson.path, as_version=4)
        changed = edition.lesson(source, lesson.path.name)
        _put(folder / "notebooks" / lesson.path.name, normalise.text(changed).encode())
        handed_out.append(HandedOut(lesson.name, title(source) or lesson.name, *worth(changed)))
    pyproject = (home / "pyproject.toml").read_text(encoding="utf-8")
    _put(folder / "pyproject.toml", trimmed(pyproject, edition.extras).encode())
    _put(folder / "README.md", _readme(edition, handed_out).encode())
    return tuple(handed_out)


def _readme(edition: Edition, handed_out: list[HandedOut]) -> str:
    rows = "\n".join(
        f"| [{each.title}](notebooks/{each.name}.ipynb) | {each.exercises} | {each.points} |"
        for each in handed_out
    )
    template = (_TEMPLATES / f"{edition.name}.md").read_text(encoding="utf-8")
    return Template(template).substitute(lessons=rows)


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
