"""What the figures of lesson 02 share: a colour for each depth, names of tasks, and the reader's guess."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from workshop.figures.form import GOOD, GUESS, QUIET, SOURCE, TARGET, LessonFigure, finish
from workshop.studies.fine_tuning.recipes import EVERYTHING, HEAD, SCRATCH

TASKS = {"digits": "handwritten digits", "tiles": "landscape tiles", "renders": "street-number renders"}
#: From a light to a dark blue as more is thawed; from scratch stands apart.
_DEPTHS = {HEAD: "#a6cee3", EVERYTHING: "#08306b", SCRATCH: TARGET}
_BETWEEN = "#3f8fc4"


def colour(depth: str) -> str:
    """The colour of a depth, the same in every figure."""
    return _DEPTHS.get(depth, _BETWEEN)


def note(axis: Axes, guess: object, x: float = 0.01, y: float = 0.03, **options) -> str:
    """Write the reader's guess into the figure; returns the sentence for the alt text."""
    axis.text(x, y, f"your guess: {guess}", color=GUESS, transform=axis.transAxes, **options)
    return f' Your guess was "{guess}".'


def interval(right) -> float:
    """Half of the 95% interval of a share of right answers, in per cent (normal approximation)."""
    return 196 * float(right.std()) / len(right) ** 0.5


def finish_pictures(figure: Figure, alt: str, columns: Sequence[str], rows: Sequence[tuple]) -> LessonFigure:
    """As :func:`workshop.figures.form.finish`, in 200 colours: pictures of fields then take a third of the bytes."""
    whole, out = finish(figure, alt, columns, rows), io.BytesIO()
    picture = Image.open(io.BytesIO(whole.png)).convert("RGB")
    picture.quantize(200, dither=Image.Dither.NONE).save(out, "png", optimize=True)
    return replace(whole, png=out.getvalue())


__all__ = [
    "GOOD",
    "GUESS",
    "QUIET",
    "SOURCE",
    "TARGET",
    "TASKS",
    "colour",
    "finish_pictures",
    "interval",
    "note",
]
