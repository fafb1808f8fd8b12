"""What a network is fine-tuned on: colour pictures of one size, classes, few labels from a pool, and an exam apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from workshop.datasets.catalogue import load
from workshop.datasets.images import ImageSet, split
from workshop.datasets.landscape import KINDS, VERSION, landscape
from workshop.datasets.renders import renders
from workshop.errors import WorkshopError

EXAM = 1000  #: pictures of a task's exam
TILE_POOL = 3000  #: tiles that labels can be asked for
TILE_SEED = 4  #: of the tiles


@dataclass(frozen=True, eq=False)
class Task:
    """A task with a pool that labels are drawn from, and an exam that nobody learns from.

    Attributes:
        name: in code; ``title``: for readers.
        classes: their names.
        pool: uint8 (N, H, W) or (N, H, W, 3); ``pool_labels``: (N,) int64.
        exam: likewise, of at most :data:`EXAM` pictures; ``exam_labels``: (M,) int64.
        fingerprint: of all that.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    pool: np.ndarray
    pool_labels: np.ndarray
    exam: np.ndarray
    exam_labels: np.ndarray
    fingerprint: str

    def labelled(
        self, count: int, side: int, seed: int = 0, device: torch.device | str = "cpu"
    ) -> tuple[Tensor, Tensor]:
        """``count`` labelled pictures of the pool, as evenly over the classes as it goes.

        A larger count of the same seed contains a smaller one's pictures.

        Returns:
            pictures (count, 3, side, side) uint8, and labels (count,) int64.

        Raises:
            WorkshopError: fewer labels than classes, or more than the pool holds.
        """
        if not len(self.classes) <= count <= len(self.pool):
            raise WorkshopError(
                f"{count} labels of {self.name} were asked for; ask for {len(self.classes)} (one a class) "
                f"to {len(self.pool):,}."
            )
        rows = _in_turns(self.pool_labels, np.random.default_rng(seed))[:count]
        return as_pictures(self.pool[rows], side, device), torch.from_numpy(self.pool_labels[rows]).to(device)

    def examined(self, side: int, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
        """The exam: pictures (M, 3, side, side) uint8, and labels (M,) int64."""
        return as_pictures(self.exam, side, device), torch.from_numpy(self.exam_labels).to(device)


def _in_turns(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """All rows, shuffled, one of each class in turn; a class that has run out is passed over."""
    order = rng.permutation(len(labels))
    turn = np.empty(len(labels), int)
    for name in np.unique(labels):
        members = labels[order] == name
        turn[members] = np.arange(members.sum())
    return order[np.argsort(turn, kind="stable")]


def as_pictures(images: np.ndarray, side: int, device: torch.device | str = "cpu") -> Tensor:
    """Any pictures as the networks here take them: colour, ``side`` by ``side``, uint8 (N, 3, side, side).

    Args:
        images: uint8 (N, H, W) grey, or (N, H, W, 3).
    """
    pictures = torch.from_numpy(np.ascontiguousarray(images)).to(device)
    pictures = pictures[:, None] if pictures.ndim == 3 else pictures.permute(0, 3, 1, 2)
    if pictures.shape[2:] != (side, side):
        larger = pictures.shape[2] < side
        resized = F.interpolate(
            pictures.float(), (side, side), mode="bilinear", antialias=not larger, align_corners=False
        )
        pictures = resized.round().clamp(0, 255).byte()
    return pictures.expand(-1, 3, -1, -1).contiguous()


def _of_set(image_set: ImageSet, name: str, title: str) -> Task:
    pool, sealed = split(image_set)
    return Task(
        name, title, tuple("0123456789"), pool.images, pool.labels, sealed.images[:EXAM], sealed.labels[:EXAM],
        f"{pool.fingerprint}-{EXAM}",
    )  # fmt: skip


def digits() -> Task:
    """Handwritten digits: real, grey, and far from the photographs of ImageNet."""
    return _of_set(load("mnist10k"), "digits", "handwritten digits")


def street_numbers() -> Task:
    """Street-number renders: colour, and a little nearer to photographs."""
    return _of_set(renders(), "renders", "street-number renders")


def tiles() -> Task:
    """Landscape tiles, to be told apart by the kind of settlement."""
    every = landscape(TILE_POOL + EXAM, seed=TILE_SEED)
    pool, exam = every[:-EXAM], every[-EXAM:]
    return Task(
        "tiles", "landscape tiles", KINDS, pool.images, pool.kind, exam.images, exam.kind,
        f"landscape-v{VERSION}-n{len(every)}-s{TILE_SEED}",
    )  # fmt: skip


#: The tasks by name, each made when first asked for.
TASKS: dict[str, Callable[[], Task]] = {"digits": digits, "tiles": tiles, "renders": street_numbers}


@cache
def task(name: str) -> Task:
    """The task of that name.

    Raises:
        WorkshopError: there is none.
    """
    if name not in TASKS:
        raise WorkshopError(f"There is no task {name!r}. Choose one of: {', '.join(TASKS)}.")
    return TASKS[name]()
