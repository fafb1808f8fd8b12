"""What every lesson's study offers to the lesson, the runner and the measurements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from workshop.claims import Claim, Measurement
from workshop.results import Key


class Study(Protocol):
    """A lesson's experiments at one budget on given data."""

    lesson: str  #: the lesson's file name without its ending
    budget: str
    claims: Mapping[str, Claim]  #: by id

    def describe(self) -> str:
        """One sentence: what is trained here and now, on what, and what is shown from stored results."""

    def measure(self, claim_id: str) -> Measurement:
        """The number behind a claim; ``skipped`` where this budget or these data do not give it."""

    def to_store(self, again: bool = False) -> Iterator[tuple[Any, Key]]:
        """Train what the lesson ships and is stale, or all of it ``again``; yields each result with its key."""
