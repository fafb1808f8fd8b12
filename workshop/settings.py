"""One place for the run budget, the seed, the device, the threads and the folders.

Each can be set from outside, so that nobody edits a lesson to fit a machine:

=====================  =====================================================================
``WORKSHOP_HOME``      the folder that holds ``notebooks/`` and ``data/``
``WORKSHOP_DEVICE``    ``auto`` (default), ``cpu``, ``cuda`` or ``mps``
``WORKSHOP_THREADS``   torch threads; 1 by default: two on a busy two-core laptop can be slower
``WORKSHOP_RETRAIN``   ``1``: train at every budget, show no stored ``class`` result (the runner sets it)
=====================  =====================================================================
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from workshop.errors import WorkshopError

if TYPE_CHECKING:  # who runs, lists or grades lessons computes nothing: importing torch takes seconds
    import torch

#: What a run may cost: seconds a lesson; half a minute a lesson; a lecture; real data and a GPU.
BUDGETS = ("smoke", "ci", "class", "full")

#: The seed of every result that names no other.
SEED = 0


def check_budget(name: str) -> str:
    """Return ``name`` if it is one of :data:`BUDGETS`; raise :class:`WorkshopError` otherwise."""
    if name not in BUDGETS:
        raise WorkshopError(f"There is no budget {name!r}. Choose one of: {', '.join(BUDGETS)}.")
    return name


def home() -> Path:
    """The folder that holds ``notebooks/`` and ``data/``."""
    return Path(os.environ.get("WORKSHOP_HOME") or Path(__file__).resolve().parents[1])


def data_folder() -> Path:
    """What ships with the workbook: small, real, with provenance and checksums."""
    return home() / "data"


def cache_folder() -> Path:
    """Downloads and renders, ignored by git. Made when first asked for."""
    return _made(data_folder() / "cache")


def build_folder() -> Path:
    """Everything that a command writes: executed lessons, tables, measurements."""
    return _made(home() / "build")


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise WorkshopError(
            f"{folder} cannot be made ({problem.strerror}). Set WORKSHOP_HOME to a copy of the workbook "
            "that you may write to."
        ) from None
    return folder


def device(name: str | None = None) -> torch.device:
    """The device to compute on. ``auto`` takes cuda where this machine has it, otherwise the cpu.

    An Apple GPU (``mps``) is taken only when it is asked for: nobody has run the kernels on one yet.


    Args:
        name: ``auto``, or anything :class:`torch.device` takes; ``WORKSHOP_DEVICE`` when None.

    Raises:
        WorkshopError: a name torch does not know, or a device this machine does not have.
    """
    import torch

    name = name or os.environ.get("WORKSHOP_DEVICE") or "auto"
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device("cuda" if present["cuda"] else "cpu")
    try:
        chosen = torch.device(name)
    except RuntimeError:
        raise WorkshopError(
            f"{name!r} is not a device. Set WORKSHOP_DEVICE to auto, cpu, cuda or mps."
        ) from None
    if not present.get(chosen.type, True):
        raise WorkshopError(f"This machine has no {chosen.type} device. Set WORKSHOP_DEVICE=auto.")
    return chosen


def use_threads() -> int:
    """Give torch the number of threads that ``WORKSHOP_THREADS`` asks for (1), and return it."""
    import torch

    text = os.environ.get("WORKSHOP_THREADS", "1")
    if not text.isdigit() or int(text) < 1:
        raise WorkshopError(f"WORKSHOP_THREADS is {text!r}; it must be a whole number of at least 1.")
    torch.set_num_threads(int(text))
    return int(text)


def retrain() -> bool:
    """Whether stored ``class`` results are to be left aside and everything trained anew."""
    return os.environ.get("WORKSHOP_RETRAIN", "") not in ("", "0")
