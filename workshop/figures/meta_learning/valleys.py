"""Two valleys, one gradient step: the start that is best before the step, and the one that is best after it."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from workshop.figures.form import GOOD, SOURCE, TARGET, LessonFigure, canvas, finish
from workshop.studies.meta_learning.valleys import best_starts, losses, losses_after_step, stepped


def two_valleys(rate: float) -> LessonFigure:
    """Both starts for a step of this size, with the losses they lead to."""
    both = best_starts(rate)
    told = {"best before the step": both.joint, "best after the step": both.meta}
    rows = []
    for name, start in told.items():
        before, after = losses(start), losses_after_step(start, rate)
        rows.append((name, start, *map(float, (*before, before.mean(), *after, after.mean()))))
    alt = (
        f"Left: a steep and a shallow valley, and one step of {rate:.2f} from two starts. Right: the mean loss over "
        f"the start, before and after the step. At step size {rate:.2f} the start that is best before the step, "
        f"{both.joint:.2f}, has a loss of {rows[0][-1]:.2f} after it; the start that is best after the step is "
        f"{both.meta:.2f}, with {rows[1][-1]:.2f}."
    )
    columns = ("start", "at", "steep", "shallow", "mean", "steep after", "shallow after", "mean after")
    return finish(_draw(rate), alt, columns, rows)


def _draw(rate: float) -> Figure:
    figure, (left, right) = canvas(8.6, 3.4, columns=2)
    line = np.linspace(-2, 2.2, 200)
    both = best_starts(rate)
    for task, (name, hue) in enumerate((("steep task", SOURCE), ("shallow task", "#56B4E9"))):
        left.plot(line, losses(line)[:, task], color=hue, lw=2, label=name)
    # The orange start is the larger dot, so that it can be seen where the two coincide.
    for start, hue, size in ((both.joint, TARGET, 11), (both.meta, GOOD, 6)):
        for task, end in enumerate(stepped(start, rate)):
            heights = losses(start)[task], losses(end)[task]
            left.plot(start, heights[0], "o", color=hue, ms=size)
            arrow = {"arrowstyle": "-|>", "color": hue, "lw": 2, "mutation_scale": 16}
            left.annotate("", (end, heights[1]), (start, heights[0]), arrowprops=arrow)
    left.set(xlabel="weight", ylabel="loss", ylim=(-0.3, 9.5), xticks=range(-2, 3))
    left.legend(frameon=False, loc="upper center", fontsize=10)
    before, after = losses(line).mean(1), losses_after_step(line, rate).mean(1)
    right.plot(line, before, color=TARGET, lw=3, label="before the step")
    right.plot(line, after, color=GOOD, lw=2, label="after the step")
    right.plot(both.joint, losses(both.joint).mean(), "o", color=TARGET, ms=11)
    right.plot(both.meta, losses_after_step(both.meta, rate).mean(), "o", color=GOOD, ms=6)
    right.set(xlabel="where to start", ylabel="mean loss of both tasks", ylim=(-0.2, 5), xticks=range(-2, 3))
    right.legend(frameon=False, loc="upper center", fontsize=10)
    return figure
