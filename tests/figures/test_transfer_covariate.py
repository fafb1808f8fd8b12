"""The figures of weighting under covariate shift: their words and tables say what the arrays hold."""

import io

import numpy as np
import pytest
from PIL import Image

from workshop.claims import short
from workshop.datasets.curve import CurveShift
from workshop.figures.transfer_scenarios.covariate_shift import how_far, support, weighted_lines
from workshop.studies.transfer_scenarios.experiments.covariate_shift import (
    COUNTS,
    GAP_POINTS,
    GAPS,
    WEIGHTS,
    CovariateOutcome,
    Sweep,
)

pytestmark = pytest.mark.fast


def sweep(rng, gaps, counts, cut, draws):
    shape = len(gaps), len(WEIGHTS), draws
    lines = np.stack([CurveShift(gap).best for gap in gaps])[:, None, None] + rng.normal(0, 0.3, (*shape, 2))
    effective = np.array(counts)[:, None, None] * rng.uniform(0.2, 0.9, shape)
    return Sweep(np.array(gaps), np.array(counts), cut, lines, effective, rng.uniform(0.2, 1.1, shape))


@pytest.fixture(scope="module")
def outcome():
    rng, near = np.random.default_rng(0), [1.0] * len(COUNTS)
    return CovariateOutcome(
        sweep(rng, GAPS, [GAP_POINTS] * len(GAPS), False, 8),
        sweep(rng, near, COUNTS, False, 8),
        sweep(rng, near, COUNTS, True, 8),
        "class",
        0,
    )


def is_picture(figure):
    with Image.open(io.BytesIO(figure.png)) as picture:
        dark = (np.asarray(picture.convert("L")) < 200).mean()
    return 0.005 < dark < 0.9 and "<table>" in figure.html()


def test_lines_are_those_of_the_first_draw(outcome):
    figure = weighted_lines(outcome)
    assert is_picture(figure) and len(figure.rows) == 6
    at = COUNTS.index(GAP_POINTS)
    for (source, name, *line, error), sweep_ in zip(
        figure.rows, [outcome.by_count] * 3 + [outcome.by_count_cut] * 3, strict=True
    ):
        number = WEIGHTS.index(name)
        assert source == ("cut" if sweep_.cut else "whole")
        assert line == sweep_.lines[at, number, 0].tolist()
        assert error == pytest.approx(sweep_.excess[at, number, 0])
        assert f"{short(error)} with {name}" in figure.alt


def test_how_far_gives_quartiles_and_effective_sizes(outcome):
    figure = how_far(outcome)
    assert is_picture(figure) and len(figure.rows) == len(GAPS) * len(WEIGHTS)
    table = {row[:2]: row[2:] for row in figure.rows}
    gap, number = GAPS.index(1.0), WEIGHTS.index("domain classifier")
    excess = outcome.by_gap.excess[gap, number]
    low, middle, high, effective = table[1.0, "domain classifier"]
    assert (low, middle, high) == pytest.approx(np.quantile(excess, (0.25, 0.5, 0.75)))
    assert effective == pytest.approx(outcome.by_gap.effective[gap, number].mean())
    assert f"{short(middle)} weighted by a domain classifier" in figure.alt
    worse = (outcome.by_gap.excess[-1, number] > outcome.by_gap.excess[-1, 0]).mean()
    assert f"the worse in {worse:.0%} of the draws" in figure.alt


def test_support_sets_both_sources_side_by_side(outcome):
    figure = support(outcome)
    assert is_picture(figure) and len(figure.rows) == 2 * 2 * len(COUNTS)
    table, at = {row[:3]: row[3:] for row in figure.rows}, WEIGHTS.index("exact ratio")
    for source, one in (("whole", outcome.by_count), ("cut", outcome.by_count_cut)):
        error, share, weight = table[source, COUNTS[-1], "exact ratio"]
        assert error == pytest.approx(np.median(one.excess[-1, at]))
        assert share == pytest.approx(one.effective[-1, at].mean() / COUNTS[-1])
        assert weight == pytest.approx(np.median(one.mean[-1, at]))
        assert short(error) in figure.alt and f"{share:.2f}" in figure.alt and f"{weight:.2f}" in figure.alt


def test_a_guess_is_written_and_said(outcome):
    for draw in (weighted_lines, how_far, support):
        plain, guessed = draw(outcome), draw(outcome, guess="the upper line")
        assert guessed.alt == plain.alt + ' Your guess was "the upper line".' and guessed.png != plain.png
