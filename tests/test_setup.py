"""Set-up: the files that say what to install agree, and make does each step once and whole."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from workshop import doctor

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
LEARN2LEARN = 'learn2learn==0.2.0 --config-settings="--build-option=build_ext"'

#: What a peer asks for and the comparison does without, as requirements-peers.txt says.
NOT_NEEDED = {"gsutil", "qpth", "pyarrow", "transformers"}


def lines(name: str) -> list[str]:
    """The lines of a requirements file without comments."""
    text = (re.sub(r"(^|\s+)#.*", "", line) for line in (ROOT / name).read_text().splitlines())
    return [line for line in text if line]


def pins() -> dict[str, Version]:
    """Of constraints.txt."""
    return {
        canonicalize_name(line.split("==")[0]): Version(line.split("==")[1])
        for line in lines("constraints.txt")
    }


def ranges() -> list[Requirement]:
    """Of pyproject.toml, all extras included."""
    return [Requirement(line) for line in sum(EXTRAS.values(), PROJECT["dependencies"])]


@pytest.mark.fast
def test_each_package_is_pinned_once_in_order_and_without_local_version():
    pinned = lines("constraints.txt")
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in pinned)
    assert len(pins()) == len(pinned)
    assert pinned == sorted(pinned, key=str.upper)


@pytest.mark.fast
@pytest.mark.parametrize("requirement", ranges(), ids=lambda requirement: requirement.name)
def test_pin_is_in_range(requirement):
    assert pins()[canonicalize_name(requirement.name)] in requirement.specifier


@pytest.mark.fast
def test_torchvision_is_pinned_to_the_match_of_torch():
    """torchvision 0.(n+15).m is built for torch 2.n.m."""
    torch, torchvision = pins()["torch"], pins()["torchvision"]
    assert (torch.major, torchvision.major) == (2, 0)
    assert (torch.minor + 15, torch.micro) == (torchvision.minor, torchvision.micro)


@pytest.mark.fast
def test_doctor_and_pyproject_support_the_same_pythons():
    supported = SpecifierSet(PROJECT["requires-python"])
    inside = [minor for minor in range(30) if f"3.{minor}" in supported]
    assert [(3, inside[0]), (3, inside[-1])] == [doctor.OLDEST, doctor.NEWEST]


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_pins_resolve_to_wheels(python, tmp_path):
    """For the first patch release of each version: an older Debian has Python 3.11.2."""
    uv = shutil.which("uv", path=Path(sys.executable).parent)
    assert uv, "uv is one of the dev extra's packages"
    command = [uv, "pip", "compile", "--quiet", "--no-config", "--only-binary", ":all:", "--all-extras"]
    command += ["--python", sys.executable, "--python-version", python]
    command += ["-c", "constraints.txt", "pyproject.toml", "-o", tmp_path / "resolved.txt"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    if re.search(r"error sending request|dns error|timed out|[Ff]ailed to fetch", done.stderr):
        pytest.skip("the package registry cannot be reached")
    assert done.returncode == 0, done.stderr
    resolved = (tmp_path / "resolved.txt").read_text()
    for name in ("torch", "torchvision", "numpy"):
        assert f"\n{name}=={pins()[name]}\n" in resolved


@pytest.mark.fast
def test_environment_lists_what_the_lessons_need_and_learn2learn():
    [from_pip] = [entry["pip"] for entry in CONDA if isinstance(entry, dict)]
    assert from_pip == [*PROJECT["dependencies"], *EXTRAS["core"], LEARN2LEARN, "-e ."]


@pytest.mark.fast
def test_each_line_of_the_environment_gives_its_reason():
    text = (ROOT / "environment.yml").read_text().partition("\ndependencies:\n")[2]
    entries = [line for line in text.splitlines() if line.lstrip().startswith("- ")]
    assert len(entries) == len(CONDA) + len(PROJECT["dependencies"]) + len(EXTRAS["core"]) + 2
    reasons = r"  # (every lesson|lessons? \d\d|everyone|students|staff)"
    assert [line for line in entries if not re.search(reasons, line)] == ["  - pip:"]


@pytest.mark.fast
def test_learn2learn_is_built_the_same_way_for_the_peers():
    assert LEARN2LEARN in lines("requirements-peers.txt")


@pytest.mark.fast
def test_peers_pin_nothing_that_the_workshop_pins():
    names = {canonicalize_name(re.match(r"[\w.-]+", line)[0]) for line in lines("requirements-peers.txt")}
    assert len(names) == len(lines("requirements-peers.txt"))
    assert not names & set(pins())


@pytest.fixture
def peers():
    if doctor.check_peers().state != "ok":
        pytest.skip("the peers are not installed: make peers")


@pytest.mark.peers
@pytest.mark.usefixtures("peers")
def test_peers_have_all_that_they_need():
    missing = set()
    for line in lines("requirements-peers.txt"):
        for needed in map(Requirement, metadata.requires(Requirement(line.split(" ")[0]).name) or []):
            if needed.marker and not needed.marker.evaluate({"extra": ""}):
                continue
            try:
                version = metadata.version(needed.name)
            except metadata.PackageNotFoundError:
                missing.add(needed.name)
            else:
                assert needed.specifier.contains(version, prereleases=True), (line, needed)
    assert missing <= NOT_NEEDED


@pytest.mark.peers
@pytest.mark.usefixtures("peers")
@pytest.mark.parametrize("module", ["learn2learn", "jax", "crowdkit.aggregation", "kornia.augmentation"])
def test_peer_can_be_imported(module):
    """In a process of its own, because gym prints a banner and jax starts threads."""
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


#: Stands in for Python in the Makefile: it notes how it was called, makes a .venv with itself in it, and
#: fails when a file ``fail`` is there and pip is called.
PYTHON = """#!/bin/sh
printf '%s|' "$@" >> calls
echo >> calls
case "$*" in
  "-m venv"*) mkdir -p .venv/bin && cp python .venv/bin/python ;;
  "-m pip"*) test ! -e fail ;;
esac
"""


class Checkout:
    """A folder with the Makefile and its inputs, where nothing real is installed or run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("Makefile", "pyproject.toml", "constraints.txt", "requirements-peers.txt"):
            shutil.copy2(ROOT / name, folder)
        (folder / "python").write_text(PYTHON)
        (folder / "python").chmod(0o755)

    def make(self, *arguments: str) -> tuple[int, list[list[str]]]:
        """The exit status, and the arguments of each call of Python but the check of its version."""
        calls = self.folder / "calls"
        calls.unlink(missing_ok=True)
        command = ["make", "PYTHON=./python", *arguments]
        self.done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60)
        text = calls.read_text() if calls.exists() else ""
        called = [line.split("|")[:-1] for line in text.splitlines() if line.startswith("-m|")]
        return self.done.returncode, called


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    if not shutil.which("make"):
        pytest.skip("there is no make on this machine")
    for name in ("BUDGET", "LESSON", "SOURCE", "TARGET", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "a folder"
    folder.mkdir()
    return Checkout(folder)


def installed(calls: list[list[str]]) -> list[str]:
    """What each call of pip was to install."""
    return [call[-1] for call in calls if call[:2] == ["-m", "pip"]]


@pytest.mark.fast
def test_run_installs_what_lessons_need_and_only_once(checkout):
    status, calls = checkout.make("run")
    assert (status, installed(calls)) == (0, [".[core]"])
    assert calls[-1] == ["-m", "workshop", "run", "--budget", "ci"]
    assert checkout.make("run") == (0, [["-m", "workshop", "run", "--budget", "ci"]])


@pytest.mark.fast
def test_run_hands_its_variables_on_whole(checkout):
    _, calls = checkout.make("run", "BUDGET=smoke", "LESSON=03", "SOURCE=my digits/it's.npz", "TARGET=a;b")
    options = ["--budget", "smoke", "--lesson", "03", "--source", "my digits/it's.npz", "--target", "a;b"]
    assert calls[-1] == ["-m", "workshop", "run", *options]


@pytest.mark.fast
@pytest.mark.parametrize("missing", ["SUBMISSIONS", "OUT", "SEED"])
def test_grade_says_what_it_wants_to_know(checkout, monkeypatch, missing):
    given = {"SUBMISSIONS": "handed in", "OUT": "graded", "SEED": "7"}
    for name in given:
        monkeypatch.delenv(name, raising=False)
    status, calls = checkout.make(
        "grade", *(f"{name}={value}" for name, value in given.items()), "MORE=--jobs 2"
    )
    options = ["handed in", "--out", "graded", "--seed", "7", "--jobs", "2"]
    assert (status, calls[-1]) == (0, ["-m", "workshop", "grade", *options])
    del given[missing]
    status, calls = checkout.make("grade", *(f"{name}={value}" for name, value in given.items()))
    assert status == 2 and not any("grade" in call for call in calls)
    assert "make grade SUBMISSIONS=folder OUT=folder SEED=number" in checkout.done.stderr


@pytest.mark.fast
def test_test_installs_what_tests_need(checkout):
    status, calls = checkout.make("test")
    assert (status, installed(calls)) == (0, [".[core]", ".[core,classroom,present,dev]"])
    assert calls[-1] == ["-m", "pytest", "tests"]


@pytest.mark.fast
@pytest.mark.parametrize("command", ["measure", "bench", "results", "lab"])
def test_target_runs_its_command(checkout, command):
    _, calls = checkout.make(command)
    assert calls[-1] == ["-m", "workshop", command]


@pytest.mark.fast
@pytest.mark.parametrize("prepared", [False, True])
def test_doctor_installs_nothing(checkout, prepared):
    if prepared:
        checkout.make("setup")
    assert checkout.make("doctor") == (0, [["-m", "workshop", "doctor"]])


@pytest.mark.fast
def test_broken_install_is_done_again(checkout):
    (checkout.folder / "fail").touch()
    status, _ = checkout.make("run")
    assert status != 0
    assert not (checkout.folder / ".venv" / ".core").exists()
    (checkout.folder / "fail").unlink()
    status, calls = checkout.make("run")
    assert (status, installed(calls)) == (0, [".[core]"])


@pytest.mark.fast
@pytest.mark.parametrize(
    ("changed", "again"),
    [
        ("Makefile", []),
        ("requirements-peers.txt", ["requirements-peers.txt"]),
        ("constraints.txt", [".[core]", ".[core,classroom,present,dev]", "requirements-peers.txt"]),
        ("pyproject.toml", [".[core]", ".[core,classroom,present,dev]", "requirements-peers.txt"]),
    ],
)
def test_changed_input_redoes_its_steps(checkout, changed, again):
    status, calls = checkout.make("peers")
    assert (status, len(installed(calls))) == (0, 3)
    assert checkout.make("peers") == (0, [])
    later = time.time() + 60  # certainly newer than the stamps, however coarse the clock of the file system
    os.utime(checkout.folder / changed, (later, later))
    status, calls = checkout.make("peers")
    assert (status, installed(calls)) == (0, again)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("version", "sentence"), [((3, 10), "Python 3.10; install"), ((3, 14), "Python 3.14; install")]
)
def test_unsupported_python_is_refused_in_a_sentence(checkout, version, sentence):
    pretend = f"import sys; sys.version_info = {(*version, 1)}; exec(sys.argv[1])"
    (checkout.folder / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{pretend}" "$2"\n')
    status, _ = checkout.make("run")
    assert status != 0
    assert sentence in checkout.done.stderr
    assert not (checkout.folder / ".venv").exists()


@pytest.mark.fast
def test_absent_python_is_refused_in_a_sentence(checkout):
    status, _ = checkout.make("run", "PYTHON=")
    assert status != 0
    assert "No Python found; install Python 3.11" in checkout.done.stderr


@pytest.mark.fast
def test_clean_keeps_the_environment_and_the_data(checkout):
    for name in ("build/run/a", "data/cache/b", "workshop/__pycache__/c", ".venv/lib/__pycache__/d"):
        (checkout.folder / name).parent.mkdir(parents=True)
        (checkout.folder / name).touch()
    assert checkout.make("clean")[0] == 0
    kept = {str(file.relative_to(checkout.folder)) for file in checkout.folder.rglob("?") if file.is_file()}
    assert kept == {"data/cache/b", ".venv/lib/__pycache__/d"}
    assert checkout.make("distclean")[0] == 0
    assert not (checkout.folder / ".venv").exists()
    assert not (checkout.folder / "data" / "cache").exists()


@pytest.mark.fast
def test_help_lists_each_target(checkout):
    _, _ = checkout.make("help")
    listed = re.findall(r"^make ([a-z-]+) +\S", checkout.done.stdout, re.MULTILINE)
    [phony] = re.findall(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(phony.split())
    assert {"run", "test", "measure", "bench", "results", "lab", "doctor", "format", "lint", "lock"} <= set(
        listed
    )
