"""The panel of lesson 01: one world, five sliders, and which of the five objects differ."""

from __future__ import annotations

from dataclasses import asdict
from html import escape

import ipywidgets as widgets

from workshop.datasets.shifts import SITUATIONS, SLIDERS, Setting, situation
from workshop.figures.form import LessonFigure
from workshop.figures.transfer_scenarios.shifts import ShiftPicture, show
from workshop.kernels.gaussian_shift import OBJECTS
from workshop.panels.picture import Picture
from workshop.panels.quiet import Quiet

_STYLE = {"description_width": "8em"}
_WIDE = widgets.Layout(width="26em", max_width="100%")
_WRAP = widgets.Layout(flex_flow="row wrap")
BY_HAND = "Moved by hand"


class ShiftPanel(widgets.VBox):
    """Move one object or several; see the target, the source's classifier in it, and what else had to move.

    Attributes:
        sliders: by the name they have in :class:`Setting`.
        situation: choose a story whose sliders to set.
        reset: all sliders back to 0.
        figure: the figure as it is shown, with its table.
    """

    def __init__(self) -> None:
        self._quiet, self._drawing = Quiet(), ShiftPicture()
        self.sliders = {
            name: widgets.FloatSlider(
                value=0.0, min=0.0, max=1.0, step=0.05, description=f"{OBJECTS[name]}:", readout_format=".2f",
                style=_STYLE, layout=_WIDE,
            )
            for name in SLIDERS
        }  # fmt: skip
        self.situation = widgets.Dropdown(
            options=[one.title for one in SITUATIONS] + [BY_HAND], description="Situation:", style=_STYLE,
            layout=_WIDE,
        )  # fmt: skip
        self.reset = widgets.Button(
            description="Reset", icon="undo", tooltip="All sliders to 0: the target is the source again"
        )
        self.story, self.words, self.table = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.picture = Picture()
        self.figure: LessonFigure
        for slider in self.sliders.values():
            slider.observe(self._by_hand, "value")
        self.situation.observe(self._choose, "value")
        self.reset.on_click(self._reset)
        self._choose()
        choices = widgets.VBox(
            [self.situation, self.reset, self.story], layout=widgets.Layout(max_width="30em")
        )
        # The words come after the picture, which would else jump with their length.
        # The fold is a widget of its own, so that it stays open while the table in it changes.
        numbers = widgets.Accordion([self.table], titles=("Numbers of this figure",), selected_index=None)
        moving = widgets.VBox(list(self.sliders.values()))
        super().__init__([widgets.HBox([moving, choices], layout=_WRAP), self.picture, self.words, numbers])

    @property
    def setting(self) -> Setting:
        """Where the sliders stand."""
        return Setting(**{name: slider.value for name, slider in self.sliders.items()})

    def _by_hand(self, _: object) -> None:
        with self._quiet.lock:
            if self._quiet.on:
                return
            with self._quiet.kept():
                self.situation.value = BY_HAND
            self.story.value = ""
            self._redraw()

    def _choose(self, _: object = None) -> None:
        with self._quiet.lock:
            if self._quiet.on or self.situation.value == BY_HAND:
                return
            chosen = situation(self.situation.value)
            with self._quiet.kept():
                for name, value in asdict(chosen.setting).items():
                    self.sliders[name].value = value
            self.story.value = escape(chosen.words)
            self._redraw()

    def _reset(self, _: object) -> None:
        with self._quiet.lock:
            with self._quiet.kept():
                self.situation.value = SITUATIONS[0].title
            self._choose()

    def _redraw(self) -> None:
        shown = show(self.setting)
        self.figure = self._drawing.draw(shown)
        self.picture.show(self.figure.png, self.figure.alt)
        self.words.value = f"<span role='status'>{escape(shown.words())}</span>"
        self.table.value = _table(self.figure)


def _table(figure: LessonFigure) -> str:
    """A figure's numbers as HTML."""
    head = "".join(f"<th scope='col'>{escape(column)}</th>" for column in figure.columns)
    body = "".join("<tr>" + "".join(f"<td>{_cell(v)}</td>" for v in row) + "</tr>" for row in figure.rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else escape(str(value))
