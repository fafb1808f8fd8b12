"""The figures of lesson 03."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from scipy.stats import spearmanr

from workshop.datasets.digits import Digits
from workshop.figures.form import (
    GOOD,
    GUESS,
    QUIET,
    SOURCE,
    TARGET,
    LessonFigure,
    absent,
    canvas,
    finish,
    png,
)
from workshop.studies.adaptation import RUNGS, Outcome
from workshop.studies.adaptation.one_feature import OneFeature, clouds
from workshop.studies.adaptation.outcome import wilson_interval

COLOURS = {
    "source_only": QUIET,
    "batch_statistics": "#56B4E9",
    "adversarial": "#E69F00",
    "pseudo_labels": GOOD,
    "oracle": "#000000",
}


def both_domains(source: Digits, target: Digits, examples: int = 3) -> LessonFigure:
    """The same ten digits in both domains."""
    figure, axes = canvas(8, 0.7 + 0.78 * 2 * examples, rows=2)
    rows = []
    for axis, domain, colour in zip(axes, (source, target), (SOURCE, TARGET), strict=True):
        labels = domain.sealed_labels.cpu().numpy()
        pick = [np.flatnonzero(labels == digit)[:examples] for digit in range(10)]
        blank = np.full(domain.pictures.shape[1:], 255, np.uint8)
        sheet = [[domain.pictures[p[i]] if i < len(p) else blank for p in pick] for i in range(examples)]
        axis.imshow(_sheet(sheet), cmap="gray", vmin=0, vmax=255)
        axis.set_title(domain.name, loc="left", color=colour, fontweight="bold")
        axis.set_axis_off()
        grey = domain.pictures.astype(np.float32)
        rows.append(
            (
                domain.name,
                len(domain.train),
                len(domain.sealed),
                "x".join(map(str, grey.shape[1:])),
                float(grey.mean()),
                float(grey.std(axis=tuple(range(1, grey.ndim))).mean()),
            )
        )
    alt = (
        f"Examples of the digits 0 to 9. Above, {source.name}: {len(source.train):,} labelled pictures to learn from. "
        f"Below, {target.name}: {len(target.train):,} without labels. Same digits, different pictures."
    )
    columns = (
        "domain",
        "to learn from",
        "sealed",
        "shape",
        "mean brightness (0-255)",
        "contrast within a picture",
    )
    return finish(figure, alt, columns, rows)


def min_max(world: OneFeature, strength: float) -> LessonFigure:
    """Two classes, two domains, one feature: what the angle is worth to the classifier and to the critic."""
    figure = draw_min_max(world, strength)
    at = world.best(strength)
    alt = (
        f"Left: clouds of two classes in two domains and the direction the network reads. Right: accuracy against the "
        f"angle of that direction. At lambda {strength:g} the best angle is {world.angle[at]:.0f} degrees: source "
        f"accuracy {world.source_accuracy[at]:.0f} %, target {world.target_accuracy[at]:.0f} %, "
        f"critic {world.critic_accuracy[at]:.0f} %."
    )
    strengths = sorted({0.0, 0.1, 0.2, 0.3, 0.4, 0.5, strength})
    rows = [
        (
            s,
            *(
                float(curve[world.best(s)])
                for curve in (
                    world.angle,
                    world.source_accuracy,
                    world.target_accuracy,
                    world.critic_accuracy,
                )
            ),
        )
        for s in strengths
    ]
    return finish(figure, alt, ("lambda", "angle", "source %", "target %", "critic %"), rows)


def draw_min_max(world: OneFeature, strength: float):
    """The drawing behind :func:`min_max`, for the panel that redraws it."""
    figure, (plane, curves) = canvas(8.6, 3.7, columns=2)
    at = world.best(strength)
    for points, colour in zip(clouds(), (SOURCE, TARGET), strict=True):
        for cloud, marker in zip(points, "ox", strict=True):
            plane.scatter(*cloud.T, s=12, marker=marker, color=colour, alpha=0.45, linewidths=1)
    angle = np.radians(world.angle[at])
    way = np.array([np.cos(angle), np.sin(angle)]) * 5.2
    plane.annotate("", way, -way, arrowprops={"arrowstyle": "->", "lw": 2})
    plane.set(xlim=(-6, 6), ylim=(-6, 3.6), xticks=[], yticks=[], aspect="equal")
    plane.set_title("source (blue), target (orange); o and x: classes", fontsize=9)
    shown = {
        "source": (world.source_accuracy, SOURCE),
        "target": (world.target_accuracy, TARGET),
        "critic": (world.critic_accuracy, QUIET),
    }
    for name, (curve, colour) in shown.items():
        curves.plot(world.angle, curve, color=colour, lw=2, label=f"{name} {curve[at]:.0f} %")
    curves.axvline(world.angle[at], color="black", lw=1, ls=":")
    curves.set(
        xlabel="angle of the feature (degrees)",
        ylabel="accuracy (%)",
        ylim=(0, 102),
        xticks=range(-90, 91, 45),
    )
    curves.legend(
        title=f"at lambda {strength:g}", frameon=False, loc="lower left", fontsize=8, title_fontsize=9
    )
    return figure


BAR_COLUMNS = (
    *("rung", "uses of the target", "target %", "95% low", "95% high", "source %"),
    *("information (nats)", "A-distance", "seconds", "budget"),
)


def accuracy_by_rung(
    outcomes: Mapping[str, Outcome], guess: float | str | None = None, guessed: str = ""
) -> LessonFigure:
    """Accuracy on the sealed target pictures, a bar a rung, with 95% intervals.

    Args:
        outcomes: by rung.
        guess: the reader's, in per cent or in words.
        guessed: the rung it was about.
    """
    figure, axis = canvas(8, 0.9 + 0.55 * len(outcomes))
    mixed = len({outcome.budget for outcome in outcomes.values()}) > 1
    names = [RUNGS[r].title + (f"\n(trained at {o.budget})" if mixed else "") for r, o in outcomes.items()]
    rows = []
    for place, (rung, outcome) in enumerate(outcomes.items()):
        right, (low, high) = outcome.accuracy, wilson_interval(outcome.confusion)
        axis.barh(place, right, color=COLOURS[rung], height=0.62)
        whisker = QUIET if rung == "oracle" else "black"
        axis.errorbar(right, place, xerr=[[right - low], [high - right]], color=whisker, capsize=3, lw=1)
        axis.text(101, place, f"{right:.1f} %", va="center", fontweight="bold")
        signals = outcome.mutual_information, outcome.proxy_a_distance, outcome.seconds, outcome.budget
        rows.append(
            (RUNGS[rung].title, RUNGS[rung].uses, right, low, high, outcome.source_accuracy, *signals)
        )
    axis.set(yticks=range(len(outcomes)), yticklabels=names, xlim=(0, 100))
    axis.set_xlabel(f"sealed {_one(outcomes).target} digits read right (%)")
    axis.invert_yaxis()
    told = "; ".join(f"{RUNGS[rung].title}: {outcome.accuracy:.1f} %" for rung, outcome in outcomes.items())
    alt = f"Bars of target accuracy by rung. {told}."
    if guess is not None:
        words = _draw_guess(axis, list(outcomes).index(guessed), guess)
        alt += f" Your guess was {words}."
    return finish(figure, alt, BAR_COLUMNS, rows)


def _draw_guess(axis: Axes, place: int, guess: float | str) -> str:
    """The reader's guess on the bar at ``place``: a line where it is a number; returns it in words."""
    if isinstance(guess, str):
        axis.text(2, place, f"your guess: {guess}", va="center", color="black", fontweight="bold")
        return f'"{guess}"'
    axis.plot([guess, guess], [place - 0.4, place + 0.4], color=GUESS, lw=3)
    axis.annotate(f"your guess: {guess:.0f} %", (guess, place - 0.42), color=GUESS, ha="center", va="bottom")
    return f"{guess:.0f} %"


def feature_maps(*outcomes: Outcome | None) -> LessonFigure:
    """Features of both domains in two dimensions, a map for each outcome there is."""
    shown = [outcome for outcome in outcomes if outcome is not None]
    figure, axes = canvas(3.6 * len(shown), 3.9, columns=len(shown), squeeze=False)
    for axis, outcome in zip(axes[0], shown, strict=True):
        draw_map(axis, outcome, frame=-1)
        axis.set_title(f"{RUNGS[outcome.rung].title}: {outcome.accuracy:.1f} %", fontsize=10)
    rows = [
        (RUNGS[o.rung].title, o.accuracy, o.proxy_a_distance, o.mutual_information, o.budget) for o in shown
    ]
    alt = (
        f"Maps of features; each mark is a digit, blue from {shown[0].source}, orange from {shown[0].target}. "
        + "; ".join(
            f"{title}: {right:.1f} % of the target read, A-distance {gap:.2f}"
            for title, right, gap, *_ in rows
        )
        + "."
    )
    return finish(figure, alt, ("rung", "target %", "A-distance (0-2)", "information (nats)", "budget"), rows)


def draw_map(axis: Axes, outcome: Outcome, frame: int) -> None:
    """Digits as marks at their place on the feature map, source blue and target orange."""
    for points, labels, colour in zip(
        outcome.frames.feature_map[frame], outcome.mapped, (SOURCE, TARGET), strict=True
    ):
        points = points.astype(np.float32)
        for digit in np.unique(labels):
            axis.scatter(*points[labels == digit].T, marker=f"${digit}$", s=26, color=colour, linewidths=0.2)
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def adversary(outcome: Outcome | None, without: Outcome | None, guess: str | None = None) -> LessonFigure:
    """What the critic can still tell, and how hard the features push, over an adversarial training.

    Args:
        without: a rung without the adversary, at the same budget.
        guess: the reader's, in words.
    """
    if outcome is None or without is None:
        return absent("The adversarial training")
    figure, (left, right) = canvas(8.6, 3.2, columns=2)
    steps, accuracy = outcome.history["step"], 100 * _smooth(outcome.history["critic_accuracy"])
    left.plot(steps, accuracy, color="#E69F00", label="critic's accuracy")
    left.axhline(50, color=QUIET, ls=":", lw=1)
    left.text(steps[-1], 50.5, "it can only guess", ha="right", va="bottom", color=QUIET, fontsize=8)
    left.set(ylim=(45, 100), xlabel="step", ylabel="critic's accuracy (%)")
    push = left.twinx()
    push.plot(steps, outcome.history["strength"], color="black", lw=1)
    push.set_ylabel("lambda (black)")
    push.spines["top"].set_visible(False)
    frames = outcome.frames
    right.plot(frames.step, frames.source_accuracy, "o-", color=SOURCE, label="source")
    right.plot(frames.step, frames.target_accuracy, "o-", color=TARGET, label="target")
    right.axhline(
        without.accuracy, color=TARGET, ls=":", lw=1.5, label=f"target on rung {RUNGS[without.rung].title[0]}"
    )
    right.set(ylim=(0, 100), xlabel="step", ylabel="sealed digits read right (%)")
    right.legend(frameon=False, loc="lower right")
    if guess:
        right.text(0.02, 0.04, f"your guess: {guess}", color=GUESS, transform=right.transAxes)
    alt = (
        f"Left: lambda rises to {outcome.history['strength'][-1]:.2g}; the critic's accuracy, "
        f"{accuracy.max():.0f} % at its best, ends at {accuracy[-1]:.0f} %. "
        f"Right: source accuracy ends at {frames.source_accuracy[-1]:.1f} %, "
        f"target accuracy at {frames.target_accuracy[-1]:.1f} %, beside {without.accuracy:.1f} % on rung "
        f"{RUNGS[without.rung].title}." + (f' Your guess was "{guess}".' if guess else "")
    )
    near = np.searchsorted(steps, frames.step).clip(max=len(steps) - 1)
    rows = [
        (int(s), float(accuracy[i]), float(outcome.history["strength"][i]), float(a), float(b))
        for s, i, a, b in zip(frames.step, near, frames.source_accuracy, frames.target_accuracy, strict=True)
    ]
    return finish(figure, alt, ("step", "critic %", "lambda", "source %", "target %"), rows)


def choosing(outcomes: Mapping[str, Outcome]) -> LessonFigure:
    """A signal without labels against the accuracy that it stands for: every frame of every training."""
    figure, axis = canvas(8, 3.8)
    rows = []
    for rung, outcome in outcomes.items():
        frames = outcome.frames
        axis.plot(
            frames.mutual_information, frames.target_accuracy, "o", color=COLOURS[rung], alpha=0.5, ms=5
        )
        axis.plot(
            frames.mutual_information[-1],
            frames.target_accuracy[-1],
            "o",
            color=COLOURS[rung],
            ms=10,
            label=RUNGS[rung].title,
        )
        rows += [
            (RUNGS[rung].title, int(s), float(m), float(a))
            for s, m, a in zip(frames.step, frames.mutual_information, frames.target_accuracy, strict=True)
        ]
    ends = [(outcome.mutual_information, outcome.accuracy) for outcome in outcomes.values()]
    rank, rank_of_ends = (
        float(spearmanr(*zip(*pairs, strict=True)).statistic) for pairs in ([row[2:] for row in rows], ends)
    )
    axis.set(
        xlabel="mutual information of its opinions on unlabelled pictures (nats, at most 2.30)",
        ylabel="target accuracy (%)",
    )
    title = f"rank correlation: {rank:.2f} of all moments,\n{rank_of_ends:.2f} of the ends (large)"
    axis.legend(frameon=False, title=title, fontsize=8, title_fontsize=9)
    alt = (
        f"Mutual information, which needs no label, against target accuracy. Each point is a moment of a training, "
        f"the large ones are the ends. Spearman's rank correlation is {rank:.2f} over {len(rows)} moments and "
        f"{rank_of_ends:.2f} over the {len(ends)} ends."
    )
    return finish(figure, alt, ("rung", "step", "information (nats)", "target %"), rows)


def mistakes(outcome: Outcome, target: Digits, columns: int = 8) -> LessonFigure:
    """Sealed target digits that are still misread, and which digits are taken for which."""
    count = len(outcome.mistakes)
    deep = max(1, -(-count // columns))
    figure, (sheet, table) = canvas(8.6, max(2.9, 1.05 * deep), columns=2, width_ratios=(1.6, 1))
    blank = np.full(target.pictures.shape[1:], 255, np.uint8)
    pictures = [target.pictures[row] for row in outcome.mistakes[:, 0]] + [blank] * (deep * columns - count)
    sheet.imshow(
        _sheet([pictures[i : i + columns] for i in range(0, len(pictures), columns)]),
        cmap="gray",
        vmin=0,
        vmax=255,
    )
    side, high = target.pictures.shape[2], target.pictures.shape[1]
    for place, (_, true, named) in enumerate(outcome.mistakes):
        at = ((place % columns) * (side + 2) + 1, (place // columns) * (high + 2) + 1)
        sheet.text(
            *at,
            f"{true}→{named}",
            color="#ffd400",
            fontsize=8,
            va="top",
            fontweight="bold",
            bbox={"facecolor": "black", "pad": 0.8, "lw": 0, "alpha": 0.6},
        )
    sheet.set_axis_off()
    off = outcome.confusion * (1 - np.eye(10, dtype=int))
    table.imshow(off, cmap="Oranges")
    table.set(xticks=range(10), yticks=range(10), xlabel="named", ylabel="true")
    for true, named in np.argwhere(off):
        dark = off[true, named] > 0.6 * off.max()
        colour = "white" if dark else "black"
        table.text(named, true, off[true, named], ha="center", va="center", fontsize=7, color=colour)
    wrong, total = int(off.sum()), int(outcome.confusion.sum())
    pairs = sorted(((int(off[t, n]), int(t), int(n)) for t, n in np.argwhere(off)), reverse=True)
    worst = f" The commonest: {pairs[0][1]} taken for {pairs[0][2]} ({pairs[0][0]} times)." if pairs else ""
    alt = (
        f"{wrong} of {total:,} sealed {outcome.target} digits are misread; {count} of them are shown, marked true "
        f"digit, arrow, named digit. Right: which digits are taken for which.{worst}"
    )
    return finish(figure, alt, ("times", "true digit", "named"), pairs[:20])


def directions(
    forward: Mapping[str, Outcome], back: Mapping[str, Outcome], guess: float | None = None
) -> LessonFigure:
    """The same rungs there and back.

    Args:
        forward, back: outcomes by rung; only rungs in both are shown.
        guess: the reader's, for source only on the way back.
    """
    rungs = [rung for rung in forward if rung in back and forward[rung]]
    if not rungs:
        return absent("The way back")
    figure, axis = canvas(8, 3.2)
    rows = []
    for shift, outcomes, colour in ((-0.2, forward, TARGET), (0.2, back, SOURCE)):
        one = _one(outcomes)
        heights = [outcomes[rung].accuracy for rung in rungs]
        bars = axis.bar(
            np.arange(len(rungs)) + shift, heights, 0.36, color=colour, label=f"{one.source} to {one.target}"
        )
        axis.bar_label(bars, fmt="%.1f", fontsize=9)
        rows += [
            (
                f"{one.source} to {one.target}",
                RUNGS[rung].title,
                outcomes[rung].accuracy,
                *wilson_interval(outcomes[rung].confusion),
            )
            for rung in rungs
        ]
    if guess is not None:
        axis.plot([0, 0.4], [guess, guess], color=GUESS, lw=3)
        axis.annotate(f"your guess: {guess:.0f} %", (0.42, guess), color=GUESS, va="center")
    axis.set(
        xticks=range(len(rungs)),
        xticklabels=[RUNGS[rung].title for rung in rungs],
        ylim=(0, 108),
        ylabel="target digits read right (%)",
    )
    axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    alt = (
        "Target accuracy in both directions. "
        + "; ".join(f"{w}, {r}: {a:.1f} %" for w, r, a, *_ in rows)
        + "."
    )
    return finish(figure, alt, ("direction", "rung", "target %", "95% low", "95% high"), rows)


def draw_replay(outcome: Outcome, frame: int) -> bytes:
    """One moment of a training: its feature map, and where on the curves it lies. A PNG, for the panel."""
    figure, (left, right) = canvas(8.6, 3.9, columns=2)
    draw_map(left, outcome, frame)
    frames = outcome.frames
    left.set_title(
        f"step {frames.step[frame]:,}: {outcome.source} blue, {outcome.target} orange", fontsize=10
    )
    right.plot(frames.step, frames.source_accuracy, "o-", color=SOURCE, label="source")
    right.plot(frames.step, frames.target_accuracy, "o-", color=TARGET, label="target")
    right.axvline(frames.step[frame], color="black", ls=":", lw=1)
    right.set(ylim=(0, 100), xlabel="step", ylabel="sealed digits read right (%)")
    right.legend(frameon=False, loc="lower right")
    return png(figure, dpi=90)


def draw_progress(history: Sequence[Mapping[str, float]]) -> bytes:
    """A training so far: loss, and whatever shares it reports. A PNG, for the panel."""
    figure, (left, right) = canvas(8.6, 2.9, columns=2)
    steps = [now["step"] for now in history]
    left.plot(steps, [now["loss"] for now in history], ".-", color=QUIET)
    left.set(xlabel="step", ylabel="loss")
    shares = {"critic_accuracy": "critic's accuracy", "counted": "confident pictures", "strength": "lambda"}
    colours = {
        "critic_accuracy": COLOURS["adversarial"],
        "counted": COLOURS["pseudo_labels"],
        "strength": "black",
    }
    drawn = [name for name in shares if history and name in history[-1]]
    for name in drawn:
        right.plot(
            steps, [now.get(name, np.nan) for now in history], ".-", color=colours[name], label=shares[name]
        )
    if drawn:
        right.legend(frameon=False)
    right.set(xlabel="step", ylim=(-0.02, 1.02))
    return png(figure, dpi=90)


def _sheet(rows: Sequence[Sequence[np.ndarray]], gap: int = 2) -> np.ndarray:
    """Pictures in rows, with a white gap: (H, W) or (H, W, 3)."""

    def padded(picture: np.ndarray) -> np.ndarray:
        edges = [(0, gap), (0, gap)] + [(0, 0)] * (picture.ndim - 2)
        return np.pad(picture, edges, constant_values=255)

    return np.concatenate([np.concatenate([padded(p) for p in row], axis=1) for row in rows])


def _smooth(curve: np.ndarray, window: int = 5) -> np.ndarray:
    """Running mean over up to ``window`` reports; the ends average what there is."""
    kernel = np.ones(min(window, len(curve)))
    return np.convolve(curve, kernel, "same") / np.convolve(np.ones_like(curve), kernel, "same")


def _one(outcomes: Mapping[str, Outcome]) -> Outcome:
    return next(iter(outcomes.values()))
