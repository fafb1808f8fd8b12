"""The panel of the transfer map: choose a cell, and see the curves behind it."""

from __future__ import annotations

from functools import lru_cache
from html import escape

import ipywidgets as widgets

from workshop.errors import WorkshopError
from workshop.figures.form import LessonFigure
from workshop.figures.transfer_scenarios.transfer_map import MapPicture, cell_curves
from workshop.panels.picture import Picture
from workshop.studies.transfer_scenarios.experiments.transfer_map import MapOutcome

_STYLE = {"description_width": "10em"}
_WIDE = widgets.Layout(width="30em", max_width="100%")


class MapPanel(widgets.VBox):
    """The map with a cell framed, and beneath it how that cell's networks were trained.

    Attributes:
        angle, labels: the cell.
        map, curves: the two pictures.
        figure: the curves as they are shown, with their table.

    Raises:
        WorkshopError: this run has no map.
    """

    def __init__(self, outcome: MapOutcome | None) -> None:
        if outcome is None:
            raise WorkshopError(
                "This run has no map of transfer: it needs another budget, or a stored result."
            )
        self._map = MapPicture(outcome)
        self._curves = lru_cache(maxsize=None)(lambda angle, labels: cell_curves(outcome, angle, labels))
        self.angle = widgets.SelectionSlider(
            options=[(f"{angle:.0f}°", number) for number, angle in enumerate(outcome.angles)],
            description="Angle of the rules:", style=_STYLE, layout=_WIDE,
        )  # fmt: skip
        self.labels = widgets.SelectionSlider(
            options=[(str(labels), number) for number, labels in enumerate(outcome.labels)],
            description="Labels:", style=_STYLE, layout=_WIDE,
        )  # fmt: skip
        self.map, self.curves, self.words = Picture(), Picture(), widgets.HTML()
        self.figure: LessonFigure
        for slider in (self.angle, self.labels):
            slider.observe(self._redraw, "value")
        self._redraw()
        super().__init__([self.angle, self.labels, self.map, self.curves, self.words])

    def _redraw(self, _: object = None) -> None:
        cell = self.angle.value, self.labels.value
        drawn, self.figure = self._map.draw(*cell), self._curves(*cell)
        self.map.show(drawn.png, drawn.alt)
        self.curves.show(self.figure.png, self.figure.alt)
        self.words.value = f"<span role='status'>{escape(self.figure.alt)}</span>"
