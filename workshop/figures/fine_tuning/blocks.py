"""Where the weights are: block by block, and in well-known networks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from workshop.figures.fine_tuning.style import colour
from workshop.figures.form import GUESS, SOURCE, LessonFigure, canvas, finish
from workshop.kernels.block_net import share
from workshop.studies.fine_tuning.recipes import LITE
from workshop.studies.fine_tuning.table import counted


def blocks(weights: Mapping[str, int], guess: float | None = None) -> LessonFigure:
    """The ladder of the ImageNet network: weights of each block, and what each depth leaves to be trained.

    Args:
        weights: by block, with the head of the task at hand.
        guess: the reader's, of the share of the weights in the head, in per cent.
    """
    names, counts = list(weights), np.array(list(weights.values()))
    total = counts.sum()
    figure, (axis, depths) = canvas(8.8, 4.4, columns=2, width_ratios=(1.5, 1), sharey=True)
    axis.barh(range(len(names)), counts / 1e3, color=SOURCE, height=0.7)
    for place, count in enumerate(counts):
        axis.text(count / 1e3 + 15, place, f"{count:,}", va="center", fontsize=11)
    rows = [(name, int(count), 100 * count / total) for name, count in weights.items()]
    told = []
    for column, depth in enumerate(LITE.depths):
        left = share(dict(weights), LITE.frozen(depth))
        percent = f"{left.percent:.2g} %" if left.percent < 99.5 else "100 %"
        first = len(LITE.blocks) - LITE.depths[depth]
        depths.bar(column, len(names) - first - 0.3, 0.6, bottom=first - 0.35, color=colour(depth))
        depths.text(column, len(names) - 0.2, percent, ha="center", va="bottom", fontsize=11)
        told.append(f"{depth}: {percent}")
    axis.set(xlim=(0, counts.max() / 1e3 * 1.35), ylim=(-0.6, len(names) + 0.5))
    axis.set_yticks(range(len(names)), names, fontsize=11)
    axis.set_xlabel("thousand weights", fontsize=11)
    depths.set_xticks(range(len(LITE.depths)), [d.replace(" ", "\n", 1) for d in LITE.depths], fontsize=11)
    depths.tick_params(axis="both", length=0, labelleft=False)
    depths.spines["left"].set_visible(False)
    depths.set_title("trained at each depth", fontsize=11)
    head = 100 * counts[-1] / total
    alt = (
        f"The ImageNet network from the pixels at the bottom to the head at the top, {total:,} weights with a head of "
        f"{counts[-1]:,}, {head:.2g} %. Trained at each depth: {'; '.join(told)}."
    )
    if guess is not None:
        axis.text(0.2, 0.95, f"your guess for the head: {guess:.0f} %", color=GUESS, transform=axis.transAxes)
        alt += f" Your guess for the head was {guess:.0f} %."
    return finish(figure, alt, ("block", "weights", "share, %"), rows)


def parameter_table() -> LessonFigure:
    """The lecture's counts beside torchvision's, and the numbers of classes at which the two agree."""
    rows, names = counted(), []
    figure, axis = canvas(8.8, 3.8)
    table = []
    for place, one in enumerate(rows):
        low, high = one.classes()
        fits = "none" if low > high else f"{low}" if low == high else f"{low} to {high}"
        axis.barh(
            place, one.body / 1e6, color=SOURCE, height=0.65, label="below the head" if place == 0 else None
        )
        axis.barh(place, one.per_class / 1e3, left=one.body / 1e6, color="#56B4E9", height=0.65,
                  label="head of 1000 classes" if place == 0 else None)  # fmt: skip
        axis.plot([one.lecture] * 2, [place - 0.42, place + 0.42], color="black", lw=2,
                  label="lecture" if place == 0 else None)  # fmt: skip
        axis.text(one.total(1000) / 1e6 + 2, place, f"{fits} classes", va="center", fontsize=11)
        names.append(one.name)
        table.append(
            (
                one.name,
                one.lecture,
                one.total(1000) / 1e6,
                one.total(101) / 1e6,
                fits,
                one.lecture_3d,
                one.head_percent,
            )
        )
    axis.set(yticks=range(len(rows)), yticklabels=names, xlim=(0, 165), xlabel="million weights")
    axis.invert_yaxis()
    axis.legend(frameon=False, loc="lower right")
    told = "; ".join(f"{name}: lecture {told}, torchvision {count:.1f}" for name, told, count, *_ in table)
    alt = f"Weights of eight networks in millions, as the lecture tells and as torchvision counts. {told}."
    columns = ("network", "lecture, million", "torchvision, 1000 classes", "torchvision, 101 classes",
               "classes that fit the lecture", "3-D relative, lecture", "head's share, %")  # fmt: skip
    return finish(figure, alt, columns, table)
