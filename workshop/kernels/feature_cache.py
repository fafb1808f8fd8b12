"""Activations of frozen blocks, computed once and found again: in memory, and in files that outlive the kernel.

An entry is found under a digest of the frozen blocks, of the data, of the cut, and of the code that makes activations.
Other weights, other pictures, another cut or another version of torch have another digest, so a stale entry is never
even looked at. A file says in its first line what it holds;
one that is damaged, or holds something else, is made anew. Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import inspect
import json
import math
from collections import OrderedDict
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from workshop.files import write_whole
from workshop.kernels import block_net, imagenet_net, small_net
from workshop.kernels.block_net import BlockNet

MEGABYTE = 1 << 20
HEADER_BYTES = 4096  #: the first line of a file is no longer than this
BATCH = 200  #: pictures at once on their way through the frozen blocks
VERSION = 1  #: of the file's form
TYPES = {"float32": np.float32, "float64": np.float64}


class FeatureCache:
    """What frozen blocks make of pictures.

    Args:
        memory: bytes of activations to keep in memory; the least recently used go first.
        folder: where to keep them in files, too; None: nowhere. Made when the first file is written.
        disk: bytes of files to keep; the least recently used go first.
        largest_file: activations beyond it stay out of the folder: writing them takes longer than making them.
    """

    def __init__(
        self,
        memory: int = 512 * MEGABYTE,
        folder: Path | None = None,
        disk: int = 512 * MEGABYTE,
        largest_file: int = 64 * MEGABYTE,
    ):
        self.memory, self.folder, self.disk, self.largest_file = memory, folder, disk, largest_file
        self.made = self.from_memory = self.from_disk = 0  #: how often each happened
        self._kept: OrderedDict[str, Tensor] = OrderedDict()

    @property
    def bytes(self) -> int:
        """In memory now."""
        return sum(t.nbytes for t in self._kept.values())

    def __call__(self, network: BlockNet, cut: int, images: Tensor) -> Tensor:
        """The activations (N, ...) of the first ``cut`` blocks, in evaluation mode, for ``images``.

        They may be larger than :attr:`memory`: then they are handed out and not kept.
        """
        key = digest(network, cut, images)
        if key in self._kept:
            self.from_memory += 1
            self._kept.move_to_end(key)
            return self._kept[key]
        found = self._read(key, network, cut, images)
        if found is None:
            self.made += 1
            found = activations(network, cut, images)
            self._write(key, found)
        else:
            self.from_disk += 1
        self._keep(key, found)
        return found

    def clear(self) -> None:
        """Forget what is in memory; files stay."""
        self._kept.clear()

    def _keep(self, key: str, found: Tensor) -> None:
        if found.nbytes > self.memory:
            return
        self._kept[key] = found
        while self.bytes > self.memory:
            self._kept.popitem(last=False)

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.features"

    def _read(self, key: str, network: BlockNet, cut: int, images: Tensor) -> Tensor | None:
        if self.folder is None:
            return None
        file = self._file(key)
        try:
            if file.stat().st_size > self.largest_file + HEADER_BYTES:  # none of ours
                return None
            first, _, body = file.read_bytes().partition(b"\n")
            header = json.loads(first)
            kind, shape = TYPES[header["type"]], tuple(header["shape"])
            if (
                header["version"] != VERSION
                or header["key"] != key
                or header["sha256"] != hashlib.sha256(body).hexdigest()
                or math.prod(shape) * np.dtype(kind).itemsize != len(body)
                or shape[0] != len(images)
            ):
                return None
            one = activations(network, cut, images[:1])  # what an entry has to look like
            if shape[1:] != tuple(one.shape[1:]) or header["type"] != str(one.dtype).removeprefix("torch."):
                return None
            file.touch()  # used just now
            return torch.from_numpy(np.frombuffer(body, kind).reshape(shape).copy()).to(images.device)
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            IndexError,
        ):  # not there, damaged, or no entry of ours
            return None

    def _write(self, key: str, found: Tensor) -> None:
        if self.folder is None or found.nbytes > min(self.largest_file, self.disk):
            return
        array = np.ascontiguousarray(found.cpu().numpy())
        body = array.tobytes()
        header = {
            "version": VERSION, "key": key, "type": str(array.dtype), "shape": array.shape,
            "sha256": hashlib.sha256(body).hexdigest(),
        }  # fmt: skip
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._file(key), json.dumps(header).encode() + b"\n" + body)
            self._make_room()
        except OSError:  # a full or read-only disk costs time, not results
            return

    def _make_room(self) -> None:
        files = sorted(self.folder.glob("*.features"), key=lambda file: file.stat().st_mtime)
        used = sum(file.stat().st_size for file in files)
        for file in files:
            if used <= self.disk:
                break
            used -= file.stat().st_size
            file.unlink(missing_ok=True)


def digest(network: BlockNet, cut: int, images: Tensor) -> str:
    """32 hexadecimal digits of the first ``cut`` blocks, of the pictures, and of the code that runs the blocks.

    Of a block its architecture, its weights, and all its buffers count: those that are not saved with a network, too.
    """
    seen = hashlib.sha256(_made_by().encode())
    for name in network.names[:cut]:
        block = network.blocks[name]
        seen.update(f"{name}:{block!r}".encode())
        for key, tensor in (*block.named_parameters(), *block.named_buffers()):
            seen.update(f"{key}:{tensor.dtype}{tuple(tensor.shape)}".encode())
            seen.update(_bytes(tensor))
    seen.update(f"{images.dtype}{tuple(images.shape)}{images.device.type}".encode())
    seen.update(_bytes(images))
    return seen.hexdigest()[:32]


@cache
def _made_by() -> str:
    """The versions of torch and timm, and the source of the modules that build and run the blocks."""
    versions = [f"{package} {importlib.metadata.version(package)}" for package in ("torch", "timm")]
    sources = [inspect.getsource(module) for module in (block_net, imagenet_net, small_net)]
    return "\0".join((*versions, *sources))


def _bytes(tensor: Tensor) -> memoryview:
    return memoryview(np.ascontiguousarray(tensor.detach().cpu().numpy())).cast("B")


@torch.no_grad()
def activations(network: BlockNet, cut: int, images: Tensor) -> Tensor:
    """What the first ``cut`` blocks make of ``images``, computed now; modes are left as they were."""
    modes = {name: network.blocks[name].training for name in network.names[:cut]}
    for name in modes:
        network.blocks[name].eval()
    found = torch.cat([network(part, stop=cut) for part in images.split(BATCH)])
    for name, mode in modes.items():
        network.blocks[name].train(mode)
    return found
