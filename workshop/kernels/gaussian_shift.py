"""Which of five objects differ between two domains, by how much, and which of them had to follow the one that moved.

Each object has a distance between 0 and 1, in closed form or by quadrature over the plane:

- feature space: the sine of the angle between the axes that the two domains measure along.
- P(X): the total variation between the marginals, column by column, as a classifier gets them.
- label space: how much of the target has a label that the source does not have.
- P(Y|X): the total variation between the posteriors at a point, averaged over both domains' points.
- P(Y): the total variation between the label marginals.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from workshop.datasets.shifts import SLIDERS, Domain, Setting, moved, rotation, source, target
from workshop.errors import WorkshopError

#: What each slider moves, by slider.
OBJECTS = dict(zip(SLIDERS, ("feature space", "P(X)", "label space", "P(Y|X)", "P(Y)"), strict=True))
#: Distances below this are the quadrature's own error.
TOLERANCE = 1e-4
#: Side of a square that holds all of every target's mass, and cells along it.
_SIDE, _CELLS = 16.0, 160
#: Labelled source points that the classifier learns from.
TRAINING_POINTS = 2000

#: By slider, what follows it of necessity, and why; in every world whose classes do not all lie in one place.
MUST = {
    "features": {
        "inputs": "a density over other features is another density",
        "rule": "a rule for other features is another rule",
    },
    "labels": {
        "rule": "a class of probability 0 gets some",
        "priors": "a class of share 0 gets some",
    },
    "priors": {
        "rule": "Bayes' rule multiplies the odds by those of the classes",
        "inputs": "P(X) is the classes' densities, weighted by P(Y)",
    },
}
#: By slider, what usually follows it, though a world can be made where it does not.
USUALLY = {
    "inputs": {"priors": "P(Y) is P(Y|X) averaged over P(X)"},
    "labels": {"inputs": "the new class lies where few points were"},
    "rule": {"priors": "another rule labels the same points otherwise"},
}


@dataclass(frozen=True)
class Verdict:
    """What became of one object.

    Attributes:
        slider: the one that moves the object by itself.
        distance: between source and target, 0 to 1.
        state: "same"; "moved" (by its own slider); "must" (follows of necessity); "usual" (follows here);
            "cancelled" (moved, and moved back by other sliders).
        why: a clause; empty where nothing needs a reason.
    """

    slider: str
    distance: float
    state: str
    why: str = ""

    @property
    def name(self) -> str:
        """The object's name."""
        return OBJECTS[self.slider]

    @property
    def differs(self) -> bool:
        return self.distance > TOLERANCE


def distances(a: Domain, b: Domain) -> dict[str, float]:
    """How far apart two domains are, by slider."""
    points, area = _grid()
    (p, rule_p), (q, rule_q) = ((one.marginal(points), one.posterior(points)) for one in (a, b))
    apart = np.abs(rule_p - rule_q).sum(1) / 2
    shares_a, shares_b = label_shares(a), label_shares(b)
    return {
        "features": float(abs(np.sin(a.sensor_turn - b.sensor_turn))),
        "inputs": float(np.abs(p - q).sum() * area / 2),
        "labels": float(shares_b[shares_a == 0].sum()),
        "rule": float((apart * (p + q)).sum() * area / 2),
        "priors": float(np.abs(shares_a - shares_b).sum() / 2),
    }


def label_shares(domain: Domain) -> np.ndarray:
    """P(Y): (3,). In closed form unless the rule is turned; then by quadrature."""
    if domain.rule_turn == 0:
        return domain.shares
    points, area = _grid()
    shares = domain.joint(points).sum(0) * area
    return shares / shares.sum()


def explain(setting: Setting) -> tuple[Verdict, ...]:
    """Of each of the five objects: whether it differs in the target of a setting, and through which slider."""
    found, touched = distances(source(), target(setting)), moved(setting)
    verdicts = []
    for slider, distance in found.items():
        must = {by: MUST[by][slider] for by in touched if slider in MUST.get(by, {})}
        usual = {by: USUALLY[by][slider] for by in touched if slider in USUALLY.get(by, {})}
        if distance <= TOLERANCE:
            state = "cancelled" if slider in touched or must else "same"
            why = "the sliders undo one another" if state == "cancelled" else ""
            if state == "same" and usual:
                why = "it usually moves with " + " and ".join(OBJECTS[by] for by in usual) + "; not here"
        elif slider in touched:
            state = "moved"
            why = "it would have to follow, too: " + next(iter(must.values())) if must else ""
        elif must:
            state, why = "must", next(iter(must.values()))
        else:
            state, why = "usual", next(iter(usual.values()))
        verdicts.append(Verdict(slider, distance, state, why))
    return tuple(verdicts)


@dataclass(frozen=True, eq=False)
class Line:
    """A linear classifier of the two old classes: the second where ``weight . x + bias`` is above 0."""

    weight: np.ndarray
    bias: float

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Labels (n,) of points (n, 2)."""
        return (x @ self.weight + self.bias > 0).astype(np.int64)


@cache
def source_classifier(seed: int = 0) -> Line:
    """Logistic regression on labelled points of the source; the target has no part in it."""
    model = LogisticRegression().fit(*source().sample(TRAINING_POINTS, seed))
    return Line(model.coef_[0], float(model.intercept_[0]))


def accuracy(domain: Domain, line: Line) -> float:
    """The share of a domain that a line labels rightly: in closed form, or by quadrature where there is none."""
    return accuracy_by_quadrature(domain, line) if domain.rule_turn else accuracy_in_closed_form(domain, line)


def accuracy_by_quadrature(domain: Domain, line: Line) -> float:
    """The same for every domain, to a few ten-thousandths.

    A cell that the line cuts counts for each side by about the area it has there.
    """
    points, area = _grid()
    away = (points @ line.weight + line.bias) / np.linalg.norm(line.weight)
    second = np.clip(away / (_SIDE / _CELLS) + 0.5, 0, 1)
    joint = domain.joint(points)
    return float((joint[:, 0] @ (1 - second) + joint[:, 1] @ second) * area)


def accuracy_in_closed_form(domain: Domain, line: Line) -> float:
    """The same, exactly, where the rule is not turned: across a line a normal cloud is a normal variable.

    Where it is turned, the clouds are no longer the classes.
    """
    if domain.rule_turn:
        raise WorkshopError(
            "The rule is turned, so that a cloud is no longer a class: ask for accuracy_by_quadrature instead."
        )
    across = line.weight @ rotation(domain.sensor_turn)
    height = (domain.means @ across + line.bias) / np.sqrt(across @ domain.covariance @ across)
    return float(domain.shares[:2] @ norm.cdf(height[:2] * np.array([-1, 1])))


@cache
def _grid() -> tuple[np.ndarray, float]:
    """The middles of the cells of a square about the origin (n, 2), and the area of a cell."""
    middles = ((np.arange(_CELLS) + 0.5) / _CELLS - 0.5) * _SIDE
    points = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
    return points, (_SIDE / _CELLS) ** 2
