"""Bench of lesson 01: the trainings of a transfer map all at once, against the same trainings one by one.

The map is similarities x label budgets x seeds, on full batches. A training of the loop gets its own labels
alone; what ours fills up where models of unlike budgets are stacked counts against us. Both ways are timed only
after they have shown the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workshop.bench.timing import Row, throughput
from workshop.errors import WorkshopError
from workshop.kernels.chance import Chance
from workshop.kernels.many_models import ManyRecipe, start_weights, train_many

#: Label budgets of a map; cells are repeated over similarities and seeds.
BUDGETS = (4, 8, 16, 32, 64, 96, 128, 200)
STEPS, ROUNDS = 100, 5
#: How many models of each budget the loop trains in a round: it is too slow for the whole map.
OF_EACH = 2
RATES, TOLERANCE = (0.003, 0.01), 1e-9


@dataclass(frozen=True)
class Map:
    """The trainings of one map."""

    sizes: tuple[int, ...]  #: units of the input, of each hidden layer, of the output
    models: int
    budgets: tuple[int, ...] = (
        BUDGETS  #: labels of the first model, the second, ..., then from the front again
    )
    dtype: torch.dtype = torch.float32
    optimiser: Literal["adam", "sgd"] = "adam"  #: Adam, or plain gradient descent

    def network(self) -> nn.Sequential:
        layers: list[nn.Module] = []
        for before, after in zip(self.sizes, self.sizes[1:], strict=False):
            layers += [nn.Linear(before, after), nn.ReLU()]
        return nn.Sequential(*layers[:-1])

    def data(self) -> tuple[Tensor, Tensor, Tensor]:
        """x (N, M, inputs), y (N, M) and the mask (N, M): model i has the budget of its place in the cycle."""
        chance, most = Chance(0), max(self.budgets)
        x = chance.normal(self.models, most, self.sizes[0]).to(self.dtype)
        y = (x[..., 0] > 0).long() + (x[..., 1] > 1).long() * (self.sizes[-1] > 2)
        budgets = torch.tensor(self.budgets)[torch.arange(self.models) % len(self.budgets)]
        return x, y, torch.arange(most) < budgets[:, None]

    def rates(self) -> Tensor:
        return torch.linspace(*RATES, self.models, dtype=torch.float64)

    def descent(self, weights: Iterator[nn.Parameter], rate: float) -> torch.optim.Optimizer:
        """Of one network alone, as fast as torch has it."""
        make = torch.optim.Adam if self.optimiser == "adam" else torch.optim.SGD
        return make(weights, rate, fused=True)


#: The map that lesson 01 shows, but for the sources' own trainings: 14 starts, 8 budgets, 16 worlds.
LESSON = Map((10, 16, 2), 14 * 8 * 16, budgets=(2, 4, 8, 16, 32, 64, 128, 256), optimiser="sgd")


def rows() -> list[Row]:
    """Measure all rows."""
    narrow, wide = (2, 16, 16, 2), (20, 32, 32, 3)
    return [
        against_loop("transfer_map_vs_loop", Map(narrow, 512)),
        against_loop("transfer_map_wide_vs_loop", Map(wide, 512)),
        against_loop("transfer_map_all_large_vs_loop", Map(wide, 512, budgets=(200,) * 8)),
        against_loop("transfer_map_32_vs_loop", Map(narrow, 32)),
        against_loop("transfer_map_readable_vs_loop", Map(narrow, 512), engine="vmap"),
        against_loop("transfer_map_of_the_lesson_vs_loop", LESSON),
    ]


def against_loop(name: str, work: Map, engine: str = "stacked_mlp", steps: int = STEPS) -> Row:
    """Our trainings of a map beside the loop's, which takes the first ones, all budgets equally often."""
    some = min(work.models, OF_EACH * len(work.budgets))
    check_same(name, replace(work, models=some, dtype=torch.float64), engine)
    ours, loop = together(work, engine, steps), one_by_one(work, some, steps)
    networks = f"{work.models} MLPs {'-'.join(map(str, work.sizes))}"
    named = {"adam": "Adam", "sgd": "SGD"}[work.optimiser]
    note = (
        f"{engine}; {networks}, {min(work.budgets)} to {max(work.budgets)} labels, {steps} steps of {named}"
    )
    peer = f"a loop of torch.optim.{named}(fused=True)"
    return throughput(name, "trainings/s", work.models, ours, loop, peer, note, ROUNDS, some)


def together(work: Map, engine: str, steps: int) -> Callable[[], dict[str, Tensor]]:
    """All trainings of the map by the kernel; returns the stacked weights."""
    x, y, mask = work.data()
    start, recipe = start_weights(work.network, range(work.models)), ManyRecipe(steps, work.optimiser, 0.0)
    given = {"start": start, "rates": work.rates(), "mask": mask, "recipe": recipe, "device": "cpu"}
    return lambda: train_many(work.network, x, y, engine=engine, **given).weights


def one_by_one(work: Map, count: int, steps: int) -> Callable[[], dict[str, Tensor]]:
    """The first ``count`` trainings as one would write them, on the labels that each has."""
    x, y, mask = work.data()
    start, rates = start_weights(work.network, range(work.models)), work.rates().tolist()
    examples = [(x[i, mask[i]], y[i, mask[i]]) for i in range(count)]

    def train(i: int) -> dict[str, Tensor]:
        network = work.network().to(work.dtype)
        network.load_state_dict({name: w[i] for name, w in start.items()})
        optimiser = work.descent(network.parameters(), rates[i])
        for _ in range(steps):
            optimiser.zero_grad()
            F.cross_entropy(network(examples[i][0]), examples[i][1]).backward()
            optimiser.step()
        return network.state_dict()

    def loop() -> dict[str, Tensor]:
        ends = [train(i) for i in range(count)]
        return {name: torch.stack([end[name] for end in ends]) for name in start}

    return loop


def check_same(name: str, work: Map, engine: str, steps: int = 20) -> None:
    """Raise a :class:`WorkshopError` unless both ways end at the same weights."""
    ours, theirs = together(work, engine, steps)(), one_by_one(work, work.models, steps)()
    apart = max((ours[key] - theirs[key]).abs().max().item() for key in theirs)
    if not apart <= TOLERANCE:
        raise WorkshopError(
            f"{name} would compare different work: after {steps} steps weights are {apart:.2g} apart."
        )
