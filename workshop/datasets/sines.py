"""A distribution over regression tasks: sine waves that differ in amplitude and phase.

Finn, Abbeel, Levine (2017), "Model-Agnostic Meta-Learning for Fast Adaptation of Deep Networks", ICML,
section 5.1: amplitude in 0.1..5, phase in 0..pi, inputs in -5..5, all uniform.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

#: Support inputs, support outputs, query inputs, query outputs: each (B, T, K, 1), or (T, K, 1) for one batch.
Batches = tuple[Tensor, Tensor, Tensor, Tensor]


@dataclass(frozen=True, eq=False)
class SineTasks:
    """N waves.

    Attributes:
        amplitude, phase: (N, 1, 1).
        frequency: of all of them, in radians per unit of the input.
    """

    amplitude: Tensor
    phase: Tensor
    frequency: float = 1.0

    def __call__(self, x: Tensor) -> Tensor:
        """The waves' values at inputs (N, K, 1), or at the same inputs (K, 1) for all; returns (N, K, 1)."""
        return self.amplitude * torch.sin(self.frequency * x - self.phase)

    def __len__(self) -> int:
        return len(self.amplitude)


@dataclass(frozen=True)
class SineFamily:
    """The distribution the tasks come from; each pair is the two ends of a uniform distribution."""

    amplitude: tuple[float, float] = (0.1, 5.0)
    phase: tuple[float, float] = (0.0, math.pi)
    inputs: tuple[float, float] = (-5.0, 5.0)
    frequency: float = 1.0

    def tasks(
        self, count: int, generator: torch.Generator | None, device: torch.device | str = "cpu"
    ) -> SineTasks:
        """Draw ``count`` tasks."""
        amplitude, phase = (
            _uniform(ends, (count, 1, 1), generator, device) for ends in (self.amplitude, self.phase)
        )
        return SineTasks(amplitude, phase, self.frequency)

    def points(
        self,
        tasks: SineTasks,
        shots: int,
        generator: torch.Generator | None,
        inputs: tuple[float, float] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """``shots`` random points of each task: inputs and outputs, both (N, shots, 1).

        Args:
            inputs: where they may lie; the family's own range by default.
        """
        x = _uniform(inputs or self.inputs, (len(tasks), shots, 1), generator, tasks.amplitude.device)
        return x, tasks(x)

    def batches(
        self,
        count: int,
        tasks: int,
        shots: int,
        generator: torch.Generator | None,
        device: torch.device | str = "cpu",
    ) -> Batches:
        """``count`` meta-batches at once: of each task a support and a query set of ``shots`` points.

        Returns:
            four tensors (count, tasks, shots, 1), each contiguous.
        """
        drawn = self.tasks(count * tasks, generator, device)
        support, query = (self.points(drawn, shots, generator) for _ in range(2))
        return tuple(t.view(count, tasks, shots, 1) for t in (*support, *query))

    def average(self, x: Tensor) -> Tensor:
        """The mean over all tasks at ``x``, in closed form: what ignorance should predict."""
        (low, high), angle, mean_amplitude = self.phase, self.frequency * x, sum(self.amplitude) / 2
        if low == high:
            return mean_amplitude * torch.sin(angle - low)
        return mean_amplitude * (torch.cos(angle - high) - torch.cos(angle - low)) / (high - low)


def _uniform(
    ends: tuple[float, float],
    shape: tuple[int, ...],
    generator: torch.Generator | None,
    device: torch.device | str,
) -> Tensor:
    low, high = ends
    return torch.rand(shape, generator=generator, device=device).mul_(high - low).add_(low)
