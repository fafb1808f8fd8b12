"""Lesson 02's study: which budget trains what, what its claims measure, and what the lesson's sentences say."""

import dataclasses

import nbformat
import numpy as np
import pytest
from scipy import stats

from workshop.claims import judge
from workshop.runner.lessons import lessons_folder
from workshop.studies.fine_tuning import FineTuningStudy, Run, Spectrum
from workshop.studies.fine_tuning.claims import EQUAL, FROZEN, ORDER, POVERTY, SEARCH, SHRINKS, SPEED
from workshop.studies.fine_tuning.poverty import FEATURES, LIGHT, RANDOM, RAW
from workshop.studies.fine_tuning.poverty import SCRATCH as NET
from workshop.studies.fine_tuning.recipes import EVERYTHING, HEAD, LITE, SCRATCH, SMALL, SPECTRA
from workshop.studies.fine_tuning.study import speedups
from workshop.studies.fine_tuning.variants import AFRESH, OWN, SHUFFLED, kept_name, rates_name


@pytest.fixture(scope="module")
def study():
    return FineTuningStudy(budget="class")


@pytest.fixture(scope="module")
def stored(study):
    return study.stored


def run(depth, right, labels=50, task="digits", score=(0.5, 1.0), epochs=(1, 2)):
    right = np.asarray(right, bool)
    return Run("lite", task, depth, labels, 1, 2, np.array(epochs, float), np.array(score), right, 1.0)


def showing(monkeypatch, results):
    """A study that finds these results, by name."""
    study = FineTuningStudy(budget="class")
    monkeypatch.setattr(study, "result", results.get)
    monkeypatch.setattr(study, "status", lambda name: "run")
    return study


def test_everything_the_lesson_ships_is_stored(study):
    assert [name for name in study.shipped if study.stored(name) is None] == []
    assert "Nothing is trained now" in study.describe()


@pytest.mark.fast
def test_what_each_budget_trains(monkeypatch):
    ci = FineTuningStudy(budget="ci")
    assert {name for name in ci.shipped if ci.trains(name)} == {
        "small digits",
        "drift",
        "equality",
        "poverty",
    }
    smoke = FineTuningStudy(budget="smoke")
    assert all(smoke.trains(name) for name in smoke.shipped)
    monkeypatch.setenv("WORKSHOP_RETRAIN", "1")
    again = FineTuningStudy(budget="class")
    assert all(again.trains(name) for name in again.shipped)


@pytest.mark.fast
def test_every_key_differs_and_another_seed_is_another_key(study):
    keys = [study.key(name) for name in study.shipped]
    assert len({key.digest for key in keys}) == len({key.name for key in keys}) == len(keys)
    assert FineTuningStudy(budget="class", seed=1).key("poverty").digest != study.key("poverty").digest


@pytest.mark.fast
def test_a_difference_of_depths_is_paired_picture_by_picture(monkeypatch):
    spectra = {
        name: Spectrum((run(HEAD, [1, 1, 1, 0], 200), run(SCRATCH, [1, 0, 0, 1], 200)), 0, "class", "cpu")
        for name in ("lite digits 200", "lite tiles 200", "lite renders 200")
    }
    measured = showing(monkeypatch, spectra).measure(FROZEN)
    each = np.tile([0, 100, 100, -100], 3)
    assert measured.value == 25 and "12 pictures" in measured.data
    assert "digits +25.0, tiles +25.0, renders +25.0" in measured.data
    assert measured.interval == pytest.approx(stats.t.interval(0.95, 11, loc=25, scale=stats.sem(each)))
    assert showing(monkeypatch, {}).measure(FROZEN).status == "skipped"


@pytest.mark.fast
def test_order_speed_and_shrinking_gain_by_hand(monkeypatch):
    few = {
        name: Spectrum((run("from stage 7", [1, 1]), run(EVERYTHING, [1, 0])), 0, "class", "cpu")
        for name in ("lite digits 50", "lite tiles 50")
    }
    assert showing(monkeypatch, few).measure(ORDER).value == 50
    runs = []
    for labels, passes, right in ((50, 8, [0, 0, 0, 1]), (2000, 2, [1, 1, 1, 0])):
        runs += [
            run(EVERYTHING, [1, 1, 1, 0], labels, score=(0.5, 0.96, 1), epochs=(1, 2, 9)),
            run(SCRATCH, right, labels, score=(0.5, 0.96, 1), epochs=(1, passes, 9)),
        ]
    small = showing(monkeypatch, {"small digits": Spectrum(tuple(runs), 0, "class", "cpu")})
    speed = small.measure(SPEED)
    assert speed.value == pytest.approx(2)  # the geometric mean of 4 and 1
    assert speed.interval is None and speed.data == "digits; 50, 2,000 labels, from 1.0 to 4.0 times"
    assert small.measure(SHRINKS).value == 50 - 0


def test_claims_hold_on_what_is_stored(study):
    for claim in study.claims.values():
        measured = study.measure(claim.id)
        assert measured.status == "stored" and judge(claim, measured).holds, claim.id


def test_poverty_is_measured_against_the_better_rival(study, stored):
    found = stored("poverty")
    at = found.surveyed.tolist().index(100)
    gain = found.r2[FEATURES][at] - max(found.r2[RAW][at], found.r2[NET][at])
    assert study.measure(POVERTY).value == pytest.approx(gain, abs=1e-3)


def test_the_search_never_saw_the_exam(study, stored):
    found = stored("search")
    assert found.labels == 100 and all(len(one.scores) == 4 for one in found.tried)
    best = max(found.tried, key=lambda one: one.mean)
    assert found.proposal == best.thawed
    difference = found.exam.percent - found.by_hand.percent
    assert study.measure(SEARCH).value == pytest.approx(difference)
    assert [one.depth for one in found.depths] == list(SMALL.depths)
    assert next(one for one in found.depths if one.depth == "from block 3").percent == found.by_hand.percent


def test_cached_and_uncached_weights_are_equal_at_every_cut(study, stored):
    assert set(stored("equality").gaps) == {f"{cut} frozen" for cut in range(1, 5)}
    assert study.measure(EQUAL).value < 1e-9


def test_the_small_network_is_found_again_as_it_was_trained(study, stored):
    from workshop.datasets.tasks import task
    from workshop.kernels.fine_tuning import examine

    score, _ = examine(study.network("small"), *task("renders").examined(SMALL.side))
    assert score == pytest.approx(stored("source").score, abs=0.003)


def test_the_ladder_has_two_rungs_of_this_lesson(study):
    last, fine = study.ladder()
    assert (last.rung, fine.rung) == ("last layer", "fine-tuning")
    assert fine.how.endswith("from stage 5 (the best depth on the exam)")
    assert "from scratch to" in last.gain and last.labels == "200" and fine.seconds > last.seconds


def test_it_trains_at_smoke_and_judges_nothing():
    study = FineTuningStudy(budget="smoke")
    spectrum = study.result("small digits")
    assert {one.depth for one in spectrum.runs} == {HEAD, EVERYTHING, SCRATCH}
    assert judge(study.claims[SPEED], study.measure(SPEED)).holds is None


# ---- sentences of the lesson -----------------------------------------------------------------------


def prose() -> str:
    notebook = nbformat.read(lessons_folder() / "02_fine_tuning_spectrum.ipynb", as_version=4)
    return " ".join(" ".join(c.source.split()) for c in notebook.cells if c.cell_type == "markdown")


def test_the_lessons_numbers_are_those_of_its_results(study, stored):
    digits, tiles, renders = (stored(f"lite {name} 200") for name in ("digits", "tiles", "renders"))
    few, small, far = stored("lite digits 50"), stored("small digits"), stored("small tiles")
    drift, poverty, search, rates, kept = (stored(n) for n in ("drift", "poverty", "search", "rates", "kept"))

    def p(spectrum, depth, labels=None):
        return f"{spectrum.find(depth, labels).percent:.0f}"

    at = poverty.surveyed.tolist().index(100)
    tried = {one.thawed: 100 * one.scores for one in search.tried}
    ratios = [ratio for _, ratio in speedups(small)]
    first = [f"{n:,}" for n, _ in speedups(small)
             if (run := small.find(EVERYTHING, n)).score[0] >= 0.95 * run.score[-1]]  # fmt: skip
    apart = [one.find(HEAD).percent - one.find(SCRATCH).percent for one in (digits, tiles, renders)]
    stop = [
        one.find("from stage 7").percent - one.find(EVERYTHING).percent
        for one in (few, stored("lite tiles 50"))
    ]
    afresh_on_tiles = next(run for run in kept.runs if (run.task, run.depth) == ("tiles", AFRESH))
    origins = [np.mean([len(set(row)) for row in level]) for level in stored("patches").origins.tolist()]

    def deviation(*thawed):
        scores = tried[thawed]
        return f"{scores.mean():.1f} ± {scores.std(ddof=1) / len(scores) ** 0.5:.1f} %"

    sentences = [
        f"from scratch, reads {p(small, SCRATCH, 200)} % of the digits (section 7), more than the frozen features. "
        f"On the tiles it reads {p(far, SCRATCH, 200)} %",
        f"{stop[0]:.1f} points better on the digits, {stop[1]:.1f} on the tiles",
        f"{apart[0]:.0f} points on the digits, {apart[1]:.0f} on the tiles, {apart[2]:.0f} on the street numbers",
        f"right only {p(kept, OWN)} % of the time",
        f"{p(kept, AFRESH)} % on the exam. No weight was changed",
        f"nothing is mended: {p(stored('lite tiles 50'), EVERYTHING)} and {afresh_on_tiles.percent:.0f} %",
        f"only the range, {min(ratios):.1f} to {max(ratios):.1f}. At {' and '.join(first)} labels read",
        f"stem and head {deviation('stem', 'head')}, the head alone {deviation('head')}",
        f"{origins[0]:.1f} on average in the low block, {origins[1]:.1f} in the middle, {origins[2]:.1f} in the high",
        "head only {:.1f} %, from block 2 {:.1f} %, everything {:.1f} %".format(
            *(one.percent for one in search.depths if one.depth != "from block 3")
        ),
        f"From scratch it reads {p(digits, SCRATCH)} % of the digits",
        f"a linear layer on its features reads {p(digits, HEAD)} % of them",
        f"gain the most: {p(tiles, SCRATCH)} to {p(tiles, HEAD)} %. Street numbers stay hard: {p(renders, SCRATCH)} to "
        f"{p(renders, HEAD)} %",
        f"{drift.before:.0f} % became {drift.old[1]:.0f} %",
        f"The new head reads {drift.new[0]:.0f} % with kept statistics, {drift.new[1]:.0f} % with drifting ones",
        f"Everything: {p(few, EVERYTHING)} %",
        f"{p(few, EVERYTHING)} % become {p(kept, kept_name(EVERYTHING))} % with *everything* trained",
        f"{p(kept, kept_name(EVERYTHING))} % with steps of one length; {p(rates, rates_name(0.8))} % with a factor "
        "of 0.8, "
        f"{p(rates, rates_name(0.5))} % with 0.5",
        f"{p(small, EVERYTHING, 2000)} % against {p(small, HEAD, 2000)} % for the head alone",
        f"{p(far, SCRATCH, 50)} % from scratch with 50 labels, {p(far, EVERYTHING, 50)} % from the pre-trained network",
        f"With 50 labels: {p(small, SCRATCH, 50)} % from scratch, {p(stored('shuffled'), SHUFFLED, 50)} % shuffled, "
        f"{p(small, EVERYTHING, 50)} % pre-trained",
        f"{search.exam.percent:.1f} % on the exam, against {search.by_hand.percent:.1f} % for the rule",
        f"{poverty.r2[FEATURES][at]:.2f} for the night-light features, {poverty.r2[NET][at]:.2f} from scratch, "
        f"{poverty.r2[RAW][at]:.2f} for raw pixels",
        f"regressing on **the light itself** gives {poverty.r2[LIGHT][at]:.2f}",
        f"Paved road: {poverty.probe[FEATURES][1]:.2f} against {poverty.probe[RANDOM][1]:.2f} for random features",
        f"takes {', '.join(f'{ratio:.1f}' for _, ratio in speedups(small))} times as many passes",
    ]
    told = prose()
    assert [sentence for sentence in sentences if " ".join(sentence.split()) not in told] == []


def test_the_lessons_comparisons_hold(stored):
    small, far = stored("small digits"), stored("small tiles")
    for labels in far.labels(EVERYTHING):  # no gain at any budget, and a loss at the end
        assert far.find(EVERYTHING, labels).percent < far.find(SCRATCH, labels).percent + 1
    assert small.find(SCRATCH, 200).percent > stored("lite digits 200").find(HEAD).percent  # the fair warning
    assert far.find(EVERYTHING, 2000).percent < far.find(SCRATCH, 2000).percent - 2
    # few labels: it was the statistics, not the weights
    few, kept = stored("lite digits 50"), stored("kept").find(kept_name(EVERYTHING))
    assert kept.percent > few.find(HEAD).percent + 10 > few.find(EVERYTHING).percent + 30
    # thawing corrects the tiles as well, by 3 to 5 points; the statistics' own share, and what is left
    for one in stored("kept").runs:
        if one.task == "tiles" and one.depth.endswith(kept_name("")):
            assert 2.5 <= one.percent - stored("lite tiles 50").find(HEAD).percent < 5.5
    afresh = stored("kept").find(AFRESH)
    assert few.find(EVERYTHING).percent + 15 < afresh.percent < kept.percent - 10
    gain = {
        labels: small.find(EVERYTHING, labels).percent - small.find(SCRATCH, labels).percent
        for labels in small.labels(EVERYTHING)
    }
    told = f"At 20 labels pre-training adds {gain[20]:.0f} points, at 200 {gain[200]:.0f}, and from 2,000 on less than"
    assert shuffled_below(stored, small)
    assert told in prose() and gain[500] > 1 > max(gain[2000], gain[6000])
    poverty = stored("poverty")
    assert all(poverty.probe[FEATURES] > poverty.probe[RANDOM] + 0.03)
    assert set(SPECTRA) >= {"lite digits 50", "lite renders 200"} and len(LITE.blocks) == 10


def shuffled_below(stored, small):
    """The numbers of the weights, without their places, are worth less than nothing with 50 labels."""
    return stored("shuffled").find(SHUFFLED, 50).percent < small.find(SCRATCH, 50).percent


def test_a_stored_run_survives_its_file(stored):
    one = stored("lite digits 50").runs[0]
    assert dataclasses.replace(one).right.dtype == bool and one.right.shape == (1000,)
