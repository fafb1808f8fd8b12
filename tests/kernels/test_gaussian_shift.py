"""Distances between domains against closed forms, what follows what, and accuracy against normal distributions."""

import itertools

import numpy as np
import pytest
from scipy.stats import norm

from workshop.datasets.shifts import COVARIANCE, SITUATIONS, SLIDERS, Domain, Setting, source, target
from workshop.errors import WorkshopError
from workshop.kernels import gaussian_shift
from workshop.kernels.gaussian_shift import (
    MUST,
    OBJECTS,
    TOLERANCE,
    USUALLY,
    Line,
    accuracy,
    accuracy_by_quadrature,
    accuracy_in_closed_form,
    distances,
    explain,
    label_shares,
    source_classifier,
)

pytestmark = pytest.mark.fast

CORNERS = [Setting(*map(float, at)) for at in itertools.product((0, 1), repeat=5)]
HALVES = [Setting(**{slider: 0.5}) for slider in SLIDERS]


def differing(setting):
    return {verdict.slider for verdict in explain(setting) if verdict.differs}


def states(setting):
    return {verdict.slider: verdict.state for verdict in explain(setting)}


def cloud(mean):
    """A domain of one class."""
    return Domain(np.array([1.0, 0, 0]), np.tile(mean, (3, 1)).astype(float), COVARIANCE)


@pytest.mark.parametrize("step", [(0.3, 0.0), (1.0, -1.0), (3.0, 2.0)])
def test_two_normal_clouds_are_as_far_apart_as_the_closed_form_says(step):
    """Total variation of normal distributions of one covariance: 2 Phi(d / 2) - 1, d their Mahalanobis distance."""
    far = np.sqrt(step @ np.linalg.inv(COVARIANCE) @ np.array(step))
    found = distances(cloud((0, 0)), cloud(step))
    assert found["inputs"] == pytest.approx(2 * norm.cdf(far / 2) - 1, abs=1e-3)
    assert found["rule"] == found["priors"] == found["labels"] == 0


def test_p_y_of_a_prior_shift_and_the_mass_of_a_new_class_are_exact():
    assert distances(source(), target(Setting(priors=0.5)))["priors"] == pytest.approx(0.2)
    found = distances(source(), target(Setting(labels=1.0)))
    assert found["labels"] == pytest.approx(0.35) and found["priors"] == pytest.approx(0.35)


def test_a_quarter_turn_of_the_sensor_is_the_largest_distance():
    assert distances(source(), target(Setting(features=1.0)))["features"] == pytest.approx(1)
    assert distances(source(), target(Setting(features=1 / 3)))["features"] == pytest.approx(0.5)


@pytest.mark.parametrize("setting", CORNERS + HALVES)
def test_distances_are_symmetric_where_they_should_be_and_within_0_and_1(setting):
    there, back = distances(source(), target(setting)), distances(target(setting), source())
    assert all(0 <= value <= 1 for value in there.values())
    assert all(there[name] == pytest.approx(back[name]) for name in set(SLIDERS) - {"labels"})


@pytest.mark.parametrize("setting", HALVES + CORNERS[:1])
def test_shares_by_quadrature_are_those_in_closed_form(setting):
    """A rule that is turned by next to nothing takes the other way."""
    domain = target(setting)
    barely = Domain(domain.shares, domain.means, COVARIANCE, domain.rule_turn or 1e-12, domain.sensor_turn)
    assert label_shares(barely) == pytest.approx(domain.shares, abs=1e-6)


@pytest.mark.parametrize(
    "slider, differs",
    [
        ("features", {"features", "inputs", "rule"}),
        ("inputs", {"inputs", "priors"}),
        ("labels", {"labels", "inputs", "rule", "priors"}),
        ("rule", {"rule"}),
        ("priors", {"priors", "inputs", "rule"}),
    ],
)
@pytest.mark.parametrize("value", [0.05, 0.5, 1.0])
def test_one_slider_moves_its_own_object_and_what_follows(slider, differs, value):
    setting = Setting(**{slider: value})
    assert differing(setting) == differs
    assert states(setting)[slider] == "moved"
    assert {name for name, state in states(setting).items() if state == "must"} == set(MUST.get(slider, {}))


def test_what_usually_follows_need_not():
    """P(X) along the boundary leaves P(Y); the turned rule leaves P(Y) by symmetry, and not where points moved."""
    found = distances(source(), target(Setting(inputs=1.0), tilt=(0.0, 1.5)))
    assert found["inputs"] > 0.4 and found["priors"] < TOLERANCE and found["rule"] < TOLERANCE
    assert explain(Setting(rule=0.5))[-1].why == "it usually moves with P(Y|X); not here"
    alone, together = (target(Setting(inputs=0.5, rule=turn)) for turn in (0.0, 0.5))
    assert np.abs(label_shares(alone) - label_shares(together)).max() > 0.05
    assert states(Setting(inputs=0.5, rule=0.5))["priors"] == "usual"


@pytest.mark.parametrize("setting", CORNERS)
def test_of_necessity_means_in_every_setting_unless_undone(setting):
    verdicts = {verdict.slider: verdict for verdict in explain(setting)}
    for by, followers in MUST.items():
        if getattr(setting, by):
            assert all(verdicts[one].state in ("must", "moved") for one in followers)
    for verdict in verdicts.values():
        assert verdict.differs == (verdict.state in ("moved", "must", "usual"))
        assert bool(verdict.why) or verdict.state in ("same", "moved")


def test_two_sliders_may_undo_one_another():
    """Tilted away from the class that is more common: somewhere on the way P(Y) is the source's again."""

    def shares(inputs):
        return target(Setting(inputs=inputs, priors=1.0), tilt=(-1.0, 0.0))

    # The odds 9 are divided by exp(2.8 inputs).
    setting = Setting(inputs=float(np.log(9) / 2.8), priors=1.0)
    assert label_shares(shares(setting.inputs)) == pytest.approx([0.5, 0.5, 0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gaussian_shift, "target", lambda one: shares(one.inputs))
        last = explain(setting)[-1]
    assert (last.state, last.differs, last.why) == ("cancelled", False, "the sliders undo one another")


def test_every_reason_belongs_to_a_slider_and_an_object():
    for table in (MUST, USUALLY):
        assert all(set(followers) <= set(OBJECTS) - {by} for by, followers in table.items())
    assert not any(set(MUST.get(by, {})) & set(USUALLY.get(by, {})) for by in OBJECTS)


@pytest.mark.parametrize("setting", [one for one in CORNERS + HALVES if not one.rule])
@pytest.mark.parametrize("line", [source_classifier(), Line(np.array([1.0, -2.0]), 0.7)])
def test_accuracy_by_quadrature_is_that_in_closed_form(setting, line):
    domain = target(setting)
    exact = accuracy_in_closed_form(domain, line)
    assert accuracy_by_quadrature(domain, line) == pytest.approx(exact, abs=5e-4)
    assert accuracy(domain, line) == exact


@pytest.mark.parametrize("setting", [one.setting for one in SITUATIONS] + CORNERS[-1:])
def test_accuracy_is_that_of_a_sample(setting):
    domain, line = target(setting), source_classifier()
    x, y = domain.sample(40_000, seed=5)
    right = (line.predict(x) == y).mean()
    assert right == pytest.approx(accuracy(domain, line), abs=4 * np.sqrt(0.25 / 40_000))


def test_the_classifier_is_near_the_best_in_the_source():
    best = norm.cdf(1.4 / np.sqrt(COVARIANCE[0, 0]))  # half the distance of the means, in standard deviations
    assert best - 0.002 < accuracy(source(), source_classifier()) < best + 2e-4


def test_a_turned_rule_has_no_closed_form():
    with pytest.raises(WorkshopError, match=r"The rule is turned.*ask for accuracy_by_quadrature"):
        accuracy_in_closed_form(target(Setting(rule=0.1)), source_classifier())
