"""A simulated region of counties: its warmth decides when each crop is green, and satellites see it at fixed dates.

Growing degree days (GDD) are the clock of a crop: it passes its stages at sums of warmth, not at dates. A day counts
by ``((lowest + highest) / 2 - base)``, both temperatures first clipped to base..cap (McMaster and Wilhelm, 1997,
their second method). Maize and soybean take base 10 °C and cap 30 °C, spring wheat base 0 °C.

From the literature, rounded:

- Maize from sowing: emergence after some 65 GDD, silking after some 750, black layer after 1,300 to 1,500; in °F, 115,
  1,400 and 2,400 to 2,700 (Neild and Newman, "Growing season characteristics and requirements in the Corn Belt",
  Purdue Extension NCH-40). Soybean: emergence 70, maturity 940 to 1,140 for northern varieties (North Dakota State
  University Extension: 1,694 to 2,058 in °F); ours is a later one, 1,380. Spring wheat over base 0 °C: emergence about
  100, anthesis 800 to 900, maturity about 1,550 (Miller, Lanier and Brandt, 2001, "Using growing degree days to
  predict plant stages", Montana State University Extension MT200103AG).
- A vegetation index (NDVI) of 0.15 to 0.2 over bare soil and 0.8 to 0.9 over a closed canopy; its season as two
  logistic curves (Zhang et al., 2003; Beck et al., 2006).
- Monthly temperatures between Fargo and southern Illinois, and daily ranges near 12 °C. Maize is sown around 1 May in
  Iowa, soybean some two weeks later, wheat in early April; sowing within a county is spread over three weeks.

Ours: the region's grid and gradient; half of green-up and half of senescence, set between the stages above; that the
two logistic curves are multiplied, so that the index never falls below bare soil; the spread between fields; noise and
clouds; how strongly soil acts; how far counties differ in what is hidden (:data:`SPREAD`). Left out: day length (which
soybean answers to), vernalisation, frost, drought, harvest.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from workshop.errors import WorkshopError

ROWS, COLUMNS = 6, 6
SEASON = slice(120, 273)  #: 1 May to 30 September, days counted from 0
DATES = np.arange(114, 283, 16)  #: of the looks from above: every 16 days, 25 April to 2 October
NOISE, CLOUDED = 0.03, 0.25  #: of the index, one standard deviation; share of the looks that see only cloud
#: Standard deviations between the fields of a county: days of sowing, relative GDD to maturity, soil.
FIELD_SPREAD = {"sowing": 6.0, "variety": 0.05, "soil": 0.4}
#: Standard deviations between counties of what is hidden, in the same units, where it is switched on.
SPREAD = {"sowing": 10.0, "variety": 0.10, "soil": 1.0}


def growing_degree_days(
    lowest: np.ndarray | float, highest: np.ndarray | float, base: float = 10.0, cap: float = 30.0
) -> np.ndarray:
    """What each day adds to a crop's clock.

    Args:
        lowest, highest: temperatures of the days, °C, of one shape.
        base: below which nothing grows, °C.
        cap: above which more warmth adds nothing, °C.

    Returns:
        of the same shape, °C days, 0 to ``cap - base``.

    Raises:
        WorkshopError: a cap that is not above the base, or a day whose lowest is above its highest.
    """
    if not cap > base:
        raise WorkshopError(f"The cap must be above the base; they are {cap:g} and {base:g} °C.")
    lowest, highest = np.asarray(lowest, float), np.asarray(highest, float)
    if not (lowest <= highest).all():
        raise WorkshopError("A day's lowest temperature is above its highest, or is not a number.")
    return (lowest.clip(base, cap) + highest.clip(base, cap)) / 2 - base


@dataclass(frozen=True)
class Crop:
    """A crop by its stages, in °C days since sowing.

    Attributes:
        base: of its growing degree days, °C.
        sown_at: warmth of the normal year's day on which it is sown, °C.
        emergence, green_up, senescence, maturity: first leaf, half of the rise, half of the fall, ripe.
        height: of the index above bare soil, at closed canopy.
    """

    name: str
    base: float
    sown_at: float
    emergence: float
    green_up: float
    senescence: float
    maturity: float
    height: float

    @property
    def peak(self) -> float:
        """Where the index is highest, °C days since sowing, to the nearest 1."""
        gdd = np.arange(self.maturity)
        return float(gdd[vegetation_index(self, gdd).argmax()])


MAIZE = Crop("maize", 10, 12.5, 65, 350, 1300, 1500, 0.66)
SOYBEAN = Crop("soybean", 10, 15.0, 70, 470, 1230, 1380, 0.70)
WHEAT = Crop("spring wheat", 0, 5.0, 100, 480, 1250, 1550, 0.62)
CROPS = (MAIZE, SOYBEAN, WHEAT)


def vegetation_index(
    crop: Crop, gdd: np.ndarray, variety: np.ndarray | float = 0.0, soil: np.ndarray | float = 0.0
) -> np.ndarray:
    """NDVI of a crop by its clock, before noise.

    Args:
        gdd: since sowing, °C days; below 0 before it.
        variety: 0.1 needs a tenth more GDD for every stage after emergence.
        soil: 0 as the region has it, 1 holds more water: greener for longer, and darker where bare. Clipped to -2..2.

    Returns:
        in 0..1, of the shape that the three have together.
    """
    soil = np.clip(soil, -2, 2)
    bare = 0.17 - 0.02 * soil
    rise = crop.emergence + (crop.green_up - crop.emergence) * (1 + variety)
    fall = crop.senescence * (1 + variety) * (1 + 0.04 * soil)
    # A logistic curve is within 2% of its end four widths away from its middle.
    rise_width = (crop.green_up - crop.emergence) * (1 + variety) / 4
    fall_width = (crop.maturity - crop.senescence) * (1 + variety) / 4
    return bare + crop.height * (1 + 0.1 * soil) * _logistic((gdd - rise) / rise_width) * _logistic(
        (fall - gdd) / fall_width
    )


@dataclass(frozen=True)
class Hidden:
    """What differs between counties beside their warmth, each as a multiple of its :data:`SPREAD`; 0 switches it off.

    Attributes:
        sowing: fields are sown earlier or later than warmth says.
        variety: varieties need more or less warmth.
        soil: soils hold more or less water.
        adapted: 0: the same varieties everywhere. 1: those whose need of warmth fits the county's usual season.
    """

    sowing: float = 0.0
    variety: float = 0.0
    soil: float = 0.0
    adapted: float = 0.0

    def __post_init__(self) -> None:
        for name, most in (("sowing", 3.0), ("variety", 3.0), ("soil", 3.0), ("adapted", 1.0)):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not 0 <= value <= most:
                raise WorkshopError(
                    f"The hidden factor {name} goes from 0 to {most:g}; it was given {value!r}."
                )


@dataclass(frozen=True, eq=False)
class Region:
    """Counties in one year, numbered by row (north to south) and column (west to east); C = rows x columns.

    Attributes:
        normal: (C, 365) mean temperature of the usual year, °C.
        lowest, highest: (C, 365) temperatures of this year's days, °C.
        sowing: (C,) days by which fields are sown later than warmth says.
        variety: (C,) relative need of warmth beyond that of the region's usual varieties.
        soil: (C,) standard deviations.
    """

    normal: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    sowing: np.ndarray
    variety: np.ndarray
    soil: np.ndarray

    @cached_property
    def season_gdd(self) -> np.ndarray:
        """(C,) °C days over base 10 °C, 1 May to 30 September of this year."""
        return growing_degree_days(self.lowest, self.highest)[:, SEASON].sum(1)

    def sowing_day(self, crop: Crop) -> np.ndarray:
        """(C,) The day on which warmth says to sow: the first of the year that is normally warm enough."""
        return (self.normal >= crop.sown_at).argmax(1)

    def clock(self, crop: Crop, sown: np.ndarray, county: int, days: np.ndarray) -> np.ndarray:
        """°C days from sowing to the end of each day: fields sown on days (n,), looked at on days (d,): (n, d)."""
        each = growing_degree_days(self.lowest[county], self.highest[county], crop.base)
        until = np.concatenate([[0.0], each.cumsum()])
        return until[days + 1] - until[np.clip(np.rint(sown).astype(int), 0, 364)][:, None]

    def fields(self, county: int, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Fields of a county as a satellite sees them.

        Returns:
            index (count, dates), a look into cloud filled in by a straight line between the clear ones beside it;
            crops (count,), numbers into :data:`CROPS`, each as common as the others.

        Raises:
            WorkshopError: a county that is not there, or fewer fields than crops.
        """
        self._check(county)
        if count < len(CROPS):
            raise WorkshopError(
                f"A county needs a field of each crop, {len(CROPS)} at least; it was given {count}."
            )
        y = rng.permutation(np.arange(count) % len(CROPS))
        later, variety, soil = (
            spread * rng.standard_normal(count) + getattr(self, name)[county]
            for name, spread in FIELD_SPREAD.items()
        )
        clean = np.empty((count, len(DATES)))
        for number, crop in enumerate(CROPS):
            here = y == number
            gdd = self.clock(crop, self.sowing_day(crop)[county] + later[here], county, DATES)
            clean[here] = vegetation_index(crop, gdd, variety[here, None], soil[here, None])
        seen = (clean + NOISE * rng.standard_normal(clean.shape)).clip(0, 1)
        return _fill(seen, rng.random(clean.shape) >= CLOUDED), y

    def curve(self, crop: Crop, county: int) -> np.ndarray:
        """(365,) The index of a county's usual field of that crop on every day, without noise."""
        self._check(county)
        days = np.arange(365)
        sown = self.sowing_day(crop)[[county]] + self.sowing[county]
        gdd = self.clock(crop, sown, county, days)[0]
        return vegetation_index(crop, gdd, self.variety[county], self.soil[county])

    def _check(self, county: int) -> None:
        if not 0 <= county < len(self.normal):
            raise WorkshopError(
                f"There is no county {county}. They are numbered 0 to {len(self.normal) - 1}."
            )


def make_region(hidden: Hidden | None = None, seed: int = 0) -> Region:
    """The region in one year. One seed gives the same weather whatever is hidden.

    From the cool north-west to the warm south-east the year's mean goes from 6.5 to 12 °C, and summer differs from
    winter by less. Weather is a run of warm and cool days that the whole region shares, and a little of each county's.
    """
    hidden = hidden or Hidden()
    weather, habits = (np.random.default_rng([seed, stream]) for stream in range(2))
    row, column = np.divmod(np.arange(ROWS * COLUMNS), COLUMNS)
    south = 0.8 * row / (ROWS - 1) + 0.2 * column / (COLUMNS - 1)
    day = np.arange(365)
    swing = np.cos(2 * np.pi * (day - 199) / 365)  # warmest around 19 July
    normal = (6.5 + 5.5 * south)[:, None] + (16.5 - 2.5 * south)[:, None] * swing
    shared, own = _weather(weather, 1, 2.5), _weather(weather, len(south), 0.8)
    mean = normal + shared + own
    habit = {
        name: getattr(hidden, name) * spread * habits.standard_normal(len(south))
        for name, spread in SPREAD.items()
    }
    usual = growing_degree_days(normal - 6, normal + 6)[:, SEASON].sum(1)
    fit = hidden.adapted * (usual / usual.mean() - 1)
    return Region(
        normal, mean - 6, mean + 6, habit["sowing"], (habit["variety"] + fit).clip(-0.4, 0.4), habit["soil"]
    )


def _weather(rng: np.random.Generator, counties: int, sd: float, memory: float = 0.7) -> np.ndarray:
    """(counties, 365) °C: each day remembers the one before."""
    made = sd * rng.standard_normal((counties, 365))
    for day in range(1, 365):
        made[:, day] = memory * made[:, day - 1] + np.sqrt(1 - memory**2) * made[:, day]
    return made


def _fill(seen: np.ndarray, clear: np.ndarray) -> np.ndarray:
    """Replace what is not clear by a straight line between its clear neighbours; without any, by bare soil."""
    filled, dates = np.full(seen.shape, 0.17), np.arange(seen.shape[1])
    for row, (values, good) in enumerate(zip(seen, clear, strict=True)):
        if good.any():
            filled[row] = np.interp(dates, dates[good], values[good])
    return filled


def _logistic(z: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(z / 2))
