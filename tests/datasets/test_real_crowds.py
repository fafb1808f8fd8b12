"""Labels of real people: the one set that ships, and four that do not."""

import runpy
import shutil

import numpy as np
import pytest

from workshop import settings
from workshop.datasets import real_crowds
from workshop.datasets.real_crowds import CROWDS, DIAGNOSES, crowd, fleiss
from workshop.errors import WorkshopError

pytestmark = pytest.mark.fast

DATA = settings.data_folder()


def test_fleiss_as_statsmodels_has_it():
    script = runpy.run_path(str(DATA / "build_fleiss1971.py"))
    assert np.array_equal(fleiss(), script["counts"]())
    assert script["DIAGNOSES"] == DIAGNOSES and fleiss().dtype == np.int64


def test_fleiss_has_30_patients_with_six_diagnoses_each():
    assert fleiss().shape == (30, len(DIAGNOSES)) and (fleiss().sum(1) == 6).all()
    assert fleiss().sum(0).tolist() == [26, 26, 30, 55, 43]  # Fleiss (1971), table 1


def test_a_changed_fleiss_is_refused(home):
    (home / "data").mkdir()
    shutil.copy(DATA / "checksums.json", home / "data")
    (home / "data" / "fleiss1971.csv").write_text((DATA / "fleiss1971.csv").read_text() + "6,0,0,0,0\n")
    with pytest.raises(WorkshopError, match=r"git checkout data/fleiss1971\.csv"):
        fleiss()


@pytest.mark.parametrize(
    ("name", "items", "workers", "classes", "labels", "majority"),
    [
        ("bluebirds", 108, 39, 2, 4212, 0.759),
        ("anaesthetists", 45, 5, 4, 315, None),
        ("rte", 800, 164, 2, 8000, 0.897),
        ("temporal", 462, 76, 2, 4620, 0.936),
    ],
)
def test_real_crowds_are_what_their_papers_say(name, items, workers, classes, labels, majority):
    if not real_crowds.is_here(name):
        pytest.skip("WORKSHOP_EXTRA_DATA is not set to a folder that holds it: not ours to ship")
    found = crowd(name)
    labelled = found.annotations
    assert (labelled.items, labelled.workers, labelled.classes, len(labelled)) == (
        items,
        workers,
        classes,
        labels,
    )
    assert found.title == CROWDS[name] and found.source
    if majority is None:
        assert found.truth is None
        return
    assert found.truth.shape == (items,) and set(found.truth) == set(range(classes))
    votes = labelled.votes()
    won = (votes == votes.max(1, keepdims=True)) / (votes == votes.max(1, keepdims=True)).sum(
        1, keepdims=True
    )
    assert won[np.arange(items), found.truth].mean() == pytest.approx(majority, abs=5e-4)  # a tie counts half


def test_what_is_absent_unknown_or_broken_is_said(tmp_path, monkeypatch):
    monkeypatch.delenv("WORKSHOP_EXTRA_DATA", raising=False)
    assert not any(real_crowds.is_here(name) for name in CROWDS)
    with pytest.raises(
        WorkshopError, match=r"bluebirds is not on this machine.*folder that holds bluebirds_wel"
    ):
        crowd("bluebirds")
    monkeypatch.setenv("WORKSHOP_EXTRA_DATA", str(tmp_path))
    with pytest.raises(WorkshopError, match="set WORKSHOP_EXTRA_DATA"):
        crowd("rte")
    with pytest.raises(WorkshopError, match=r"no real crowd 'bluebird'\. Choose one of: bluebirds, anaes"):
        crowd("bluebird")
    for content in (
        b"item,worker\n0,0\n",
        b"item,worker,label\n0,0,yes\n",
        b"\xff\xfe\x00",
        b"item,worker,label\n0,0\n",
    ):
        (tmp_path / "snow2008_rte.csv").write_bytes(content)
        with pytest.raises(
            WorkshopError, match=r"snow2008_rte\.csv cannot be read: it needs the columns item"
        ):
            crowd("rte")


def test_numbers_from_one_become_numbers_from_zero_and_truth_is_by_item(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKSHOP_EXTRA_DATA", str(tmp_path))
    (tmp_path / "dawid_skene_1979.csv").write_text("patient,observer,rating\n1,1,1\n2,5,4\n")
    found = crowd("anaesthetists").annotations
    assert (
        found.item.tolist() == [0, 1] and found.worker.tolist() == [0, 4] and found.label.tolist() == [0, 3]
    )
    (tmp_path / "snow2008_temp.csv").write_text("item,worker,label,truth\n1,0,0,1\n0,0,0,0\n1,1,1,1\n")
    assert crowd("temporal").truth.tolist() == [0, 1]
