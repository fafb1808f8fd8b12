"""Programs that mean harm: each gets nowhere, and ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from workshop import exercises

pytestmark = pytest.mark.hostile

REPOSITORY = Path(exercises.__file__).resolve().parents[2]
MB = 1 << 20


def test_no_network(inside):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            pass  # outside it is reachable
        source = f"""
            import socket
            for address in (("127.0.0.1", {port}), ("192.0.2.1", 80)):
                try:
                    socket.create_connection(address, timeout=2)
                    print("connected")
                except OSError as problem:
                    print(type(problem).__name__, problem.errno)
        """
        assert inside(source).stdout.split() == [b"ConnectionRefusedError", b"111", b"OSError", b"101"]


def test_an_abstract_socket_is_not_reached(inside):
    name = f"\0sandbox-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(name)  # outside it is reachable
        source = f"import socket; socket.socket(socket.AF_UNIX).connect({name!r}); print('connected')"
        assert inside(source).stdout == b""


def test_nothing_of_others_can_be_read(inside, tmp_path):
    neighbour = tmp_path / "neighbour.ipynb"
    neighbour.write_text("the neighbour's work", encoding="utf-8")
    wanted = [
        "/etc/passwd", "/etc/hostname", str(Path.home() / ".bashrc"), str(neighbour), exercises.__file__,
        str(REPOSITORY / "notebooks"), str(REPOSITORY / "pyproject.toml"), "/var", f"/proc/{os.getpid()}/environ",
        "/proc/1/root", "/proc/1/environ",
    ]  # fmt: skip
    assert sum(map(os.path.exists, wanted)) >= 8
    source = f"""
        import os
        for name in {wanted!r}:
            try:
                os.listdir(name) if os.path.isdir(name) else open(name).read()
                print(name)
            except OSError:
                pass
    """
    got = inside(source)
    assert (got.returncode, got.stdout) == (0, b"")


def test_the_references_cannot_be_imported(inside):
    source = """
        for name in ("workshop", "workshop.exercises.references"):
            try:
                __import__(name)
                print("imported")
            except ModuleNotFoundError:
                print("absent")
    """
    assert inside(source).stdout.split() == [b"absent", b"absent"]
    # Nor where the installation says that they are.
    source = (
        f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); import workshop.exercises; print('imported')"
    )
    assert inside(source).stdout == b""


def test_no_variable_of_the_grader(inside, monkeypatch):
    monkeypatch.setenv("GRADER_TOKEN", "secret-token")
    source = """
        import glob, os
        print(*os.environ.items())
        for name in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline"):
            try:
                print(open(name).read())
            except OSError:
                pass
    """
    got = inside(source)
    assert b"HOME" in got.stdout and b"secret-token" not in got.stdout


def test_nothing_outside_can_be_written(inside):
    places = ["/", "/usr", "/etc", "/dev", "/root", "/home", "/proc/sys/kernel/hostname", sys.prefix + "/lib"]
    source = f"""
        import os
        for name in {places!r}:
            try:
                open(name + "/new" if os.path.isdir(name) else name, "w").write("x")
                print(name)
            except OSError:
                pass
        os.chmod("/usr/bin/env", 0o777)
        print("changed")
    """
    got = inside(source)
    assert (got.returncode, got.stdout) == (1, b"")


def test_the_disk_cannot_be_filled(inside):
    source = """
        for folder in ("/tmp", "/home/student", "/dev/shm"):
            written = 0
            try:
                for number in range(20):
                    with open(f"{folder}/{number}", "wb", buffering=0) as file:
                        written += file.write(bytes(1 << 20))
            except OSError as problem:
                print(written >> 20, problem.errno)
        try:
            with open("/tmp/0", "wb", buffering=0) as file:
                file.seek((2 << 20) - 1)
                file.write(b"xx")
                file.write(b"x")
        except OSError as problem:
            print(problem.errno)
    """
    lines = inside(source, scratch_bytes=4 * MB, file_bytes=2 * MB).stdout.split(b"\n")
    assert lines == [b"4 28", b"4 28", b"4 28", b"27", b""]  # no space left; file too large


def test_a_fork_bomb_stops_at_the_limit(inside):
    source = """
        import os, time
        made = 0
        try:
            while True:
                if os.fork() == 0:
                    time.sleep(60)
                made += 1
        except BlockingIOError:
            os.write(1, b"%d" % made)
    """
    got = inside(source, processes=24)
    assert got.returncode == 0
    assert 10 <= int(got.stdout) < 24
    assert got.seconds < 5


def test_a_fork_bomb_that_goes_on_is_ended(inside):
    source = """
        import os
        while True:
            try:
                os.fork()
            except OSError:
                pass
    """
    got = inside(source, wall_seconds=1.0)
    assert got.ended_because
    assert got.seconds < 6


def test_fifty_gigabytes_at_once_are_refused(inside):
    got = inside("try:\n    bytearray(50 << 30)\nexcept MemoryError:\n    print('refused')")
    assert (got.stdout, got.ended_because) == (b"refused\n", None)


def test_memory_taken_bit_by_bit_is_ended(inside):
    source = """
        import time
        kept = []
        while True:
            kept.append(bytearray(b"x") * (10 << 20))
            time.sleep(0.01)
    """
    got = inside(source, memory_bytes=150 * MB)
    assert got.ended_because == "It used more than 150 MB of memory."
    assert 150 * MB < got.peak_bytes < 400 * MB


def test_memory_of_many_processes_is_added_up(inside):
    source = """
        import os, time
        for _ in range(6):
            if os.fork() == 0:
                break
        kept = bytearray(b"x") * (40 << 20)
        time.sleep(30)
    """
    assert inside(source, memory_bytes=200 * MB).ended_because == "It used more than 200 MB of memory."


@pytest.mark.parametrize(
    "ignored", ["", "import signal; [signal.signal(s, signal.SIG_IGN) for s in (2, 15, 24)]"]
)
def test_an_endless_loop_is_ended_by_the_clock(inside, ignored):
    got = inside(f"{ignored}\nwhile True: pass", wall_seconds=0.8)
    assert got.ended_because == "It took longer than 0.8 seconds."
    assert got.seconds < 4


def test_an_endless_loop_is_ended_by_its_processor_time(inside):
    got = inside("while True: pass", cpu_seconds=1)
    assert got.ended_because == "It used more than 1 seconds of processor time."


def test_a_gigabyte_of_output_does_not_reach_the_grader(inside):
    before = psutil.Process().memory_info().rss
    got = inside("import os\nwhile True: os.write(1, bytes(1 << 20))", output_bytes=MB)
    assert got.ended_because == "It wrote more than 1 MB of output."
    assert got.stdout == bytes(MB)
    assert psutil.Process().memory_info().rss - before < 20 * MB


def test_a_gigabyte_of_errors_goes_nowhere(inside):
    got = inside("import os\nfor _ in range(1024): os.write(2, bytes(1 << 20))\nprint('done')")
    assert (got.stdout, got.ended_because) == (b"done\n", None)


def test_leaving_by_the_back_door_is_noticed(inside):
    got = inside("import os; os.write(1, b'said'); os._exit(7)")
    assert (got.returncode, got.stdout, got.ended_because) == (7, b"said", None)


def test_a_daemon_left_behind_is_gone(inside):
    mark = f"daemon-of-{os.getpid()}-{time.monotonic_ns()}"
    source = f"""
        import os, subprocess, sys
        line = [sys.executable, "-c", "import time; time.sleep(60)", {mark!r}]
        subprocess.Popen(line, start_new_session=True, stdin=-3, stdout=-3, stderr=-3)
        print("left")
    """
    got = inside(source)
    assert (got.stdout, got.ended_because) == (b"left\n", None)
    assert got.seconds < 5
    assert mark not in _arguments()


def test_a_grader_that_is_killed_takes_the_sandbox_with_it(needs_sandbox, small):
    mark = f"orphan-of-{os.getpid()}-{time.monotonic_ns()}"
    source = f"""
import sys
from workshop.classroom.sandbox.limits import Limits
from workshop.classroom.sandbox.run import run
run([sys.executable, "-c", "import time; time.sleep(60)", {mark!r}], b"", {small!r})
"""
    grader = subprocess.Popen([sys.executable, "-c", source])
    until = time.monotonic() + 20
    # The program itself: what starts it has the mark among its arguments, too, and a moment earlier.
    while not _runs(mark) and time.monotonic() < until:
        time.sleep(0.05)
    assert _runs(mark)
    grader.kill()
    grader.wait()
    while mark in _arguments() and time.monotonic() < until:
        time.sleep(0.05)
    assert mark not in _arguments()


def _runs(mark: str) -> bool:
    lines = [process.info["cmdline"] or [""] for process in psutil.process_iter(["cmdline"])]
    return any(line[0] == sys.executable and line[-1] == mark for line in lines)


def _arguments() -> list[str]:
    """Of every process there is."""
    return [word for process in psutil.process_iter(["cmdline"]) for word in process.info["cmdline"] or []]


def test_a_daemon_that_holds_the_pipe_does_not_hold_us(inside):
    got = inside("import os, time\nif os.fork() == 0: os.setsid(); time.sleep(60)\nos.write(1, b'left')")
    assert (got.stdout, got.ended_because) == (b"left", None)
    assert got.seconds < 5


def test_no_further_namespaces(inside):
    source = """
        import subprocess
        for kind in ("-Urm", "-U", "-m", "-n"):
            print(subprocess.run(["unshare", kind, "true"], stderr=-3).returncode)
        print(subprocess.run(["bwrap", "--unshare-user", "--bind", "/", "/", "true"], stderr=-3).returncode)
        print(subprocess.run(["mount", "-t", "tmpfs", "x", "/tmp"], stderr=-3).returncode)
    """
    codes = inside(source).stdout.split()
    assert len(codes) == 6 and b"0" not in codes


def test_no_privileges(inside):
    source = """
        import os
        status = dict(line.split(":", 1) for line in open("/proc/self/status"))
        print(*(status[name].strip() for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs")))
        print(os.getuid(), len(os.getgroups()))
    """
    none = b"0" * 16
    *capabilities, no_new, user, _ = inside(source).stdout.split()
    assert (capabilities, no_new) == ([none] * 4, b"1")
    assert user != b"0"


def test_killing_everything_kills_only_itself(inside):
    """Had it reached further, this test would not be here to say so."""
    got = inside("import os\nos.kill(-1, 9)\nos.kill(os.getpid(), 9)")
    assert got.returncode == 128 + 9
    assert got.seconds < 5


def test_only_its_own_processes_are_seen(inside):
    got = inside("import os; print(sum(name.isdigit() for name in os.listdir('/proc')))")
    assert int(got.stdout) <= 5
