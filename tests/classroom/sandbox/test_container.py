"""The container image cannot be built here; what can be read of it is held to what the sandbox asks for."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def ignored(name: str) -> set[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {line.removeprefix("**/") for line in lines if line and not line.startswith("#")}


def test_the_image_holds_the_workbook_and_nothing_that_was_made_from_it():
    assert ignored(".dockerignore") == {".git/", *ignored(".gitignore")}


def test_its_first_lines_give_the_command_and_every_right_that_the_sandbox_needs():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").split("FROM")[0]
    (command,) = re.findall(r"#   (docker run .*)\n# The", lines, flags=re.DOTALL)
    for option in ("seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined"):
        assert f"--security-opt {option}" in command
    assert "--user" in command  # /out is the host's, and the image's own user may not write there
    assert "unmask=ALL" in lines
