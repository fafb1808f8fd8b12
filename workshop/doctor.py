"""``python -m workshop doctor``: what this machine has, and what to do about each gap.

It must run where nothing is installed yet, so everything but the standard library is imported late.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

#: The folder that holds ``pyproject.toml``; ``settings.home`` would need torch.
ROOT = Path(__file__).resolve().parents[1]

#: The oldest and the newest version of Python that the workshop supports.
OLDEST, NEWEST = (3, 11), (3, 13)

#: Programs that the browser tests can drive, in the order in which they are looked for.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")

GIB = 2**30
WIDTH = 100  # columns
LABEL = 12  # columns, of WIDTH

PIP = "python -m pip install -c constraints.txt -e"


@dataclass(frozen=True)
class Finding:
    """What one check saw.

    ``state`` is ``ok``; ``gap`` when lessons cannot run before it is mended; or ``note`` when something
    is missing that only some people want. ``remedy`` says what to do; empty where there is nothing to do.
    """

    label: str
    state: Literal["ok", "gap", "note"]
    text: str
    remedy: str = ""


def main(arguments: list[str]) -> int:
    """Print what was found; return 0 when lessons can run and 1 when they cannot."""
    argparse.ArgumentParser(
        prog="python -m workshop doctor",
        description="Say what this machine has, and what to do about each gap.",
    ).parse_args(arguments)
    findings = examine()
    for finding in findings:
        print(_shown(finding))
    if any(finding.state == "gap" for finding in findings):
        print("Lessons cannot run yet: mend each gap, then run the doctor again.")
        return 1
    print("Lessons can run.")
    return 0


def examine() -> list[Finding]:
    """The findings of every check; where torch or another package is missing, of those that need none.

    A check of what this copy of the workbook is not for finds nothing: a student's has no tests and no grader.
    """
    findings = _of(CHECKS)
    if all(finding.state != "gap" for finding in findings):
        findings += _of(INSTALLED_CHECKS)
    return findings


def _of(checks: list[Callable[[], Finding | None]]) -> list[Finding]:
    return [finding for check in checks if (finding := check()) is not None]


def check_python() -> Finding:
    version = sys.version_info[:2]
    text = f"{platform.python_version()} at {sys.executable}"
    if OLDEST <= version <= NEWEST:
        return Finding("Python", "ok", text)
    return Finding("Python", "gap", text, "install Python 3.11, 3.12 or 3.13, then run make setup PYTHON=...")


def check_machine() -> Finding:
    try:
        import psutil  # comes with ipykernel
    except ImportError:
        memory = "memory unknown"
    else:
        memory = f"{psutil.virtual_memory().total / GIB:.0f} GiB memory"
    text = f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} cores, {memory}"
    return Finding("Machine", "ok", text)


def check_disk() -> Finding:
    free = shutil.disk_usage(ROOT).free / GIB
    if free >= 2:
        return Finding("Disk", "ok", f"{free:.0f} GiB free")
    return Finding(
        "Disk", "note", f"only {free:.1f} GiB free", "make room: a run and its data take up to 2 GiB"
    )


def check_packages() -> Finding:
    names = [*_required(), *(_required("core") or [])]
    return _packages("Packages", "gap", "running lessons", names, _install("core"))


def check_classroom() -> Finding | None:
    return _extra("Classroom", "classroom", "grading")


def check_present() -> Finding | None:
    return _extra("Present", "present", "slides")


def check_dev() -> Finding | None:
    return _extra("Develop", "dev", "changing the workbook")


def check_peers() -> Finding | None:
    listed = ROOT / "requirements-peers.txt"
    if not listed.is_file():
        return None
    lines = listed.read_text(encoding="utf-8").splitlines()
    names = [_name(line) for line in lines if line and not line.startswith("#")]
    remedy = "make peers, or the command at the top of requirements-peers.txt"
    return _packages("Peers", "note", "comparing with others' code", names, remedy)


def check_torch() -> Finding:
    try:
        import torch
        import torchvision
    except Exception as error:  # a torch that is there but damaged can raise anything
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return Finding("torch", "gap", f"cannot be imported: {reason}", _install("core"))
    text = f"torch {torch.__version__}, torchvision {torchvision.__version__}"
    # torchvision's own metadata names the one torch that it was built for.
    wanted = [line for line in importlib.metadata.requires("torchvision") or [] if line.startswith("torch==")]
    if any(line.removeprefix("torch==") != torch.__version__.partition("+")[0] for line in wanted):
        text = f"{text}, which was built for {wanted[0]}"
        return Finding("torch", "gap", text, _install("core"))
    return Finding("torch", "ok", text)


def check_device() -> Finding:
    from workshop import settings
    from workshop.errors import WorkshopError

    try:
        device, threads = settings.device(), settings.use_threads()
    except WorkshopError as error:
        return Finding("Device", "gap", "the one that was asked for cannot be used", str(error))
    chosen = os.environ.get("WORKSHOP_DEVICE") or "auto"
    return Finding("Device", "ok", f"{device} (WORKSHOP_DEVICE: {chosen}), torch threads: {threads}")


def check_lessons() -> Finding:
    from workshop import settings

    folder = settings.home() / "notebooks"
    count = len(list(folder.glob("*.ipynb")))
    if count:
        return Finding("Lessons", "ok", f"{count} in {folder}")
    remedy = "set WORKSHOP_HOME to the folder that holds notebooks/ and data/"
    return Finding("Lessons", "gap", f"none in {folder}", remedy)


def check_data() -> Finding:
    from workshop.datasets import fetch

    bad = _bad_states(fetch.EMBEDDED)
    if not bad:
        return Finding("Data", "ok", f"{', '.join(fetch.EMBEDDED)}: as shipped")
    return Finding("Data", "gap", *bad[0])


def check_downloads() -> Finding:
    from workshop.datasets import fetch

    if bad := _bad_states(fetch.DOWNLOADS):
        return Finding("Downloads", "note", *bad[0])
    states = [fetch.verify(name)[0] for name in fetch.DOWNLOADS]
    text = ", ".join(f"{name}: {state}" for name, state in states)
    absent = [name for name, state in states if state == fetch.ABSENT]
    if not absent:
        return Finding("Downloads", "ok", text)
    return Finding(
        "Downloads", "note", text, f"if you want them: python -m workshop data fetch {' '.join(absent)}"
    )


def check_extra_data() -> Finding | None:
    if not _has_tests():
        return None
    folder = os.environ.get("WORKSHOP_EXTRA_DATA")
    if not folder:
        remedy = "nothing: only a few tests use it, and they say so when they skip"
        return Finding("Extra data", "note", "WORKSHOP_EXTRA_DATA is not set", remedy)
    if (Path(folder) / "svhn_real_dev.npz").is_file():
        return Finding("Extra data", "ok", folder)
    remedy = "set WORKSHOP_EXTRA_DATA to the folder that holds it, or unset it"
    return Finding("Extra data", "note", f"no svhn_real_dev.npz in {folder}", remedy)


def check_results() -> Finding:
    from workshop import settings

    count = len(list((settings.data_folder() / "results").glob("*/*.json")))
    if count:
        return Finding("Results", "ok", f"{count} stored")
    remedy = "git checkout data/results, or train them: python -m workshop results"
    return Finding("Results", "note", "none stored, so every lesson trains its own", remedy)


def check_browser() -> Finding | None:
    if not _has_tests():
        return None
    for name in BROWSERS:
        if found := shutil.which(name):
            return Finding("Browser", "ok", found)
    return Finding(
        "Browser",
        "note",
        "none found for the browser tests",
        "install chromium (Debian: apt-get install chromium)",
    )


#: Checks that need nothing but Python.
CHECKS: list[Callable[[], Finding | None]] = [
    check_python,
    check_machine,
    check_disk,
    check_torch,
    check_packages,
    check_classroom,
    check_present,
    check_dev,
    check_peers,
    check_browser,
]

#: Checks that need what the lessons need.
INSTALLED_CHECKS: list[Callable[[], Finding | None]] = [
    check_device,
    check_lessons,
    check_data,
    check_downloads,
    check_extra_data,
    check_results,
]


def _name(requirement: str) -> str:
    """The name at the start of a requirement: ``torch`` of ``torch>=2.6,<3``."""
    return re.match(r"[\w.-]+", requirement)[0]


def _required(extra: str | None = None) -> list[str] | None:
    """Names of the packages that pyproject.toml lists, or that one of its extras lists; None without that extra."""
    import tomllib  # new in Python 3.11; an older one is to get as far as to hear that it is too old

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = project["optional-dependencies"].get(extra) if extra else project["dependencies"]
    return None if listed is None else [_name(requirement) for requirement in listed]


def _has_tests() -> bool:
    return (ROOT / "tests").is_dir()


def _extra(label: str, extra: str, purpose: str) -> Finding | None:
    """What is there of an extra that only some people want; None where this copy has no such extra."""
    names = _required(extra)
    return None if names is None else _packages(label, "note", purpose, names, _install(f"core,{extra}"))


def _install(extras: str) -> str:
    by_hand = f'{PIP} ".[{extras}]"'
    if not (ROOT / "Makefile").is_file():
        return by_hand
    return f"{'make setup' if extras == 'core' else 'make setup-dev'}, or {by_hand}"


def _packages(
    label: str, missing_state: Literal["gap", "note"], purpose: str, names: list[str], remedy: str
) -> Finding:
    missing = [name for name in names if not _is_installed(name)]
    if not missing:
        return Finding(label, "ok", f"{len(names)} of {len(names)} for {purpose}")
    text = f"for {purpose}, {len(missing)} of {len(names)} missing: {', '.join(missing)}"
    return Finding(label, missing_state, text, remedy)


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _bad_states(names: Iterable[str]) -> list[tuple[str, str]]:
    """(what is wrong, what to do) for each of the data sets that is here but not as it should be."""
    from workshop.datasets import fetch

    states = [fetch.verify(name)[0][1] for name in names]
    return [tuple(state.split(": ", 1)) for state in states if state not in (fetch.GOOD, fetch.ABSENT)]


def _shown(finding: Finding) -> str:
    """The finding's text, and its remedy under it, in :data:`WIDTH` columns and two lines each at most."""
    start = f"{finding.label:{LABEL}}{finding.state:6}"
    margin = " " * len(start)
    lines = _wrapped(start, finding.text, margin)
    if finding.remedy:
        lines += _wrapped(margin + "-> ", finding.remedy, margin + "   ")
    return "\n".join(lines)


def _wrapped(start: str, text: str, margin: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=start,
        subsequent_indent=margin,
        break_on_hyphens=False,
        max_lines=2,
        placeholder=" ...",
    )
