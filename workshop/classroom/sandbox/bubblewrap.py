"""The command that starts a program in the sandbox: what it sees of this machine, and under which limits.

It sees the system's programs and the Python environment, both read-only, an empty ``/tmp`` and an empty home of
limited size, and nothing else: no network, no ``/etc/passwd``, no process but its own, no variable of ours, and not
this package, which holds the reference answers.
"""

from __future__ import annotations

import os
import secrets
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from workshop.classroom.sandbox.limits import Limits

HOME = "/home/student"
WORKBOOK = "/workbook"

#: The package with the reference answers.
_PACKAGE = Path(__file__).resolve().parents[2]

#: What a Python environment consists of. The folder it lies in may be a repository, so it is not shown whole.
_PARTS = ("bin", "include", "lib", "lib64", "share", "pyvenv.cfg")

#: Address space that torch reserves and never touches. The watchdog in ``run`` counts what is used.
_RESERVED = 8 << 30


def command(
    argv: Sequence[str],
    limits: Limits,
    workbook: Path | None = None,
    *,
    info_fd: int | None = None,
    calls_fd: int | None = None,
    as_root: bool | None = None,
    python: Sequence[Path] | None = None,
) -> list[str]:
    """The command line that runs ``argv`` in the sandbox.

    Args:
        argv: the program and its arguments, by their paths in the sandbox.
        limits: memory, wall time and output are not kept by this command; see ``run``.
        workbook: a student edition, shown read-only at ``/workbook`` and first on Python's path.
        info_fd: an open file to which bubblewrap writes the process id of the sandbox's first process.
        calls_fd: an open file with the filter of system calls; see ``calls``.
        as_root: whether root starts it; found out when not given.
        python: what is shown of the Python environment; that of this process when not given.
    """
    as_root = os.geteuid() == 0 if as_root is None else as_root
    python = python_paths() if python is None else python
    sandbox = ["bwrap", "--die-with-parent", "--new-session", "--hostname", "sandbox", "--unshare-net"]
    sandbox += ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    sandbox += ["--cap-drop", "ALL"]
    if as_root:
        # Root makes the mounts, for the environment may lie where nobody else can read; then it steps down.
        sandbox += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]
    else:
        sandbox += ["--unshare-user", "--disable-userns"]
    if info_fd is not None:
        sandbox += ["--info-fd", str(info_fd)]
    if calls_fd is not None:
        sandbox += ["--seccomp", str(calls_fd)]
    sandbox += ["--clearenv"]
    for name, value in environment(HOME, WORKBOOK if workbook else None).items():
        sandbox += ["--setenv", name, value]
    sandbox += _mounts(limits, workbook, python)
    return [*sandbox, "--chdir", HOME, "--", *(_step_down() if as_root else []), *_rlimits(limits), *argv]


def environment(home: str, workbook: str | None) -> Mapping[str, str]:
    """All the variables that the program gets."""
    variables = {
        "PATH": f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": home,
        "USER": "student",
        "LOGNAME": "student",  # without it, getpass would look for /etc/passwd
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
    }
    return variables | ({"PYTHONPATH": workbook, "WORKSHOP_HOME": workbook} if workbook else {})


def python_paths() -> list[Path]:
    """The parts of this process's Python environment, and of the one it was made from, that lie outside ``/usr``."""
    executable = Path(sys.executable)
    prefixes = [Path(sys.prefix), Path(sys.base_prefix), executable.resolve().parents[1]]
    parts = [prefix / part for prefix in prefixes for part in _PARTS]
    parts += [Path(sysconfig.get_path(kind)) for kind in ("purelib", "platlib", "stdlib", "platstdlib")]
    # A path through a link is wanted under both of its names.
    both = dict.fromkeys(name for part in parts if part.exists() for name in (part, part.resolve()))
    outside = [path for path in both if not path.is_relative_to("/usr")]
    return [path for path in outside if not any(other in path.parents for other in outside)]


def _mounts(limits: Limits, workbook: Path | None, python: Sequence[Path]) -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(name):
            yield from ("--symlink", os.readlink(name), name)
        else:
            yield from ("--ro-bind-try", name, name)
    # bubblewrap would make it for root only.
    yield from ("--perms", "0755", "--dir", "/etc")
    for name in ("/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime"):
        yield from ("--ro-bind-try", name, name)
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from ("--perms", "0755", "--dir", "/home")
    # Before the environment, which may lie below one of them.
    scratch = ("/tmp", HOME, "/dev/shm")
    for folder in scratch:
        yield from ("--perms", "1777", "--size", str(limits.scratch_bytes), "--tmpfs", folder)
    made = {Path(folder) for folder in ("/home", *scratch)}
    for path in python:
        # bubblewrap would make the folders on the way for root only.
        for parent in reversed(path.parents[:-1]):
            if parent not in made:
                made.add(parent)
                yield from ("--perms", "0755", "--dir", str(parent))
        yield from ("--ro-bind", str(path), str(path))
    for folder in _hidden(python):
        yield from ("--tmpfs", str(folder), "--remount-ro", str(folder))
    if workbook:
        yield from ("--ro-bind", str(workbook.resolve()), WORKBOOK)
    # Both belong to whoever starts the sandbox, and have no limit of their own.
    yield from ("--remount-ro", "/dev", "--remount-ro", "/")


def _hidden(python: Sequence[Path]) -> list[Path]:
    """Folders inside what is shown that hold this package, wherever it is installed."""
    shown = [Path("/usr"), *python]
    repository = _PACKAGE.parent if (_PACKAGE.parent / "pyproject.toml").exists() else _PACKAGE
    copies = [repository, *(Path(entry) / _PACKAGE.name for entry in sys.path if entry)]
    names = dict.fromkeys(name for copy in copies if copy.is_dir() for name in (copy, copy.resolve()))
    return [name for name in names if any(name.is_relative_to(path) for path in shown)]


def _step_down() -> list[str]:
    """From root to a user of nobody's, who can make no user namespace either: a kernel's weak side.

    Root is exempt from the limit on processes, and only a user namespace can forbid further ones.
    """
    user = str((1 << 30) + secrets.randbelow(1 << 28))
    step = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs"]
    step += ["--inh-caps", "-all", "--bounding-set", "-all", "--"]
    inner = ["bwrap", "--die-with-parent", "--unshare-user", "--disable-userns"]
    # Not --bind, which would close /dev/null and /dev/urandom.
    return [*step, *inner, "--dev-bind", "/", "/", "--chdir", HOME, "--"]


def _rlimits(limits: Limits) -> list[str]:
    # Inside, for processes are counted within the user namespace. The soft limit of processor time sends a signal
    # that says what it was, the hard one ends whoever ignores it.
    return [
        "prlimit",
        f"--cpu={limits.cpu_seconds}:{limits.cpu_seconds + 1}",
        f"--nproc={limits.processes}",
        f"--fsize={limits.file_bytes}",
        f"--as={limits.memory_bytes + _RESERVED}",
        "--nofile=256",
        "--core=0",
        "--",
    ]
