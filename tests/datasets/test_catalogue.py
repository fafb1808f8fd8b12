"""The catalogue: names, paths, and the commands that show them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from workshop.datasets import CATALOGUE, commands, fetch, is_here, load, split
from workshop.errors import WorkshopError

pytestmark = pytest.mark.fast

EXTRA = os.environ.get("WORKSHOP_EXTRA_DATA")


def save(path: Path, first: int) -> None:
    labels = np.arange(120) % 10
    labels[0] = first
    np.savez(path, images=np.zeros((120, 8, 8), np.uint8), labels=labels)


def test_an_unknown_name_lists_the_names_and_guesses():
    with pytest.raises(WorkshopError) as error:
        load("mnist10")
    assert "Did you mean mnist10k?" in str(error.value)
    assert all(name in str(error.value) for name in CATALOGUE)


def test_a_name_like_no_other_is_not_guessed():
    with pytest.raises(WorkshopError) as error:
        load("photographs")
    assert "Did you mean" not in str(error.value)


def test_a_relative_path_is_looked_up_here_and_then_at_home(home, tmp_path_factory, monkeypatch):
    here = tmp_path_factory.mktemp("here")
    monkeypatch.chdir(here)
    save(home / "mine.npz", first=7)
    assert load("mine.npz").labels[0] == 7
    save(here / "mine.npz", first=3)
    assert load("mine.npz").labels[0] == 3
    assert load(home / "mine.npz").labels[0] == 7
    with pytest.raises(WorkshopError, match=r"There is no file .*other\.npz"):
        load("other.npz")


def test_svhn_dev_without_its_folder_says_what_to_set(home, monkeypatch):
    monkeypatch.delenv("WORKSHOP_EXTRA_DATA", raising=False)
    assert not is_here("svhn-dev")
    with pytest.raises(WorkshopError, match="WORKSHOP_EXTRA_DATA"):
        load("svhn-dev")
    monkeypatch.setenv("WORKSHOP_EXTRA_DATA", str(home))
    with pytest.raises(WorkshopError, match="WORKSHOP_EXTRA_DATA"):
        load("svhn-dev")


def test_svhn_dev_has_longer_blocks_than_a_users_file_and_its_own_fingerprint(home, monkeypatch):
    monkeypatch.setenv("WORKSHOP_EXTRA_DATA", str(home))
    save(home / "svhn_real_dev.npz", first=1)
    named, by_path = load("svhn-dev"), load(home / "svhn_real_dev.npz")
    assert is_here("svhn-dev")
    assert (named.name, named.block, by_path.block) == ("svhn-dev", 50, 20)
    assert named.fingerprint != by_path.fingerprint


@pytest.mark.skipif(not EXTRA, reason="WORKSHOP_EXTRA_DATA is not set: real SVHN is not ours to ship")
def test_real_svhn_is_what_the_catalogue_says():
    svhn = load("svhn-dev")
    assert svhn.images.shape == (6_000, 32, 32, 3)
    assert np.mean(svhn.labels == 1) == pytest.approx(0.19, abs=0.005)
    assert [len(side) for side in split(svhn)] == [4_800, 1_200]


def test_a_download_that_is_not_here_names_the_command(home):
    for name in fetch.DOWNLOADS:
        assert not is_here(name)
        with pytest.raises(WorkshopError, match=f"python -m workshop data fetch {name}"):
            load(name)


def test_every_entry_can_be_reached_and_is_described():
    kinds = {name: entry.kind for name, entry in CATALOGUE.items()}
    assert {name for name in kinds if kinds[name] == "download"} == set(fetch.DOWNLOADS)
    assert {name for name in kinds if kinds[name] == "embedded"} == set(fetch.EMBEDDED)
    for name, entry in CATALOGUE.items():
        assert entry.name == name and all([entry.title, entry.licence, entry.source, entry.size])
    assert "non-commercial" in CATALOGUE["svhn"].licence


def test_command_list_shows_every_set_with_licence_size_and_presence(home, monkeypatch, capsys):
    monkeypatch.delenv("WORKSHOP_EXTRA_DATA", raising=False)
    assert commands.main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(CATALOGUE)
    for line, entry in zip(lines[1:], CATALOGUE.values(), strict=True):
        assert line.startswith(entry.name) and entry.size in line and entry.licence in line
        assert line.split()[1] == ("yes" if entry.name == "renders" else "no")


@pytest.mark.parametrize("arguments", [[], ["fetch"], ["download"]])
def test_commands_refuse_what_they_do_not_know(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        commands.main(arguments)
    assert stop.value.code == 2 and "usage" in capsys.readouterr().err
