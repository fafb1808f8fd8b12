"""Two short sounds to label, made by arithmetic: some events one after the other, and words in Morse code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workshop.errors import WorkshopError

RATE = 8000  #: samples a second
DOT = 0.055  #: seconds of a dot in Morse code: about 22 words a minute

_MORSE = {"A": ".-", "D": "-..", "E": ".", "M": "--", "N": "-.", "O": "---", "R": ".-.", "S": "...", "T": "-"}


@dataclass(frozen=True)
class Event:
    """Something that can be heard.

    Attributes:
        name: what makes the sound.
        begin, end: in seconds.
    """

    name: str
    begin: float
    end: float


@dataclass(frozen=True, eq=False)
class Sound:
    """One channel.

    Attributes:
        samples: (N,) float32 in -1..1.
        rate: samples a second.
    """

    samples: np.ndarray
    rate: int = RATE

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


#: What is in :func:`garden`, exactly.
GARDEN = (
    Event("bird", 0.5, 1.3),
    Event("bell", 1.9, 3.4),
    Event("bird", 3.9, 4.5),
    Event("taps", 4.9, 5.6),
)


def garden() -> Sound:
    """Six seconds: a bird twice, a bell that dies away, taps, and a little wind."""
    time = np.arange(6 * RATE) / RATE
    wave = 0.02 * np.random.default_rng(0).normal(size=len(time))
    make = {"bird": _bird, "bell": _bell, "taps": _taps}
    for event in GARDEN:
        inside = (time >= event.begin) & (time < event.end)
        wave[inside] += make[event.name](time[inside] - event.begin)
    return Sound(_scaled(wave))


def morse(text: str) -> Sound:
    """``text`` in Morse code, in noise that grows towards the end.

    Raises:
        WorkshopError: a letter that this small table does not have.
    """
    if unknown := sorted(set(text) - set(_MORSE) - {" "}):
        raise WorkshopError(
            f"There is no Morse code here for {unknown[0]!r}, only for {', '.join(_MORSE)} and space."
        )
    # In dots: a dash is 3; pauses are 1 within a letter, 3 between letters, 7 between words.
    words = (
        "000".join("0".join({".": "1", "-": "111"}[sign] for sign in _MORSE[letter]) for letter in word)
        for word in text.split()
    )
    units = np.array([0, 0, *map(int, "0000000".join(words)), 0, 0], float)
    loud = np.repeat(units, round(DOT * RATE))
    time = np.arange(len(loud)) / RATE
    noise = np.random.default_rng(0).normal(size=len(time)) * np.linspace(0.02, 0.22, len(time))
    return Sound(_scaled(loud * np.sin(2 * np.pi * 600 * time) + noise))


def _bird(time: np.ndarray) -> np.ndarray:
    """A whistle that goes up and down five times a second."""
    pitch = 2600 + 500 * np.sin(2 * np.pi * 5 * time)
    return np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.sin(np.pi * time / time[-1]) ** 0.5


def _bell(time: np.ndarray) -> np.ndarray:
    """Four partials that are no multiples of each other; the high ones die first."""
    partials = ((440, 2.0), (1130, 3.0), (1980, 4.5), (2960, 6.0))
    return sum(0.5 * np.exp(-fall * time) * np.sin(2 * np.pi * pitch * time) for pitch, fall in partials)


def _taps(time: np.ndarray) -> np.ndarray:
    """Three short bursts of noise."""
    noise = np.random.default_rng(2).normal(size=len(time))
    since = time[:, None] - np.array([0, 0.2, 0.4])
    return (
        0.35 * noise * np.where(since < 0, 0, np.exp(-40 * np.maximum(since, 0))).sum(1)
    )  # no louder than the rest


def _scaled(wave: np.ndarray) -> np.ndarray:
    return (wave / np.abs(wave).max()).astype(np.float32)
