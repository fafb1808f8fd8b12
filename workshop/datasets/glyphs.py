"""Digits as type: one coverage mask per font and digit, drawn from the fonts inside matplotlib's own wheel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

#: Faces with ordinary lining digits. matplotlib ships them all, so they look the same on every machine.
FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"),
    *("DejaVuSansMono", "DejaVuSansMono-Bold"),
    *("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic"),
    *("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta"),
    *("cmr10", "cmb10", "cmss10", "cmtt10"),
)

CELL = 64  #: side of a glyph's cell, in pixels
HEIGHT = 40  #: height of a digit in its cell, in pixels, the same for every font and digit


@dataclass(frozen=True)
class GlyphAtlas:
    """Every digit of every font: ``masks`` (fonts, 10, CELL, CELL) in 0..1, ``widths`` (fonts, 10) in pixels."""

    masks: torch.Tensor
    widths: torch.Tensor


def _draw(font_file: Path, digit: str) -> tuple[np.ndarray, int]:
    """One digit, centred in its cell and scaled to HEIGHT; returns (CELL, CELL) in 0..255 and its width."""
    _, top, _, bottom = ImageFont.truetype(font_file, CELL).getbbox(digit)
    font = ImageFont.truetype(font_file, round(CELL * HEIGHT / (bottom - top)))
    left, top, right, bottom = font.getbbox(digit)
    cell = Image.new("L", (CELL, CELL))
    corner = ((CELL - (right - left)) / 2 - left, (CELL - (bottom - top)) / 2 - top)
    ImageDraw.Draw(cell).text(corner, digit, font=font, fill=255)
    return np.asarray(cell), right - left


@lru_cache(maxsize=1)
def glyph_atlas() -> GlyphAtlas:
    """Draw all digits of all :data:`FONTS`, once a process (about a quarter of a second)."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    drawn = [_draw(folder / f"{font}.ttf", str(digit)) for font in FONTS for digit in range(10)]
    masks = torch.from_numpy(np.stack([mask for mask, _ in drawn])).float().div(255)
    widths = torch.tensor([width for _, width in drawn], dtype=torch.float32)
    return GlyphAtlas(masks.view(len(FONTS), 10, CELL, CELL), widths.view(len(FONTS), 10))
