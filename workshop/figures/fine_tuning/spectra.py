"""Accuracy along the spectrum: from the head alone to everything, and from scratch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from workshop.figures.fine_tuning.style import GOOD, GUESS, QUIET, TARGET, TASKS, colour, interval, note
from workshop.figures.form import LessonFigure, absent, canvas, finish
from workshop.studies.fine_tuning.outcome import Run, Spectrum
from workshop.studies.fine_tuning.recipes import EVERYTHING, HEAD, SCRATCH, SMALL
from workshop.studies.fine_tuning.search import HAND, Searched
from workshop.studies.fine_tuning.variants import DECAYS, kept_name, rates_name

_COLUMNS = ("task", "labels", "trained", "right, %", "± 95%", "trained weights", "of", "seconds")


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
        float(run.seconds),
    )


def _bars(axis: Axes, runs: Sequence[Run], where: Sequence[float], width: float = 0.8) -> None:
    for run, place in zip(runs, where, strict=True):
        axis.bar(place, run.percent, width, color=colour(run.depth))
        axis.errorbar(place, run.percent, interval(run.right), color="black", capsize=3, lw=1)
        axis.text(place, 2, f"{run.percent:.0f}", ha="center", fontsize=10,
                  color="black" if run.depth == HEAD else "white")  # fmt: skip


def _chance_line(axis: Axes, classes: int) -> None:
    axis.axhline(100 / classes, color=QUIET, lw=1, ls=":")
    axis.text(1.0, 100 / classes + 1.5, "by chance", color=QUIET, fontsize=8, ha="right",
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
        alt += note(axes[0, 0], guess, y=0.93, fontsize=9)
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
        for labels, shift in ((few, -0.2), (many, 0.2)):
            runs = [one.find(depth, labels) for depth in depths]
            _bars(axis, runs, [place + shift for place in range(len(depths))], width=0.36)
            rows += [_row(run) for run in runs]
            best = max(runs, key=lambda run: run.percent)
            told.append(
                f"{TASKS[name]}, {labels:,} labels: best is {best.depth} with {best.percent:.0f} %, "
                + ", ".join(f"{r.depth} {r.percent:.0f} %" for r in runs)
            )
        axis.set_xticks(range(len(depths)), [d.replace(" ", "\n", 1) for d in depths], fontsize=8)
        axis.set_title(f"{TASKS[name]}: left bar {few}, right bar {many:,} labels", fontsize=9)
        axis.set_ylim(0, 120 if any(guesses) else 104)
        axis.set_yticks(range(0, 101, 20))
    axes[0, 0].set_ylabel("right answers, %")
    alt = f"The small network by what is trained. {'; '.join(told)}."
    for guess, labels, height in zip(guesses, (few, many), (0.97, 0.9), strict=True):
        if guess:
            alt += note(axes[0, 0], f"{guess} ({labels:,} labels)", y=height, fontsize=8)
    return finish(figure, alt, _COLUMNS, rows)


def statistics(
    found: Mapping[str, Spectrum | None], kept: Spectrum | None, guess: str | None = None
) -> LessonFigure:
    """The same trainings with few labels, batch statistics learnt anew and kept.

    Args:
        found: by task, with statistics learnt anew.
        kept: with statistics kept.
        guess: the reader's, in words.
    """
    found = {name: one for name, one in found.items() if one}
    pairs = {name: [] for name in found}
    for run in kept.runs if kept else ():
        depth = run.depth.removesuffix(kept_name(""))
        other = found.get(run.task) and found[run.task].find(depth, run.labels)
        if other:
            pairs[run.task].append((depth, other, run))
    pairs = {name: each for name, each in pairs.items() if each}
    if not pairs:
        return absent("The comparison of batch statistics")
    figure, axes = canvas(8.8, 3.4, columns=len(pairs), sharey=True, squeeze=False)
    rows, told = [], []
    for axis, (name, each) in zip(axes[0], pairs.items(), strict=True):
        for place, (depth, anew, as_they_were) in enumerate(each):
            for shift, run, hue in ((-0.2, anew, TARGET), (0.2, as_they_were, GOOD)):
                axis.bar(place + shift, run.percent, 0.38, color=hue)
                axis.errorbar(place + shift, run.percent, interval(run.right), color="black", capsize=3, lw=1)
                axis.text(place + shift, 2, f"{run.percent:.0f}", ha="center", color="white", fontsize=10)
                rows.append(_row(run))
            told.append(
                f"{TASKS[name]}, {depth}: {anew.percent:.0f} % learnt anew, {as_they_were.percent:.0f} % kept"
            )
        if head := found[name].find(HEAD):
            axis.axhline(head.percent, color="black", ls="--", lw=1)
        axis.set_xticks(range(len(each)), [depth for depth, *_ in each], fontsize=9)
        axis.set_title(f"{TASKS[name]}, {each[0][1].labels} labels", fontsize=10)
        axis.set_ylim(0, 104)
    axes[0, 0].set_ylabel("right answers, %")
    handles = [
        Line2D([], [], color="black", ls="--", lw=1, label="head only"),
        Patch(color=TARGET, label="statistics learnt anew"),
        Patch(color=GOOD, label="statistics kept"),
    ]
    axes[0, -1].legend(
        handles=handles, frameon=False, fontsize=7, loc="upper right", ncols=3, columnspacing=1
    )
    alt = f"Right answers with batch statistics learnt anew in thawed blocks, and kept. {'; '.join(told)}."
    if guess:
        alt += note(axes[0, 0], guess, y=0.94, fontsize=9)
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
        alt += note(axis, guess, x=0.99, y=1.0, ha="right")
    return finish(figure, alt, _COLUMNS, [_row(run) for run in runs])


def searched(found: Searched | None, guess: str | None = None) -> LessonFigure:
    """Every choice of blocks that the search tried, in order, and what its proposal and the usual rule come to."""
    if found is None:
        return absent("The search for what to thaw")
    figure, axes = canvas(8.8, 3.9, columns=2, width_ratios=(3, 1.1))
    left, right = axes
    rows = []
    for place, one in enumerate(found.tried):
        chosen = one.thawed == found.proposal
        mean, half = 100 * one.mean, 100 * float(one.scores.std(ddof=1)) / len(one.scores) ** 0.5
        left.errorbar(
            mean, place, xerr=half, fmt="o", color=colour(EVERYTHING) if chosen else QUIET, capsize=3, ms=8
        )
        for column, name in enumerate(SMALL.blocks):
            thawed = name in one.thawed
            hue = colour(EVERYTHING) if thawed else "white"
            left.plot(0.03 + 0.045 * column, place, "s", ms=9, mec="black", mew=0.6, color=hue, clip_on=False,
                      transform=left.get_yaxis_transform())  # fmt: skip
        rows.append((" + ".join(one.thawed), mean, half, "proposed" if chosen else ""))
    low = min(100 * one.mean for one in found.tried)
    left.set(yticks=[], xlim=(low - 14, 100), xlabel="right on held-out labels, % (± standard error)")
    left.invert_yaxis()
    left.set_title("squares: blocks from stem to head, filled = thawed", fontsize=9, loc="left")
    for place, (name, run) in enumerate((("proposal", found.exam), ("usual rule", found.by_hand))):
        right.bar(place, run.percent, 0.7, color=colour(EVERYTHING if place == 0 else HAND))
        right.errorbar(place, run.percent, interval(run.right), color="black", capsize=3, lw=1)
        right.text(place, 3, f"{run.percent:.1f}", ha="center", color="white")
        rows.append((f"{name}: {run.depth}", run.percent, interval(run.right), "on the exam"))
    right.set(xticks=(0, 1), xticklabels=("proposal", "usual\nrule"), ylim=(0, 100), title="on the exam, %")
    alt = (
        f"The search tried {len(found.tried)} choices on {found.labels} labels. It proposes to thaw "
        f"{', '.join(found.proposal)}: {found.exam.percent:.1f} % on the exam, the usual rule "
        f"{found.by_hand.percent:.1f} %."
    )
    if guess:
        alt += note(right, guess, y=1.12, fontsize=8)
    return finish(figure, alt, ("thawed", "right, %", "±", ""), rows)
