"""The gallery of kinds of labels: each on one example, with two labelers who differ."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle
from scipy.signal import spectrogram

from workshop.datasets import ImageSet, load
from workshop.datasets.label_kinds import Kind, label_kinds
from workshop.datasets.small_sounds import Sound
from workshop.figures.form import GOOD, GUESS, SOURCE, TARGET, LessonFigure, canvas, finish
from workshop.kernels import agreement

FIRST, SECOND = SOURCE, TARGET  #: colours of the two labelers
BIG, SMALL = 13, 11  # points

#: Of a kind: the name of its measure, and its value for the two labelers.
_MEASURES: dict[str, tuple[str, Callable[[tuple], float]]] = {
    "class": ("Cohen's kappa", lambda labels: agreement.cohen_kappa(*labels)),
    "box": ("IoU of boxes", lambda labels: agreement.paired_iou(agreement.box_overlaps(*labels))),
    "semantic": ("IoU of classes", lambda labels: agreement.class_iou(*labels)),
    "instances": ("IoU of masks", lambda labels: agreement.paired_iou(agreement.mask_overlaps(*labels))),
    "sentiment": ("Cohen's kappa", lambda labels: agreement.cohen_kappa(*labels)),
    "speech": ("Cohen's kappa", lambda labels: agreement.cohen_kappa(*labels)),
    "text": ("edit distance", lambda labels: agreement.edit_distance(*labels)),
    "events": ("IoU of spans", lambda labels: _events_iou(*labels)),
    "transcript": ("word error rate", lambda labels: agreement.word_error_rate(*labels)),
}


def kinds(mnist10k: ImageSet | None = None) -> LessonFigure:
    """Nine kinds of labels, three by three.

    Args:
        mnist10k: the digits; loaded by default.
    """
    shown = label_kinds(mnist10k or load("mnist10k"))
    ratios = {"height_ratios": (0.24, 1) * 3}
    figure, axes = canvas(11.6, 9.2, columns=3, rows=6, gridspec_kw=ratios)
    rows = []
    for heading, axis, kind in zip(axes[::2].flat, axes[1::2].flat, shown, strict=True):
        name, measure = _MEASURES[kind.name]
        value = measure(kind.labels)
        _DRAW[kind.name](axis, kind)
        axis.set_anchor("NW")
        number = f"{value}" if isinstance(value, int) else f"{value:.2f}"
        cost = f"{kind.effort.seconds:g} s per {kind.effort.unit}" + ("" if kind.effort.published else "*")
        heading.text(0, 0.55, kind.title, fontsize=BIG + 1, fontweight="bold")
        heading.text(0, 0.0, f"{name} {number} · {cost}", fontsize=SMALL)
        heading.set_axis_off()
        rows.append((kind.title, name, value, kind.effort.seconds, kind.effort.unit, kind.effort.source))
    figure.supxlabel(
        "blue: first labeler, orange: second.   * seconds are an estimate of ours",
        fontsize=SMALL,
        x=0.01,
        ha="left",
    )
    told = "; ".join(
        f"{title}: {name} {value:.2g}, {seconds:g} s a {unit}"
        for title, name, value, seconds, unit, _ in rows
    )
    alt = f"Nine kinds of labels, each on one example that two invented labelers label differently. {told}."
    columns = ("kind of label", "agreement is measured by", "here", "seconds", "per", "who says so")
    return finish(figure, alt, columns, rows, colours=128)


def _events_iou(first: tuple, second: tuple) -> float:
    """Events pair up only where they have the same name."""
    overlaps = agreement.span_overlaps(*([(e.begin, e.end) for e in events] for events in (first, second)))
    same = np.array([[a.name == b.name for b in second] for a in first])
    return agreement.paired_iou(overlaps * same)


# ---- images ------------------------------------------------------------------------------------------


def _class(axis: Axes, kind: Kind) -> None:
    """Digits in two rows; under each what the two say, framed where they differ."""
    side, columns = 28, 4
    for place, (picture, *said) in enumerate(zip(kind.item, *kind.labels, strict=True)):
        row, column = divmod(place, columns)
        left, top = column * (side + 8), row * (side + 16)
        axis.imshow(255 - picture, cmap="gray", vmin=0, vmax=255, extent=(left, left + side, top + side, top))
        for label, colour, x in zip(said, (FIRST, SECOND), (8, 20), strict=True):
            axis.text(left + x, top + side + 7, str(label), color=colour, fontsize=BIG, fontweight="bold", ha="center",
                      va="center")  # fmt: skip
        if said[0] != said[1]:
            axis.add_patch(Rectangle((left - 2, top - 2), side + 4, side + 15, fill=False, color=GUESS, lw=2))
    axis.set(xlim=(-4, columns * (side + 8)), ylim=(2 * (side + 16), -4), aspect="equal")
    axis.set_axis_off()


def _box(axis: Axes, kind: Kind) -> None:
    _picture(axis, kind.item)
    for boxes, colour in zip(kind.labels, (FIRST, SECOND), strict=True):
        for left, top, right, bottom in boxes:
            axis.add_patch(
                Rectangle((left, top), right - left, bottom - top, fill=False, color=colour, lw=2.5)
            )


def _semantic(axis: Axes, kind: Kind) -> None:
    colours = {-1: (0, 0, 0, 0), 3: to_rgba(GOOD, 0.75), 7: to_rgba(GUESS, 0.75)}
    _pair(
        axis,
        kind.item,
        [np.array([[colours[int(c)] for c in row] for row in labels]) for labels in kind.labels],
    )


def _instances(axis: Axes, kind: Kind) -> None:
    colours = [to_rgba(colour, 0.75) for colour in (GUESS, GOOD, "#F0E442")]
    overlays = []
    for masks in kind.labels:
        overlay = np.zeros((*masks.shape[1:], 4))
        for mask, colour in zip(masks, colours, strict=False):
            overlay[mask] = colour
        overlays.append(overlay)
    _pair(axis, kind.item, overlays)


def _text(axis: Axes, kind: Kind) -> None:
    height, width = kind.item.shape
    axis.imshow(kind.item, cmap="gray", vmin=0, vmax=255)
    for labels, colour, below in zip(kind.labels, (FIRST, SECOND), (1.45, 2.05), strict=True):
        axis.text(width / 2, height * below, labels, color=colour, fontsize=BIG + 4, family="monospace", ha="center",
                  va="center", fontweight="bold")  # fmt: skip
    axis.set(xlim=(0, width), ylim=(height * 2.4, 0))
    axis.set_axis_off()


def _picture(axis: Axes, picture: np.ndarray) -> None:
    height, width = picture.shape
    axis.imshow(picture, cmap="gray", vmin=0, vmax=255, extent=(0, width, height, 0))
    axis.set_axis_off()


def _pair(axis: Axes, picture: np.ndarray, overlays: list[np.ndarray]) -> None:
    """The same picture twice, side by side, with the labels of each labeler and a frame in their colour."""
    height, width = picture.shape
    for overlay, colour, left in zip(overlays, (FIRST, SECOND), (0, width + 4), strict=True):
        extent = (left, left + width, height, 0)
        axis.imshow(picture, cmap="gray", vmin=0, vmax=255, extent=extent)
        axis.imshow(overlay, extent=extent, interpolation="nearest")
        axis.add_patch(Rectangle((left, 0), width, height, fill=False, color=colour, lw=3))
    axis.set(xlim=(-2, 2 * width + 6), ylim=(height + 2, -2))
    axis.set_axis_off()


# ---- text --------------------------------------------------------------------------------------------


def _sentiment(axis: Axes, kind: Kind) -> None:
    for row, (sentence, *said) in enumerate(zip(kind.item, *kind.labels, strict=True)):
        axis.text(0, row, sentence, fontsize=SMALL, va="center")
        _two_words(axis, row + 0.42, said)
    axis.set(xlim=(0, 1), ylim=(len(kind.item) - 0.2, -0.4))
    axis.set_axis_off()


def _two_words(axis: Axes, y: float, said: list[str]) -> None:
    """What the two say, side by side; bold where they differ."""
    weight = "normal" if said[0] == said[1] else "bold"
    for word, colour, x in zip(said, (FIRST, SECOND), (0.04, 0.4), strict=True):
        axis.text(x, y, word, color=colour, fontsize=SMALL, fontweight=weight, va="center")
    if said[0] != said[1]:
        axis.text(0.33, y, "≠", color=GUESS, fontsize=BIG, fontweight="bold", va="center", ha="center")


def _speech(axis: Axes, kind: Kind) -> None:
    count = len(kind.item)
    for place, (word, *said) in enumerate(zip(kind.item, *kind.labels, strict=True)):
        row, column = divmod(place, 4)
        x, y = column / 4, row * 1.6
        axis.text(x, y, word, fontsize=BIG + 2, va="center")
        differ = said[0] != said[1]
        for label, colour, down in zip(said, (FIRST, SECOND), (0.5, 0.9), strict=True):
            axis.text(x, y + down, label, color=colour, fontsize=SMALL, va="center",
                      fontweight="bold" if differ else "normal")  # fmt: skip
        if differ:
            axis.add_patch(Rectangle((x - 0.02, y - 0.35), 0.21, 1.5, fill=False, color=GUESS, lw=2))
    axis.set(xlim=(-0.03, 1), ylim=((count - 1) // 4 * 1.6 + 1.3, -0.5))
    axis.set_axis_off()


# ---- sound -------------------------------------------------------------------------------------------


def _events(axis: Axes, kind: Kind) -> None:
    sound: Sound = kind.item
    pitch, time, power = spectrogram(sound.samples, sound.rate, nperseg=256, noverlap=128)
    loud = np.log10(power + 1e-9)
    axis.pcolormesh(time, pitch / 1000, loud, cmap="Greys", vmin=-7, vmax=loud.max(), rasterized=True)
    for events, colour, y in zip(kind.labels, (FIRST, SECOND), (5.1, 4.35), strict=True):
        for event in events:
            axis.add_patch(
                Rectangle((event.begin, y - 0.28), event.end - event.begin, 0.56, color=colour, lw=0)
            )
            axis.text(
                event.begin + 0.04, y, event.name, color="white", fontsize=9, va="center", fontweight="bold"
            )
    axis.set(xlim=(0, sound.seconds), ylim=(0, 5.5), yticks=(0, 2, 4), ylabel="kHz", xlabel="seconds")


def _transcript(axis: Axes, kind: Kind) -> None:
    sound: Sound = kind.item
    every = 8  # thin lines would be lost anyway
    axis.plot(
        np.arange(len(sound.samples))[::every] / sound.rate, sound.samples[::every], color="black", lw=0.4
    )
    for labels, colour, y in zip(kind.labels, (FIRST, SECOND), (-1.7, -2.5), strict=True):
        axis.text(sound.seconds / 2, y, labels, color=colour, fontsize=BIG + 3, family="monospace", ha="center",
                  va="center", fontweight="bold")  # fmt: skip
    axis.set(xlim=(0, sound.seconds), ylim=(-3, 1.1), yticks=[], xlabel="seconds")
    axis.spines["left"].set_visible(False)


_DRAW: dict[str, Callable[[Axes, Kind], None]] = {
    "class": _class,
    "box": _box,
    "semantic": _semantic,
    "instances": _instances,
    "sentiment": _sentiment,
    "speech": _speech,
    "text": _text,
    "events": _events,
    "transcript": _transcript,
}
