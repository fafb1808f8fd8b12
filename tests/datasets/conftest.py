"""A server on loopback that publishes small data sets, and misbehaves when told to."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import scipy.io
from torchvision.datasets import MNIST, SVHN

Behaviour = Callable[[BaseHTTPRequestHandler], None]


def reply(handler: BaseHTTPRequestHandler, body: bytes, announced: int | None = None) -> None:
    """Send ``body``, announcing ``announced`` bytes: the truth when None."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body) if announced is None else announced))
    handler.end_headers()
    handler.wfile.write(body)
    handler.wfile.flush()


class Server:
    """Each path of ``routes`` has a behaviour; any other path is a 404."""

    def __init__(self) -> None:
        self.routes: dict[str, Behaviour] = {}
        self.requests: list[str] = []
        self.half_sent = threading.Event()
        self.released = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append(self.path)
                if self.path in server.routes:
                    server.routes[self.path](self)
                else:
                    self.send_error(404)

            def log_message(self, *_: object) -> None:
                """Keep the tests' output clean."""

        class QuietServer(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """A client that hangs up is what some tests are about."""

        self._http = QuietServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        # Polled often: shutdown waits for the poll.
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def serves(self, path: str, body: bytes) -> None:
        self.routes[path] = lambda handler: reply(handler, body)

    def announces(self, path: str, body: bytes, announced: int) -> None:
        self.routes[path] = lambda handler: reply(handler, body, announced)

    def stalls(self, path: str, body: bytes) -> None:
        """Send half, then nothing, and keep the connection open."""

        def behaviour(handler: BaseHTTPRequestHandler) -> None:
            reply(handler, body[: len(body) // 2], announced=len(body))
            self.half_sent.set()
            self.released.wait(30)

        self.routes[path] = behaviour

    def trickles(self, path: str, body: bytes) -> None:
        """A byte now and then: never silent for long, never done."""

        def behaviour(handler: BaseHTTPRequestHandler) -> None:
            reply(handler, b"", announced=len(body))
            for byte in body:
                if self.released.wait(0.02):
                    return
                handler.wfile.write(bytes([byte]))

        self.routes[path] = behaviour

    def close(self) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty workbook folder."""
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path


@pytest.fixture
def server(home):
    server = Server()
    yield server
    server.close()


@pytest.fixture
def svhn_file(server, monkeypatch) -> bytes:
    """Four crops in SVHN's own format (digit 0 is called 10), published at ``/train_32x32.mat``."""
    stream = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 4), dtype=np.uint8)
    scipy.io.savemat(stream, {"X": pixels, "y": np.array([[10], [1], [2], [9]], dtype=np.uint8)})
    body = stream.getvalue()
    listing = [f"{server.url}/train_32x32.mat", "train_32x32.mat", hashlib.md5(body).hexdigest()]
    monkeypatch.setitem(SVHN.split_list, "train", listing)
    server.serves("/train_32x32.mat", body)
    return body


@pytest.fixture
def mnist_files(server, monkeypatch) -> dict[str, bytes]:
    """MNIST's four files with three digits each, published by the second of two mirrors."""

    def idx(array: np.ndarray) -> bytes:
        header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        return gzip.compress(header + array.tobytes(), mtime=0)

    images = np.arange(3 * 28 * 28, dtype=np.uint8).reshape(3, 28, 28)
    labels = np.array([7, 0, 9], dtype=np.uint8)
    files = {
        name: idx(images if "images" in name else labels)
        for name, _ in MNIST.resources  # the real names, so that torchvision finds them
    }
    resources = [(name, hashlib.md5(body).hexdigest()) for name, body in files.items()]
    monkeypatch.setattr(MNIST, "resources", resources)
    monkeypatch.setattr(MNIST, "mirrors", [f"{server.url}/first/", f"{server.url}/second/"])
    for name, body in files.items():
        server.serves(f"/second/{name}", body)
    return files
