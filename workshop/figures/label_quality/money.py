"""Figures about prices: break-even, gold questions, pay, and how long it takes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from workshop.datasets import lecture
from workshop.figures.form import GUESS, SOURCE, TARGET, LessonFigure, absent, canvas, finish, note_guess
from workshop.figures.label_quality.style import METHODS, WHO, band
from workshop.figures.label_quality.tables import LectureTable
from workshop.kernels.quality import share_interval, times_as_many
from workshop.studies.label_quality import Experiment, economy
from workshop.studies.label_quality.economy import (
    SECONDS_A_LABEL,
    WORKFORCES,
    Provider,
    days_to_finish,
    made_by,
)
from workshop.studies.label_quality.study import hivemind_totals, labels_worth

CROWD_PRICES = (0.40, 0.80)  #: dollars an item, HiveMind


def hivemind_rates(items: int = 250, guess: float | None = None) -> LessonFigure:
    """Error rates of the three arms with their intervals, if each had so many items; the counts are the lecture's."""
    table = lecture.table("hivemind_counts")
    totals, names = hivemind_totals(), table.columns[1:]
    figure, axis = canvas(8, 2.9)
    rows = []
    for place, (name, wrong, hue) in enumerate(zip(names, totals, (TARGET, "#E69F00", SOURCE), strict=True)):
        low, high = (100 * end for end in share_interval(wrong, items))
        share = 100 * wrong / items
        axis.plot([low, high], [place, place], color=hue, lw=3, solid_capstyle="butt")
        axis.plot(share, place, "o", color=hue, ms=8)
        rows.append((name, wrong, share, low, high))
    axis.set(
        xlabel="errors (% of items)", yticks=range(3), yticklabels=names, ylim=(2.6, -0.6), xlim=(0, None)
    )
    ratio, low, high = times_as_many(totals[0], totals[2])
    axis.set_title(
        f"{totals[0]} errors against {totals[2]}: {ratio:.1f} times (95%: {low:.1f} to {high:.0f})\n"
        f"rates, if each arm had {items:,} items (nobody knows):",
        fontsize=11, loc="left",
    )  # fmt: skip
    alt = (
        f"If each arm had {items:,} items: {rows[0][2]:.1f} per cent errors of the crowd at $0.40, {rows[1][2]:.1f} of "
        f"the crowd at $0.80, {rows[2][2]:.1f} of the managed team. The first is {ratio:.1f} times the last, with a 95 "
        f"per cent interval from {low:.1f} to {high:.0f}, whatever the number of items."
    )
    if guess is not None:
        alt += f" Your guess was {guess:.0f} times."
        axis.text(
            0.99, 0.05, f"your guess: {guess:.0f} times", color=GUESS, transform=axis.transAxes, ha="right"
        )
    return finish(figure, alt, ("arm", "errors", "share (%)", "from", "to"), rows)


def break_even(found: Experiment | None, guess: float | None = None) -> LessonFigure:
    """Accuracy against dollars an item: the crowd at two prices, the managed team at three speeds."""
    if found is None:
        return absent("The comparison of the two workforces")
    tried = np.array(found.axes["redundancy"], float)
    figure, axis = canvas(8, 3.9)
    rows = []
    for price, style in zip(CROWD_PRICES, ("-", "--"), strict=True):
        values = 100 * found.of("accuracy", workforce="crowd", method="one-coin")[1:]
        label = f"crowd at ${price:.2f}, 2 to {tried[-1]:.0f} labels"
        mean, _ = band(axis, price * tried[1:], values, WHO["crowd"], label, ls=style)
        rows += [
            (f"crowd ${price:.2f}", int(r), price * r, float(m)) for r, m in zip(tried[1:], mean, strict=True)
        ]
    single = 100 * float(found.of("accuracy", workforce="managed", redundancy=1, method="one-coin").mean())
    for minutes, marker in ((0.4, "o"), (1.5, "s"), (3.0, "D")):
        axis.plot(minutes, single, marker, color=WHO["managed"], ms=9, ls="",
                  label=f"managed, one label of {minutes:g} minutes")  # fmt: skip
        rows.append((f"managed, {minutes:g} minutes", 1, minutes, single))
    axis.axhline(single, color=WHO["managed"], lw=0.8, ls=":")
    worth, low, high = labels_worth(found)
    axis.set(xlabel="dollars an item", ylabel="items right (%)", xlim=(0, 5))
    axis.legend(frameon=False, fontsize=9, loc="lower right")
    alt = (
        f"A managed label is right {single:.1f} per cent of the time. A consensus of the crowd reaches that with "
        f"{worth:.1f} labels an item (95 per cent: {low:.1f} to {high:.1f}): ${worth * 0.4:.2f} at $0.40 a label. "
        f"So the two cost the same where a managed label takes {worth * 0.4:.1f} minutes."
    )
    if guess is not None:
        axis.axvline(guess, color=GUESS, lw=2)
        alt += f" Your guess was {guess:.1f} minutes."
    return finish(figure, alt, ("who", "labels an item", "dollars an item", "right (%)"), rows)


def gold(found: Experiment | None, guess: str | None = None) -> LessonFigure:
    """Price of a right label against the share of gold questions, for two ways to the consensus."""
    if found is None:
        return absent("The experiment with gold questions")
    x = 100 * np.array(found.axes["gold"], float)
    figure, axes = canvas(8.6, 3.4, columns=2)
    rows, told = [], []
    for method in found.axes["aggregation"]:
        hue = METHODS[method]
        cost, _ = band(axes[0], x, found.of("dollars_a_usable", aggregation=method), hue, method)
        right, _ = band(axes[1], x, 100 * found.of("label_accuracy", aggregation=method), hue, method)
        rows += [(method, float(g), float(c), float(a)) for g, c, a in zip(x, cost, right, strict=True)]
        told.append(f"{method}: from ${cost[0]:.3f} without to ${cost.min():.3f} at {x[cost.argmin()]:.0f} per cent "
                    f"and ${cost[-1]:.2f} at half")  # fmt: skip
    axes[0].set(xlabel="gold questions (% of questions)", ylabel="dollars for a right label", ylim=(0.3, 1.1))
    axes[1].set(xlabel="gold questions (% of questions)", ylabel="labels that are right (%)")
    axes[1].legend(frameon=False, loc="lower right")
    alt = f"What a right label costs as gold questions become more, $500, three labels an item. {'; '.join(told)}."
    if guess:
        alt += note_guess(axes[0], guess)
    return finish(figure, alt, ("consensus", "gold (%)", "dollars for a right label", "right (%)"), rows)


def incentives(found: Experiment | None, guess: str | None = None) -> LessonFigure:
    """Quality and price at several pays, by the label and by the hour."""
    if found is None:
        return absent("The experiment with pay")
    pay = np.array(found.axes["pay"], float)
    figure, axes = canvas(8.6, 3.3, columns=2)
    rows = []
    for paid_by, hue in zip(found.axes["paid_by"], (TARGET, SOURCE), strict=True):
        right, _ = band(
            axes[0], pay, 100 * found.of("label_accuracy", paid_by=paid_by), hue, f"by the {paid_by}"
        )
        cost, _ = band(axes[1], pay, found.of("dollars_a_usable", paid_by=paid_by), hue, f"by the {paid_by}")
        rows += [(paid_by, float(p), p * 3600 / SECONDS_A_LABEL, float(a), float(c))
                 for p, a, c in zip(pay, right, cost, strict=True)]  # fmt: skip
    for axis, label in zip(
        axes, ("items right after three labels (%)", "dollars for a right label"), strict=True
    ):
        axis.set(xscale="log", xlabel="pay (dollars a label)", ylabel=label)
        axis.set_xticks(pay, [f"{p:g}" for p in pay])
        axis.minorticks_off()
    axes[1].set_yscale("log")
    axes[1].set_yticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
    axes[0].legend(frameon=False, loc="lower right")
    middle = {row[0]: row for row in rows if row[1] == 0.08}
    alt = "What pay buys, by the label and by the hour. " + "; ".join(
        f"at $0.08 by the {name} {row[3]:.1f} per cent are right, and a right label costs ${row[4]:.2f}"
        for name, row in middle.items()
    ) + "."  # fmt: skip
    if guess:
        alt += note_guess(axes[0], guess)
    columns = ("paid by", "dollars a label", "dollars an hour", "right (%)", "dollars for a right label")
    return finish(figure, alt, columns, rows)


def finish_times(
    labels: float = 100_000,
    seconds: float = SECONDS_A_LABEL,
    workforces: Mapping[str, Provider] = WORKFORCES,
    guess: float | None = None,
) -> LessonFigure:
    """How the labels of four workforces grow over the days, and when all are there.

    Args:
        guess: the reader's, of the crowd's days.
    """
    figure, axis = canvas(8, 3.4)
    ends = {name: days_to_finish(provider, labels, seconds) for name, provider in workforces.items()}
    last = max(100.0, 1.3 * max(ends.values()))
    days = np.geomspace(0.01, last, 500)
    rows = []
    for name, provider in workforces.items():
        made = made_by(provider, days, seconds)
        unfinished = made < labels
        grows = np.append(days[unfinished], ends[name])
        share = np.append(100 * made[unfinished] / labels, 100)
        axis.plot(grows, share, color=WHO[name], lw=2.5, label=provider.title)
        axis.plot(ends[name], 100, "o", color=WHO[name], ms=7, clip_on=False)
        rows.append((provider.title, provider.people, provider.hours_a_day, provider.days_to_start,
                     provider.days_to_full, ends[name]))  # fmt: skip
    axis.set(
        xscale="log", xlabel="days from the order", ylabel="labels made (%)", ylim=(0, 103), xlim=(0.01, last)
    )
    ticks = [tick for tick in (0.01, 0.1, 1, 10, 100, 1_000, 10_000) if tick <= last]
    axis.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    axis.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(0, 0.98))
    told = ", ".join(f"{workforces[name].title} {_days(end)}" for name, end in ends.items())
    alt = f"{labels:,.0f} labels of {seconds:g} seconds each are ordered. All are made after: {told}."
    if guess is not None:
        axis.axvline(guess, color=GUESS, lw=2)
        alt += f" Your guess for the crowd was {guess:.1f} days."
    columns = ("workforce", "people", "hours a day", "days to start", "days to full size", "days to finish")
    return finish(figure, alt, columns, rows)


def assumptions() -> LectureTable:
    """What the simulated market takes for granted."""
    return LectureTable(economy.assumptions())


def _days(count: float) -> str:
    return f"{count:.1f} days" if count < 10 else f"{count:,.0f} days"
