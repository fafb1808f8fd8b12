"""A rare class: where each way to train lands, what it costs, what its probabilities are worth, and other priors."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from workshop.claims import mean_and_half, short
from workshop.datasets.rare_class import clouds_best
from workshop.figures.form import GOOD, QUIET, SOURCE, TARGET, LessonFigure, canvas, finish, note_guess
from workshop.studies.transfer_scenarios.experiments.imbalance import (
    RECALLS,
    REPAIRS,
    SCORES,
    SHARE,
    TARGET_SHARES,
    TRAINED,
    WAYS,
    WORLDS,
    ImbalanceOutcome,
    by_digit,
)

#: Colour and marker of what is trained, and of the threshold that is only moved.
_STYLE = {
    "plain": (SOURCE, "o"),
    "under-sampling": ("#E69F00", "v"),
    "over-sampling": (GOOD, "^"),
    "SMOTE": (TARGET, "s"),
    "class weights": ("#56B4E9", "P"),
    "threshold moved": ("black", "D"),
}
#: The threshold that is moved lies where the others do; it is drawn around them.
_LARGE = {"threshold moved": {"ms": 13, "mfc": "none", "mew": 1.8}}
_SMALL = {"ms": 9, "mec": "white", "mew": 0.8}
_TITLES = {"clouds": "Normal clouds", "digits": "Digits, each the rare one in turn"}
_SHOWN = ("recall", "precision", "F1", "calibration error", "Brier score")
_REPAIR_COLOURS = (QUIET, TARGET, "black")


def operating_points(outcome: ImbalanceOutcome, guess: object = None) -> LessonFigure:
    """Recall and precision of each way, beside what plain and SMOTE reach at other thresholds.

    Points and curves are means over the digits, each by itself: a point need not lie on its curve.
    """
    figure, axes = canvas(10.4, 4.6, columns=2, sharey=True)
    rows = []
    for at, (axis, world) in enumerate(zip(axes, WORLDS, strict=True)):
        for name in ("plain", "SMOTE"):
            mean = outcome.curves[at, TRAINED.index(name)].mean(-1)
            axis.plot(
                RECALLS, mean, color=_STYLE[name][0], lw=2, alpha=0.8, label=f"{name}, other thresholds"
            )
        if world == "clouds":
            best = np.array([clouds_best(SHARE, one) for one in np.geomspace(1e-4, 0.97, 60)])
            axis.plot(*best.T, color="black", ls=":", lw=1.5, label="best that there can be")
        for way, (colour, marker) in _STYLE.items():
            recall, precision = (
                mean_and_half(by_digit(outcome.score(world, way, one))) for one in SCORES[:2]
            )
            label = way if way == "threshold moved" else f"{way}, at 1/2"
            axis.errorbar(
                recall[0], precision[0], xerr=_bar(recall[1]), yerr=_bar(precision[1]), fmt=marker, color=colour,
                **_LARGE.get(way, _SMALL), capsize=2, lw=1, zorder=3, label=label,
            )  # fmt: skip
            rows.append((world, way, *map(float, (*recall, *precision))))
        axis.set(xlabel="recall of the rare class", xlim=(0, 1.02), ylim=(0, 1.02))
        axis.set_title(_TITLES[world], loc="left", fontsize=11.5)
    axes[0].set_ylabel("precision")
    handles = {
        label: handle
        for axis in axes
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles, loc="outside right center", frameon=False, fontsize=9.5)
    told = {way: (row[2], row[4]) for row in rows if row[0] == "digits" for way in [row[1]]}
    equal = {name: outcome.equal_recall[1, TRAINED.index(name)].mean() for name in ("plain", "SMOTE")}
    alt = (
        f"Precision against recall where the rare class has a share of {SHARE:.0%}. On digits, at a threshold of 1/2, "
        f"plain training finds {told['plain'][0]:.0%} of the rare with a precision of {told['plain'][1]:.0%}; SMOTE "
        f"finds {told['SMOTE'][0]:.0%} with {told['SMOTE'][1]:.0%}. The plain model with its threshold at {SHARE:.0%} "
        f"finds {told['threshold moved'][0]:.0%} with {told['threshold moved'][1]:.0%}; at SMOTE's recall its "
        f"precision is {equal['plain']:.0%}, SMOTE's is {equal['SMOTE']:.0%}."
    )
    if guess is not None:
        alt += note_guess(axes[1], guess)
    for name in TRAINED:
        precision = mean_and_half(by_digit(outcome.equal_recall[1, TRAINED.index(name)]))
        recall = outcome.score("digits", "SMOTE", "recall").mean()
        rows.append(("digits", f"{name}, at SMOTE's recall", float(recall), None, *map(float, precision)))
    return finish(figure, alt, ("world", "way", "recall", "±", "precision", "±"), rows)


def costs(outcome: ImbalanceOutcome, world: str = "digits", guess: object = None) -> LessonFigure:
    """Every way in every score, with intervals."""
    figure, axes = canvas(11, 4.4, columns=len(_SHOWN), sharey=True)
    rows = []
    for row, way in enumerate(WAYS):
        scored = {one: mean_and_half(by_digit(outcome.score(world, way, one))) for one in SCORES}
        trained = way.removesuffix(", corrected")
        colour, marker = _STYLE[trained]
        for axis, one in zip(axes, _SHOWN, strict=True):
            fill = colour if trained == way else "white"
            mean, half = scored[one]
            axis.errorbar(
                mean,
                row,
                xerr=_bar(half),
                fmt=marker,
                color=colour,
                mfc=fill,
                mew=1.6,
                ms=7,
                capsize=3,
                lw=1.5,
            )
        rows.append((way, *(float(number) for one in SCORES for number in scored[one])))
    for axis, one in zip(axes, _SHOWN, strict=True):
        lower = one in SCORES[4:]
        axis.set_title(f"{one}\n({'lower' if lower else 'higher'} is better)", fontsize=10.5)
        axis.set_xlim(0, None if lower else 1.02)
        axis.grid(axis="x", color="#E6E6E6")
        axis.axhline(len(TRAINED) + 0.5, color=QUIET, lw=0.8, ls=":")
    axes[0].set_yticks(range(len(WAYS)), WAYS)
    axes[0].set_ylim(len(WAYS) - 0.5, -0.5)

    def mean(way: str, one: str) -> float:
        return float(outcome.score(world, way, one).mean())

    back = "SMOTE, corrected"
    alt = (
        f"Scores of ten ways to treat a rare class of {world}, plain training first. Calibration error: plain "
        f"{short(mean('plain', SCORES[4]))}, under-sampling {short(mean('under-sampling', SCORES[4]))}, SMOTE "
        f"{short(mean('SMOTE', SCORES[4]))}. Corrected back to the true prior, SMOTE's is "
        f"{short(mean(back, SCORES[4]))}, and its recall {mean(back, 'recall'):.0%} where plain training has "
        f"{mean('plain', 'recall'):.0%}."
    )
    if guess is not None:
        alt += note_guess(axes[3], guess, x=0.2, y=0.3)
    return finish(figure, alt, ("way", *(word for one in SCORES for word in (one, "±"))), rows)


def reliability(outcome: ImbalanceOutcome) -> LessonFigure:
    """How often the rare class came, against how likely it was said to be; all draws together."""
    figure, axes = canvas(9.6, 4.3, columns=2, sharey=True)
    rows = []
    for axis, world in zip(axes, WORLDS, strict=True):
        axis.plot((0, 1), (0, 1), color=QUIET, ls=":", label="as often as said")
        for way, line in (("plain", "-"), ("SMOTE", "-"), ("SMOTE, corrected", "--")):
            points, said, came = outcome.tallies[WORLDS.index(world), WAYS.index(way)].sum(-1).T
            filled = points >= 20  # of fewer, a share says little
            colour, marker = _STYLE[way.removesuffix(", corrected")]
            axis.plot(
                said[filled] / points[filled], came[filled] / points[filled], line, marker=marker, color=colour,
                lw=2, ms=6, mfc=colour if line == "-" else "white", label=way,
            )  # fmt: skip
            rows += [
                (world, way, int(n), float(p / n), float(y / n))
                for n, p, y in zip(points[filled], said[filled], came[filled], strict=True)
            ]
        axis.set(xlabel="probability that was said", xlim=(0, 1), ylim=(0, 1))
        axis.set_title(_TITLES[world], loc="left", fontsize=11.5)
    axes[0].set_ylabel("share that was of the rare class")
    axes[0].legend(loc="upper left", frameon=False, fontsize=10)

    def came(world: str, way: str, at: int) -> str:
        """How often, of all that fell into a bin."""
        points, _, events = outcome.tallies[WORLDS.index(world), WAYS.index(way), at].sum(-1)
        return f"{events / points:.0%}" if points else "none"

    told = "; ".join(
        f"of {world}, {came(world, 'plain', 4)} by plain training, {came(world, 'SMOTE', 4)} by SMOTE and "
        f"{came(world, 'SMOTE, corrected', 4)} by SMOTE corrected back to the true prior"
        for world in WORLDS
    )
    alt = (
        "Reliability: share of the rare class against the probability that was said, in ten bins. Where 40% to 50% "
        f"were said, this share was of the rare class: {told}."
    )
    return finish(figure, alt, ("world", "way", "points", "said", "came"), rows)


def target_priors(outcome: ImbalanceOutcome, guess: object = None) -> LessonFigure:
    """The share of the rare class in targets of other priors, as EM finds it; and what correcting for it mends."""
    figure, axes = canvas(9.6, 4.1, columns=2)
    rows = []
    for at, (world, marker) in enumerate(zip(WORLDS, "os", strict=True)):
        mean, half = mean_and_half(by_digit(outcome.estimated[at]))
        axes[0].errorbar(
            TARGET_SHARES,
            mean,
            yerr=_bar(half),
            fmt=marker,
            color=(SOURCE, TARGET)[at],
            capsize=3,
            ms=7,
            label=world,
        )
        brier = outcome.target_brier[at].mean(-1)
        for share, found, wide, *each in zip(TARGET_SHARES, mean, half, *brier, strict=True):
            rows.append((world, share, float(found), float(wide), *map(float, each)))
    axes[0].plot((0, 0.42), (0, 0.42), color=QUIET, ls=":", label="the true share")
    axes[0].set(xlabel="share of the rare class in the target", ylabel="share that EM finds, without a label")
    axes[0].legend(loc="upper left", frameon=False, fontsize=10)
    for repair, colour, line in zip(range(len(REPAIRS)), _REPAIR_COLOURS, ("-", "-", ":"), strict=True):
        mean, half = mean_and_half(by_digit(outcome.target_brier[1, repair]))
        label = f"corrected for {REPAIRS[repair]}" if repair else REPAIRS[0]
        _band(axes[1], np.array(TARGET_SHARES), mean, half, colour, line, label)
    axes[1].set(
        xlabel="share of the rare class in the target", ylabel="Brier score (lower is better)", ylim=(0, None)
    )
    axes[1].legend(loc="upper left", frameon=False, fontsize=10)
    axes[1].set_title("Digits: the plain model's probabilities", loc="left", fontsize=11.5)
    last = rows[-1]
    alt = (
        f"Left: the share that EM finds in targets with {TARGET_SHARES[0]:.0%} to {TARGET_SHARES[-1]:.0%} of the rare "
        f"class, from posteriors of a model trained at {SHARE:.0%}; at {last[1]:.0%} it finds {last[2]:.1%} of the "
        f"digits. Right: the Brier score there is {short(last[4])} with the probabilities as they are, "
        f"{short(last[5])} corrected for EM's prior, {short(last[6])} corrected for the true one."
    )
    if guess is not None:
        alt += note_guess(axes[0], guess, x=0.45)
    columns = ("world", "true share", "EM's share", "±", *(f"Brier, {one}" for one in REPAIRS))
    return finish(figure, alt, columns, rows)


def _bar(half: np.ndarray) -> np.ndarray | None:
    """The half widths of an error bar; None of a single draw."""
    return half if np.isfinite(half).all() else None


def _band(
    axis: Axes, x: np.ndarray, mean: np.ndarray, half: np.ndarray, colour: str, line: str, label: str
) -> None:
    axis.plot(x, mean, line, marker="o", color=colour, lw=2, ms=5, label=label)
    if np.isfinite(half).all():
        axis.fill_between(x, mean - half, mean + half, color=colour, alpha=0.15, lw=0)
