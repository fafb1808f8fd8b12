"""The panel of lesson 02: freeze, thaw, train, compare."""

from workshop.panels.fine_tuning.layers import FrozenLayersPanel

__all__ = ["FrozenLayersPanel"]
