"""The doctor: each gap is provoked, and each comes with what to do about it."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from workshop import doctor
from workshop.datasets import fetch

pytestmark = pytest.mark.fast


@pytest.fixture
def nothing_installed(monkeypatch):
    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)


@pytest.fixture
def states(monkeypatch):
    """The states of the data sets, for a test to change."""
    known = {name: fetch.GOOD for name in (*fetch.EMBEDDED, *fetch.DOWNLOADS)}
    monkeypatch.setattr(fetch, "verify", lambda name: [(name, known[name])])
    return known


@pytest.fixture
def empty_home(monkeypatch, tmp_path):
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 14, 0)])
def test_unsupported_python_is_a_gap(monkeypatch, version):
    monkeypatch.setattr(doctor, "sys", SimpleNamespace(version_info=version, executable="python"))
    finding = doctor.check_python()
    assert (finding.state, "3.11, 3.12 or 3.13" in finding.remedy) == ("gap", True)


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 13, 9)])
def test_supported_python_is_ok(monkeypatch, version):
    monkeypatch.setattr(doctor, "sys", SimpleNamespace(version_info=version, executable="python"))
    assert doctor.check_python().state == "ok"


def test_machine_without_psutil_has_unknown_memory(monkeypatch):
    assert "GiB memory" in doctor.check_machine().text
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert "memory unknown" in doctor.check_machine().text


@pytest.mark.parametrize(("free", "state"), [(1.9, "note"), (2.1, "ok")])
def test_little_disk_is_noted(monkeypatch, free, state):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: SimpleNamespace(free=free * doctor.GIB))
    finding = doctor.check_disk()
    assert (finding.state, bool(finding.remedy)) == (state, state == "note")


def test_missing_lesson_packages_are_a_gap(nothing_installed):
    finding = doctor.check_packages()
    assert finding.state == "gap"
    assert "numpy" in finding.text and "jupyterlab" in finding.text
    assert "make setup" in finding.remedy and ".[core]" in finding.remedy


@pytest.mark.parametrize(
    ("check", "package", "remedy"),
    [
        (doctor.check_classroom, "nbgrader", ".[core,classroom]"),
        (doctor.check_present, "voila", ".[core,present]"),
        (doctor.check_dev, "pytest", ".[core,dev]"),
        (doctor.check_peers, "learn2learn", "make peers"),
    ],
)
def test_other_missing_packages_are_noted(nothing_installed, check, package, remedy):
    finding = check()
    assert finding.state == "note"
    assert package in finding.text
    assert remedy in finding.remedy


def test_installed_packages_are_ok(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.0")
    assert doctor.check_packages().state == "ok"
    assert doctor.check_peers().state == "ok"


def test_absent_torch_is_a_gap(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    finding = doctor.check_torch()
    assert (finding.state, "make setup" in finding.remedy) == ("gap", True)


def test_torchvision_for_another_torch_is_a_gap(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["numpy", "torch==1.0.0"])
    finding = doctor.check_torch()
    assert finding.state == "gap"
    assert "built for torch==1.0.0" in finding.text


def test_torchvision_for_this_torch_is_ok(monkeypatch):
    bare = torch.__version__.partition("+")[0]
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: [f"torch=={bare}"])
    assert doctor.check_torch().state == "ok"


@pytest.mark.parametrize(("variable", "value"), [("WORKSHOP_DEVICE", "abacus"), ("WORKSHOP_THREADS", "none")])
def test_bad_setting_is_a_gap(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    finding = doctor.check_device()
    assert (finding.state, variable in finding.remedy) == ("gap", True)


def test_device_names_the_choice(monkeypatch):
    monkeypatch.setenv("WORKSHOP_DEVICE", "cpu")
    assert doctor.check_device() == doctor.Finding(
        "Device", "ok", "cpu (WORKSHOP_DEVICE: cpu), torch threads: 1"
    )


def test_no_lessons_are_a_gap(empty_home):
    finding = doctor.check_lessons()
    assert (finding.state, "WORKSHOP_HOME" in finding.remedy) == ("gap", True)
    (empty_home / "notebooks").mkdir()
    (empty_home / "notebooks" / "01_a.ipynb").touch()
    assert doctor.check_lessons().state == "ok"


def test_damaged_embedded_data_is_a_gap(states):
    states["mnist10k"] = "data/mnist10k.npz has a wrong checksum: restore it"
    finding = doctor.check_data()
    assert (finding.state, finding.remedy) == ("gap", "restore it")
    assert finding.text == "data/mnist10k.npz has a wrong checksum"
    states["mnist10k"] = fetch.GOOD
    assert doctor.check_data().state == "ok"


def test_really_missing_embedded_data_is_a_gap(empty_home):
    (empty_home / "data").mkdir()
    finding = doctor.check_data()
    assert (finding.state, "git checkout" in finding.remedy) == ("gap", True)


def test_absent_download_is_noted(states):
    states["svhn"] = fetch.ABSENT
    finding = doctor.check_downloads()
    assert finding.state == "note"
    assert finding.remedy.endswith("data fetch svhn")


def test_damaged_download_is_noted(states):
    states["mnist"] = "a.gz has a wrong checksum: fetch it again"
    finding = doctor.check_downloads()
    assert (finding.state, finding.text, finding.remedy) == (
        "note",
        "a.gz has a wrong checksum",
        "fetch it again",
    )


def test_good_downloads_are_ok(states):
    assert doctor.check_downloads().state == "ok"


def test_extra_data(monkeypatch, tmp_path):
    monkeypatch.delenv("WORKSHOP_EXTRA_DATA", raising=False)
    assert doctor.check_extra_data().state == "note"
    monkeypatch.setenv("WORKSHOP_EXTRA_DATA", str(tmp_path))
    finding = doctor.check_extra_data()
    assert (finding.state, "WORKSHOP_EXTRA_DATA" in finding.remedy) == ("note", True)
    (tmp_path / "svhn_real_dev.npz").touch()
    assert doctor.check_extra_data() == doctor.Finding("Extra data", "ok", str(tmp_path))


def test_results(empty_home):
    finding = doctor.check_results()
    assert (finding.state, "python -m workshop results" in finding.remedy) == ("note", True)
    folder = empty_home / "data" / "results" / "03_a"
    folder.mkdir(parents=True)
    (folder / "b.json").touch()
    assert doctor.check_results() == doctor.Finding("Results", "ok", "1 stored")


def test_browser(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    assert doctor.check_browser().state == "note"
    monkeypatch.setattr(doctor.shutil, "which", lambda name: f"/bin/{name}" if name == "chrome" else None)
    assert doctor.check_browser() == doctor.Finding("Browser", "ok", "/bin/chrome")


def test_lessons_can_run_without_what_only_some_want(monkeypatch, capsys):
    note = doctor.Finding("Browser", "note", "none", "install one")
    monkeypatch.setattr(doctor, "CHECKS", [lambda: note])
    monkeypatch.setattr(doctor, "INSTALLED_CHECKS", [lambda: doctor.Finding("Data", "ok", "here")])
    assert doctor.main([]) == 0
    assert "install one" in capsys.readouterr().out


def test_gap_in_an_installed_check_stops_lessons(monkeypatch):
    monkeypatch.setattr(doctor, "CHECKS", [])
    monkeypatch.setattr(doctor, "INSTALLED_CHECKS", [lambda: doctor.Finding("Data", "gap", "bad", "mend it")])
    assert doctor.main([]) == 1


def test_worst_case_fits_one_screen(monkeypatch, nothing_installed, empty_home, states, capsys):
    """Every check of both lists, with all that can be missing missing, and names too long for a line."""
    states.update(dict.fromkeys(states, f"{'wrong ' * 40}: {'mend ' * 40}"))
    monkeypatch.setenv("WORKSHOP_DEVICE", "abacus")
    monkeypatch.setenv("WORKSHOP_EXTRA_DATA", "/" + "long" * 60)
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    monkeypatch.setattr(doctor, "CHECKS", [*doctor.CHECKS, *doctor.INSTALLED_CHECKS])
    monkeypatch.setattr(doctor, "INSTALLED_CHECKS", [])
    assert doctor.main([]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100


def test_every_gap_and_note_says_what_to_do(monkeypatch, nothing_installed, empty_home, states):
    states.update(dict.fromkeys(states, "wrong: mend it"))
    findings = [check() for check in (*doctor.CHECKS, *doctor.INSTALLED_CHECKS)]
    assert {finding.state for finding in findings} == {"ok", "gap", "note"}
    assert all(bool(finding.remedy) == (finding.state != "ok") for finding in findings)


def test_runs_where_nothing_is_installed():
    """``-S`` hides every installed package; ``cwd`` leaves the workshop itself."""
    code = "from workshop import doctor; raise SystemExit(doctor.main([]))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=doctor.ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "make setup" in done.stdout


def test_unknown_option_is_refused():
    with pytest.raises(SystemExit):
        doctor.main(["--hurry"])


def test_a_copy_is_asked_only_for_what_it_is_for(monkeypatch, tmp_path):
    """A student's has no tests, no grader, no Makefile, and its pyproject.toml no such extras."""
    listed = (
        '[project]\ndependencies = ["numpy"]\n[project.optional-dependencies]\ncore = ["absent-package"]\n'
    )
    (tmp_path / "pyproject.toml").write_text(listed)
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    findings = {finding.label: finding for finding in doctor.examine()}
    assert set(findings) == {"Python", "Machine", "Disk", "torch", "Packages"}
    assert findings["Packages"].state == "gap"
    assert findings["Packages"].remedy == f'{doctor.PIP} ".[core]"'
    assert doctor.check_browser() is None and doctor.check_extra_data() is None
    (tmp_path / "Makefile").touch()
    assert doctor.check_packages().remedy.startswith("make setup, or ")
