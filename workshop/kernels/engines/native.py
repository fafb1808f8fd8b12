"""The by-hand engine as C++: compiled when it is first used, for the sizes at hand; about a second.

Nothing is installed or kept: the library lies in a temporary folder and is gone with the process. The GIL is free
while it computes, so a panel goes on answering.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn

from workshop.datasets.sines import Batches
from workshop.errors import WorkshopError
from workshop.kernels.engines.mlp import check_variant, linear_layers

SOURCE = Path(__file__).with_suffix(".cpp")
#: Sums may be taken in any order, which is what makes them vectors. Not -ffast-math: linked into a library it makes the
#: whole process round the smallest numbers to zero.
_FREE_ORDER = "-fassociative-math -fno-signed-zeros -fno-trapping-math -fno-math-errno -freciprocal-math"
FLAGS = ("-std=c++17", "-O3", "-shared", "-fPIC", *_FREE_ORDER.split())
#: Tried in turn: some compilers do not know the processor that they run on.
TUNED = (("-march=native",), ())
_REALS = {torch.float32: ("float", ctypes.c_float), torch.float64: ("double", ctypes.c_double)}


def compiler() -> str | None:
    """The C++ compiler of this machine, or None. On Windows None: g++ there does not align vectors on the stack."""
    program = shutil.which("g++") or shutil.which("clang++")
    if program is None or sys.platform == "win32":
        return None
    if sys.platform == "darwin" and not _has_command_line_tools():
        return None  # what is called g++ would open a dialog
    return program


def library(sizes: tuple[int, ...], shots: int, dtype: torch.dtype) -> ctypes.CDLL:
    """The engine for an MLP of these sizes and this many points a task, compiled once a process.

    Raises:
        WorkshopError: there is no compiler, or it fails; both are found out once a process.
    """
    built = build(compiler(), sizes, shots, dtype)
    if isinstance(built, WorkshopError):
        raise built
    return built


@cache
def build(
    program: str | None, sizes: tuple[int, ...], shots: int, dtype: torch.dtype
) -> ctypes.CDLL | WorkshopError:
    """The library, or why there is none; found out once a process."""
    if program is None:
        return WorkshopError(
            "The native engine needs g++ or clang++ (not on Windows). Install one, or choose engine='by_hand'."
        )
    name, real = _REALS[dtype]
    numbers = (f"-DSIZES={','.join(map(str, sizes))}", f"-DSHOTS={shots}", f"-DREAL={name}")
    # The loaded library may outlive its file's folder, or keep it from being removed.
    with tempfile.TemporaryDirectory(prefix="workshop-native-", ignore_cleanup_errors=True) as folder:
        made = Path(folder) / "maml.so"
        try:
            for tuned in TUNED:
                command = [program, *FLAGS, *tuned, *numbers, str(SOURCE), "-o", str(made)]
                done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
                if done.returncode == 0:
                    break
            else:
                lines = [line for line in done.stderr.splitlines() if "error" in line] or [
                    done.stderr.strip()
                ]
                return WorkshopError(f"{program} could not compile the native engine: {lines[0]}")
            loaded = ctypes.CDLL(str(made))
        except (
            OSError
        ) as problem:  # a compiler that cannot be started, a folder from which nothing may be run
            return WorkshopError(f"The native engine could not be compiled or loaded: {problem}")
    loaded.advance.argtypes = [ctypes.c_int] * 4 + [real] * 2 + [ctypes.c_int] + [ctypes.c_void_p] * 9
    return loaded


def _has_command_line_tools() -> bool:
    return subprocess.run(["xcode-select", "-p"], capture_output=True, check=False).returncode == 0


class NativeEngine:
    """An MLP (see :func:`~workshop.kernels.engines.mlp.linear_layers`) on the cpu, in float32 or float64."""

    name = "native"

    def __init__(
        self,
        network: nn.Module,
        *,
        shots: int,
        rate: float,
        steps: int,
        outer_rate: float,
        variant: str = "maml",
    ):
        check_variant(variant)
        self._layers = linear_layers(network)
        self._names = [name for name, _ in network.named_parameters()]
        weight = self._layers[0].weight
        if weight.device.type != "cpu" or weight.dtype not in _REALS:
            raise WorkshopError(
                f"The native engine computes on the cpu in float32 or float64, not on {weight.device} in "
                f"{weight.dtype}. Choose engine='by_hand'."
            )
        sizes = (self._layers[0].in_features, *(layer.out_features for layer in self._layers))
        self._library, self._shots, self._dtype = library(sizes, shots, weight.dtype), shots, weight.dtype
        self._theta = torch.cat([self._padded(i, layer).flatten() for i, layer in enumerate(self._layers)])
        self._m, self._v, self._gradient = (torch.zeros_like(self._theta) for _ in range(3))
        self._steps, self._second_order = 0 if variant == "joint" else steps, variant == "maml"
        self._rate, self._outer_rate, self._taken = rate, outer_rate, 0

    def advance(self, batches: Batches) -> Tensor:
        """One Adam step for each of B meta-batches (B, T, K, ...); returns the losses (B,) before each step."""
        count, tasks = batches[0].shape[:2]
        for t, width in zip(batches, 2 * (self._layers[0].in_features, 1), strict=True):
            if t.device.type != "cpu" or t.shape != (count, tasks, self._shots, width):
                raise WorkshopError(
                    f"This engine was compiled for {self._shots} points of a task on the cpu: it takes batches of "
                    f"shape ({count}, {tasks}, {self._shots}, {width}) here, not {tuple(t.shape)} on {t.device}."
                )
        ready = [t.to(self._dtype).contiguous() for t in batches]  # kept alive while their addresses are used
        losses = torch.empty(count, dtype=self._dtype)
        state = (self._theta, self._m, self._v, self._gradient, *ready, losses)
        failed = self._library.advance(
            count, tasks, self._steps, self._second_order, self._rate, self._outer_rate, self._taken,
            *(t.data_ptr() for t in state),
        )  # fmt: skip
        if failed:
            raise WorkshopError("The native engine got no memory. Take fewer inner steps.")
        self._taken += count
        return losses

    def weights(self) -> dict[str, Tensor]:
        """Theta as it is now, a copy, under the network's own names and in its own layout."""
        return self._unpacked(self._theta)

    def last_gradient(self) -> dict[str, Tensor]:
        """The outer gradient of the last step, likewise."""
        return self._unpacked(self._gradient)

    def _padded(self, index: int, layer: nn.Linear) -> Tensor:
        """A layer's weights as the library holds them: (inputs + 1, row length), the bias last."""
        table = torch.zeros(layer.in_features + 1, self._library.row_length(index), dtype=self._dtype)
        table[:-1, : layer.out_features] = layer.weight.detach().T
        table[-1, : layer.out_features] = layer.bias.detach()
        return table

    def _unpacked(self, flat: Tensor) -> dict[str, Tensor]:
        shapes = [
            (layer.in_features + 1, self._library.row_length(i)) for i, layer in enumerate(self._layers)
        ]
        parts = []
        for layer, shape, part in zip(
            self._layers, shapes, flat.split([a * b for a, b in shapes]), strict=True
        ):
            table = part.view(shape)[:, : layer.out_features]
            parts += [table[:-1].T.clone(memory_format=torch.contiguous_format), table[-1].clone()]
        return dict(zip(self._names, parts, strict=True))
