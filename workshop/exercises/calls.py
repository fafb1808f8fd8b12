"""A call in words, so that a reader sees on which inputs an answer went wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from workshop.exercises.record import Inputs

#: Characters of one argument; what is longer is described.
_MOST = 80


def spoken(function: str, inputs: Inputs) -> str:
    """``bill(objects=4, first=[1, 4, 8], price=[3, 2, 1])``; a long array as ``labels=<401 numbers>``."""
    return f"{function}({', '.join(f'{name}={_short(value)}' for name, value in inputs.items())})"


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        # Each number takes three characters at least, with its comma.
        if 3 * value.size > _MOST or len(written := _written(value.tolist())) > _MOST:
            return f"<{' x '.join(map(str, value.shape))} numbers>"
        return written
    written = _written(value)
    return (
        written
        if len(written) <= _MOST
        else f"<{len(value)} {'characters' if isinstance(value, str) else 'values'}>"
    )


def _written(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_written, value))}]"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)
