"""How soon labels are there: the size of a workforce, how soon it starts, and how fast it grows, moved by hand."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import ipywidgets as widgets

from workshop.figures import label_quality as figures
from workshop.panels.picture import Picture
from workshop.panels.quiet import Quiet
from workshop.studies.label_quality.economy import SECONDS_A_LABEL, WORKFORCES

_STYLE = {"description_width": "11em"}
_WIDE = widgets.Layout(width="27em")
_WRAP = widgets.Layout(flex_flow="row wrap")


class ScalePanel(widgets.VBox):
    """Change one of the four workforces, and see when the last label is made."""

    def __init__(self) -> None:
        self._quiet = Quiet()

        def choice(description: str, options: list, value: object) -> widgets.SelectionSlider:
            return widgets.SelectionSlider(
                options=options, value=value, description=description, style=_STYLE, layout=_WIDE
            )

        self.labels = choice(
            "Labels ordered:",
            [(f"{n:,}", n) for n in (1_000, 10_000, 100_000, 1_000_000, 10_000_000)],
            100_000,
        )
        self.seconds = choice("Seconds a label:", [2, 5, 15, 60, 300], round(SECONDS_A_LABEL))
        self.who = widgets.Dropdown(
            options=[(provider.title, name) for name, provider in WORKFORCES.items()], value="managed",
            description="Change:", style=_STYLE, layout=_WIDE,
        )  # fmt: skip
        self.people = choice("People at full size:", [1, 2, 4, 10, 20, 60, 200, 500, 2_000, 10_000], 60)
        self.start = choice("Days to start:", [0, 0.1, 1, 5, 10, 20, 40], 10)
        self.full = choice("Days to full size:", [0, 1, 5, 10, 20, 40, 80], 10)
        self.picture, self.words = Picture(), widgets.HTML()
        self.who.observe(self._chosen, "value")
        for control in (self.labels, self.seconds, self.people, self.start, self.full):
            control.observe(self._redraw, "value")
        order, workforce = (
            widgets.VBox(parts)
            for parts in ((self.labels, self.seconds), (self.who, self.people, self.start, self.full))
        )
        self._chosen()
        super().__init__([widgets.HBox([order, workforce], layout=_WRAP), self.words, self.picture])

    def _chosen(self, _: object = None) -> None:
        """Another workforce: as it is assumed to be, to begin with."""
        with self._quiet.lock:
            provider = WORKFORCES[self.who.value]
            with self._quiet.kept():
                self.people.value, self.start.value = provider.people, provider.days_to_start
                self.full.value = provider.days_to_full
            self._redraw()

    def _redraw(self, _: object = None) -> None:
        with self._quiet.lock:
            if self._quiet.on:
                return
            name = self.who.value
            changed = replace(
                WORKFORCES[name],
                people=self.people.value,
                days_to_start=self.start.value,
                days_to_full=self.full.value,
            )
            shown = figures.finish_times(
                self.labels.value, self.seconds.value, workforces={**WORKFORCES, name: changed}
            )
            self.picture.show(shown.png, shown.alt)
            self.words.value = f"<span role='status'>{escape(shown.alt)}</span>"
