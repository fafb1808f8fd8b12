"""One drawing a change: several controls are set at once, and a job's thread and a hand's callbacks take turns."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Quiet:
    """A panel's lock, and whether its callbacks are to keep still.

    A callback does its work under :attr:`lock` and returns at once where the panel is :attr:`on` quiet. Whoever sets
    several controls does so ``with quiet.kept():`` and draws once afterwards, under the same lock.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.on = False

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Change controls without a callback answering."""
        with self.lock:
            self.on = True
            try:
                yield
            finally:
                self.on = False
