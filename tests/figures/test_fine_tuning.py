"""The figures of lesson 02: numbers in the table are those of the results, guesses are drawn, absence is told."""

import pytest

from workshop.datasets.tasks import task
from workshop.figures import fine_tuning as figures
from workshop.figures.fine_tuning.live import CurvePicture
from workshop.studies.fine_tuning import FineTuningStudy
from workshop.studies.fine_tuning.recipes import EVERYTHING, HEAD, SCRATCH
from workshop.studies.fine_tuning.table import counted

PNG = b"\x89PNG"
TASKS = ("digits", "tiles", "renders")


@pytest.fixture(scope="module")
def stored():
    return FineTuningStudy(budget="class").stored


def drawings(stored, guess=True):
    """Every figure made of results, by name; with a guess where it takes one."""

    def words(text):
        return text if guess else None

    small = {name: stored(f"small {name}") for name in TASKS[:2]}
    few = stored("lite digits 50")
    return {
        "frozen_or_scratch": figures.frozen_or_scratch(
            {n: stored(f"lite {n} 200") for n in TASKS}, 40.0 if guess else None
        ),
        "patches": figures.patches(stored("patches")),
        "drift": figures.drift(stored("drift"), 70.0 if guess else None),
        "spectra": figures.spectra({("digits", 50): few, ("tiles", 50): stored("lite tiles 50")}, words("everything")),
        "statistics": figures.statistics({"digits": few}, stored("kept"), words("the weights")),
        "rates": figures.rates(stored("kept"), stored("rates"), words("help")),
        "at_two_budgets": figures.at_two_budgets(small, 50, 2000, (words("head only"), words(EVERYTHING))),
        "final_gain": figures.final_gain(small, 900 if guess else None),
        "convergence": figures.convergence(small["digits"], 3.0 if guess else None),
        "reuse": figures.reuse(small["digits"], stored("shuffled"), words("half-way")),
        "searched": figures.searched(stored("search"), words("from block 2")),
        "surveyed": figures.surveyed(stored("poverty")),
        "poverty": figures.poverty(stored("poverty"), 0.3 if guess else None),
        "probe": figures.probe(stored("poverty"), words("neither")),
    }  # fmt: skip


NO_GUESS = {"patches", "surveyed"}


def test_every_figure_is_whole_and_says_the_guess(stored):
    with_guess, without = drawings(stored), drawings(stored, guess=False)
    for name, figure in with_guess.items():
        assert figure.png.startswith(PNG) and len(figure.alt) > 60, name
        assert figure.rows and all(len(row) == len(figure.columns) for row in figure.rows), name
        assert ("our guess" in figure.alt) == (name not in NO_GUESS), name
        assert "our guess" not in without[name].alt
        assert (figure.png == without[name].png) == (name in NO_GUESS), name


@pytest.mark.fast
def test_what_is_not_part_of_a_run_is_told():
    def none(*_):
        return None

    for name, figure in drawings(none).items():
        assert "is not part of this run" in figure.alt, name


def test_numbers_in_tables_are_those_of_the_results(stored):
    digits = stored("lite digits 200")
    figure = figures.frozen_or_scratch({"digits": digits})
    assert [row[3] for row in figure.rows] == [digits.find(d).percent for d in (SCRATCH, HEAD)]
    gain = {row[1]: row[4] for row in figures.final_gain({"digits": stored("small digits")}).rows}
    for labels, points in gain.items():
        runs = (stored("small digits").find(depth, labels) for depth in (EVERYTHING, SCRATCH))
        tuned, scratch = (run.percent for run in runs)
        assert points == pytest.approx(tuned - scratch)
    poverty = stored("poverty")
    told = [row[2] for row in figures.poverty(poverty).rows]
    assert told == [value for each in poverty.r2.values() for value in each.tolist()]


def test_tasks_and_tiles_are_shown():
    figure = figures.tasks_shown([task(name) for name in TASKS])
    assert [row[1] for row in figure.rows] == [10, 6, 10] and figure.png.startswith(PNG)
    rows = figures.wealth_shown().rows
    assert len(rows) == 8
    for poor, rich in zip(rows[::2], rows[1::2], strict=True):
        assert poor[2] < -0.9 and rich[2] > 0.9 and poor[3] < rich[3]


def test_the_lectures_table_beside_torchvisions_own_count():
    rows = {one.name: one for one in counted()}
    vgg = rows["VGG-16"]
    assert vgg.total(1000) == 138_357_544 and round(vgg.total(101) / 1e6, 1) == vgg.lecture == 134.7
    low, high = vgg.classes()
    assert low <= 101 <= high and round(vgg.total(low) / 1e6, 1) == round(vgg.total(high) / 1e6, 1) == 134.7
    assert round(vgg.total(low - 1) / 1e6, 1) != 134.7 != round(vgg.total(high + 1) / 1e6, 1)
    ends = [one.classes() for one in rows.values()]
    assert max(low for low, _ in ends) > min(high for _, high in ends)  # no single number fits all
    assert rows["ResNet-18"].classes()[0] > 300 < rows["ResNet-34"].classes()[0]
    assert round(rows["ResNet-152"].head_percent) == 3
    figure = figures.parameter_table()
    assert len(figure.rows) == 8 and figure.rows[0][5] == 179.1


def test_blocks_and_their_shares():
    names = ("stem", *(f"stage {number}" for number in range(1, 8)), "top", "head")
    counts = (928, 896, 13_968, 39_712, 198_480, 446_784, 1_652_640, 605_440, 412_160, 12_810)
    weights = dict(zip(names, counts, strict=True))
    figure = figures.blocks(weights, guess=20)
    assert "head only: 0.38 %" in figure.alt and "everything: 100 %" in figure.alt and "guess" in figure.alt
    assert sum(row[2] for row in figure.rows) == pytest.approx(100)


@pytest.mark.fast
def test_the_live_picture_shows_what_it_is_given():
    artist = CurvePicture()
    empty, some = artist.draw([], True), artist.draw([0.2, 0.5], True)
    assert empty.startswith(PNG) and empty != some
    assert artist.draw([0.2, 0.5], False) != some != artist.draw([0.2, 0.5], True, [[0.1, 0.9]])
    assert artist.draw([0.2, 0.5], True) == some
