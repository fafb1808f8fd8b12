"""Every figure: a real picture, words with its numbers, a table, and the reader's guess when there is one."""

import io

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from workshop.figures import adaptation as figures
from workshop.figures.form import absent, canvas, finish
from workshop.studies.adaptation import RUNGS, AdaptationStudy
from workshop.studies.adaptation.one_feature import one_feature


@pytest.fixture(scope="module")
def study():
    return AdaptationStudy(budget="smoke")


@pytest.fixture(scope="module")
def drawn(study):
    outcomes, back = study.outcomes(), study.outcomes(reverse=True)
    return {
        "both_domains": figures.both_domains(study.source, study.target),
        "min_max": figures.min_max(one_feature(), 0.04),
        "accuracy_by_rung": figures.accuracy_by_rung(outcomes, guess=61, guessed="source_only"),
        "feature_maps": figures.feature_maps(outcomes["source_only"], None, outcomes["pseudo_labels"]),
        "adversary": figures.adversary(
            outcomes["adversarial"], outcomes["source_only"], guess="clearly better"
        ),
        "choosing": figures.choosing(outcomes),
        "mistakes": figures.mistakes(outcomes["pseudo_labels"], study.target),
        "directions": figures.directions(outcomes, back, guess=33),
        "absent": absent("The adversarial training"),
    }


def test_each_has_a_picture_words_and_numbers(drawn):
    for name, figure in drawn.items():
        assert Image.open(io.BytesIO(figure.png)).size[0] > 500, name
        page = BeautifulSoup(figure.html(), "html.parser")
        assert page.img["alt"] == figure.alt and len(figure.alt) > 40, name
        assert len(page.find_all("th")) == len(figure.columns), name
        rows = page.tbody.find_all("tr")
        assert rows and all(len(row.find_all("td")) == len(figure.columns) for row in rows), name


def test_words_and_table_hold_the_measured_numbers(drawn, study):
    outcomes = study.outcomes()
    bars = drawn["accuracy_by_rung"]
    assert [row[0] for row in bars.rows] == [rung.title for rung in RUNGS.values()]
    assert [row[2] for row in bars.rows] == [outcome.accuracy for outcome in outcomes.values()]
    for outcome in outcomes.values():
        assert f"{outcome.accuracy:.1f} %" in bars.alt
    wrong = int(outcomes["pseudo_labels"].confusion.sum() - np.trace(outcomes["pseudo_labels"].confusion))
    assert drawn["mistakes"].alt.startswith(f"{wrong} of 400 ")


def test_the_guess_is_drawn_in_and_only_when_there_is_one(drawn, study):
    assert "Your guess was 61 %." in drawn["accuracy_by_rung"].alt
    in_words = figures.accuracy_by_rung(study.outcomes(), guess="about as well", guessed="batch_statistics")
    assert 'Your guess was "about as well".' in in_words.alt
    assert 'Your guess was "clearly better".' in drawn["adversary"].alt
    without = figures.accuracy_by_rung(study.outcomes())
    assert "guess" not in without.alt and without.png != drawn["accuracy_by_rung"].png
    assert drawn["directions"].png != figures.directions(study.outcomes(), study.outcomes(reverse=True)).png


def test_what_was_not_trained_is_said():
    assert "not part of this run" in figures.adversary(None, None).alt
    assert "The way back is not part of this run" in figures.directions({}, {}).alt


def test_words_from_outside_cannot_become_markup():
    figure, _ = canvas(2, 1)
    page = finish(figure, 'a "quoted" <script>', ("<b>",), [("<i>", 1.23456789, None)]).html()
    soup = BeautifulSoup(page, "html.parser")
    assert soup.script is None and soup.b is None and soup.i is None
    assert [td.text for td in soup.find_all("td")] == ["<i>", "1.235", "–"]
    assert soup.img["alt"] == 'a "quoted" <script>'


def test_drawing_needs_no_pyplot_state():
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    figures.min_max(one_feature(), 0.0)
    assert plt.get_fignums() == before
