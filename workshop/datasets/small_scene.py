"""Two small pictures to label: handwritten digits that overlap, and a sign to read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

from workshop.datasets.images import ImageSet

HEIGHT, WIDTH = 50, 56  # pixels of the scene
INK = 100  #: brightness from which a pixel of a digit counts as its own

#: Of the scene: row of mnist10k, left and top edge. Two threes that touch, and a seven.
_PLACED = ((7484, 0, 8), (3342, 20, 0), (3634, 27, 20))


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture of several digits.

    Attributes:
        picture: (H, W) uint8.
        masks: (N, H, W) bool, the pixels of each digit, hidden ones too.
        digits: (N,) int, what each is.
    """

    picture: np.ndarray
    masks: np.ndarray
    digits: tuple[int, ...]

    def boxes(self) -> np.ndarray:
        """(N, 4) float64: left, top, right, bottom of each digit, in pixels, the last ones exclusive."""
        ends = []
        for mask in self.masks:
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            ends.append((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
        return np.array(ends, np.float64)

    def classes(self) -> np.ndarray:
        """(H, W) int64: the digit that each pixel belongs to, -1 for none."""
        found = np.full(self.picture.shape, -1)
        for mask, digit in zip(self.masks, self.digits, strict=True):
            found[mask] = digit
        return found


def scene(mnist10k: ImageSet) -> Scene:
    """A seven and two threes on an uneven ground."""
    rng = np.random.default_rng(0)
    ground = gaussian_filter(rng.normal(size=(HEIGHT, WIDTH)), 3)
    picture = np.clip(45 + 200 * ground, 0, 90)
    masks = np.zeros((len(_PLACED), HEIGHT, WIDTH), bool)
    for mask, (row, left, top) in zip(masks, _PLACED, strict=True):
        place = np.s_[top : top + 28, left : left + 28]
        digit = mnist10k.images[row]
        picture[place] = np.maximum(picture[place], digit)
        mask[place] = digit >= INK
    digits = tuple(int(mnist10k.labels[row]) for row, *_ in _PLACED)
    return Scene(picture.astype(np.uint8), masks, digits)


def sign(text: str) -> np.ndarray:
    """(H, W) uint8: ``text`` on a plate, in one of the fonts that come with matplotlib, out of focus and grainy."""
    font = ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans-Bold.ttf", 26)
    left, top, right, bottom = font.getbbox(text)
    plate = Image.new("L", (right - left + 36, bottom - top + 36), 225)
    drawing = ImageDraw.Draw(plate)
    drawing.rectangle([3, 3, plate.width - 4, plate.height - 4], outline=70, width=3)
    drawing.text((18 - left, 18 - top), text, font=font, fill=50)
    blurred = gaussian_filter(np.asarray(plate, np.float64), 2.2)
    grain = np.random.default_rng(1).normal(scale=14, size=blurred.shape)
    return np.clip(blurred + grain, 0, 255).astype(np.uint8)
