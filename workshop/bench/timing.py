"""Timing two ways to do the same work so that a busy machine harms both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Row:
    """One line of the bench.

    Attributes:
        ours, peer: medians in ``unit``; ``peer`` is None where there is none, or it is not installed.
        ratio: how many times better ours is; None without a peer.
    """

    name: str
    unit: str
    better: Literal["higher", "lower"]
    ours: float
    peer: float | None
    peer_name: str | None
    ratio: float | None
    note: str


def seconds(*ways: Callable[[], object], rounds: int = 7) -> list[list[float]]:
    """Wall seconds of each way, ``rounds`` times, in turns; each is called once before, untimed."""
    for way in ways:
        way()
    taken: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for way, times in zip(ways, taken, strict=True):
            started = time.perf_counter()
            way()
            times.append(time.perf_counter() - started)
    return taken


def throughput(
    name: str,
    unit: str,
    work: int,
    ours: Callable[[], object],
    peer: Callable[[], object] | None = None,
    peer_name: str | None = None,
    note: str = "",
    rounds: int = 7,
    peer_work: float | None = None,
) -> Row:
    """A row of things per second.

    Args:
        work: how many things one call handles.
        peer: None when there is none; ``note`` then says why.
        peer_work: how many one call of the peer handles, where it is too slow or too different for ``work``.
    """
    taken = seconds(ours, *([peer] if peer else []), rounds=rounds)
    mine = work / statistics.median(taken[0])
    if peer is None:
        return Row(name, unit, "higher", mine, None, peer_name, None, note)
    peer_work = work if peer_work is None else peer_work
    ratio = statistics.median(theirs / own for own, theirs in zip(*taken, strict=True)) * work / peer_work
    return Row(name, unit, "higher", mine, peer_work / statistics.median(taken[1]), peer_name, ratio, note)
