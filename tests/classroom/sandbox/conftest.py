"""The sandbox, where this machine has one."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace

import pytest

from workshop.classroom.sandbox.available import require
from workshop.classroom.sandbox.limits import Limits
from workshop.classroom.sandbox.run import Finished, run
from workshop.errors import WorkshopError

MB = 1 << 20

SMALL = Limits(
    cpu_seconds=10,
    wall_seconds=10,
    memory_bytes=200 * MB,
    processes=24,
    file_bytes=2 * MB,
    scratch_bytes=4 * MB,
    output_bytes=1 * MB,
)


@pytest.fixture
def small() -> Limits:
    return SMALL


@pytest.fixture
def needs_sandbox() -> None:
    try:
        require()
    except WorkshopError as problem:
        pytest.skip(str(problem))


@pytest.fixture
def inside(needs_sandbox: None) -> Callable[..., Finished]:
    """Runs Python source in the sandbox, under small limits but for those given."""

    def run_source(source: str, stdin: bytes = b"", workbook=None, **limits: float) -> Finished:
        line = [sys.executable, "-c", textwrap.dedent(source)]
        return run(line, stdin, replace(SMALL, **limits), workbook)

    return run_source


@pytest.fixture
def unprivileged() -> list[str]:
    """What makes a command run as an ordinary user."""
    return ["setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups"] if os.geteuid() == 0 else []
