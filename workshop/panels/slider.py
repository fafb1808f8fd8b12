"""The smallest panel: one slider, the figure it draws, and the end of the figure's words above it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import ipywidgets as widgets

from workshop.figures.form import LessonFigure
from workshop.panels.picture import Picture


class SliderPanel(widgets.VBox):
    """Draws anew whenever the slider moves.

    Args:
        draw: the slider's value -> figure.
        words_from: the words of the figure's alt text with which the line above the picture begins.
    """

    def __init__(
        self, slider: widgets.FloatSlider, draw: Callable[[float], LessonFigure], words_from: str
    ) -> None:
        self._slider, self._draw, self._words_from = slider, draw, words_from
        self.picture, self.words = Picture(), widgets.HTML()
        slider.observe(self._redraw, "value")
        self._redraw()
        super().__init__([slider, self.words, self.picture])

    def _redraw(self, _: object = None) -> None:
        shown = self._draw(self._slider.value)
        self.picture.show(shown.png, shown.alt)
        words = shown.alt[shown.alt.index(self._words_from) :]
        self.words.value = f"<span role='status'>{escape(words)}</span>"
