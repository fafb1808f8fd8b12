"""The figures of the map and of what moves with what: their words and tables say what the arrays hold."""

import io
from dataclasses import astuple

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from workshop.datasets.shifts import SLIDERS, Setting
from workshop.figures.form import GUESS
from workshop.figures.transfer_scenarios.objects import what_moves
from workshop.figures.transfer_scenarios.transfer_map import MapPicture, cell_curves, transfer_map
from workshop.kernels.gaussian_shift import OBJECTS
from workshop.studies.transfer_scenarios.experiments.one_shift import ShiftsOutcome
from workshop.studies.transfer_scenarios.experiments.transfer_map import MapOutcome

pytestmark = pytest.mark.fast


@pytest.fixture(scope="module")
def outcome():
    """Gains of 30 points at 0° and -30 at 180°, a quarter of that with the most labels; four seeds."""
    likeness = np.array([1.0, 0.0, -1.0])[:, None, None] * np.array([1.0, 0.25])[:, None]
    noise = 0.01 * np.random.default_rng(0).standard_normal((3, 2, 4))
    scratch = np.full((2, 3, 4), 0.6)
    transferred = scratch + np.zeros((3, 2, 3, 4))
    transferred[:, :, -1] += 0.3 * likeness + noise
    return MapOutcome(
        np.array([0.0, 90.0, 180.0]), np.array([4, 64]), np.array([0, 10, 300]), transferred, scratch,
        np.full((3, 4), 0.9), "class", 0, 1.0, 30,
    )  # fmt: skip


@pytest.fixture(scope="module")
def shifts():
    settings = [astuple(Setting(**{slider: 1.0})) for slider in SLIDERS]
    exact = 0.5 * np.eye(5)
    exact[4, 1] = 0.25
    return ShiftsOutcome(np.array(settings), exact, exact + 0.01, exact > 0, "class", 0)


def pixels(figure):
    with Image.open(io.BytesIO(figure.png)) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def test_the_map_counts_its_regions_and_tells_its_ends(outcome):
    figure = transfer_map(outcome)
    mean, found = outcome.gain.mean(-1), outcome.counts()
    assert found == {"positive": 2, "neutral": 2, "negative": 2}
    assert "helps in 2 cells, hurts in 2, and does neither in 2" in figure.alt
    assert f"largest gain is {mean.max():.1f} points at 0° and 4 labels" in figure.alt
    assert f"largest loss {-mean.min():.1f} points at 180° and 4" in figure.alt
    assert [row[2] for row in figure.rows] == pytest.approx(mean.ravel())
    assert [row[4] for row in figure.rows] == ["positive"] * 2 + ["neutral"] * 2 + ["negative"] * 2


def test_gains_are_blue_and_losses_red(outcome):
    picture = pixels(transfer_map(outcome))
    red, _, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    columns = np.arange(picture.shape[1])
    bluish, reddish = (blue - red > 60).sum(0), (red - blue > 60).sum(0)
    inside = columns < 0.8 * picture.shape[1]  # the colour bar is on the right
    assert np.average(columns[inside], weights=bluish[inside]) < np.average(
        columns[inside], weights=reddish[inside]
    )


def test_a_cell_is_framed_where_it_was_chosen(outcome):
    """And nowhere else, whatever was framed before."""
    picture = MapPicture(outcome)

    def frame(angle, labels):
        drawn = pixels(picture.draw(angle, labels))
        found = np.argwhere(np.abs(drawn - 255 * np.array(to_rgb(GUESS))).max(2) < 40)
        assert len(found) > 100
        return found.mean(0) / drawn.shape[:2]

    places = {cell: frame(*cell) for cell in ((0, 1), (2, 0), (1, 1), (0, 1))}
    assert places[0, 1][0] < places[2, 0][0] and places[0, 1] == pytest.approx(frame(0, 1))
    left, middle, right = (places[cell][1] for cell in ((0, 1), (1, 1), (2, 0)))
    assert left < middle - 0.2 and middle < right - 0.2
    plain, first = pixels(transfer_map(outcome)), pixels(picture.draw(0, 0))
    assert plain.shape == first.shape and (first[0, 0] == plain[0, 0]).all()
    assert picture.draw(2, 0).alt.startswith(transfer_map(outcome).alt)
    assert picture.draw(2, 0).alt.endswith("Framed: 180°, 4 labels.")


def test_the_neutral_region_has_a_border(outcome):
    """Black lines about two cells, and none where no cell is neutral."""

    def dark(figure):
        return (pixels(figure).max(2) < 40).sum()

    all_help = MapOutcome(**{**vars(outcome), "transferred": outcome.scratch + np.full((3, 2, 3, 4), 0.2)})
    assert all_help.counts()["neutral"] == 0
    assert dark(transfer_map(outcome)) > dark(transfer_map(all_help)) + 500


def test_the_curves_of_a_cell_are_those_of_its_trainings(outcome):
    figure = cell_curves(outcome, 2, 0)
    assert "Rules 180° apart, 4 labels." in figure.alt
    curve = [row for row in figure.rows if row[0] == "trained on the source"]
    assert [row[1] for row in curve] == [0, 10, 300]
    assert [row[3] for row in curve] == pytest.approx(100 * outcome.transferred[2, 0].mean(1))
    scratch = [row[3] for row in figure.rows if row[0] == "random start"]
    assert scratch == pytest.approx(100 * outcome.scratch[0].mean(1))
    gains = [row[3] for row in figure.rows if row[0] == "gain, points"]
    assert gains == pytest.approx(outcome.gain[2].mean(1))
    assert f"from 60.0% to {100 * outcome.transferred[2, 0, -1].mean():.1f}%" in figure.alt
    assert cell_curves(outcome, 0, 0).png != figure.png


def test_what_moves_names_what_followed(shifts):
    figure = what_moves(shifts)
    assert "with P(Y): P(X)" in figure.alt and "with feature space: nothing" in figure.alt
    assert "the same objects in 5 of 5 settings" in figure.alt
    assert len(figure.rows) == 25
    row = next(row for row in figure.rows if row[:2] == ("P(Y)", "P(X)"))
    assert row[2:] == (0.25, pytest.approx(0.26), True)
    assert {row[0] for row in figure.rows} == set(OBJECTS.values())


def test_what_is_not_there_is_said(shifts):
    assert "The map of transfer is not part of this run" in transfer_map(None).alt
    assert "What is behind a cell is not part of this run" in cell_curves(None, 0, 0).alt
    assert "What moves with what is not part of this run" in what_moves(None).alt
    part = ShiftsOutcome(*(array[:3] for array in (shifts.settings, shifts.exact, shifts.measured, shifts.differs)),
                         "smoke", 0)  # fmt: skip
    assert "not part of this run" in what_moves(part).alt


def test_a_guess_is_written_and_said(outcome, shifts):
    for draw, found in ((transfer_map, outcome), (what_moves, shifts)):
        plain, guessed = draw(found), draw(found, guess="less")
        assert guessed.alt == plain.alt + ' Your guess was "less".' and guessed.png != plain.png
    both = transfer_map(outcome, guess="less", lost=12.3)
    assert both.alt.endswith(
        ' Your guess was "less". Your guess was "12 points lost at 180° with 64 labels".'
    )
