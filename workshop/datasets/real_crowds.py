"""Labels that real people gave: one set ships, four more are read from the folder ``WORKSHOP_EXTRA_DATA``."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workshop.datasets import shipped
from workshop.datasets.annotations import Annotations
from workshop.errors import WorkshopError


@dataclass(frozen=True, eq=False)
class RealCrowd:
    """What a crowd said, and what is known to be right.

    Attributes:
        name: of :data:`CROWDS`.
        title: what was asked of whom.
        annotations: M labels.
        truth: (items,) int64; None where nobody knows.
        source: who published it.
    """

    name: str
    title: str
    annotations: Annotations
    truth: np.ndarray | None
    source: str


@dataclass(frozen=True)
class _File:
    """A file in ``WORKSHOP_EXTRA_DATA``: its columns for item, worker and label, and whether these count from 1."""

    file: str
    title: str
    source: str
    classes: int
    columns: tuple[str, str, str] = ("item", "worker", "label")
    counted_from: int = 0


_FILES = {
    "bluebirds": _File(
        "bluebirds_welinder2010.csv",
        "108 pictures, 39 workers: is it an indigo bunting?",
        "Welinder, Branson, Belongie, Perona (2010)",
        classes=2,
    ),
    "anaesthetists": _File(
        "dawid_skene_1979.csv",
        "45 patients, 5 anaesthetists, one of whom answered three times: fitness for an operation, 1 to 4",
        "Dawid, Skene (1979)",
        classes=4,
        columns=("patient", "observer", "rating"),
        counted_from=1,
    ),
    "rte": _File(
        "snow2008_rte.csv",
        "800 pairs of sentences, 164 workers: does the second follow from the first?",
        "Snow, O'Connor, Jurafsky, Ng (2008)",
        classes=2,
    ),
    "temporal": _File(
        "snow2008_temp.csv",
        "462 pairs of events, 76 workers: which came first?",
        "Snow, O'Connor, Jurafsky, Ng (2008)",
        classes=2,
    ),
}

#: What :func:`crowd` knows: title by name. None of them is ours to ship.
CROWDS: dict[str, str] = {name: entry.title for name, entry in _FILES.items()}

#: The diagnoses of :func:`fleiss`, in the order of its columns.
DIAGNOSES = ("depression", "personality disorder", "schizophrenia", "neurosis", "other")


def fleiss() -> np.ndarray:
    """30 patients, six psychiatrists each: (30, 5) int64, how often a patient was given each of :data:`DIAGNOSES`.

    Who said what is not known, and the six differ from patient to patient: Fleiss (1971), by way of statsmodels' tests.

    Raises:
        WorkshopError: the file is missing or was changed.
    """
    _, *rows = csv.reader(io.StringIO(shipped.text("fleiss1971.csv")))
    return np.array(rows, dtype=np.int64)


def is_here(name: str) -> bool:
    """Whether :func:`crowd` can give the set of that name on this machine."""
    return (path := _path(_find(name))) is not None and path.is_file()


def crowd(name: str) -> RealCrowd:
    """A crowd of :data:`CROWDS`; items, workers and classes are numbered from 0.

    Raises:
        WorkshopError: there is none of that name, its file is not on this machine, or cannot be read.
    """
    entry = _find(name)
    path = _path(entry)
    if path is None or not path.is_file():
        raise WorkshopError(
            f"{name} is not on this machine, and it is not ours to ship: set WORKSHOP_EXTRA_DATA to a folder that "
            f"holds {entry.file}."
        )
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
        item, worker, label = (
            np.array([int(row[column]) for row in rows]) - entry.counted_from for column in entry.columns
        )
        known = [int(row["truth"]) for row in rows] if rows and "truth" in rows[0] else None
    except (OSError, UnicodeDecodeError, KeyError, TypeError, ValueError):
        needed = ", ".join(entry.columns)
        raise WorkshopError(
            f"{entry.file} cannot be read: it needs the columns {needed}, of whole numbers. Fetch the file again."
        ) from None
    annotations = Annotations.of(item, worker, label, classes=entry.classes)
    truth = None
    if known is not None:
        truth = np.full(annotations.items, -1)
        truth[item] = known
    return RealCrowd(name, entry.title, annotations, truth, entry.source)


def _find(name: str) -> _File:
    if name not in _FILES:
        raise WorkshopError(f"There is no real crowd {name!r}. Choose one of: {', '.join(_FILES)}.")
    return _FILES[name]


def _path(entry: _File) -> Path | None:
    extra = os.environ.get("WORKSHOP_EXTRA_DATA")
    return Path(extra) / entry.file if extra else None
