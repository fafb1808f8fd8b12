"""Numbers as sentences have them."""

from __future__ import annotations


def counted(number: int, thing: str) -> str:
    """``1 cell``, ``2 cells``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def span(seconds: float) -> str:
    """A time that somebody waits: ``40 s``, ``3 min``, ``12 h 5 min``."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
