"""Those of the lecture's tables that carry a picture: where time goes, what errors were counted, what volume costs."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import FuncFormatter
from statsmodels.stats.rates import confint_poisson

from workshop.datasets import lecture
from workshop.figures.form import GOOD, GUESS, QUIET, SOURCE, TARGET, LessonFigure, canvas, finish
from workshop.kernels.pricing import READINGS, Tiers, cheaper_to_round_up, cost, sagemaker

#: Of the three arms of the HiveMind study.
ARMS = (TARGET, "#E69F00", SOURCE)
_READING_WORDS = {
    "marginal": "marginal: each label at its own tier's price",
    "whole_volume": "whole volume: all at the price of the total's tier",
}


def time_shares(guess: float | None = None) -> LessonFigure:
    """Bars: the share of a project's time for each task, those on the data apart from those on the model.

    Args:
        guess: the reader's, of the share that goes into labeling, in per cent.
    """
    table = lecture.table("time_shares")
    hues = {"data": TARGET, "model": SOURCE}
    rows = sorted(table.rows, key=lambda row: (row[1], -row[2]))
    figure, axis = canvas(8, 4.0)
    for place, (task, works_on, share) in enumerate(rows):
        axis.barh(place, share, color=hues[works_on], height=0.7)
        axis.text(share + 0.4, place, f"{share} %", va="center", fontweight="bold")
        if task == "data labeling" and guess is not None:
            axis.plot([guess, guess], [place - 0.45, place + 0.45], color=GUESS, lw=4)
            axis.text(guess, place - 0.5, f"your guess: {guess:.0f} %", color=GUESS, ha="center", va="bottom")
    axis.set(yticks=range(len(rows)), yticklabels=[row[0] for row in rows], ylim=(len(rows) - 0.4, -1.1))
    axis.set(xlabel="share of the time (%)", xlim=(0, max(32, (guess or 0) + 4)))
    totals = {part: sum(share for _, works_on, share in rows if works_on == part) for part in hues}
    for part, y in (("data", 3.6), ("model", 7.0)):
        words = f"the {part}: {totals[part]} %"
        look = {"color": hues[part], "fontsize": 15, "fontweight": "bold", "ha": "right"}
        axis.text(0.98, y, words, transform=axis.get_yaxis_transform(), **look)
    alt = (
        f"Bars of the time that a project's tasks take. Tasks on the data take {totals['data']} %, those on the model "
        f"{totals['model']} %. Labeling takes {dict((r[0], r[2]) for r in rows)['data labeling']} %."
    )
    if guess is not None:
        alt += f" Your guess for labeling was {guess:.0f} %."
    return finish(figure, alt, table.columns, rows)


def hivemind_counts() -> LessonFigure:
    """Bars: errors of each type in each arm of the HiveMind study, with intervals as for rare, independent events."""
    table = lecture.table("hivemind_counts")
    names, errors = table.columns[1:], table.column("error")
    figure, axis = canvas(8.6, 3.9)
    rows, width = [], 0.27
    for arm, (name, hue) in enumerate(zip(names, ARMS, strict=True)):
        counts = np.array(table.column(name))
        low, high = confint_poisson(counts, 1, method="exact-c")
        places = np.arange(len(errors)) + (arm - 1) * width
        axis.bar(places, counts, width * 0.92, color=hue, label=f"{name}: {counts.sum()} in all")
        axis.errorbar(
            places, counts, yerr=[counts - low, high - counts], fmt="none", color=QUIET, capsize=3, lw=1
        )
        for place, count in zip(places, counts, strict=True):
            axis.text(place - 0.02, count + 0.3, str(count), ha="right", fontweight="bold", fontsize=11)
        rows += [
            (error, name, int(count), float(a), float(b))
            for error, count, a, b in zip(errors, counts, low, high, strict=True)
        ]
    axis.set(xticks=range(len(errors)), xticklabels=errors, ylabel="errors counted", ylim=(0, None))
    axis.tick_params(axis="x", labelsize=11)
    axis.legend(frameon=False, fontsize=11)
    told = "; ".join(
        f"{name}: " + ", ".join(f"{error} {count}" for error, n, count, *_ in rows if n == name)
        for name in names
    )
    alt = (
        f"Bars of errors counted in three groups of workers. {told}. Whiskers: 95% intervals, if errors are rare and "
        "independent. How many items there were is not known."
    )
    return finish(figure, alt, ("error", "who", "counted", "95% low", "95% high"), rows)


def hivemind_ranges(guess: float | None = None) -> LessonFigure:
    """The two workforces' ranges of accuracy on the task with eleven choices.

    Args:
        guess: the reader's, of the crowd's accuracy, in per cent.
    """
    table = lecture.table("hivemind_ranges")
    figure, axis = canvas(8, 2.3)
    rows = []
    for place, (name, low, high, choices) in enumerate(table.rows):
        hue = TARGET if name == "crowd" else SOURCE
        axis.barh(place, high - low, left=low, color=hue, height=0.5)
        axis.text(high + 1, place, f"{low} to {high} %", va="center", fontweight="bold", color=hue)
        rows.append((name, low, high, 100 / choices))
    chance = rows[0][3]
    axis.axvline(chance, color=QUIET, ls=":")
    axis.text(chance + 1, 1.45, f"guessing: {chance:.0f} %", color=QUIET, va="center")
    if guess is not None:
        axis.plot([guess, guess], [-0.35, 0.35], color=GUESS, lw=4)
        axis.text(guess, -0.42, f"your guess: {guess:.0f} %", color=GUESS, ha="center", va="bottom")
    axis.set(yticks=(0, 1), yticklabels=table.column("workforce"), xlim=(0, 100), ylim=(1.7, -0.9))
    axis.set_xlabel("answers that were right (%)")
    alt = "Ranges of accuracy with eleven choices. " + "; ".join(
        f"{name}: {low} to {high} %" for name, low, high, _ in rows
    )
    alt += f". Guessing gives {chance:.0f} %."
    if guess is not None:
        alt += f" Your guess for the crowd was {guess:.0f} %."
    return finish(figure, alt, ("workforce", "from (%)", "to (%)", "by guessing (%)"), rows)


def tier_costs(guess: float | None = None, tiers: Tiers | None = None) -> LessonFigure:
    """What a month's labels cost in all, under both readings of the price table, near its first edge and beyond.

    Args:
        guess: the reader's, of the dollars that 50,000 labels cost.
        tiers: Amazon SageMaker Ground Truth's by default.
    """
    tiers = tiers or sagemaker()
    edge = tiers.first[1]
    figure, axes = canvas(9.2, 3.8, columns=2)
    for axis, last in zip(axes, (round(2.4 * edge), round(1.5 * tiers.first[-1])), strict=True):
        # Each edge twice, so that a jump is drawn as one.
        edges = [n for first in tiers.first[1:] if first <= last for n in (first - 1, first)]
        labels = np.unique(np.concatenate([np.linspace(0, last, 400).round().astype(int), edges]))
        for reading, hue, style in zip(READINGS, (SOURCE, TARGET), ("-", "--"), strict=True):
            axis.plot(
                labels / 1000,
                cost(labels, tiers, reading),
                style,
                color=hue,
                lw=2.5,
                label=_READING_WORDS[reading],
            )
        axis.set(
            xlabel="labels (thousands)",
            xlim=(0, last / 1000),
            ylim=(0, 1.12 * float(cost(last, tiers, "marginal"))),
        )
        axis.yaxis.set_major_formatter(FuncFormatter(lambda dollars, _: f"${dollars:,.0f}"))
    axes[0].legend(frameon=False, loc="upper left", fontsize=9)
    for fewest, following in cheaper_to_round_up(tiers)[:1]:
        dollars = float(cost(following, tiers, "whole_volume"))
        dearer = cost([fewest, following - 1], tiers, "whole_volume")
        axes[0].fill_between([fewest / 1000, following / 1000], dollars, dearer, color=GOOD, alpha=0.3, lw=0)
        axes[0].annotate(
            f"dearer than {following:,} labels",
            ((fewest + 2 * following) / 3000, 1.25 * dollars),
            (1.15 * following / 1000, 0.45 * dollars),
            color=GOOD,
            fontweight="bold",
            arrowprops={"arrowstyle": "-", "color": GOOD},
        )
    if guess is not None:
        axes[0].plot(edge / 1000, guess, "D", color=GUESS, ms=9)
        axes[0].annotate("your guess", (edge / 1000, guess), (8, -4), textcoords="offset points", color=GUESS)
    picked = [1, round(edge / 2), edge - 1, edge, edge + 1, 2 * edge]
    picked += [n + d for n in tiers.first[2:] for d in (-1, 0)] + [2 * tiers.first[-1] - 2]
    rows = [
        (n, *(float(cost(n, tiers, r)) for r in READINGS), *(float(cost(n, tiers, r)) / n for r in READINGS))
        for n in picked
    ]
    both = {n: tuple(float(cost(n, tiers, r)) for r in READINGS) for n in (edge - 1, edge)}
    alt = f"Total cost against the number of labels, under two readings of the price table. {edge - 1:,} labels cost "
    alt += f"${both[edge - 1][0]:,.2f} under both. {edge:,} cost ${both[edge][0]:,.2f} where each label has its own "
    alt += f"tier's price, and ${both[edge][1]:,.2f} where all have that of the total's tier: more for less money."
    if guess is not None:
        alt += f" Your guess for {edge:,} was ${guess:,.0f}."
    columns = (
        "labels",
        "total $, marginal",
        "total $, whole volume",
        "$ a label, marginal",
        "$ a label, whole volume",
    )
    return finish(figure, alt, columns, rows)
