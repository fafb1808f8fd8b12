"""The figures of simulation and of the settings table: their words and numbers say what the arrays hold."""

import io

import numpy as np
import pytest
from PIL import Image

from workshop.figures.transfer_scenarios.randomisation import variety_ladder
from workshop.figures.transfer_scenarios.settings_table import settings_table
from workshop.studies.transfer_scenarios.experiments.randomisation import REAL, RandomisationOutcome
from workshop.studies.transfer_scenarios.experiments.settings_table import AREAS, TABLE, SettingsOutcome
from workshop.studies.transfer_scenarios.experiments.varied_renders import LEVELS, draw

pytestmark = pytest.mark.fast


def is_picture(figure):
    with Image.open(io.BytesIO(figure.png)) as picture:
        dark = (np.asarray(picture.convert("L")) < 200).mean()
    return 0.01 < dark < 0.9 and "<table>" in figure.html()


def ladder(real, seeds=3):
    """An outcome of all levels and real digits; ``real`` are mean accuracies."""
    levels = (*(one.name for one in LEVELS), REAL)
    spread = np.linspace(-0.01, 0.01, seeds) if seeds > 1 else np.zeros(1)
    own = np.full((7, seeds), 0.9)
    own[-1] = np.nan
    samples = np.stack([draw(one, 8, 0)[0] for one in (*LEVELS, LEVELS[0])])
    return RandomisationOutcome(
        levels, np.array(real)[:, None] + spread, own, samples, samples[0], 2000, "class", 0
    )


RISE_AND_FALL = (0.2, 0.3, 0.5, 0.7, 0.6, 0.4, 0.95)


def table(seed=0, draws=4):
    rng = np.random.default_rng(seed)
    without = 0.5 + 0.01 * rng.standard_normal((len(TABLE), draws))
    without[5] -= 1.5  # off the scale
    return SettingsOutcome(AREAS, without, without + np.linspace(-0.2, 0.2, len(TABLE))[:, None], "class", 0)


def test_the_ladder_names_the_best_level_and_what_the_last_gives_away():
    figure = variety_ladder(ladder(RISE_AND_FALL))
    assert is_picture(figure) and [row[0] for row in figure.rows] == [*(one.name for one in LEVELS), REAL]
    assert [row[1] for row in figure.rows] == pytest.approx([100 * one for one in RISE_AND_FALL])
    assert figure.rows[-1][3:] == (None, None) and figure.rows[0][3] == pytest.approx(90)
    assert "'+ bending' does best; '+ clutter', the most varied, reads 30.0 points less." in figure.alt
    assert "one font 20.0%" in figure.alt and "2,000 sealed real digits, mean of 3 seeds" in figure.alt


def test_where_more_variety_always_helps_the_ladder_says_so():
    figure = variety_ladder(ladder((0.2, 0.3, 0.5, 0.6, 0.7, 0.8, 0.95)))
    assert "'+ clutter' does best; it is the most varied." in figure.alt
    one = variety_ladder(ladder(RISE_AND_FALL, seeds=1))
    assert "mean of 1 seed:" in one.alt and one.rows[0][2] is None and is_picture(one)


def test_the_table_gives_every_row_its_labels_scores_and_verdict():
    outcome = table()
    figure = settings_table(outcome)
    assert is_picture(figure) and [row[1] for row in figure.rows] == list(AREAS)
    for line, row in zip(TABLE, figure.rows, strict=True):
        assert row[0] == line.setting and row[4] == ", ".join(line.tasks)
        assert row[2:4] == tuple(
            "yes" if there else "no" for there in (line.source_labels, line.target_labels)
        )
        assert row[10] == pytest.approx(outcome.gain(line.area).mean())
        assert row[9] - row[8] == pytest.approx(row[10]) and row[12] == outcome.verdict(line.area)
        assert f"{line.area}, {line.score}: {row[8]:.2f} without, {row[9]:.2f} with, {row[12]}" in figure.alt
    assert {row[12] for row in figure.rows} == {"helps", "hurts"}
    assert "8 rows, each with a run of its own, mean of 4 draws" in figure.alt


def test_one_draw_has_no_interval():
    figure = settings_table(table(draws=1))
    assert "mean of 1 draw." in figure.alt and {row[11] for row in figure.rows} == {None}
    assert {row[12] for row in figure.rows} == {"no clear difference"}


def test_a_guess_is_written_and_said():
    for draw_it, outcome in ((variety_ladder, ladder(RISE_AND_FALL)), (settings_table, table())):
        plain, guessed = draw_it(outcome), draw_it(outcome, guess="+ light")
        assert guessed.alt == plain.alt + ' Your guess was "+ light".' and guessed.png != plain.png
