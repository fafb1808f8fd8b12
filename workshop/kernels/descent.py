"""What every training here shares: the optimiser, its schedule, progress, stopping, and the clock."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import nn

#: Called with (step, total, metrics) while training; returning False stops it after that step.
OnStep = Callable[[int, int, Mapping[str, float]], bool]
#: Called with (step, network) a few times during training, to look at the network on the way.
Look = Callable[[int, nn.Module], None]


@dataclass(frozen=True)
class Recipe:
    """How to descend: AdamW with a linear warm-up and a cosine to zero, or plain SGD as Ganin et al. (2016) did."""

    steps: int = 2400
    batch: int = 64  #: pictures of each domain a step
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    warm_up: int = 100  #: steps, of ``cosine``
    schedule: Literal["cosine", "ganin"] = "cosine"

    def rate(self, step: int) -> float:
        """Learning rate at ``step`` (0-based)."""
        if self.schedule == "ganin":
            return ganin_rate(step / self.steps, self.learning_rate)
        ramp = min(1.0, (step + 1) / self.warm_up)
        return self.learning_rate * ramp * (0.5 + 0.5 * math.cos(math.pi * step / self.steps))

    def optimiser(self, parameters: Iterable[nn.Parameter], device: torch.device) -> torch.optim.Optimizer:
        """The optimiser that goes with the schedule; its learning rate is set anew before each step."""
        fused = device.type != "meta"
        if self.schedule == "ganin":
            return torch.optim.SGD(
                parameters, self.learning_rate, momentum=0.9, weight_decay=self.weight_decay, fused=fused
            )
        return torch.optim.AdamW(parameters, self.learning_rate, weight_decay=self.weight_decay, fused=fused)


def ganin_rate(progress: float, start: float = 0.01, alpha: float = 10.0, beta: float = 0.75) -> float:
    """Learning rate of Ganin et al. (2016), for SGD with momentum 0.9: start / (1 + alpha p)^beta."""
    return start / (1 + alpha * progress) ** beta


@dataclass(frozen=True)
class Trained:
    """A finished training: the network to use, how it went, and what it took."""

    network: nn.Module
    history: dict[str, np.ndarray] = field(repr=False)  #: "step" and a curve for each metric
    seconds: float  #: of training; looks on the way are not counted
    seed: int
    device: str
    stopped: bool  #: True when ``on_step`` asked to stop before the last step


def descend(
    parameters: Iterable[nn.Parameter],
    loss_at: Callable[[int], tuple[torch.Tensor, dict[str, torch.Tensor]]],
    network: nn.Module,
    recipe: Recipe,
    *,
    seed: int,
    device: torch.device,
    after_step: Callable[[int], None] | None = None,
    on_step: OnStep | None = None,
    look: Look | None = None,
    looks: int = 8,
    report_every: int = 20,
) -> Trained:
    """Minimise ``loss_at(step)`` over ``parameters``.

    Args:
        parameters: what the optimiser moves.
        loss_at: step -> (loss, metrics), all tensors on the device.
        network: what is handed back and shown to ``look``; it may be another than the one that descends.
        after_step: called after each update, for a teacher that follows.
        on_step: progress, every ``report_every`` steps: only then does the host wait for the device.
        look, looks: show the network ``looks`` times, evenly spaced, the last time at the end.
    """
    optimiser = recipe.optimiser(list(parameters), device)
    look_at = {round(recipe.steps * (i + 1) / looks) for i in range(looks)} if look else set()
    history: dict[str, list[float]] = {}
    started, looking, stopped = time.perf_counter(), 0.0, False
    for step in range(recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate(step)
        with torch.autocast("cuda", torch.bfloat16) if device.type == "cuda" else nullcontext():
            loss, metrics = loss_at(step)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        if after_step:
            after_step(step)
        done = step + 1
        if device.type != "meta" and (done % report_every == 0 or done == recipe.steps):
            numbers = {"step": done, "loss": loss.item(), **{name: float(m) for name, m in metrics.items()}}
            for name, number in numbers.items():
                history.setdefault(name, []).append(number)
            stopped = on_step is not None and on_step(done, recipe.steps, numbers) is False
        if done in look_at or (stopped and look):
            pause = time.perf_counter()
            look(done, network)
            looking += time.perf_counter() - pause
        if stopped:
            break
    curves = {name: np.asarray(numbers, dtype=np.float32) for name, numbers in history.items()}
    return Trained(network, curves, time.perf_counter() - started - looking, seed, str(device), stopped)
