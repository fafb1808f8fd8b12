"""Direct transfer between counties: their seasons, a map, distance against accuracy, and what distance hides."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes

from workshop.claims import mean_and_half
from workshop.datasets.counties import COLUMNS, CROPS, DATES, ROWS, SPREAD, make_region
from workshop.figures.form import (
    GUESS,
    QUIET,
    SOURCE,
    TARGET,
    LessonFigure,
    absent,
    canvas,
    finish,
    note_guess,
)
from workshop.studies.transfer_scenarios.experiments.counties import NEAR, WORLDS, CountiesOutcome

_CROP_COLOURS = ("#E69F00", "#009E73", "#0072B2")
_WORLD_COLOURS = {
    "only warmth": QUIET,
    "sowing date": TARGET,
    "variety": SOURCE,
    "soil": "#009E73",
    "adapted varieties": "#CC79A7",
}
_FACTORS = ("sowing date", "variety", "soil")
_MONTHS = {90: "Apr", 120: "May", 151: "Jun", 181: "Jul", 212: "Aug", 243: "Sep", 273: "Oct"}
_CHANCE = 100 / len(CROPS)  #: %, of guessing
ASKED = 400, 450  #: °C days between two counties, of the reader's guess
_BIN = 50  #: °C days, of the mean drawn through a scatter


def seasons(seed: int = 0) -> LessonFigure:
    """The vegetation index of each crop over the year, in the coolest and in the warmest county."""
    region = make_region(seed=seed)
    ends = {"cool": int(region.season_gdd.argmin()), "warm": int(region.season_gdd.argmax())}
    figure, axes = canvas(10, 3.9, columns=2, sharey=True)
    rows, peaks = [], {}
    for axis, (name, county) in zip(axes, ends.items(), strict=True):
        gdd = region.season_gdd[county]
        axis.set_title(
            f"A {name} county: {gdd:,.0f} °C days from May to September", loc="left", fontsize=11.5
        )
        x, y = region.fields(county, 24, np.random.default_rng(seed))
        for number, (crop, colour) in enumerate(zip(CROPS, _CROP_COLOURS, strict=True)):
            curve = region.curve(crop, county)
            axis.plot(np.arange(365), curve, color=colour, lw=2.4, label=crop.name)
            seen = x[y == number]
            axis.plot(np.tile(DATES, (len(seen), 1)).T, seen.T, "o", color=colour, ms=3, alpha=0.3, mew=0)
            peaks[name, crop.name] = peak = int(curve.argmax())
            axis.plot(peak, curve[peak], "v", color=colour, ms=8, mec="white")
            rows.append((name, crop.name, float(gdd), _date(peak), float(curve[peak])))
        _months(axis)
    axes[0].set_ylabel("vegetation index")
    axes[0].set_ylim(0, 1)
    axes[1].legend(loc="upper right", frameon=False, fontsize=10)
    told = "; ".join(
        f"{crop.name} on {_date(peaks['cool', crop.name])} and {_date(peaks['warm', crop.name])}"
        for crop in CROPS
    )
    alt = (
        "Vegetation index of three crops over the season, as lines, and of simulated fields at the dates they are "
        "seen, clouds filled in, as dots; a cool county at the left, a warm one at the right. "
        f"Peaks, cool and warm: {told}."
    )
    return finish(figure, alt, ("county", "crop", "season GDD", "peak on", "index at the peak"), rows)


def accuracy_map(
    outcome: CountiesOutcome, source: int = 0, draw: int = 0, world: str = "only warmth"
) -> LessonFigure:
    """The region twice: its growing degree days, and how well the source's forest does in each county."""
    gdd, right = outcome.season_gdd[draw], outcome.accuracy[outcome.world(world), draw, source]
    figure, axes = canvas(9.6, 4.3, columns=2)
    _grid(axes[0], gdd, source, "Growing degree days, °C days", "{:,.0f}", "YlOrRd")
    _grid(
        axes[1],
        100 * right,
        source,
        "Accuracy of the starred county's forest, %",
        "{:.0f}",
        "cividis",
        (0, 100),
    )
    others = np.arange(len(gdd)) != source
    worst = int(np.where(others, right, np.inf).argmin())
    alt = (
        f"Two maps of {len(gdd)} counties, north at the top: growing degree days, and the accuracy there of a forest "
        f"trained in the starred county, row {source // COLUMNS + 1}, column {source % COLUMNS + 1}. At home it is "
        f"right in {right[source]:.0%} of fields it has not seen, elsewhere in {right[others].mean():.0%} on average, "
        f"at worst in {right[worst]:.0%}, {abs(gdd[worst] - gdd[source]):,.0f} °C days away."
    )
    rows = [
        (
            one // COLUMNS + 1,
            one % COLUMNS + 1,
            float(gdd[one]),
            float(abs(gdd[one] - gdd[source])),
            float(right[one]),
        )
        for one in range(len(gdd))
    ]
    return finish(figure, alt, ("row", "column", "season GDD", "GDD distance", "accuracy"), rows)


def distance_scatter(
    outcome: CountiesOutcome, draw: int = 0, world: str = "only warmth", guess: float | None = None
) -> LessonFigure:
    """Accuracy against GDD distance: points of one draw; means and the rank correlation of all.

    Args:
        guess: of the mean at :data:`ASKED` °C days, %.
    """
    every = outcome.accuracy[outcome.world(world)]
    right, far = every[draw], outcome.distance[draw]
    gdd = outcome.season_gdd[draw]
    warmer = gdd[None, :] > gdd[:, None]
    ranks = outcome.rank_correlation(world)
    figure, axis = canvas(7.6, 4.2)
    for where, colour, label in (
        (warmer, TARGET, "to a warmer county"),
        (~warmer, SOURCE, "to a cooler county"),
    ):
        chosen = where & outcome.pairs
        axis.plot(far[chosen], 100 * right[chosen], "o", color=colour, ms=4, alpha=0.4, mew=0, label=label)
    edges = np.arange(0, outcome.distance.max() + _BIN, _BIN)
    rows: list[tuple[object, ...]] = []
    for low, high in pairwise(edges):
        inside = outcome.pairs & (outcome.distance >= low) & (outcome.distance < high)
        if inside.any():
            rows.append((f"{low:.0f} to {high:.0f}", int(inside.sum()), float(every[inside].mean())))
            axis.plot((low, high), [100 * rows[-1][2]] * 2, color="black", lw=2.5)
    axis.plot([], [], color="black", lw=2.5, label=f"mean of each {_BIN} °C days, all draws")
    axis.set(xlabel="GDD distance, °C days", ylabel="accuracy in the target, %", ylim=(25, 100))
    axis.axhline(_CHANCE, color=QUIET, ls=":", label="guessing")
    told = _with_interval(ranks)
    axis.set_title(f"Rank correlation {told}", loc="left", fontsize=11.5)
    alt = (
        f"Accuracy in the target against GDD distance, {int(outcome.pairs.sum()):,} pairs of one draw as points. "
        f"Over {len(ranks)} draw{'' if len(ranks) == 1 else 's'}, Spearman's rank correlation is {told}, and the "
        f"mean falls from {rows[0][2]:.0%} within {_BIN} °C days to {rows[-1][2]:.0%} at {rows[-1][0]}."
    )
    if guess is not None:
        axis.plot(np.mean(ASKED), guess, "D", color=GUESS, ms=10, mec="white", label="your guess")
        alt += f" Your guess at {ASKED[0]} to {ASKED[1]} was {guess:.0f}%."
    axis.legend(loc="upper right", frameon=False, fontsize=10)
    rows.append(("rank correlation, each draw", None, ", ".join(f"{one:.3f}" for one in ranks)))
    return finish(figure, alt, ("GDD distance, °C days", "pairs", "mean accuracy"), rows)


def hidden_factors(outcome: CountiesOutcome, guess: object = None) -> LessonFigure:
    """How counties of like GDD fare, by what else they differ in; and how that grows with the difference."""
    if set(outcome.worlds) != set(WORLDS):
        return absent("What growing degree days hide")
    figure, axes = canvas(10.4, 4.0, columns=2, sharex=False)
    rows = []
    for row, world in enumerate(outcome.worlds):
        right = 100 * outcome.accuracy_alike(world)
        mean, half = (float(x) for x in mean_and_half(right))
        axes[0].errorbar(mean, row, xerr=half, fmt="o", color=_WORLD_COLOURS[world], ms=8, capsize=4)
        cost, cost_half = (100 * float(x) for x in mean_and_half(outcome.cost_alike(world)))
        ranks = float(outcome.rank_correlation(world).mean())
        rows.append((world, mean, half, cost, cost_half, ranks))
    axes[0].set_yticks(range(len(rows)), outcome.worlds)
    axes[0].set(ylim=(len(rows) - 0.5, -0.5), xlabel="accuracy in the target, %")
    axes[0].grid(axis="x", color="#E6E6E6")
    axes[0].set_title(f"Pairs within {NEAR:.0f} °C days of each other", loc="left", fontsize=11.5)
    for world, unit in zip(_FACTORS, SPREAD.values(), strict=True):
        _by_gap(axes[1], outcome, world, unit)
    axes[1].set(xlabel="difference in the hidden factor (1 = one standard deviation)", ylabel="accuracy, %")
    axes[1].axhline(_CHANCE, color=QUIET, ls=":", label="guessing")
    axes[1].set_ylim(25, 100)
    axes[1].legend(loc="lower left", bbox_to_anchor=(0, 0.12), frameon=False, fontsize=10)
    axes[1].set_title("The same pairs, by how much they differ", loc="left", fontsize=11.5)
    rows[0] = (*rows[0][:3], None, None, rows[0][5])  # it is what the others are compared with
    worst = max(rows[1:], key=lambda one: one[3])
    told = "; ".join(f"{one[0]} {one[1]:.1f}%" for one in rows)
    gaps = ", ".join(f"{world} {outcome.hidden_correlation(world).mean():.2f}" for world in _FACTORS)
    alt = (
        f"Accuracy among pairs of counties within {NEAR:.0f} °C days of each other, by what else counties differ in: "
        f"{told}. Lost in the mean to {worst[0]}: {worst[3]:.1f} points, plus or minus {worst[4]:.1f}. Rank "
        f"correlation of accuracy with the difference in what is hidden: {gaps}."
    )
    if guess is not None:
        alt += note_guess(axes[0], guess)
    columns = (
        "counties also differ in",
        "accuracy, %",
        "±",
        "lost, points",
        "± of the loss",
        "rank correlation",
    )
    return finish(figure, alt, columns, rows)


def _by_gap(axis: Axes, outcome: CountiesOutcome, world: str, unit: float) -> None:
    """Mean accuracy of like pairs in steps of half a standard deviation, all draws together."""
    near = np.stack([outcome.alike(draw) for draw in range(len(outcome.season_gdd))])
    gap = outcome.hidden_gap(world)[near] / unit
    right = outcome.accuracy[outcome.world(world)][near]
    steps = np.minimum((gap / 0.5).astype(int), 5)
    where = np.unique(steps)
    axis.plot(
        [0.5 * one + 0.25 for one in where],
        [100 * right[steps == one].mean() for one in where],
        "o-", color=_WORLD_COLOURS[world], lw=2, ms=6, label=world,
    )  # fmt: skip


def _grid(
    axis: Axes,
    values: np.ndarray,
    source: int,
    title: str,
    form: str,
    colours: str,
    limits: tuple[float, float] | None = None,
) -> None:
    low, high = limits or (values.min(), values.max())
    picture = axis.imshow(values.reshape(ROWS, COLUMNS), cmap=colours, vmin=low, vmax=high)
    for one, value in enumerate(values):
        shade = picture.cmap(picture.norm(value))
        dark = np.dot(shade[:3], (0.299, 0.587, 0.114)) < 0.5
        star = "★\n" if one == source else ""
        axis.text(
            one % COLUMNS, one // COLUMNS, star + form.format(value), ha="center", va="center", fontsize=10,
            color="white" if dark else "black",
        )  # fmt: skip
    axis.set_title(title, loc="left", fontsize=11.5)
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def _months(axis: Axes) -> None:
    axis.set_xlim(90, DATES[-1] + 6)
    axis.set_xticks(list(_MONTHS), _MONTHS.values(), ha="left")


def _date(day: int) -> str:
    return f"{np.datetime64('2001-01-01') + day}"[5:]


def _with_interval(values: np.ndarray) -> str:
    """Mean with its 95% interval, where there is one."""
    mean, half = mean_and_half(values)
    return f"{mean:.2f} ± {half:.2f}" if np.isfinite(half) else f"{mean:.2f}"
