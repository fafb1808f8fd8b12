"""Pictures: the tasks, what channels are excited by, rich and poor tiles, and statistics that drift."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workshop.datasets.landscape import KINDS, landscape
from workshop.datasets.tasks import Task
from workshop.figures.fine_tuning.style import TASKS
from workshop.figures.form import GOOD, GUESS, TARGET, LessonFigure, absent, canvas, finish
from workshop.studies.fine_tuning.drift import Drift
from workshop.studies.fine_tuning.patches import ORIGINS, Patches

SIDE = 64  #: pixels, of a task's picture as it is shown
_TILES_SEED = 21  #: of the tiles shown as rich and poor
_NAMES = {"stage 1": "low: stage 1", "stage 3": "middle: stage 3", "stage 7": "high: stage 7"}


def _strip(pictures: Sequence[np.ndarray], gap: int = 3) -> np.ndarray:
    """Pictures (H, W, 3) side by side on white."""
    white = np.full((pictures[0].shape[0], gap, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (picture, white)]
    return np.concatenate(parts[:-1], axis=1)


def tasks_shown(tasks: Sequence[Task]) -> LessonFigure:
    """One picture of each class of each task, as the ImageNet network gets them, with its class below.

    Of a dozen the one with the sharpest middle: street numbers are hard enough to read.
    """
    columns = max(len(one.classes) for one in tasks)
    figure, axes = canvas(8.8, 1.3 * len(tasks), columns=columns, rows=len(tasks), squeeze=False)
    figure.get_layout_engine().set(h_pad=0.13)
    rows = []
    for line, one in zip(axes, tasks, strict=True):
        images, labels = one.labelled(12 * len(one.classes), SIDE, seed=1)
        middle = images[..., SIDE // 5 : -SIDE // 5, SIDE // 5 : -SIDE // 5].float()
        contrast = middle.diff(dim=3).abs().mean((1, 2, 3))
        for axis in line:
            axis.set_axis_off()
        for label, (axis, name) in enumerate(zip(line, one.classes, strict=False)):
            axis.imshow(images[(contrast * (labels == label)).argmax()].permute(1, 2, 0).numpy())
            axis.text(
                0.5,
                -0.06,
                name.replace(" ", "\n"),
                ha="center",
                va="top",
                fontsize=9,
                transform=axis.transAxes,
            )
        title = f"{TASKS[one.name]}: {len(one.classes)} classes"
        line[0].text(0, 1.07, title, fontsize=10, transform=line[0].transAxes).set_in_layout(False)
        names = ", ".join(one.classes)
        rows.append((TASKS[one.name], len(one.classes), len(one.pool), len(one.exam), names))
    told = " ".join(f"{title.capitalize()}: {names}." for title, _, _, _, names in rows)
    alt = f"One picture of each class of {len(rows)} tasks. {told}"
    return finish(figure, alt, ("task", "classes", "pool of labels", "exam", "shown"), rows, colours=200)


def patches(found: Patches | None) -> LessonFigure:
    """For channels of a low, a middle and a high block: the pieces of pictures that excite them most."""
    if found is None:
        return absent("The search for what excites the features")
    levels, channels = found.channels.shape
    figure, axes = canvas(8.8, 0.4 + 0.45 * channels, columns=levels, rows=channels)
    rows = []
    for column, level in enumerate(found.levels):
        axes[0, column].set_title(_NAMES.get(level, level), fontsize=11)
        for row in range(channels):
            axes[row, column].imshow(_strip(list(found.pieces[column, row]), gap=2))
            axes[row, column].set_axis_off()
            counted = np.bincount(found.origins[column, row], minlength=len(ORIGINS))
            where = ", ".join(f"{ORIGINS[i]} {counted[i]}" for i in counted.argsort()[::-1] if counted[i])
            rows.append((level, int(found.channels[column, row]), int((counted > 0).sum()), where))
    told = "; ".join(
        f"{_NAMES.get(level, level)}: {', '.join(str(r[2]) for r in rows if r[0] == level)}"
        for level in found.levels
    )
    alt = (
        f"The pieces of {found.looked_at:,} pictures that excite {channels} channels of each of {levels} blocks most, "
        f"a row a channel. Of five origins (two photographs, tiles, renders, digits) the rows hold: {told}."
    )
    return finish(figure, alt, ("block", "channel", "origins", "pieces from"), rows, colours=200)


def wealth_shown() -> LessonFigure:
    """Tiles of each kind that people live in, from poor to rich."""
    tiles = landscape(500, seed=_TILES_SEED, kinds=(0, 1, 1, 1, 1, 0))
    figure, axes = canvas(8.8, 4.3, rows=4, squeeze=False)
    rows = []
    for axis, kind in zip(axes[:, 0], range(1, 5), strict=True):
        members = np.flatnonzero(tiles.kind == kind)
        members = members[np.argsort(tiles.wealth[members])][
            np.linspace(3, (tiles.kind == kind).sum() - 4, 9).astype(int)
        ]
        axis.imshow(_strip(list(tiles.images[members])))
        axis.set_axis_off()
        axis.set_title(f"{KINDS[kind]}: poor on the left, rich on the right", fontsize=9, loc="left", pad=2)
        poor, rich = members[:3], members[-3:]
        rows += [
            (
                KINDS[kind],
                name,
                *(
                    float(getattr(tiles, of)[group].mean())
                    for of in ("wealth", "lights", "buildings", "paved")
                ),
            )
            for name, group in (("poorest three", poor), ("richest three", rich))
        ]
    alt = (
        "Rendered tiles of four kinds of settlement, from poor to rich: brown huts and dirt tracks on the left, bright "
        "roofs and paved roads on the right. Fields look alike."
    )
    return finish(
        figure,
        alt,
        ("kind", "tiles", "wealth", "night light", "share under roofs", "share paved"),
        rows,
        colours=200,
    )


def drift(found: Drift | None, guess: float | None = None) -> LessonFigure:
    """The old task before and after the head of another one was trained, with statistics kept and drifting.

    Args:
        guess: the reader's, of the old head's accuracy with drifting statistics, in per cent.
    """
    if found is None:
        return absent("The experiment with batch statistics")
    figure, axis = canvas(7.6, 2.8)
    values = (found.before, *found.old)
    names = ("before", "statistics kept", "statistics drift")
    for place, (value, hue) in enumerate(zip(values, ("#8a8a8a", GOOD, TARGET), strict=True)):
        axis.barh(place, value, color=hue, height=0.62)
        axis.text(1.5, place, f"{value:.0f}", va="center", color="white")
    axis.set(yticks=range(3), yticklabels=names, xlim=(0, 100))
    axis.set_xlabel("street numbers read right by the old head, %")
    axis.invert_yaxis()
    alt = (
        f"A network that reads {found.before:.0f} % of the street numbers gets a second head for handwritten digits. "
        f"All else is frozen. The old head then reads {found.old[0]:.0f} % where the statistics were kept, "
        f"{found.old[1]:.0f} % where they drifted. The new head reads {found.new[0]:.0f} % and "
        f"{found.new[1]:.0f} % of the digits."
    )
    if guess is not None:
        axis.plot([guess, guess], [1.65, 2.35], color=GUESS, lw=3)
        axis.text(guess, 1.6, "your guess", color=GUESS, ha="center", va="bottom")
        alt += f" Your guess was {guess:.0f} %."
    rows = [
        ("before", found.before, None, 0.0),
        ("statistics kept", found.old[0], found.new[0], found.moved[0]),
        ("statistics drift", found.old[1], found.new[1], found.moved[1]),
    ]
    columns = ("", "old head, street numbers, %", "new head, digits, %", "means moved, in deviations")
    return finish(figure, alt, columns, rows)
