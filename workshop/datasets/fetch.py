"""Fetch the real data sets that are not ours to ship, and verify the files that are here.

torchvision knows the sets: its mirrors, file names, md5 sums and readers are used. Its ``download_url``
is not, for three reasons: it waits for ever on a server that stalls, it writes under the final name, so
that an interruption leaves half a file there, and it reports to nobody but a terminal.

What lands in ``data/cache/<name>/`` is exactly what was published, so its md5 can be checked at any time.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock, Timeout  # comes with torch

from workshop import settings
from workshop.datasets.images import ImageSet
from workshop.errors import WorkshopError

if TYPE_CHECKING:
    from torch import nn

#: What can be fetched, all of it pictures but for the weights of ``resnet18``; and what ships with the workbook.
DOWNLOADS = ("mnist", "svhn", "pneumoniamnist", "resnet18")
EMBEDDED = {"mnist10k": "mnist10k.npz"}

#: Crops of one house number are neighbours in SVHN's files; 50 rows hold several numbers whole.
SVHN_BLOCK = 50

#: Of MedMNIST, which no library here knows: the file, where it was published (version 3), and its md5.
PNEUMONIA = (
    "pneumoniamnist.npz",
    "https://zenodo.org/records/10519652/files/pneumoniamnist.npz?download=1",
    "28209eda62fecd6e6a2d98b1501bb15f",
)

#: States of a data set on this machine, as :func:`verify` gives them.
GOOD, ABSENT = "good", "not here"

CHUNK = 1 << 16  # bytes
MAX_BYTES = 1 << 28  # more than any of the files: a server that sends without end is cut off
SLOWEST = 1 << 10  # bytes a second: slower than this for a whole timeout counts as stalled

#: Called with the file's name, the bytes received, and the bytes announced (None: not announced).
OnProgress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class RemoteFile:
    """One published file: its name, where it can be had (tried in order), and its md5 or how its sha256 begins."""

    name: str
    urls: tuple[str, ...]
    md5: str = ""
    sha256: str = ""

    def is_good(self, path: Path) -> bool:
        """Whether a file on this machine is the published one."""
        if self.md5:
            return _digest(path, "md5") == self.md5
        return _digest(path, "sha256").startswith(self.sha256)


def remote_files(name: str) -> tuple[RemoteFile, ...]:
    """The published files of a data set in :data:`DOWNLOADS`; of SVHN, the training split."""
    if name == "pneumoniamnist":
        file, url, md5 = PNEUMONIA
        return (RemoteFile(file, (url,), md5),)
    if name == "resnet18":
        from torchvision.models import ResNet18_Weights

        url = ResNet18_Weights.IMAGENET1K_V1.url
        file = url.rsplit("/", 1)[1]  # torchvision writes the first digits of the sha256 into the name
        return (RemoteFile(file, (url,), sha256=Path(file).stem.rsplit("-", 1)[1]),)
    from torchvision.datasets import MNIST, SVHN  # here, because importing it takes most of a second

    if name == "mnist":
        return tuple(
            RemoteFile(file, tuple(mirror + file for mirror in MNIST.mirrors), md5)
            for file, md5 in MNIST.resources
        )
    url, file, md5 = SVHN.split_list["train"]
    return (RemoteFile(file, (url,), md5),)


def folder(name: str) -> Path:
    """Where the files of a data set in :data:`DOWNLOADS` are kept."""
    return settings.cache_folder() / name


def fetch(name: str, on_progress: OnProgress | None = None, timeout: float = 30.0) -> Path:
    """Download a data set, unless it is here and good, and return its folder.

    Every file is downloaded beside the cache and checked; only when all are good are they moved into
    place. An interruption at any moment, a SIGKILL too, leaves each file whole: the old one, the new one
    or none.

    Args:
        name: one of :data:`DOWNLOADS`.
        on_progress: told of the bytes as they arrive; what it raises ends the download.
        timeout: seconds without an answer after which a server is given up.

    Raises:
        WorkshopError: no such download; another one is under way; no server had the files, or only
            damaged ones; the disk refused. Nothing was overwritten.
    """
    if name not in DOWNLOADS:
        raise WorkshopError(f"{name} cannot be fetched; the data sets that can are: {', '.join(DOWNLOADS)}.")
    try:
        cache = settings.cache_folder()
        with FileLock(cache / "fetch.lock", timeout=0):
            # Nobody else is at work: a temporary folder still here was left by a fetch that was killed.
            for stale in cache.glob("fetching-*"):
                shutil.rmtree(stale)
            if _state(name) != GOOD:
                with tempfile.TemporaryDirectory(prefix="fetching-", dir=cache) as temporary:
                    _fetch_into(Path(temporary), name, on_progress, timeout)
    except Timeout:
        raise WorkshopError("Another fetch is under way; wait until it is done, then try again.") from None
    except OSError as error:
        raise WorkshopError(
            f"{name} could not be stored in {settings.data_folder() / 'cache'} ({error.strerror}); "
            "make room or make the folder writable, then fetch again."
        ) from None
    return folder(name)


def verify(name: str | None = None) -> list[tuple[str, str]]:
    """Check the files of one data set, or of all, against their checksums.

    Returns:
        (name, state) for each: :data:`GOOD`, :data:`ABSENT`, or what is wrong and what to do.

    Raises:
        WorkshopError: the data set has no file with a checksum.
    """
    known = (*EMBEDDED, *DOWNLOADS)
    if name is not None and name not in known:
        raise WorkshopError(
            f"{name} has no checksum to verify; the data sets that have are: {', '.join(known)}."
        )
    return [(each, _state(each)) for each in known if name in (None, each)]


def load_fetched(name: str) -> ImageSet:
    """The training pictures of a data set in :data:`DOWNLOADS`; digits are read by torchvision.

    ``mnist`` gives 60,000 images of 28x28, ``svhn`` 73,257 of 32x32x3 whose neighbours may share a number,
    ``pneumoniamnist`` 4,708 chest X-rays of 28x28: 0 normal, 1 pneumonia.

    Raises:
        WorkshopError: the files are not here, or not as they were published.
    """
    _check_here(name)
    if name == "resnet18":
        raise WorkshopError("resnet18 is a network's weights, and not a set of pictures. Choose a data set.")
    if name == "pneumoniamnist":
        with np.load(folder(name) / PNEUMONIA[0], allow_pickle=False) as arrays:
            images, labels = arrays["train_images"], arrays["train_labels"][:, 0].astype(np.int64)
        return ImageSet(name, images, labels, f"{name}-{PNEUMONIA[2][:12]}")
    from torchvision.datasets import MNIST, SVHN
    from torchvision.datasets.utils import extract_archive

    fingerprint = f"{name}-{remote_files(name)[0].md5[:12]}"
    if name == "svhn":
        svhn = SVHN(folder(name), split="train")
        images = np.ascontiguousarray(svhn.data.transpose(0, 2, 3, 1))
        return ImageSet(name, images, svhn.labels, fingerprint, block=SVHN_BLOCK)
    # The cache keeps the published .gz, whose md5 is known; torchvision reads them unpacked.
    with tempfile.TemporaryDirectory() as temporary:
        raw = Path(temporary, "MNIST", "raw")
        raw.mkdir(parents=True)
        for file in remote_files(name):
            extract_archive(folder(name) / file.name, raw)
        mnist = MNIST(temporary, train=True)
    return ImageSet(name, mnist.data.numpy(), mnist.targets.numpy(), fingerprint)


def load_resnet18() -> nn.Module:
    """torchvision's ResNet-18 with its ImageNet weights, in evaluation mode; nothing is downloaded.

    Raises:
        WorkshopError: the weights are not here, or not as they were published.
    """
    import torch
    from torchvision.models import resnet18

    _check_here("resnet18")
    (file,) = remote_files("resnet18")
    network = resnet18()
    network.load_state_dict(torch.load(folder("resnet18") / file.name, weights_only=True, map_location="cpu"))
    return network.eval()


def embedded_sha256(name: str) -> str:
    """The sha256 that ``data/checksums.json`` records for a data set in :data:`EMBEDDED`."""
    return json.loads((settings.data_folder() / "checksums.json").read_text())[EMBEDDED[name]]


def _check_here(name: str) -> None:
    state = _state(name)
    if state == ABSENT:
        raise WorkshopError(f"{name} is not here yet; fetch it with python -m workshop data fetch {name}.")
    if state != GOOD:
        raise WorkshopError(f"{name}: {state}.")


def _state(name: str) -> str:
    if name in EMBEDDED:
        file = settings.data_folder() / EMBEDDED[name]
        if file.is_file() and _digest(file, "sha256") == embedded_sha256(name):
            return GOOD
        shown = f"data/{file.name}"
        return f"{shown} is missing or has a wrong checksum: restore it with git checkout {shown}"
    files = remote_files(name)
    present = [file for file in files if (folder(name) / file.name).is_file()]
    if not present:
        return ABSENT
    wrong = [file.name for file in present if not file.is_good(folder(name) / file.name)]
    wrong += [file.name for file in files if file not in present]
    if not wrong:
        return GOOD
    advice = f"fetch it again with python -m workshop data fetch {name}"
    return f"{', '.join(wrong)} missing or with a wrong checksum: {advice}"


def _digest(file: Path, algorithm: str) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def _fetch_into(temporary: Path, name: str, on_progress: OnProgress | None, timeout: float) -> None:
    """Download every file of ``name`` into ``temporary``; when all are good, move them into place."""
    files = remote_files(name)
    for file in files:
        failures = []
        for url in file.urls:
            try:
                _download(url, temporary / file.name, on_progress, timeout)
            except _ServerError as error:
                failures.append(f"{url}: {error}")
                continue
            if file.is_good(temporary / file.name):
                break
            failures.append(f"{url}: wrong checksum")
        else:
            raise WorkshopError(
                f"{name} could not be fetched ({'; '.join(failures)}); nothing was changed: "
                f"check the network, then run python -m workshop data fetch {name} again."
            )
    folder(name).mkdir(exist_ok=True)
    for file in files:
        os.replace(temporary / file.name, folder(name) / file.name)


class _ServerError(Exception):
    """A server cannot be reached, has no such file, or broke off."""


def _download(url: str, target: Path, on_progress: OnProgress | None, timeout: float) -> None:
    """Write what ``url`` sends to ``target``."""
    received = 0
    with target.open("wb") as stream:
        for piece, announced in _pieces(url, timeout):
            stream.write(piece)
            received += len(piece)
            if on_progress:
                on_progress(target.name, received, announced)


def _pieces(url: str, timeout: float) -> Iterator[tuple[bytes, int | None]]:
    """What ``url`` sends, piece by piece, each with the length that was announced for the whole."""
    request = urllib.request.Request(url, headers={"User-Agent": "workshop"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            announced, received = response.length, 0
            window_start, window_bytes = time.monotonic(), 0
            # read1 returns what has arrived; read would wait for a whole chunk, however slowly it comes.
            while piece := response.read1(CHUNK):
                received += len(piece)
                if received > MAX_BYTES:
                    raise _ServerError(f"more than {MAX_BYTES / 2**20:.0f} MiB sent")
                window_bytes += len(piece)
                if time.monotonic() - window_start > timeout:
                    if window_bytes < SLOWEST * timeout:
                        raise _ServerError("stalled")
                    window_start, window_bytes = time.monotonic(), 0
                yield piece, announced
            if announced is not None and received < announced:
                raise _ServerError(f"connection closed after {received:,} of {announced:,} bytes")
    except (OSError, http.client.HTTPException) as error:  # URLError and timeouts are OSErrors
        # The text may be the server's own words: keep it to one short line, without control characters.
        text = "".join(sign if sign.isprintable() else " " for sign in str(error)[:120]).strip("<> ")
        raise _ServerError(text or type(error).__name__) from None
