"""Pictures and tables of the lecture's facts, and the gallery of kinds: numbers in the words, guesses, no markup."""

import io

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image
from scipy.stats import poisson

from workshop.datasets import lecture, load
from workshop.datasets.label_kinds import label_kinds
from workshop.errors import WorkshopError
from workshop.figures.label_quality import charts
from workshop.figures.label_quality.kinds import kinds
from workshop.figures.label_quality.tables import LectureTable, lecture_table
from workshop.kernels.pricing import Tiers, cost, sagemaker


@pytest.fixture(scope="module")
def drawn():
    return {
        "time_shares": charts.time_shares(),
        "hivemind_counts": charts.hivemind_counts(),
        "hivemind_ranges": charts.hivemind_ranges(),
        "tier_costs": charts.tier_costs(),
        "kinds": kinds(),
    }


def test_each_has_a_picture_words_and_numbers(drawn):
    for name, figure in drawn.items():
        picture = Image.open(io.BytesIO(figure.png))
        assert picture.size[0] > 500 and len(figure.png) < 400_000, name
        page = BeautifulSoup(figure.html(), "html.parser")
        assert page.img["alt"] == figure.alt and len(figure.alt) > 40, name
        assert len(page.find_all("th")) == len(figure.columns), name
        rows = page.tbody.find_all("tr")
        assert rows and all(len(row.find_all("td")) == len(figure.columns) for row in rows), name


def test_nothing_is_drawn_over_the_edge(drawn):
    """A margin of two pixels stays white all around: what is cut off would reach into it."""
    for name, figure in drawn.items():
        pixels = np.asarray(Image.open(io.BytesIO(figure.png)).convert("L"))
        for edge in (pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:]):
            assert edge.min() == 255, name


def test_time_shares_say_what_the_data_take(drawn):
    figure = drawn["time_shares"]
    assert (
        "on the data take 80 %, those on the model 20 %" in figure.alt and "Labeling takes 25 %" in figure.alt
    )
    assert sum(row[2] for row in figure.rows) == 100


def test_counts_come_with_exact_intervals(drawn):
    rows = drawn["hivemind_counts"].rows
    assert {row[:3] for row in rows} == {
        (row[0], name, row[place])
        for table in [lecture.table("hivemind_counts")]
        for row in table.rows
        for place, name in enumerate(table.columns)
        if place
    }
    for _, _, count, low, high in rows:
        assert poisson.cdf(count, high) == pytest.approx(0.025)  # as few or fewer
        assert (
            low == 0 if count == 0 else poisson.sf(count - 1, low) == pytest.approx(0.025)
        )  # as many or more


def test_tier_costs_name_the_edge_in_both_readings(drawn):
    figure = drawn["tier_costs"]
    assert (
        "49,999 labels cost $3,999.92 under both. 50,000 cost $3,999.96" in figure.alt
        and "$2,000.00" in figure.alt
    )
    for labels, marginal, whole, *each in figure.rows:
        found = [float(cost(labels, sagemaker(), reading)) for reading in ("marginal", "whole_volume")]
        assert [marginal, whole] == found and each == pytest.approx([total / labels for total in found])
    assert {49_999, 50_000, 1_000_000, 1_000_001} <= {row[0] for row in figure.rows}
    other = charts.tier_costs(tiers=Tiers((1, 101, 1001), (0.5, 0.2, 0.1)))
    assert "100 labels cost $50.00 under both. 101 cost $50.20" in other.alt


@pytest.mark.parametrize(
    ("draw", "name", "says"),
    [
        (lambda: charts.time_shares(guess=48), "time_shares", "Your guess for labeling was 48 %."),
        (lambda: charts.hivemind_ranges(guess=30), "hivemind_ranges", "Your guess for the crowd was 30 %."),
        (lambda: charts.tier_costs(guess=4000), "tier_costs", "Your guess for 50,000 was $4,000."),
    ],
)
def test_the_guess_is_drawn_in_and_only_when_there_is_one(drawn, draw, name, says):
    guessed = draw()
    assert says in guessed.alt and guessed.png != drawn[name].png
    assert "guess for" not in drawn[name].alt


def test_the_gallery_measures_agreement_of_nine_kinds(drawn):
    figure = drawn["kinds"]
    assert [row[0] for row in figure.rows] == [kind.title for kind in label_kinds(load("mnist10k"))]
    value = {row[0]: row[2] for row in figure.rows}
    assert value["text in an image"] == 2 and isinstance(value["text in an image"], int)  # D to O, 0 to 6
    assert value["transcript (of Morse code)"] == pytest.approx(1 / 3)
    # classes: 5 of 8 agree; chance from the shares of 3 to 9 in both lists
    first, second = (4, 3, 6, 9, 8, 5, 1, 7), (4, 7, 6, 4, 8, 6, 1, 7)
    chance = sum(first.count(k) * second.count(k) for k in range(10)) / 64
    assert value["class"] == pytest.approx((5 / 8 - chance) / (1 - chance))
    assert value["parts of speech"] < 5 / 7 and all(
        0 < v < 1 for t, v in value.items() if t != "text in an image"
    )
    assert [row[5] for row in figure.rows].count("assumed") == 6


def test_events_pair_up_only_by_name(drawn):
    """Birds 0.7 of 0.8 s and 0.6 of 0.85, a bell 0.8 of 1.5, and taps that the second did not hear."""
    value = {row[0]: row[2] for row in drawn["kinds"].rows}["audio events"]
    assert value == pytest.approx((0.7 / 0.8 + 0.6 / 0.85 + 0.8 / 1.5 + 0) / 4)


# ---- tables ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(lecture.tables()))
def test_each_table_is_shown_whole(name):
    shown, table = lecture_table(name), lecture.table(name)
    page = BeautifulSoup(shown._repr_mimebundle_()["text/html"], "html.parser")
    assert page.caption.text == table.title
    assert [th.text for th in page.find_all("th")] == list(table.columns)
    rows = [[td.text for td in row.find_all("td")] for row in page.tbody.find_all("tr")]
    assert len(rows) == len(table.rows) and all(cell for row in rows for cell in row)
    assert table.source in page.p.text and table.note in page.p.text
    assert ("As of" in page.p.text) == (table.as_of != "timeless")
    assert shown._repr_mimebundle_()["text/plain"].count("\n") == len(table.rows) + 1


def test_numbers_stand_right_words_left_and_gaps_are_dashes():
    cells = BeautifulSoup(lecture_table("sagemaker_tiers").html(), "html.parser").tbody.find_all("td")
    assert [cell.text for cell in cells] == [
        "1",
        "49,999",
        "0.08",
        "50,000",
        "1,000,000",
        "0.04",
        "1,000,001",
        "–",
        "0.02",
    ]
    assert all("text-align:right" in cell["style"] for cell in cells)
    first = BeautifulSoup(lecture_table("crowd_wages").html(), "html.parser").tbody.find_all("td")
    assert [cell.text for cell in first] == ["median (about)", "2", "2018"] and "left" in first[0]["style"]


def test_words_from_outside_cannot_become_markup():
    page = LectureTable(
        lecture.Table("x", "<b>t</b>", ("<i>c</i>",), (("<script>",),), "<u>s</u>", "2021")
    ).html()
    soup = BeautifulSoup(page, "html.parser")
    assert not soup.find_all(["b", "i", "u", "script"]) and soup.td.text == "<script>"


def test_an_unknown_table_is_refused():
    with pytest.raises(WorkshopError, match="The lecture has no table 'prices'"):
        lecture_table("prices")
