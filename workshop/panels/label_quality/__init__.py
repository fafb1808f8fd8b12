"""The panels of lesson 06."""

from workshop.panels.label_quality.cost import CostPanel
from workshop.panels.label_quality.scale import ScalePanel
from workshop.panels.label_quality.sliders import gold_panel, hivemind_panel, review_panel

__all__ = ["CostPanel", "ScalePanel", "gold_panel", "hivemind_panel", "review_panel"]
