"""Accuracy along the spectrum: from the head alone to everything, and from scratch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from workshop.figures.fine_tuning.style import TASKS, colour, interval
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
    note_guess,
)
from workshop.studies.fine_tuning.outcome import Run, Spectrum
from workshop.studies.fine_tuning.recipes import EVERYTHING, HEAD, SCRATCH, SMALL
from workshop.studies.fine_tuning.search import HAND, Searched
from workshop.studies.fine_tuning.variants import AFRESH, DECAYS, kept_name, rates_name

_COLUMNS = ("task", "labels", "trained", "right, %", "± 95%", "trained weights", "of")


def _row(run: Run) -> tuple:
    half = interval(run.right)
    return (
        TASKS[run.task],
        run.labels,
        run.depth,
        run.percent,
        half,
        run.trainable,
        run.total,
    )


def _bars(axis: Axes, runs: Sequence[Run], where: Sequence[float], width: float = 0.8) -> None:
    for run, place in zip(runs, where, strict=True):
        axis.bar(place, run.percent, width, color=colour(run.depth))
        axis.errorbar(place, run.percent, interval(run.right), color="black", capsize=3, lw=1)
        axis.text(place, 2, f"{run.percent:.0f}", ha="center", fontsize=10,
                  color="black" if run.depth == HEAD else "white")  # fmt: skip


def _chance_line(axis: Axes, classes: int) -> None:
    axis.axhline(100 / classes, color=QUIET, lw=1, ls=":")
    axis.text(1.0, 100 / classes + 1.5, "chance", color=QUIET, fontsize=8, ha="right",
              transform=axis.get_yaxis_transform())  # fmt: skip


def frozen_or_scratch(found: Mapping[str, Spectrum | None], guess: float | None = None) -> LessonFigure:
    """The opening: frozen ImageNet features with a new head, beside the same network from random weights.

    Args:
        found: by task.
        guess: the reader's, of the first task's frozen features, in per cent.
    """
    found = {name: one for name, one in found.items() if one and one.find(HEAD) and one.find(SCRATCH)}
    if not found:
        return absent("The comparison of frozen features with training from scratch")
    figure, axes = canvas(8.6, 3.4, columns=len(found), sharey=True, squeeze=False)
    rows = []
    for axis, (name, one) in zip(axes[0], found.items(), strict=True):
        runs = [one.find(depth) for depth in (SCRATCH, HEAD)]
        _bars(axis, runs, (0, 1))
        axis.set(xticks=(0, 1), xticklabels=("from scratch", "frozen,\nnew head"), ylim=(0, 100))
        axis.set_title(TASKS[name], fontsize=11)
        _chance_line(axis, 6 if name == "tiles" else 10)
        rows += [_row(run) for run in runs]
    axes[0, 0].set_ylabel("right answers, %")
    told = "; ".join(f"{rows[i][0]}: {rows[i][3]:.0f} % from scratch, {rows[i + 1][3]:.0f} % frozen"
                     for i in range(0, len(rows), 2))  # fmt: skip
    alt = f"Bars of right answers with {rows[0][1]} labels. {told}."
    if guess is not None:
        axes[0, 0].plot([0.55, 1.45], [guess, guess], color=GUESS, lw=3)
        axes[0, 0].text(1, min(guess + 2, 94), "your guess", color=GUESS, ha="center")
        alt += f" Your guess for {rows[0][0]} was {guess:.0f} %."
    return finish(figure, alt, _COLUMNS, rows)


def spectra(found: Mapping[tuple[str, int], Spectrum | None], guess: str | None = None) -> LessonFigure:
    """Accuracy over how much is thawed, on the ImageNet network.

    Args:
        found: by task and number of labels.
        guess: the reader's, in words.
    """
    found = {key: one for key, one in found.items() if one}
    if not found:
        return absent("The spectrum on the ImageNet network")
    figure, axes = canvas(8.8, 3.3, columns=len(found), sharey=True, squeeze=False)
    rows, told = [], []
    for axis, ((name, labels), one) in zip(axes[0], found.items(), strict=True):
        runs = [run for run in one.runs if run.depth != SCRATCH]
        _bars(axis, runs, range(len(runs)))
        broken = {"from ": "from\n", "head only": "head\nonly", "everything": "every-\nthing"}
        short = [run.depth for run in runs]
        for whole, parts in broken.items():
            short = [name.replace(whole, parts) for name in short]
        axis.set_xticks(range(len(runs)), short, fontsize=8)
        axis.set_title(f"{TASKS[name]},\n{labels} labels", fontsize=10)
        axis.set_ylim(0, 100)
        rows += [_row(run) for run in runs]
        told.append(
            f"{TASKS[name]}, {labels} labels: " + ", ".join(f"{r.depth} {r.percent:.0f} %" for r in runs)
        )
    axes[0, 0].set_ylabel("right answers, %")
    alt = f"Right answers by what is trained, from the head alone to everything. {'; '.join(told)}."
    if guess:
        alt += note_guess(axes[0, 0], guess, y=0.93, fontsize=9)
    return finish(figure, alt, _COLUMNS, rows)


def at_two_budgets(
    found: Mapping[str, Spectrum | None], few: int, many: int, guesses: Sequence[str | None] = (None, None)
) -> LessonFigure:
    """The small network at every depth with few and with many labels.

    Args:
        found: by task.
        guesses: the reader's, of the best depth with few and with many labels of the first task.
    """
    found = {name: one for name, one in found.items() if one and one.find(HEAD, few) and one.find(HEAD, many)}
    if not found:
        return absent("The small network at every depth")
    depths = (*SMALL.depths, SCRATCH)
    figure, axes = canvas(8.8, 3.5, columns=len(found), sharey=True, squeeze=False)
    rows, told = [], []
    for axis, (name, one) in zip(axes[0], found.items(), strict=True):
        axis.spines["bottom"].set_visible(False)
        for labels, shift in ((few, -0.2), (many, 0.2)):
            for place in range(len(depths)):
                axis.text(place + shift, -1.5, f"{labels:,}", ha="center", va="top", fontsize=8)
            runs = [one.find(depth, labels) for depth in depths]
            _bars(axis, runs, [place + shift for place in range(len(depths))], width=0.36)
            rows += [_row(run) for run in runs]
            best = max(runs, key=lambda run: run.percent)
            told.append(
                f"{TASKS[name]}, {labels:,} labels: best is {best.depth} with {best.percent:.0f} %, "
                + ", ".join(f"{r.depth} {r.percent:.0f} %" for r in runs)
            )
        axis.set_xticks(range(len(depths)), [d.replace(" ", "\n", 1) for d in depths], fontsize=9)
        axis.tick_params(axis="x", length=0, pad=16)
        axis.set_title(f"{TASKS[name]}; under the bars: labels", fontsize=10)
        axis.set_ylim(0, 120 if any(guesses) else 104)
        axis.set_yticks(range(0, 101, 20))
    axes[0, 0].set_ylabel("right answers, %")
    alt = f"The small network by what is trained. {'; '.join(told)}."
    for guess, labels, height in zip(guesses, (few, many), (0.97, 0.9), strict=True):
        if guess:
            alt += note_guess(axes[0, 0], f"{guess} ({labels:,} labels)", y=height, fontsize=8)
    return finish(figure, alt, _COLUMNS, rows)


def statistics(
    found: Mapping[str, Spectrum | None], kept: Spectrum | None, guess: str | None = None
) -> LessonFigure:
    """The same trainings with few labels, batch statistics learnt anew, recomputed afterwards, and kept.

    Args:
        found: by task, with statistics learnt anew.
        kept: with statistics kept; of everything also with statistics recomputed afterwards.
        guess: the reader's, in words.
    """
    found = {name: one for name, one in found.items() if one}
    pairs = {name: [] for name in found}
    for run in kept.runs if kept else ():
        depth = run.depth.removesuffix(kept_name(""))
        other = found.get(run.task) and found[run.task].find(depth, run.labels)
        if other:
            again = [one for one in kept.runs if (one.task, one.depth) == (run.task, AFRESH)]
            pairs[run.task].append((depth, other, again[0] if again and depth == EVERYTHING else None, run))
    pairs = {name: each for name, each in pairs.items() if each}
    if not pairs:
        return absent("The comparison of batch statistics")
    figure, axes = canvas(8.8, 3.4, columns=len(pairs), sharey=True, squeeze=False)
    rows, told = [], []
    for axis, (name, each) in zip(axes[0], pairs.items(), strict=True):
        for place, (depth, anew, afresh, as_they_were) in enumerate(each):
            bars = [(anew, TARGET), (afresh, SOURCE), (as_they_were, GOOD)]
            bars = [bar for bar in bars if bar[0]]
            for column, (run, hue) in enumerate(bars):
                x = place + 0.28 * (column - (len(bars) - 1) / 2)
                axis.bar(x, run.percent, 0.26, color=hue)
                axis.errorbar(x, run.percent, interval(run.right), color="black", capsize=3, lw=1)
                axis.text(x, 2, f"{run.percent:.0f}", ha="center", color="white", fontsize=10)
                rows.append(_row(run))
            between = f"{afresh.percent:.0f} % recomputed afterwards, " if afresh else ""
            told.append(
                f"{TASKS[name]}, {depth}: {anew.percent:.0f} % learnt anew, {between}{as_they_were.percent:.0f} % kept"
            )
        if head := found[name].find(HEAD):
            axis.axhline(head.percent, color="black", ls="--", lw=1)
        axis.set_xticks(range(len(each)), [depth for depth, *_ in each], fontsize=9)
        axis.set_title(f"{TASKS[name]}, {each[0][1].labels} labels", fontsize=10)
        axis.set_ylim(0, 100)
    axes[0, 0].set_ylabel("right answers, %")
    handles = [
        Line2D([], [], color="black", ls="--", lw=1, label="head only"),
        Patch(color=TARGET, label="statistics learnt anew"),
        Patch(color=SOURCE, label="recomputed afterwards"),
        Patch(color=GOOD, label="statistics kept"),
    ]
    figure.legend(handles=handles, frameon=False, fontsize=9, loc="outside lower center", ncols=4)
    alt = (
        "Right answers with batch statistics learnt anew in thawed blocks, recomputed after the training, and kept. "
        f"{'; '.join(told)}."
    )
    if guess:
        alt += note_guess(axes[0, 0], guess, y=0.94, fontsize=9)
    return finish(figure, alt, _COLUMNS, rows)


def rates(kept: Spectrum | None, found: Spectrum | None, guess: str | None = None) -> LessonFigure:
    """Everything trained, statistics kept, with steps of one length, and with shorter ones near the pixels."""
    plain = kept and next(
        (r for r in kept.runs if (r.task, r.depth) == ("digits", kept_name(EVERYTHING))), None
    )
    if not plain or found is None:
        return absent("The comparison of learning rates")
    runs = [plain, *(found.find(rates_name(decay)) for decay in DECAYS if found.find(rates_name(decay)))]
    names = ["all blocks alike", *(f"x {decay:g} a block" for decay in DECAYS)][: len(runs)]
    figure, axis = canvas(7.6, 2.6)
    for place, run in enumerate(runs):
        axis.barh(place, run.percent, color=colour(EVERYTHING), height=0.62)
        axis.errorbar(run.percent, place, xerr=interval(run.right), color="black", capsize=3, lw=1)
        axis.text(1, place, f"{run.percent:.0f}", va="center", color="white")
    alt = f"Everything is trained on {plain.labels} digits, statistics kept. " + "; ".join(
        f"{name}: {run.percent:.0f} %" for name, run in zip(names, runs, strict=True)
    )
    axis.set(yticks=range(len(runs)), yticklabels=names, xlabel="right answers, %", xlim=(0, 100))
    axis.invert_yaxis()
    alt += "."
    if guess:
        alt += note_guess(axis, guess, x=0.99, y=1.0, ha="right")
    return finish(figure, alt, _COLUMNS, [_row(run) for run in runs])


def searched(found: Searched | None, guess: str | None = None) -> LessonFigure:
    """Every choice of blocks that the search tried, in order; and the exam of its proposal, the rule and each depth.

    Args:
        guess: the depth that the reader would have chosen by hand.
    """
    if found is None:
        return absent("The search for what to thaw")
    figure, axes = canvas(8.8, 4.3, columns=3, width_ratios=(1.15, 2.1, 1.9))
    squares, left, right = axes
    rule = SMALL.blocks[-SMALL.depths[HAND] :]
    rows = []
    for place, one in enumerate(found.tried):
        kind = "proposal" if one.thawed == found.proposal else "usual rule" if one.thawed == rule else ""
        mean, half = 100 * one.mean, 100 * float(one.scores.std(ddof=1)) / len(one.scores) ** 0.5
        hue = {"proposal": colour(EVERYTHING), "usual rule": TARGET, "": QUIET}[kind]
        left.errorbar(mean, place, xerr=half, fmt="o", color=hue, capsize=3, ms=8)
        if kind:
            left.text(mean, place - 0.25, kind, color=hue, ha="center", va="bottom", fontsize=9)
        for column, name in enumerate(SMALL.blocks):
            fill = colour(EVERYTHING) if name in one.thawed else "white"
            squares.plot(column, place, "s", ms=10, mec="black", mew=0.6, color=fill)
        rows.append((" + ".join(one.thawed), mean, half, f"held-out labels{', ' * bool(kind)}{kind}"))
    for axis in (squares, left):
        axis.set(yticks=[], ylim=(len(found.tried) - 0.4, -0.9))
    squares.set_xlim(-0.6, len(SMALL.blocks) - 0.4)
    squares.set_xticks(range(len(SMALL.blocks)), SMALL.blocks, rotation=60, fontsize=9)
    squares.spines[["left", "bottom"]].set_visible(False)
    squares.tick_params(length=0)
    squares.set_title("filled: thawed", fontsize=10)
    left.set_xlabel("right on held-out labels, %\n(bars: ± standard error)", fontsize=9)
    left.set_title("what the search tried", fontsize=10)
    exam = [(f"{run.depth}{' (rule)' * (run.depth == HAND)}", run) for run in found.depths]
    exam.append(("proposal", found.exam))
    for place, (name, run) in enumerate(exam):
        hue = {"proposal": colour(EVERYTHING)}.get(name, TARGET if run.depth == HAND else QUIET)
        right.barh(place, run.percent, 0.7, color=hue)
        right.errorbar(run.percent, place, xerr=interval(run.right), color="black", capsize=3, lw=1)
        right.text(2, place, f"{run.percent:.1f}", va="center", color="white")
        rows.append(
            (f"{name}: {run.depth}" if name == "proposal" else name, run.percent, interval(run.right), "exam")
        )
    right.set(yticks=range(len(exam)), xlim=(0, 100))
    right.set_yticklabels(
        [f"{name}\n(yours)" if run.depth == guess else name for name, run in exam], fontsize=9
    )
    right.invert_yaxis()
    right.set_xlabel("right on the exam, %\n(bars: ± 95%)", fontsize=9)
    right.set_title("on the exam", fontsize=10)
    told = ", ".join(f"{name} {run.percent:.1f} %" for name, run in exam[:-1])
    alt = (
        f"The search tried {len(found.tried)} choices on {found.labels} labels. It proposes to thaw "
        f"{', '.join(found.proposal)}: {found.exam.percent:.1f} % on the exam, the usual rule "
        f"{found.by_hand.percent:.1f} %. By depth: {told}."
    )
    if guess:
        for label, (_, run) in zip(right.get_yticklabels(), exam, strict=True):
            label.set_color(GUESS if run.depth == guess else "black")
        alt += f' Your guess was "{guess}".'
    return finish(figure, alt, ("thawed", "right, %", "±", "on"), rows)
