"""What a well-meaning program gets."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from workshop.classroom.sandbox import bubblewrap
from workshop.classroom.sandbox.run import run
from workshop.errors import WorkshopError


def test_it_reads_and_writes(inside):
    sent = os.urandom(500_000)
    got = inside("import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])", sent)
    assert (got.returncode, got.stdout, got.ended_because) == (0, sent[::-1], None)


def test_a_program_that_does_not_read_is_no_fault_of_ours(inside):
    got = inside("print('no, thanks')", bytes(1_000_000))
    assert (got.returncode, got.stdout, got.ended_because) == (0, b"no, thanks\n", None)


def test_a_program_that_closes_its_pipes_is_waited_for(inside):
    got = inside("import os, time; os.close(0); os.close(1); time.sleep(0.5); os._exit(3)")
    assert (got.returncode, got.ended_because) == (3, None)
    assert got.seconds > 0.5


def test_standard_error_goes_nowhere(inside, capfd):
    assert inside("import sys; print('secret', file=sys.stderr)").stdout == b""
    assert capfd.readouterr() == ("", "")


def test_a_signal_shows_in_the_return_code(inside):
    assert inside("import os; os.kill(os.getpid(), 9)").returncode == 128 + 9


def test_memory_is_measured(inside):
    got = inside("import time; full = bytearray(60 << 20); time.sleep(0.5)")
    assert 60 << 20 < got.peak_bytes < 90 << 20
    assert got.ended_because is None


def test_pages_that_processes_share_count_once(inside):
    source = """
        import os, time
        full = bytearray(b"x") * (100 << 20)
        for _ in range(4):
            if os.fork() == 0:
                break
        time.sleep(0.7)
    """
    got = inside(source, memory_bytes=200 << 20)
    assert got.ended_because is None
    assert got.peak_bytes < 180 << 20


def test_numpy_runs_and_may_write_to_its_own_folders(inside):
    source = """
        import numpy, pathlib, tempfile
        numpy.save(pathlib.Path.home() / "a.npy", numpy.eye(3))
        print(numpy.load("a.npy").sum(), tempfile.gettempdir(), pathlib.Path.cwd())
    """
    assert inside(source).stdout == b"3.0 /tmp /home/student\n"


def test_only_standard_streams_are_open(inside):
    assert (
        inside("import os; print(len(os.listdir('/proc/self/fd')))").stdout == b"4\n"
    )  # one is the listing's


def test_the_workbook_is_shown_and_comes_first(inside, tmp_path):
    tmp_path.chmod(0o755)
    package = tmp_path / "workshop"
    package.mkdir()
    (package / "__init__.py").write_text("here = 'student edition'", encoding="utf-8")
    source = """
        import os, workshop
        print(workshop.here, os.environ["WORKSHOP_HOME"], os.listdir("/workbook"))
        open("/workbook/new", "w")
    """
    got = inside(source, workbook=tmp_path)
    assert got.stdout == b"student edition /workbook ['workshop']\n"
    assert got.returncode == 1
    assert not (tmp_path / "new").exists()


def test_a_workbook_that_is_not_there_is_named(inside, tmp_path):
    with pytest.raises(WorkshopError, match=r"absent is not a folder"):
        inside("", workbook=tmp_path / "absent")


def test_a_workbook_that_only_root_can_read_is_named(inside, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only where root grades is the program another user")
    tmp_path.chmod(0o700)
    with pytest.raises(WorkshopError, match=r"chmod -R o\+rX"):
        inside("", workbook=tmp_path)


def test_devices_that_programs_need_are_open(inside):
    source = """
        import os, subprocess
        subprocess.run(["true"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        print(len(open("/dev/urandom", "rb").read(8)), len(os.urandom(8)), open("/dev/zero", "rb").read(2))
    """
    assert inside(source).stdout == b"8 8 b'\\x00\\x00'\n"


@pytest.mark.parametrize("library", ["torch", "sklearn.linear_model"])
def test_heavy_libraries_load(inside, library):
    got = inside(
        f"import {library}; print('loaded')",
        memory_bytes=1 << 30,
        wall_seconds=60,
        cpu_seconds=60,
        processes=64,
    )
    assert (got.stdout, got.ended_because) == (b"loaded\n", None)


def test_a_missing_bubblewrap_is_said_at_once(small, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WorkshopError, match="apt-get install bubblewrap"):
        run(["/usr/bin/true"], b"", small)


def test_a_sandbox_that_does_not_start_is_an_error(small, monkeypatch, tmp_path):
    for name in ("bwrap", "setpriv", "prlimit"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WorkshopError, match="The sandbox does not start: bwrap gave no reason"):
        run(["/usr/bin/true"], b"", small)


def test_an_ordinary_user_gets_the_same_sandbox(needs_sandbox, unprivileged, small):
    """Of the system alone: that user need not be able to read this Python."""
    look = "id -u; ls /; touch /x; touch /dev/x; unshare -Urm true || echo no; cat /etc/passwd; "
    look += "grep processes /proc/self/limits; touch ok; ls"
    line = bubblewrap.command(["/bin/sh", "-c", look], small, as_root=False, python=())
    done = subprocess.run([*unprivileged, *line], capture_output=True, text=True, cwd="/")
    user, *shown = done.stdout.split()
    assert user == (unprivileged[2] if unprivileged else str(os.getuid()))
    assert shown[-7:] == ["no", "Max", "processes", "24", "24", "processes", "ok"], done
    assert not {"root", "work", "mnt", "srv", "var"} & set(shown)
    assert "'/x': Read-only" in done.stderr and "'/dev/x': Read-only" in done.stderr


def test_an_environment_that_lies_in_a_scratch_folder_is_seen(needs_sandbox, small):
    """That of a checkout in ``/tmp``, say; the rest of ``/tmp`` is not, and can be written as ever."""
    with tempfile.TemporaryDirectory(dir="/tmp") as checkout:
        environment = Path(checkout) / ".venv"
        environment.mkdir()
        environment.chmod(0o755)
        (environment / "pyvenv.cfg").write_text("home = here")
        (Path(checkout) / "key").touch()
        script = (
            f"cat {environment}/*; ls {checkout}; echo 1 > /tmp/mine && cat /tmp/mine; echo > {environment}/x"
        )
        python = [*bubblewrap.python_paths(), environment]
        line = bubblewrap.command(["/bin/sh", "-c", script], small, python=python)
        done = subprocess.run(line, capture_output=True, text=True)
    assert done.stdout == "home = here1\n", done
    assert "x: Read-only" in done.stderr


@pytest.mark.parametrize("layout", ["regular", "repository"])
def test_this_package_is_covered_where_it_is_installed(monkeypatch, tmp_path, small, layout):
    """The folder of a regular install; a whole repository, where it lies inside of what is shown."""
    library = tmp_path / "lib"
    package = library / "workshop"
    package.mkdir(parents=True)
    if layout == "repository":
        (library / "pyproject.toml").touch()
    monkeypatch.setattr(bubblewrap, "_PACKAGE", package)
    line = list(bubblewrap._mounts(small, None, [library]))
    covered = str(library if layout == "repository" else package)
    place = line.index(covered, line.index(str(library)) + 2)
    assert line[place - 1] == "--tmpfs"


class TestUnsafe:
    def test_limits_hold_and_variables_are_hidden(self, small, monkeypatch):
        monkeypatch.setenv("GRADER_TOKEN", "secret")
        got = run(["/usr/bin/env"], b"", small, unsafe=True)
        assert b"HOME=" in got.stdout and b"secret" not in got.stdout
        got = run(["/usr/bin/yes"], b"", small, unsafe=True)
        assert got.ended_because == "It wrote more than 1 MB of output."
        assert len(got.stdout) == small.output_bytes
        slow = replace(small, wall_seconds=0.3)
        got = run(["/usr/bin/sleep", "60"], b"", slow, unsafe=True)
        assert (got.ended_because, got.returncode) == ("It took longer than 0.3 seconds.", 128 + 9)

    def test_the_workbook_comes_first(self, small, tmp_path):
        source = "import os; print(os.environ['WORKSHOP_HOME'], os.environ['PYTHONPATH'])"
        got = run([sys.executable, "-c", source], b"", small, tmp_path, unsafe=True)
        assert got.stdout.decode().split() == [str(tmp_path)] * 2
