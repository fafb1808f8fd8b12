"""The panels of lesson 06 that are one slider and one figure."""

from __future__ import annotations

import ipywidgets as widgets

from workshop.figures import label_quality as figures
from workshop.panels.slider import SliderPanel

_STYLE = {"description_width": "11em"}
_WIDE = widgets.Layout(width="27em")


def gold_panel() -> SliderPanel:
    """Who is sent away, by how many gold questions are asked."""
    slider = widgets.IntSlider(
        value=5, min=1, max=30, description="Gold questions:", style=_STYLE, layout=_WIDE
    )
    return SliderPanel(slider, figures.gold_questions, words_from="Sent away")


def review_panel() -> SliderPanel:
    """What a review of so many labels tells, when one in twenty is wrong."""
    slider = widgets.SelectionSlider(
        options=[20, 50, 100, 200, 400, 800, 1600],
        value=100,
        description="Labels reviewed:",
        style=_STYLE,
        layout=_WIDE,
    )
    return SliderPanel(slider, figures.sample_review, words_from="A review")


def hivemind_panel() -> SliderPanel:
    """HiveMind's error rates, by how many items each arm may have had."""
    slider = widgets.SelectionSlider(
        options=[50, 100, 250, 500, 1000], value=250, description="Items per arm:", style=_STYLE, layout=_WIDE
    )
    return SliderPanel(slider, figures.hivemind_rates, words_from="The first is")
