"""Each message on what is missing, by taking it away."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from workshop.classroom.sandbox import available, bubblewrap
from workshop.errors import WorkshopError


def programs(folder: Path, **scripts: str) -> str:
    """A folder of programs, as a search path of its own."""
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return str(folder)


def test_it_starts_here(needs_sandbox):
    available.require()


def test_another_system_is_told_of_a_container(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(
        WorkshopError, match=r"this is darwin.*container: the workbook's Dockerfile.*--unsafe"
    ):
        available.require()


@pytest.mark.parametrize(
    ("there", "missing", "package"),
    [
        ({}, "bwrap", "bubblewrap"),
        ({"bwrap": ""}, "setpriv", "util-linux"),
        ({"bwrap": "", "setpriv": ""}, "prlimit", "util-linux"),
    ],
)
def test_a_missing_program_is_named_with_its_package(monkeypatch, tmp_path, there, missing, package):
    monkeypatch.setenv("PATH", programs(tmp_path, **there))
    with pytest.raises(
        WorkshopError, match=rf"the program {missing}\. .*apt-get install {package}\).*Dockerfile"
    ):
        available.require()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            "echo 'bwrap: Unknown option --disable-userns' >&2; exit 1",
            "too old .*Unknown option.*version 0.8",
        ),
        (
            'echo "bwrap: Can\'t mount proc on /newroot/proc: Operation not permitted" >&2; exit 1',
            r"hides parts of its /proc\. .*systempaths=unconfined.*podman: .*unmask=ALL",
        ),
        ("echo 'bwrap: no space for stars' >&2; exit 1", "bwrap said 'bwrap: no space for stars'"),
        ("exit 3", "bwrap gave no reason"),
    ],
)
def test_what_bubblewrap_says_is_passed_on(monkeypatch, tmp_path, script, message):
    path = programs(tmp_path, bwrap=script, setpriv="", prlimit="")
    monkeypatch.setenv("PATH", path)
    with pytest.raises(WorkshopError, match=message):
        available.require()


def test_a_bubblewrap_that_hangs_is_not_waited_for(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", programs(tmp_path, bwrap="exec /bin/sleep 60", setpriv="", prlimit=""))
    monkeypatch.setattr(available, "_SMALL", replace(available._SMALL, wall_seconds=0.3))
    with pytest.raises(WorkshopError, match=r"did not start Python within 0\.3 seconds"):
        available.require()


def test_a_python_that_is_not_seen_inside_is_told(needs_sandbox, monkeypatch):
    monkeypatch.setattr(bubblewrap, "python_paths", list)
    with pytest.raises(WorkshopError, match=r"The sandbox does not start: .*python"):
        available.require()


def test_user_namespaces_that_are_switched_off_are_named(needs_sandbox):
    """In a user namespace that forbids further ones, as an ordinary user there."""
    source = "import os; os.geteuid = lambda: 1000\nfrom workshop.classroom.sandbox import available as a\na.require()"
    forbid = ["bwrap", "--dev-bind", "/", "/", "--unshare-user", "--disable-userns", "--"]
    tried = subprocess.run(
        [*forbid, sys.executable, "-c", source], capture_output=True, text=True, env={**os.environ}
    )
    assert "WorkshopError: The sandbox does not start: user namespaces are switched off" in tried.stderr
    assert "sysctl user.max_user_namespaces" in tried.stderr
    assert "--security-opt seccomp=unconfined --security-opt apparmor=unconfined" in tried.stderr
