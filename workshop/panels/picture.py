"""A picture in a panel that can be replaced, with its alt text: ``ipywidgets.Image`` has no place for one."""

from __future__ import annotations

import base64
from html import escape

import ipywidgets as widgets


class Picture(widgets.HTML):
    """Shows nothing until :meth:`show` is called. A picture shrinks where it must, and is never blown up."""

    def show(self, png: bytes, alt: str) -> None:
        """Replace the picture."""
        data = base64.b64encode(png).decode()
        self.value = (
            f"<img alt='{escape(alt, quote=True)}' style='max-width:100%' src='data:image/png;base64,{data}'>"
        )
