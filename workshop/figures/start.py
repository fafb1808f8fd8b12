"""Figures of lesson 00."""

from __future__ import annotations

import numpy as np

from workshop.claims import mean_and_half
from workshop.figures.form import GUESS, SOURCE, LessonFigure, absent, canvas, finish
from workshop.studies.start.hunger import Hunger, digits


def some_digits(count: int = 30) -> LessonFigure:
    """The first training digits, each with the label that somebody gave it."""
    train, _ = digits()
    figure, axes = canvas(8, 2.9, columns=10, rows=-(-count // 10))
    for axis, picture, label in zip(axes.flat, train.images, train.labels, strict=False):
        axis.imshow(picture, cmap="gray_r", interpolation="nearest")
        axis.set_title(str(label), fontsize=12, pad=2)
    for axis in axes.flat:
        axis.set_axis_off()
    shown = train.labels[:count]
    alt = f"{count} handwritten digits with their labels above them: {', '.join(map(str, shown))}."
    rows = [(digit, int((shown == digit).sum())) for digit in range(10)]
    return finish(figure, alt, ("digit", "how often here"), rows, colours=32)


def label_hunger(found: Hunger | None, guess: float | None = None) -> LessonFigure:
    """Accuracy over the number of labels, with the reader's guess for 1,000 labels."""
    if found is None:
        return absent("The learning curve")
    mean, half = (100 * part for part in mean_and_half(found.accuracy))
    figure, axis = canvas(8, 4)
    axis.fill_between(found.labels, mean - half, mean + half, color=SOURCE, alpha=0.2, lw=0)
    axis.plot(found.labels, mean, "o-", color=SOURCE)
    places = {10: (0, -17), 100: (-6, 9), 1000: (0, 9)}
    for count, height in zip(found.labels, mean, strict=True):
        if count in places:
            axis.annotate(
                f"{height:.0f} %", (count, height), places[count], textcoords="offset points", ha="center"
            )
    axis.axhline(10, color="#8a8a8a", lw=1, ls=":")
    axis.text(found.labels[-1], 11.5, "guessing", color="#595959", ha="right")
    axis.set(
        xscale="log", ylim=(0, 100), xlabel="labelled digits to learn from", ylabel="sealed digits read (%)"
    )
    axis.set_xticks(found.labels, [f"{count:,}" for count in found.labels])
    axis.minorticks_off()
    told = ", ".join(f"{m:.0f} % with {count:,}" for count, m in zip(found.labels, mean, strict=True))
    alt = f"Accuracy on {found.sealed:,} sealed digits over the number of labels: {told}."
    if guess is not None:
        axis.plot(1000, guess, "D", color=GUESS, ms=9)
        axis.annotate("your guess", (1000, guess), (10, -4), textcoords="offset points", color=GUESS)
        alt += f" Your guess for 1,000 labels was {guess:.0f} %."
    rows = [
        (int(count), float(m), float(h), float(np.min(each)), float(np.max(each)))
        for count, m, h, each in zip(found.labels, mean, half, 100 * found.accuracy, strict=True)
    ]
    columns = ("labels", "read (%)", "± 95%", "worst draw (%)", "best draw (%)")
    return finish(figure, alt, columns, rows, colours=64)
