"""The by-hand engine as C++, for the sizes at hand; see :mod:`workshop.kernels.engines.compiled`."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn

from workshop.datasets.sines import Batches
from workshop.errors import WorkshopError
from workshop.kernels.engines.compiled import compile_and_load, compiler
from workshop.kernels.engines.mlp import check_variant, linear_layers

SOURCE = Path(__file__).with_suffix(".cpp")
_REALS = {torch.float32: ("float", ctypes.c_float), torch.float64: ("double", ctypes.c_double)}


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
    name, real = _REALS[dtype]
    numbers = (f"SIZES={','.join(map(str, sizes))}", f"SHOTS={shots}", f"REAL={name}")
    loaded = compile_and_load(program, SOURCE, numbers)
    if not isinstance(loaded, WorkshopError):
        loaded.advance.argtypes = [ctypes.c_int] * 4 + [real] * 2 + [ctypes.c_int] + [ctypes.c_void_p] * 9
    return loaded


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
