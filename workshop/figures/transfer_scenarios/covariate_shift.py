"""Weighting under a shift of P(X): the lines, how far it carries, and a source without points where the target is."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from scipy.stats import norm

from workshop.claims import short
from workshop.datasets.curve import CUT, TARGET_DEVIATION, CurveShift, curve
from workshop.figures.form import GOOD, QUIET, SOURCE, TARGET, LessonFigure, canvas, finish, note_guess
from workshop.studies.transfer_scenarios.experiments.covariate_shift import (
    GAP_POINTS,
    WEIGHTS,
    CovariateOutcome,
    Sweep,
    drawn,
    weights_at,
)

_STYLE = {
    "all alike": (QUIET, "-"),
    "domain classifier": (TARGET, "-"),
    "classifier, clipped": ("#E69F00", "--"),
    "exact ratio": ("black", ":"),
}
_ERROR = "error beyond that of the best line"


def weighted_lines(outcome: CovariateOutcome, guess: object = None) -> LessonFigure:
    """The first sample: source points as large as their exact weights, the target's place, and the lines."""
    figure, axes = canvas(10.4, 4.4, columns=2, sharey=True)
    rows = []
    for axis, sweep in zip(axes, (outcome.by_count, outcome.by_count_cut), strict=True):
        at = int(np.flatnonzero(sweep.counts == GAP_POINTS)[0])
        shift = sweep.setting(at)
        x, y, _ = drawn(shift.gap, shift.cut, GAP_POINTS, outcome.seed, 0)
        weights = shift.ratio(x)
        axis.scatter(
            x, y, s=6 + 40 * weights / weights.max(), color=SOURCE, alpha=0.45, lw=0, label="source points"
        )
        grid = np.linspace(-1, 1.6, 200)
        axis.plot(grid, curve(grid), color=GOOD, lw=4, alpha=0.35, label="the curve")
        density = norm.pdf(grid, shift.target_mean, TARGET_DEVIATION)
        axis.fill_between(
            grid, -2, -2 + 0.9 * density / density.max(), color=TARGET, alpha=0.2, lw=0, label="target's P(X)"
        )
        for name in ("all alike", "domain classifier", "exact ratio"):
            line = sweep.lines[at, weights_at(name), 0]
            colour, style = _STYLE[name]
            axis.plot(grid, line[0] + line[1] * grid, style, color=colour, lw=2.5, label=f"line: {name}")
            error = float(shift.excess(line))
            rows.append(("cut" if sweep.cut else "whole", name, float(line[0]), float(line[1]), error))
        where = f"The source has no points below {CUT}" if sweep.cut else "The source has points everywhere"
        axis.set_title(where, loc="left", fontsize=11.5)
        axis.set(xlabel="x", xlim=(-1, 1.6), ylim=(-2, 2.2))
    axes[0].set_ylabel("y")
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside right center", frameon=False, fontsize=9.5
    )
    told = [f"{short(row[4])} with {row[1]}" for row in rows]
    alt = (
        "A straight line fitted to a curve: source points, larger the more they weigh, the target's density beneath, "
        f"and three lines. {_ERROR.capitalize()}, where the source has points everywhere: {', '.join(told[:3])}; "
        f"where it has none below {CUT}: {', '.join(told[3:])}."
    )
    if guess is not None:
        alt += note_guess(axes[0], guess, y=0.93)
    return finish(figure, alt, ("source", "weights", "intercept", "slope", _ERROR), rows)


def how_far(outcome: CovariateOutcome, guess: object = None) -> LessonFigure:
    """Errors, and how many points are as good as left, as the target moves away."""
    sweep = outcome.by_gap
    figure, axes = canvas(10.2, 4.2, columns=2)
    _errors(axes[0], sweep, sweep.gaps, WEIGHTS)
    axes[0].set(xlabel="gap, in the source's deviations", ylabel=_ERROR)
    axes[0].legend(loc="lower right", frameon=False, fontsize=10)
    for name in WEIGHTS[1:]:
        colour, style = _STYLE[name]
        points = sweep.effective[:, weights_at(name)].mean(-1)
        axes[1].plot(sweep.gaps, points, style, marker="o", color=colour, lw=2, ms=5, label=name)
    fine = np.linspace(sweep.gaps[0], sweep.gaps[-1], 100)
    exact = [GAP_POINTS * CurveShift(one).effective_share for one in fine]
    axes[1].plot(fine, exact, color=GOOD, lw=5, alpha=0.3, label="closed form, for many points", zorder=0)
    axes[1].set(
        xlabel="gap, in the source's deviations",
        ylabel=f"effective sample size, of {GAP_POINTS}",
        yscale="log",
    )
    axes[1].legend(loc="lower left", frameon=False, fontsize=10)
    excess = sweep.excess
    rows = [
        (float(gap), name, *_quartiles(excess[at, number]), float(sweep.effective[at, number].mean()))
        for at, gap in enumerate(sweep.gaps)
        for number, name in enumerate(WEIGHTS)
    ]
    by = {row[:2]: row for row in rows}
    near, far = (by[gap, "domain classifier"] for gap in (1.0, float(sweep.gaps[-1])))
    worse = float((excess[-1, weights_at("domain classifier")] > excess[-1, 0]).mean())
    alt = (
        f"Left: {_ERROR}, medians over {excess.shape[-1]} draws with their middle halves, against the gap between "
        f"target and source. At a gap of 1 it is {short(by[1.0, 'all alike'][3])} unweighted and {short(near[3])} "
        f"weighted by a domain classifier; at {far[0]:g}, {short(by[far[0], 'all alike'][3])} and {short(far[3])}, and "
        f"weighting is the worse in {worse:.0%} of the draws. Right: the effective sample size falls from "
        f"{near[5]:.0f} at a gap of 1 to {far[5]:.1f}."
    )
    if guess is not None:
        alt += note_guess(axes[1], guess, y=0.35)
    return finish(
        figure, alt, ("gap", "weights", "lower quartile", "median", "upper quartile", "effective size"), rows
    )


def support(outcome: CovariateOutcome, guess: object = None) -> LessonFigure:
    """More and more points, from a source with and without a cut: errors, and which number gives a warning."""
    figure, axes = canvas(11, 4.2, columns=3)
    names = ("all alike", "domain classifier", "exact ratio")
    rows = []
    for sweep, line in ((outcome.by_count, "-"), (outcome.by_count_cut, "--")):
        which, excess = "cut" if sweep.cut else "whole", sweep.excess
        _errors(axes[0], sweep, sweep.counts, names, line)
        for name in names[1:]:
            at, (colour, _) = weights_at(name), _STYLE[name]
            share = (sweep.effective[:, at] / sweep.counts[:, None]).mean(-1)
            # A single weight without bounds can lead a mean over draws.
            weight = np.median(sweep.mean[:, at], -1)
            axes[1].plot(sweep.counts, share, line, marker="o", color=colour, lw=2, ms=5)
            axes[2].plot(sweep.counts, weight, line, marker="o", color=colour, lw=2, ms=5)
            for place, count in enumerate(sweep.counts):
                numbers = np.median(excess[place, at]), share[place], weight[place]
                rows.append((which, int(count), name, *map(float, numbers)))
    for axis, title in zip(
        axes, (_ERROR.capitalize(), "Effective share of the points", "Mean weight"), strict=True
    ):
        axis.set_xscale("log")
        axis.set_xticks(outcome.by_count.counts, outcome.by_count.counts)
        axis.minorticks_off()
        axis.set_xlabel("points of each domain")
        axis.set_title(title, loc="left", fontsize=11)
    axes[1].set_ylim(0, 1)
    axes[2].set_ylim(0, 1.3)
    for name in names:
        axes[0].plot([], [], color=_STYLE[name][0], lw=2, label=name)
    axes[0].plot([], [], color="black", lw=1.5, label="source everywhere")
    axes[0].plot([], [], "--", color="black", lw=1.5, label=f"none below {CUT}")
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False, fontsize=9.5
    )
    exact = {row[:2]: row[3:] for row in rows if row[2] == "exact ratio"}
    few, many = int(outcome.by_count.counts[0]), int(outcome.by_count.counts[-1])
    whole, cut = exact["whole", many], exact["cut", many]
    alt = (
        f"From {few} to {many:,} points, exact weights take the {_ERROR} from {short(exact['whole', few][0])} to "
        f"{short(whole[0])} where the source has points everywhere, and from {short(exact['cut', few][0])} to "
        f"{short(cut[0])} where it has none below {CUT}. With {many:,} points the effective share is {whole[1]:.2f} "
        f"in the one and {cut[1]:.2f} in the other, the mean weight {whole[2]:.2f} and {cut[2]:.2f}."
    )
    if guess is not None:
        alt += note_guess(axes[1], guess, y=0.9)
    columns = ("source", "points", "weights", f"median {_ERROR}", "effective share", "median mean weight")
    return finish(figure, alt, columns, rows)


def _errors(axis: Axes, sweep: Sweep, x: np.ndarray, names: tuple[str, ...], line: str | None = None) -> None:
    """Medians over draws and their middle half; labelled unless the line is given."""
    excess = sweep.excess
    for name in names:
        colour, style = _STYLE[name]
        low, middle, high = np.quantile(excess[:, weights_at(name)], (0.25, 0.5, 0.75), axis=-1)
        label = name if line is None else None
        axis.plot(x, middle, line or style, marker="o", color=colour, lw=2, ms=5, label=label)
        axis.fill_between(x, low, high, color=colour, alpha=0.15, lw=0)
    axis.set_yscale("log")


def _quartiles(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(one) for one in np.quantile(values, (0.25, 0.5, 0.75)))
