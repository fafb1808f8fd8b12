"""A reader's own progress: which guesses were made, which exercises passed. One small file beside the lessons.

It lies in the folder that the kernel works in, which is that of the notebooks where a reader opens them. It is a
comfort, never a record: marks come from elsewhere, and a lesson goes on where it cannot be written.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workshop.files import write_whole

FILE = "progress.json"


@dataclass(frozen=True)
class Progress:
    """What a reader has done.

    Attributes:
        guesses: lesson to the ids of the guesses made in it.
        passed: ids of the exercises whose every public example agreed, at least once.
    """

    guesses: dict[str, list[str]] = field(default_factory=dict)
    passed: list[str] = field(default_factory=list)


def guessed(lesson: str, guess_id: str) -> None:
    """Note a guess."""
    kept = read()
    mine = kept.guesses.setdefault(lesson, [])
    if guess_id not in mine:
        mine.append(guess_id)
        _write(kept)


def passed(exercise_id: str) -> None:
    """Note an exercise whose every public example agreed."""
    kept = read()
    if exercise_id not in kept.passed:
        kept.passed.append(exercise_id)
        _write(kept)


def read() -> Progress:
    """What is noted. A damaged file is set aside under another name, and nothing is lost."""
    path = Path(FILE)
    try:
        return _checked(json.loads(path.read_text(encoding="utf-8")))
    except OSError:
        return Progress()
    except (ValueError, TypeError, KeyError, RecursionError):
        with suppress(OSError):
            path.rename(_free_name())
        return Progress()


def set_aside() -> list[str]:
    """Names of the damaged files that were set aside."""
    return sorted(path.name for path in Path().glob("progress.damaged*.json"))


def _checked(told: Any) -> Progress:
    guesses, done = told["guesses"], told["passed"]
    if not isinstance(guesses, dict) or not _are_words(done) or not all(map(_are_words, guesses.values())):
        raise ValueError("not what this module writes")
    return Progress(guesses, done)


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def _free_name() -> Path:
    names = (Path(f"progress.damaged{number or ''}.json") for number in range(1000))
    return next(name for name in names if not name.exists())


def _write(kept: Progress) -> None:
    # Tests and other runs without a reader leave nothing behind.
    if os.environ.get("WORKSHOP_PROGRESS") == "off":
        return
    told = {"guesses": dict(sorted(kept.guesses.items())), "passed": sorted(kept.passed)}
    with suppress(OSError):
        write_whole(Path(FILE), json.dumps(told, indent=1) + "\n")
