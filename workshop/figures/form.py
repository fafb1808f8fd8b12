"""The one form of a figure: a picture, a sentence that says what it shows, and its numbers as a table.

Pictures are drawn without pyplot, so that no global state is touched and any thread may draw.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

#: Okabe and Ito's palette: told apart by readers who do not see all colours.
SOURCE, TARGET, GOOD, GUESS, QUIET = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8a8a8a"
DPI = 110


@dataclass(frozen=True)
class LessonFigure:
    """A finished figure; a notebook shows it when it is a cell's last value.

    Attributes:
        png: the picture.
        alt: what it shows, for those who cannot see it: two or three sentences with the main numbers.
        columns, rows: its numbers.
    """

    png: bytes
    alt: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/plain": f"Figure: {self.alt}", "text/html": self.html()}

    def html(self) -> str:
        """The figure with its numbers folded away beneath it."""
        picture = base64.b64encode(self.png).decode()
        head = "".join(f"<th scope='col'>{escape(str(column))}</th>" for column in self.columns)
        body = "".join("<tr>" + "".join(f"<td>{_cell(v)}</td>" for v in row) + "</tr>" for row in self.rows)
        return (
            f"<figure style='margin:0'><img alt='{escape(self.alt, quote=True)}' style='max-width:100%;height:auto' "
            f"src='data:image/png;base64,{picture}'/>"
            f"<details><summary>Numbers of this figure</summary>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></details></figure>"
        )


def finish(
    figure: Figure,
    alt: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    dpi: int = DPI,
    colours: int | None = None,
) -> LessonFigure:
    """Close a drawing: render it and put it beside its words and numbers.

    Args:
        colours: so many at the most, for drawings full of small pictures: a third of the bytes. None: all.
    """
    drawn = png(figure, dpi)
    if colours:
        with Image.open(io.BytesIO(drawn)) as picture:
            drawn = palette_png(np.asarray(picture.convert("RGB")), colours, fast=False)
    return LessonFigure(drawn, alt, tuple(columns), tuple(tuple(row) for row in rows))


def absent(what: str) -> LessonFigure:
    """In place of a figure whose training is not part of this run."""
    figure, axis = canvas(8, 0.7)
    words = f"{what} is not part of this run: it needs another budget, or a stored result for these data."
    axis.text(0, 0.5, words, va="center", color=QUIET)
    axis.set_axis_off()
    return finish(figure, words, ("not part of this run",), [(what,)])


def png(figure: Figure, dpi: int = DPI) -> bytes:
    """The drawing as a PNG."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=dpi, facecolor="white")
    return out.getvalue()


def canvas_png(drawn: np.ndarray) -> bytes:
    """A drawing of many colours as a PNG, sooner and larger than :func:`png` has it.

    Args:
        drawn: (height, width, 3 or 4) uint8, as a canvas holds it.
    """
    out = io.BytesIO()
    Image.fromarray(np.asarray(drawn)[..., :3]).save(out, "png", compress_level=1)
    return out.getvalue()


def palette_png(drawn: np.ndarray, colours: int = 64, fast: bool = True) -> bytes:
    """A drawing of few colours as a PNG: a third of the bytes.

    Args:
        drawn: (height, width, 3 or 4) uint8, as a canvas holds it.
        fast: in less time than all colours would take, for a panel; else with better colours and fewer bytes.
    """
    method, compress = (Image.Quantize.FASTOCTREE, 1) if fast else (Image.Quantize.MEDIANCUT, 9)
    picture = Image.fromarray(np.asarray(drawn)[..., :3])
    picture = picture.quantize(colours, method=method, dither=Image.Dither.NONE)
    palette = np.array(picture.getpalette()).reshape(-1, 3)
    palette[palette.min(1) > 250] = 255  # white paper stays white
    picture.putpalette(palette.ravel().tolist())
    out = io.BytesIO()
    picture.save(out, "png", compress_level=compress)
    return out.getvalue()


def canvas(
    width: float = 8.0,
    height: float = 3.6,
    columns: int = 1,
    rows: int = 1,
    layout: str | dict[str, float] = "constrained",
    **options,
):
    """A figure and its axes, ``columns`` by ``rows``, in inches; quiet frames.

    Args:
        layout: the engine that fits the axes to their words; or margins, which take half as long to draw.
    """
    if isinstance(layout, str):
        figure = Figure(figsize=(width, height), layout=layout)
    else:
        figure, options = Figure(figsize=(width, height)), {**options, "gridspec_kw": layout}
    axes = figure.subplots(rows, columns, **options)
    for one in figure.axes:
        one.spines[["top", "right"]].set_visible(False)
    return figure, axes


def note_guess(axis: Axes, guess: object, x: float = 0.01, y: float = 0.03, **options: object) -> str:
    """Write the reader's guess into the axes, by default into a corner; returns the sentence for the alt text."""
    axis.text(x, y, f"your guess: {guess}", color=GUESS, transform=axis.transAxes, **options)
    return f' Your guess was "{guess}".'


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else escape(str(value))
