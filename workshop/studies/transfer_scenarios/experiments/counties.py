"""Direct transfer: a forest that tells crops apart, trained in each county and applied in all the others.

Every county is a source once. The forest is applied elsewhere as it is: no label of a target is used except to
score it. The same is done in worlds where counties also differ in something that no growing degree day shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr
from sklearn.ensemble import RandomForestClassifier

from workshop.claims import Claim, Measurement, mean_and_half
from workshop.datasets.counties import Hidden, Region, make_region
from workshop.errors import WorkshopError
from workshop.kernels.descent import OnStep
from workshop.settings import check_budget

WORLDS: Mapping[str, Hidden] = {
    "only warmth": Hidden(),
    "sowing date": Hidden(sowing=1),
    "variety": Hidden(variety=1),
    "soil": Hidden(soil=1),
    "adapted varieties": Hidden(adapted=1),
}
NEAR = 50.0  #: °C days that two counties may be apart and still count as alike
TREES, FIELDS = 30, 150  #: of a forest; of a county, once to train on and once more to test on

GDD_CLAIM = Claim(
    "scenarios/gdd_rank_correlation",
    "Where counties differ in warmth alone, the further apart two are in growing degree days, "
    "the worse a forest of the one does in the other.",
    "rank correlation", "<=", {"class": -0.8},
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """How much a budget pays for."""

    draws: int
    worlds: tuple[str, ...]


SIZES: Mapping[str, Size] = {
    "smoke": Size(1, ("only warmth",)),
    "ci": Size(3, ("only warmth",)),
    "class": Size(5, tuple(WORLDS)),
    "full": Size(20, tuple(WORLDS)),
}


@dataclass(frozen=True, eq=False)
class CountiesOutcome:
    """Accuracies of W worlds, D draws (weather, habits and fields anew), from each of C counties to each.

    Attributes:
        worlds: what counties differ in beside warmth.
        season_gdd: (D, C) °C days; the same in all worlds.
        hidden: (W, D, C) what is hidden: days, relative need of warmth, or soil; 0 in "only warmth".
        accuracy: (W, D, C, C) of source (third axis) and target (fourth), 0..1; the diagonal is of fields left out.
        budget, seed: that it was run at.
        stopped: whether it was asked to stop before the last draw; only whole draws are kept.
    """

    worlds: tuple[str, ...]
    season_gdd: np.ndarray
    hidden: np.ndarray
    accuracy: np.ndarray
    budget: str
    seed: int
    stopped: bool = False

    def world(self, name: str) -> int:
        """Its number on the first axis."""
        if name not in self.worlds:
            raise WorkshopError(
                f"This run has no world {name!r}. At budget {self.budget} it has: {', '.join(self.worlds)}."
            )
        return self.worlds.index(name)

    @property
    def distance(self) -> np.ndarray:
        """(D, C, C) GDD distance of source and target, °C days."""
        return np.abs(self.season_gdd[:, :, None] - self.season_gdd[:, None, :])

    @property
    def pairs(self) -> np.ndarray:
        """(C, C) True for a source and another county."""
        return ~np.eye(self.season_gdd.shape[1], dtype=bool)

    def rank_correlation(self, world: str = "only warmth") -> np.ndarray:
        """(D,) Spearman's, of GDD distance and accuracy, over all ordered pairs of two counties."""
        accuracy, pairs = self.accuracy[self.world(world)], self.pairs
        each = zip(self.distance, accuracy, strict=True)
        return np.array([spearmanr(far[pairs], right[pairs]).statistic for far, right in each])

    def alike(self, draw: int) -> np.ndarray:
        """(C, C) True for pairs of two counties within :data:`NEAR` °C days of each other."""
        return self.pairs & (self.distance[draw] <= NEAR)

    def accuracy_alike(self, world: str) -> np.ndarray:
        """(D,) Mean accuracy among the pairs that are alike."""
        here = self.accuracy[self.world(world)]
        return np.array([right[self.alike(draw)].mean() for draw, right in enumerate(here)])

    def cost_alike(self, world: str) -> np.ndarray:
        """(D,) What that loses against "only warmth", draw by draw: the weather is the same."""
        return self.accuracy_alike("only warmth") - self.accuracy_alike(world)

    def hidden_gap(self, world: str) -> np.ndarray:
        """(D, C, C) By how much source and target differ in what is hidden in that world."""
        hidden = self.hidden[self.world(world)]
        return np.abs(hidden[:, :, None] - hidden[:, None, :])

    def hidden_correlation(self, world: str) -> np.ndarray:
        """(D,) Spearman's, of that gap and accuracy, among the pairs that are alike.

        Raises:
            WorkshopError: in a world where nothing is hidden.
        """
        if not self.hidden[self.world(world)].any():
            raise WorkshopError(
                f"In the world {world!r} nothing is hidden: there is no gap to correlate with."
            )
        gaps, accuracy = self.hidden_gap(world), self.accuracy[self.world(world)]
        each = (self.alike(draw) for draw in range(len(gaps)))
        return np.array(
            [
                spearmanr(gap[near], right[near]).statistic
                for gap, right, near in zip(gaps, accuracy, each, strict=True)
            ]
        )

    def measured(self) -> Measurement:
        """For :data:`GDD_CLAIM`: the mean over draws, with Student's interval."""
        mean, half = (float(x) for x in mean_and_half(self.rank_correlation()))
        counties = self.season_gdd.shape[1]
        data = f"{counties} simulated counties, {len(self.season_gdd)} draws, {counties * (counties - 1):,} pairs each"
        return Measurement(mean, (mean - half, mean + half), data, (self.seed,), self.budget, "run")


def run(budget: str, seed: int = 0, on_step: OnStep | None = None) -> CountiesOutcome:
    """Simulate, train and apply, at the size of a budget.

    Args:
        seed: same seed, same outcome.
        on_step: called after each world of each draw; False stops, and what whole draws there are is returned.
    """
    size = SIZES[check_budget(budget)]
    draws: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    total, done, stopped = size.draws * len(size.worlds), 0, False
    for draw in range(size.draws):
        gdd, hidden, accuracy = [], [], []
        for name in size.worlds:
            region = make_region(WORLDS[name], _seed(seed, draw))
            gdd.append(region.season_gdd)
            hidden.append(_hidden(region, WORLDS[name]))
            accuracy.append(transfer(region, _seed(seed, draw)))
            done += 1
            right = float(accuracy[-1].mean())
            if on_step is not None and on_step(done, total, {"accuracy": right}) is False and done < total:
                stopped = True
                break
        if len(accuracy) == len(size.worlds):
            draws.append((gdd[0], np.stack(hidden), np.stack(accuracy)))
        if stopped:
            break
    if not draws:
        raise WorkshopError("The run was stopped before its first draw was whole; there is nothing to show.")
    gdd, hidden, accuracy = (list(one) for one in zip(*draws, strict=True))
    return CountiesOutcome(
        size.worlds, np.stack(gdd), np.stack(hidden, 1), np.stack(accuracy, 1), budget, seed, stopped
    )


def transfer(region: Region, seed: int) -> np.ndarray:
    """(C, C) accuracies: a forest of each county (rows), applied in each (columns)."""
    counties = range(len(region.season_gdd))
    taught = [region.fields(one, FIELDS, np.random.default_rng([seed, one, 0])) for one in counties]
    tested = [region.fields(one, FIELDS, np.random.default_rng([seed, one, 1])) for one in counties]
    x, y = np.concatenate([x for x, _ in tested]), np.stack([y for _, y in tested])
    accuracy = np.empty((len(counties), len(counties)))
    for one, (features, crops) in enumerate(taught):
        forest = RandomForestClassifier(TREES, random_state=seed + one).fit(features, crops)
        accuracy[one] = (forest.predict(x).reshape(y.shape) == y).mean(1)
    return accuracy


def _seed(seed: int, draw: int) -> int:
    """A seed of its own for each draw."""
    return int(np.random.SeedSequence([seed, draw]).generate_state(1)[0] % 2**31)


def _hidden(region: Region, hidden: Hidden) -> np.ndarray:
    """(C,) the factor that is switched on."""
    if hidden.sowing:
        return region.sowing
    return region.soil if hidden.soil else region.variety
