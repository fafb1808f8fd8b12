"""Fetching: every way a server, a disk or a user can spoil it, and what is left behind."""

from __future__ import annotations

import hashlib
import io
import os
import re
import signal
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from filelock import FileLock
from torchvision.datasets import MNIST, SVHN
from torchvision.models import resnet18

from workshop.datasets import commands, fetch, load
from workshop.errors import WorkshopError

PATH = "/train_32x32.mat"

pytestmark = pytest.mark.timeout(30)


@pytest.fixture
def old(home, svhn_file):
    """An older file in the place of SVHN: it must survive whatever goes wrong."""
    file = home / "data/cache/svhn/train_32x32.mat"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"old")
    return file


def fails(name: str = "svhn", **options) -> str:
    """The one line that a failed fetch tells."""
    with pytest.raises(WorkshopError) as error:
        fetch.fetch(name, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


def leftovers(home) -> list[str]:
    return [path.name for path in (home / "data/cache").glob("fetching-*")]


@pytest.mark.fast
def test_fetch_then_load_gives_the_published_crops(home, svhn_file):
    assert fetch.fetch("svhn") == home / "data/cache/svhn"
    assert (home / "data/cache/svhn/train_32x32.mat").read_bytes() == svhn_file
    assert not leftovers(home)
    svhn = load("svhn")
    expected = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 4), dtype=np.uint8)
    assert np.array_equal(svhn.images, np.moveaxis(expected, 3, 0))
    assert svhn.labels.tolist() == [0, 1, 2, 9] and svhn.labels.dtype == np.int64
    assert svhn.fingerprint == f"svhn-{SVHN.split_list['train'][2][:12]}"
    assert svhn.block > 1


@pytest.mark.fast
def test_mnist_comes_from_the_second_mirror_when_the_first_has_nothing(home, server, mnist_files):
    fetch.fetch("mnist")
    assert server.requests == [f"/{mirror}/{name}" for name in mnist_files for mirror in ("first", "second")]
    mnist = load("mnist")
    assert np.array_equal(mnist.images.ravel(), np.arange(3 * 28 * 28, dtype=np.uint8))
    assert mnist.images.shape == (3, 28, 28) and mnist.labels.tolist() == [7, 0, 9]


@pytest.mark.fast
def test_a_corrupt_first_mirror_is_passed_over(home, server, mnist_files):
    for name, body in mnist_files.items():
        server.serves(f"/first/{name}", body[:-1] + b"?")
    fetch.fetch("mnist")
    assert fetch.verify("mnist") == [("mnist", fetch.GOOD)]


@pytest.mark.fast
def test_nothing_is_downloaded_twice(server, svhn_file):
    fetch.fetch("svhn")
    fetch.fetch("svhn")
    assert server.requests == [PATH]


@pytest.mark.fast
def test_a_stalled_server_is_given_up(home, server, svhn_file, old):
    server.stalls(PATH, svhn_file)
    start = time.monotonic()
    assert "timed out" in fails(timeout=0.2)
    assert time.monotonic() - start < 5
    assert old.read_bytes() == b"old" and not leftovers(home)


@pytest.mark.fast
def test_a_server_that_trickles_counts_as_stalled(server, svhn_file, old):
    server.trickles(PATH, svhn_file)
    assert "stalled" in fails(timeout=0.5)
    assert old.read_bytes() == b"old"


@pytest.mark.fast
def test_a_truncated_file_is_refused(home, server, svhn_file, old):
    server.announces(PATH, svhn_file[:-100], announced=len(svhn_file))
    assert f"closed after {len(svhn_file) - 100:,} of {len(svhn_file):,} bytes" in fails()
    assert old.read_bytes() == b"old" and not leftovers(home)


@pytest.mark.fast
def test_a_length_that_lies_low_is_found_by_the_checksum(server, svhn_file, old):
    server.announces(PATH, svhn_file, announced=len(svhn_file) - 100)
    assert "wrong checksum" in fails()
    assert old.read_bytes() == b"old"


@pytest.mark.fast
def test_a_corrupt_file_is_refused(home, server, svhn_file, old):
    server.serves(PATH, b"?" + svhn_file[1:])
    assert "wrong checksum" in fails()
    assert old.read_bytes() == b"old" and not leftovers(home)


@pytest.mark.fast
def test_an_endless_file_is_cut_off(server, svhn_file, old, monkeypatch):
    monkeypatch.setattr(fetch, "MAX_BYTES", 1 << 20)
    server.serves(PATH, bytes(1 << 22))
    assert "more than 1 MiB sent" in fails()
    assert old.read_bytes() == b"old"


@pytest.mark.fast
def test_a_missing_file_names_the_status(server, svhn_file, old):
    server.routes.clear()
    assert "404" in fails()
    assert old.read_bytes() == b"old"


@pytest.mark.fast
def test_no_network_is_one_line_that_says_what_to_do(svhn_file, old, monkeypatch):
    with socket.socket() as closed:  # bound and not listening: refuses
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}{PATH}"
        monkeypatch.setitem(SVHN.split_list, "train", [url, *SVHN.split_list["train"][1:]])
        message = fails()
    assert "refused" in message and "python -m workshop data fetch svhn" in message
    assert old.read_bytes() == b"old"


@pytest.mark.fast
def test_a_server_that_talks_nonsense_cannot_write_to_the_terminal(svhn_file, server, old):
    server.routes[PATH] = lambda handler: handler.wfile.write(b"nonsense\x1b[2J" + b"!" * 9000 + b"\r\n\r\n")
    message = fails()
    assert "nonsense" in message and message.isprintable() and len(message) < 500
    assert old.read_bytes() == b"old"


@pytest.mark.fast
def test_when_one_file_fails_none_is_put_in_place(home, server, mnist_files):
    del server.routes["/second/t10k-labels-idx1-ubyte.gz"]
    message = fails("mnist")
    assert f"{server.url}/first/" in message and f"{server.url}/second/" in message
    assert fetch.verify("mnist") == [("mnist", fetch.ABSENT)] and not leftovers(home)


@pytest.mark.fast
def test_ctrl_c_during_the_download_leaves_the_old_file(home, old):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch.fetch("svhn", on_progress=interrupt)
    assert old.read_bytes() == b"old" and not leftovers(home)


@pytest.mark.fast
def test_an_interruption_between_two_moves_leaves_whole_files(home, mnist_files, monkeypatch):
    replace, moved = os.replace, []

    def interrupted(source, target):
        if len(moved) == 2:
            raise KeyboardInterrupt
        moved.append(target.name)
        replace(source, target)

    monkeypatch.setattr(fetch.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch.fetch("mnist")
    monkeypatch.setattr(fetch.os, "replace", replace)
    present = {path.name: path.read_bytes() for path in (home / "data/cache/mnist").iterdir()}
    assert present == {name: mnist_files[name] for name in moved}
    with pytest.raises(WorkshopError, match="fetch it again"):
        load("mnist")
    fetch.fetch("mnist")
    assert len(load("mnist")) == 3


def test_sigkill_leaves_the_old_file_and_the_next_fetch_sweeps(home, server, svhn_file, old):
    server.stalls(PATH, svhn_file)
    script = (
        "from torchvision.datasets import SVHN\n"
        "from workshop.datasets import fetch\n"
        f"SVHN.split_list['train'] = {SVHN.split_list['train']!r}\n"
        "fetch.fetch('svhn')\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "OMP_NUM_THREADS": "1"})
    try:
        assert server.half_sent.wait(25), "the child never asked for the file"
        os.kill(child.pid, signal.SIGKILL)
    finally:
        child.kill()
        child.wait()
    assert old.read_bytes() == b"old"
    assert len(leftovers(home)) == 1, "the kill came too late to prove anything"
    server.serves(PATH, svhn_file)
    fetch.fetch("svhn")
    assert old.read_bytes() == svhn_file and not leftovers(home)


@pytest.mark.fast
def test_two_fetches_do_not_disturb_each_other(home, svhn_file):
    cache = home / "data/cache"
    (cache / "fetching-theirs").mkdir(parents=True)
    with FileLock(cache / "fetch.lock"):
        assert "Another fetch is under way" in fails()
    assert leftovers(home) == ["fetching-theirs"]


@pytest.mark.fast
def test_a_full_disk_is_not_blamed_on_the_network(old, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetch.os, "replace", full)
    message = fails()
    assert "No space left on device" in message and "network" not in message
    assert old.read_bytes() == b"old"


def test_a_medical_set_is_fetched_by_name(home, server, monkeypatch):
    rng, made = np.random.default_rng(0), io.BytesIO()
    pictures, labels = (
        rng.integers(0, 256, (6, 28, 28), dtype=np.uint8),
        np.array([[0], [1], [1], [0], [1], [1]]),
    )
    np.savez(made, train_images=pictures, train_labels=labels.astype(np.uint8))
    server.serves("/pneumoniamnist.npz", made.getvalue())
    md5 = hashlib.md5(made.getvalue(), usedforsecurity=False).hexdigest()
    monkeypatch.setattr(fetch, "PNEUMONIA", ("pneumoniamnist.npz", f"{server.url}/pneumoniamnist.npz", md5))
    with pytest.raises(WorkshopError, match="fetch it with python -m workshop data fetch pneumoniamnist"):
        load("pneumoniamnist")
    fetch.fetch("pneumoniamnist")
    found = load("pneumoniamnist")
    assert np.array_equal(found.images, pictures) and found.labels.tolist() == [0, 1, 1, 0, 1, 1]
    (home / "data/cache/pneumoniamnist/pneumoniamnist.npz").write_bytes(b"changed")
    with pytest.raises(WorkshopError, match="wrong checksum"):
        load("pneumoniamnist")


def test_weights_are_fetched_by_name_and_checked_by_their_name(home, server, monkeypatch):
    """torchvision writes how the sha256 begins into the name of the file."""
    weights, made = resnet18().state_dict(), io.BytesIO()
    torch.save(weights, made)
    begins = hashlib.sha256(made.getvalue()).hexdigest()[:8]
    file = f"resnet18-{begins}.pth"
    server.serves(f"/{file}", made.getvalue())
    url = SimpleNamespace(IMAGENET1K_V1=SimpleNamespace(url=f"{server.url}/{file}"))
    monkeypatch.setattr("torchvision.models.ResNet18_Weights", url)
    with pytest.raises(WorkshopError, match="fetch it with python -m workshop data fetch resnet18"):
        fetch.load_resnet18()
    fetch.fetch("resnet18")
    network = fetch.load_resnet18()
    assert not network.training and torch.equal(network.state_dict()["fc.bias"], weights["fc.bias"])
    with pytest.raises(WorkshopError, match="weights, and not a set of pictures"):
        load("resnet18")
    (home / f"data/cache/resnet18/{file}").write_bytes(b"changed")
    with pytest.raises(WorkshopError, match="wrong checksum"):
        fetch.load_resnet18()


@pytest.mark.fast
def test_what_is_published_has_a_checksum_that_is_known_beforehand():
    for name in fetch.DOWNLOADS:
        for file in fetch.remote_files(name):
            assert re.fullmatch("[0-9a-f]{32}", file.md5) or re.fullmatch("[0-9a-f]{8,64}", file.sha256), file
            assert all(url.startswith(("https://", "http://")) for url in file.urls)


@pytest.mark.fast
@pytest.mark.parametrize("name", ["mnist10k", "nothing"])
def test_what_cannot_be_fetched_is_said(home, name):
    assert (
        fails(name)
        == f"{name} cannot be fetched; the data sets that can are: mnist, svhn, pneumoniamnist, resnet18."
    )


@pytest.mark.fast
def test_progress_reaches_the_announced_end(svhn_file):
    seen = []
    fetch.fetch("svhn", on_progress=lambda *step: seen.append(step))
    assert seen[-1] == ("train_32x32.mat", len(svhn_file), len(svhn_file))
    assert [received for _, received, _ in seen] == sorted({received for _, received, _ in seen})


@pytest.mark.fast
def test_load_before_fetch_names_the_command(svhn_file):
    with pytest.raises(WorkshopError, match="python -m workshop data fetch svhn"):
        load("svhn")


@pytest.mark.fast
def test_a_file_damaged_later_is_noticed_when_loaded_and_mended_by_a_fetch(old, svhn_file):
    with pytest.raises(WorkshopError, match="wrong checksum"):
        load("svhn")
    fetch.fetch("svhn")
    assert len(load("svhn")) == 4


@pytest.mark.fast
def test_verify_refuses_what_has_no_checksum(home):
    with pytest.raises(WorkshopError, match="renders has no checksum to verify"):
        fetch.verify("renders")


@pytest.mark.fast
def test_torchvision_still_lists_what_we_rely_on():
    for name, files in (("mnist", len(MNIST.resources)), ("svhn", 1)):
        remote = fetch.remote_files(name)
        assert len(remote) == files
        assert all(file.urls and len(file.md5) == 32 for file in remote)
        assert all(url.endswith(file.name) for file in remote for url in file.urls)


@pytest.mark.fast
def test_command_fetch_shows_the_licence_and_a_bar(svhn_file, capsys):
    assert commands.main(["fetch", "svhn"]) == 0
    output = capsys.readouterr()
    assert "non-commercial" in output.out.splitlines()[0]
    assert "complete and verified" in output.out
    assert "train_32x32.mat: 100%" in output.err


@pytest.mark.fast
def test_command_fetch_stops_at_a_misspelt_name_before_it_downloads(server, svhn_file):
    with pytest.raises(WorkshopError, match="Did you mean svhn"):
        commands.main(["fetch", "svhn", "svnh"])
    assert server.requests == []


@pytest.mark.fast
def test_command_fetch_interrupted_has_the_shell_s_status(old, monkeypatch, capsys):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fetch, "fetch", interrupt)
    assert commands.main(["fetch", "svhn"]) == 130
    assert "nothing was changed" in capsys.readouterr().err


@pytest.mark.fast
def test_command_verify_fails_on_a_wrong_checksum_with_one_line(old, capsys):
    assert commands.main(["verify", "svhn"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 and lines[0].startswith("svhn: train_32x32.mat missing or with a wrong checksum")
    fetch.fetch("svhn")
    assert commands.main(["verify", "svhn"]) == 0
    assert capsys.readouterr().out == "svhn: good\n"
