"""Figures about gold questions and sample review."""

from __future__ import annotations

import numpy as np

from workshop.datasets.crowds import TYPES as WORKER_TYPES
from workshop.figures.form import GUESS, QUIET, SOURCE, LessonFigure, canvas, finish
from workshop.figures.label_quality.style import TYPES
from workshop.kernels.quality import fails_gold, sample_size, share_interval
from workshop.studies.label_quality.digit_task import CLASSES
from workshop.studies.label_quality.economy import PASS_FROM


def gold_questions(questions: int = 5) -> LessonFigure:
    """Who fails so many gold questions, by how good a worker is."""
    accuracy = np.linspace(0, 1, 101)
    figure, axis = canvas(7, 3)
    axis.plot(accuracy, 100 * fails_gold(questions, accuracy, PASS_FROM), color="black", lw=2)
    rows = []
    for name, hue in TYPES.items():
        low, high = WORKER_TYPES[name].accuracy or (1 / CLASSES, 1 / CLASSES)
        if name == "scripted":
            continue  # right as often as a spammer
        failing = 100 * float(fails_gold(questions, np.linspace(low, high, 21), PASS_FROM).mean())
        axis.axvspan(low - 0.005, high + 0.005, color=hue, alpha=0.25, lw=0)
        label = f"spammer,\nscripted {failing:.0f} %" if name == "spammer" else f"{name} {failing:.0f} %"
        axis.text((low + high) / 2, 103, label, ha="center", va="bottom", color=hue, fontsize=10)
        rows.append((name, f"{low:g} to {high:g}", failing))
    axis.set(xlim=(0, 1), ylim=(0, 101), xlabel="how often the worker is right", ylabel="is sent away (%)")
    plural = {"spammer": "spammers and scripts"}
    told = ", ".join(f"{failing:.0f} % of the {plural.get(name, name)}" for name, _, failing in rows)
    alt = (
        f"Who is sent away by {questions} gold question{'s' if questions > 1 else ''}, of which half must be right: "
        f"the curve falls from 100 per cent to 0. Sent away: {told}."
    )
    return finish(figure, alt, ("worker", "right", "sent away (%)"), rows)


def sample_review(reviewed: int = 100, wrong_share: float = 0.05, guess: float | None = None) -> LessonFigure:
    """How sure a review of so many labels makes us, when that share of them is found wrong."""
    sizes = np.unique(np.round(np.geomspace(20, 2_000, 40)).astype(int))
    low, high = (
        100 * np.array([share_interval(round(wrong_share * n), int(n))[side] for n in sizes])
        for side in (0, 1)
    )
    figure, axis = canvas(7, 3)
    axis.fill_between(sizes, low, high, color=SOURCE, alpha=0.2, lw=0)
    axis.axhline(100 * wrong_share, color=QUIET, ls="--", lw=1)
    found = round(wrong_share * reviewed)
    now = [100 * end for end in share_interval(found, reviewed)]
    axis.plot([reviewed, reviewed], now, "_-", color=SOURCE, lw=3, ms=14, mew=3)
    axis.set(xscale="log", xlabel="labels reviewed", ylabel="share that is wrong (%)", ylim=(0, 26))
    axis.set_xticks([20, 50, 100, 200, 500, 1000, 2000], ["20", "50", "100", "200", "500", "1,000", "2,000"])
    axis.minorticks_off()
    needed = {width: sample_size(width, share=wrong_share) for width in (0.05, 0.02, 0.01)}
    alt = (
        f"The interval narrows as more labels are reviewed. A review in which {found} of {reviewed:,} are wrong: "
        f"between {now[0]:.1f} and {now[1]:.1f} per cent of all labels are wrong (95 per cent confidence)."
    )
    if guess is not None:
        axis.axvline(np.clip(guess, *axis.get_xlim()), color=GUESS, lw=2)
        alt += f" Your guess was {guess:.0f} reviews; one point to either side takes {needed[0.01]:,}."
    rows = [(f"± {100 * width:g} points", count) for width, count in needed.items()]
    return finish(figure, alt, ("to know the share to", "review"), rows)
