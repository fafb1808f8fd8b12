"""A labelled set of digit images: what every data set of the workshop becomes."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from workshop.errors import WorkshopError

#: Limits on a user's own file. It may come from a stranger, so sizes are checked before anything is unpacked.
MAX_BYTES = 1 << 30  # of each array, unpacked
MIN_IMAGES = 100
SIDES = (8, 512)  # pixels

#: Users' files do not say which rows belong together; 20 rows cover the crops of a few house numbers.
USER_BLOCK = 20


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images of digits with their labels.

    Attributes:
        name: what a reader calls it, as in "mnist10k/train".
        images: uint8 (N, H, W) or (N, H, W, 3), 0..255.
        labels: int64 (N,), 0..9.
        fingerprint: identifies the content, as in "mnist10k-0217e13bd066"; part of a stored result's key.
        block: this many consecutive rows may share an origin (neighbouring crops of one house number),
            so :func:`split` keeps them on one side.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray
    fingerprint: str
    block: int = 1

    def __len__(self) -> int:
        return len(self.labels)


def split(image_set: ImageSet, share: float = 0.8, seed: int = 0) -> tuple[ImageSet, ImageSet]:
    """Divide a set into ``train`` and ``sealed``; whole blocks are shuffled, so none straddles the two.

    Every row lands on exactly one side. ``mnist10k`` gives 8,000 and 2,000.

    The sealed side is for reporting, never for choosing: no threshold, schedule or model is picked by its
    labels. Choose by signals that need no label, or on another pair of data sets.

    Args:
        image_set: at least two blocks of rows.
        share: of the blocks that go to ``train``, between 0 and 1.
        seed: of the shuffle; the same seed gives the same rows in the same order.

    Raises:
        WorkshopError: ``share`` leaves one of the sides empty.
    """
    blocks = -(-len(image_set) // image_set.block)
    kept = round(share * blocks)
    if not 0 < kept < blocks:
        raise WorkshopError(
            f"A share of {share} leaves one side of {image_set.name} empty; "
            "choose one between 0 and 1, such as 0.8."
        )
    order = np.random.default_rng(seed).permutation(blocks)

    def side(name: str, members: np.ndarray) -> ImageSet:
        # The last block may be short. It goes to the end, so that a side can be split again by blocks.
        members = np.concatenate([members[members != blocks - 1], members[members == blocks - 1]])
        rows = (members[:, None] * image_set.block + np.arange(image_set.block)).ravel()
        rows = rows[rows < len(image_set)]
        return replace(
            image_set,
            name=f"{image_set.name}/{name}",
            images=image_set.images[rows],
            labels=image_set.labels[rows],
            fingerprint=f"{image_set.fingerprint}-{name}-{share:g}-{seed}",
        )

    return side("train", order[:kept]), side("sealed", order[kept:])


def read_npz(path: Path) -> ImageSet:
    """Read a user's own digits from an ``.npz`` file with the arrays ``images`` and ``labels``.

    ``images`` may be (N, H, W), (N, H, W, 1), (N, H, W, 3), (N, 1, H, W) or (N, 3, H, W), of whole
    numbers or floats. Values that all lie in 0..1 are multiplied by 255; values in 0..255 are taken as
    they are; both are then rounded to uint8. ``labels`` are whole numbers 0..9, of shape (N,).

    Raises:
        WorkshopError: anything else, in a sentence. Nothing in the file is ever run or unpickled.
    """
    images, labels = _read_arrays(path)
    images = _as_pixels(path, images)
    labels = _as_digits(path, labels)
    if len(images) != len(labels):
        raise WorkshopError(
            f"{path.name} has {len(images):,} images and {len(labels):,} labels; give each image one label."
        )
    if len(images) < MIN_IMAGES:
        raise WorkshopError(
            f"{path.name} has {len(images)} images; a lesson needs at least {MIN_IMAGES}, so add more."
        )
    content = hashlib.sha256(f"{images.shape}".encode() + images.tobytes() + labels.tobytes()).hexdigest()
    return ImageSet(path.stem, images, labels, f"npz-{content[:12]}", block=USER_BLOCK)


def _read_arrays(path: Path) -> tuple[np.ndarray, np.ndarray]:
    advice = "save it with numpy.savez_compressed(path, images=..., labels=...)"
    if not path.is_file():  # a folder, or a pipe that would never end
        raise WorkshopError(f"There is no file {path}; give the path of an .npz file.")
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        raise WorkshopError(f"{path.name} is not a readable .npz file; {advice}.") from None
    arrays = []
    with archive:
        for key in ("images", "labels"):
            try:
                size = archive.getinfo(f"{key}.npy").file_size
            except KeyError:
                raise WorkshopError(f"{path.name} has no array named {key!r}; {advice}.") from None
            if size > MAX_BYTES:
                raise WorkshopError(
                    f"The {key} of {path.name} unpack to {size / 2**30:.1f} GiB; "
                    f"keep them under {MAX_BYTES / 2**30:.0f} GiB, for example as uint8 or with fewer rows."
                )
            try:
                # zipfile unpacks no more than the size it declares, which was just checked.
                with archive.open(f"{key}.npy") as member:
                    arrays.append(np.lib.format.read_array(member, allow_pickle=False))
            except Exception:  # a hostile file can fail anywhere in zipfile, its decompressors or numpy
                raise WorkshopError(
                    f"The {key} of {path.name} are damaged or no plain array of numbers; {advice}."
                ) from None
    return arrays[0], arrays[1]


def _as_pixels(path: Path, images: np.ndarray) -> np.ndarray:
    """uint8 (N, H, W) or (N, H, W, 3) from any of the forms that :func:`read_npz` takes."""
    if images.ndim == 4 and images.shape[3] not in (1, 3) and images.shape[1] in (1, 3):
        images = np.moveaxis(images, 1, 3)
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    if not (images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 3)):
        raise WorkshopError(
            f"The images of {path.name} have the shape {images.shape}; make it (N, H, W) or (N, H, W, 3)."
        )
    height, width = images.shape[1:3]
    if not all(SIDES[0] <= side <= SIDES[1] for side in (height, width)):
        raise WorkshopError(
            f"The images of {path.name} are {height} by {width} pixels; "
            f"make both sides {SIDES[0]} to {SIDES[1]} pixels long."
        )
    if images.dtype.kind not in "uif":
        raise WorkshopError(f"The images of {path.name} are of type {images.dtype}; make them uint8.")
    if not images.size:
        raise WorkshopError(f"{path.name} has 0 images; a lesson needs at least {MIN_IMAGES}, so add more.")
    if not np.isfinite(images).all():
        raise WorkshopError(f"The images of {path.name} hold NaN or infinite values; remove those rows.")
    low, high = images.min(), images.max()
    if low < 0 or high > 255:
        raise WorkshopError(
            f"The images of {path.name} have values from {low:g} to {high:g}; scale them to 0..1 or 0..255."
        )
    if high <= 1:
        images = images * np.float32(255)
    return np.ascontiguousarray(np.rint(images), dtype=np.uint8)


def _as_digits(path: Path, labels: np.ndarray) -> np.ndarray:
    """int64 (N,) in 0..9."""
    if labels.ndim != 1 or labels.dtype.kind not in "ui":
        raise WorkshopError(
            f"The labels of {path.name} are of type {labels.dtype} and shape {labels.shape}; "
            "make them whole numbers of shape (N,)."
        )
    if labels.size and (labels.min() < 0 or labels.max() > 9):
        raise WorkshopError(
            f"The labels of {path.name} run from {labels.min()} to {labels.max()}; make them the digits 0..9."
        )
    return labels.astype(np.int64)
