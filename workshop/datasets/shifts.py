"""One small world, and five ways in which a target domain can differ from the source it is drawn beside.

Two classes are normal clouds in the plane, as like each other as two clouds can be: of one covariance, equally
common, mirrored in the origin. A :class:`Setting` moves the target away from that, one object a slider:

- ``features``: the target is measured by a sensor that is turned, up to a quarter turn. What there is stays as it
  was; both columns mean something else.
- ``inputs``: P(X) moves under a fixed P(Y|X). The density is multiplied by exp(a . x), which keeps a normal
  distribution normal and of the same covariance C, moves its mean by C a, and leaves P(Y|X) as it is, exactly.
- ``labels``: a third class appears that the source never saw.
- ``rule``: P(Y|X) turns about the origin, up to a quarter turn, under a fixed P(X).
- ``priors``: the second class becomes more common under a fixed P(X|Y).

Several at once are applied in the order labels, priors, inputs, rule, features.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass, fields

import numpy as np

from workshop.errors import WorkshopError

CLASSES = ("first class", "second class", "new class")
MEANS = np.array([[-1.4, 0.0], [1.4, 0.0], [0.2, 3.4]])
COVARIANCE = np.array([[0.85, 0.0], [0.0, 0.85]])
NEW_SHARE = 0.35  #: of the target that is of the new class, with ``labels`` at 1
COMMON_SHARE = 0.9  #: of the second class among the two old ones, with ``priors`` at 1
TILT = (1.0, -0.5)  #: a in exp(a . x), with ``inputs`` at 1


@dataclass(frozen=True)
class Setting:
    """How far each of the five objects is moved, 0 (as in the source) to 1."""

    features: float = 0.0
    inputs: float = 0.0
    labels: float = 0.0
    rule: float = 0.0
    priors: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, (int, float)) or not 0 <= value <= 1:
                raise WorkshopError(f"The slider {field.name} goes from 0 to 1; it was given {value!r}.")


#: The five, in the order of the lecture's list.
SLIDERS = tuple(field.name for field in fields(Setting))


@dataclass(frozen=True, eq=False)
class Domain:
    """A distribution over two features and a label, known in closed form.

    Attributes:
        shares: (3,) how common each cloud is; sums to 1.
        means: (3, 2) of the clouds, before the sensor's turn.
        covariance: (2, 2) of each.
        rule_turn: P(Y|X) is the clouds' posterior, turned by so much about the origin; radians, anticlockwise.
        sensor_turn: of what is measured; radians, anticlockwise.
    """

    shares: np.ndarray
    means: np.ndarray
    covariance: np.ndarray
    rule_turn: float = 0.0
    sensor_turn: float = 0.0

    def marginal(self, x: np.ndarray) -> np.ndarray:
        """P(X) at points (n, 2): densities (n,)."""
        return np.exp(_log_density(x @ rotation(self.sensor_turn), self.means, self.covariance)) @ self.shares

    def posterior(self, x: np.ndarray) -> np.ndarray:
        """P(Y|X) at points (n, 2): (n, 3), each row sums to 1."""
        z = x @ rotation(self.sensor_turn) @ rotation(self.rule_turn)
        with np.errstate(divide="ignore"):  # a class that never occurs
            log = _log_density(z, self.means, self.covariance) + np.log(self.shares)
        odds = np.exp(log - log.max(1, keepdims=True))
        return odds / odds.sum(1, keepdims=True)

    def joint(self, x: np.ndarray) -> np.ndarray:
        """P(X, Y) at points (n, 2): densities (n, 3)."""
        return self.marginal(x)[:, None] * self.posterior(x)

    def sample(self, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw: features (count, 2) and labels (count,), int64.

        One seed draws the same underlying numbers in every domain, so that points move smoothly with a slider.
        """
        if count < 1:
            raise WorkshopError(f"A sample has at least one point; {count} were asked for.")
        generator = np.random.default_rng(seed)
        normal = generator.standard_normal((count, 2))
        which_cloud, which_label = generator.random((2, count, 1))
        cloud = _pick(self.shares[None], which_cloud)
        z = self.means[cloud] + normal @ np.linalg.cholesky(self.covariance).T
        x = z @ rotation(self.sensor_turn).T
        return x, _pick(self.posterior(x), which_label)


def target(setting: Setting, tilt: tuple[float, float] = TILT) -> Domain:
    """The target domain of a setting; with all sliders at 0 the source itself.

    Args:
        tilt: the direction and strength of ``inputs``. Along the boundary, (0, a), it leaves P(Y) alone.
    """
    new = NEW_SHARE * setting.labels
    second = 0.5 + (COMMON_SHARE - 0.5) * setting.priors
    before = np.array([(1 - new) * (1 - second), (1 - new) * second, new])
    push = setting.inputs * np.asarray(tilt)
    # exp(a . x) N(m, C) is exp(a . m + a . C a / 2) N(m + C a, C), and a . C a is alike for all clouds.
    after = before * np.exp(MEANS @ push)
    quarter = math.pi / 2
    return Domain(
        after / after.sum(), MEANS + push @ COVARIANCE, COVARIANCE,
        rule_turn=quarter * setting.rule, sensor_turn=quarter * setting.features,
    )  # fmt: skip


def source() -> Domain:
    """The source domain: both old classes, equally common."""
    return target(Setting())


@dataclass(frozen=True)
class Situation:
    """A story, and the sliders that tell it."""

    title: str
    words: str
    setting: Setting


SITUATIONS = (
    Situation("Nothing moved", "The target is the source again.", Setting()),
    Situation(
        "Documents in two languages",
        "Reviews sorted by word counts. The counts now come from a dictionary of another language.",
        Setting(features=0.6),
    ),
    Situation(
        "Other topics",
        "The same language, the same idea of praise; but now the reviews are of kettles, not of novels.",
        Setting(inputs=0.8),
    ),
    Situation(
        "A label nobody taught",
        "Mail was sorted into private and work. Here some of it is advertising.",
        Setting(labels=0.8),
    ),
    Situation(
        "Ratings on another platform",
        "The same books, the same words. What earns four stars on one site earns two on the other.",
        Setting(rule=0.6),
    ),
    Situation(
        "More common here",
        "A test made where half of those tested are ill is used where nine in ten are.",
        Setting(priors=1.0),
    ),
    Situation(
        "Another hospital",
        "Another scanner, older patients, and more of them ill: three objects move at once.",
        Setting(features=0.7, inputs=0.3, priors=0.5),
    ),
)


def situation(title: str) -> Situation:
    """The situation of that title."""
    for one in SITUATIONS:
        if one.title == title:
            return one
    known = ", ".join(f'"{one.title}"' for one in SITUATIONS)
    raise WorkshopError(f'There is no situation "{title}". There are: {known}.')


def moved(setting: Setting) -> tuple[str, ...]:
    """The sliders that are not at 0."""
    return tuple(name for name, value in zip(SLIDERS, astuple(setting), strict=True) if value > 0)


def rotation(angle: float) -> np.ndarray:
    """(2, 2): turns column vectors anticlockwise by ``angle`` radians, and row vectors on its left clockwise."""
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def _log_density(z: np.ndarray, means: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Of normal distributions of one covariance: (n, classes)."""
    whiten = np.linalg.inv(np.linalg.cholesky(covariance)).T
    white, centres = z @ whiten, means @ whiten
    squares = (white**2).sum(1)[:, None] - 2 * white @ centres.T + (centres**2).sum(1)
    return -squares / 2 - math.log(2 * math.pi) - math.log(np.linalg.det(covariance)) / 2


def _pick(probabilities: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """A class by its probability: rows of (n or 1, classes), uniform (n, 1) in 0..1."""
    steps = np.cumsum(probabilities, axis=1)[:, :-1]
    return (uniform >= steps).sum(1)
