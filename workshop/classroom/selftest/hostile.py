"""Hostile submissions: a lesson solved honestly but for one answer, an honest one beside what means harm, or none.

Each is made from the lesson's own source, so its honest parts are known to deserve full marks.
"""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import nbformat
from nbformat import NotebookNode

LESSON = "06_label_quality"
ANSWER = "labels-bill"  #: the one that is replaced
FUNCTION = "def bill(objects, first, price):\n"


@dataclass(frozen=True)
class Hostile:
    """One submission that means harm.

    Attributes:
        kind: in a few words.
        write: puts it into a student's folder.
        deserves: the marks of all answers, of all but the hostile one, or none.
    """

    kind: str
    write: Callable[[Path], None]
    deserves: Literal["all", "the others", "nothing"] = "the others"


def answering(kind: str, body: str, before: str = "") -> Hostile:
    """The lesson with one answer that does ``body``, after ``before`` at its top level."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return Hostile(kind, _notebook(lambda nb: _replace(nb, f"{before}\n{FUNCTION}{lines}")))


def _replace(notebook: NotebookNode, text: str) -> None:
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == ANSWER:
            cell.source = text


def _notebook(change: Callable[[NotebookNode], None]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        notebook = source()
        change(notebook)
        (folder / f"{LESSON}.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")

    return write


def source() -> NotebookNode:
    """The lesson with its solutions."""
    from workshop.runner.lessons import lessons_folder

    return nbformat.read(lessons_folder() / f"{LESSON}.ipynb", as_version=4)


def _bytes(content: bytes | Callable[[], bytes]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / f"{LESSON}.ipynb").write_bytes(content() if callable(content) else content)

    return write


def _zip(*members: tuple[str, bytes, int]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content, mode in members:
                entry = zipfile.ZipInfo(name)
                entry.external_attr, entry.compress_type = mode << 16, zipfile.ZIP_DEFLATED
                archive.writestr(entry, content)
        (folder / "work.zip").write_bytes(packed.getvalue())

    return write


def _drop_checks(notebook: NotebookNode) -> None:
    notebook.cells = [c for c in notebook.cells if not c.metadata.get("nbgrader", {}).get("locked")]
    _replace(notebook, f"{FUNCTION}    return 0, 0")


def _alter_checks(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("locked"):
            cell.source = "print('full marks')"
    _replace(notebook, f"{FUNCTION}    return 0, 0")


def _twice(notebook: NotebookNode) -> None:
    """The wrong answer first; a right one of the same id after it."""
    (answer,) = (c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == ANSWER)
    wrong = nbformat.from_dict({**answer, "id": "again", "source": f"{FUNCTION}    return 0, 0"})
    notebook.cells.insert(notebook.cells.index(answer), wrong)


def _older() -> bytes:
    """The lesson, solved, in the format that notebooks had until 2014."""
    return nbformat.writes(nbformat.convert(source(), 3), version=3).encode()


def _beside(write: Callable[[Path], None]) -> Callable[[Path], None]:
    """Something that means harm, and the lesson, solved, beside it."""

    def both(folder: Path) -> None:
        write(folder)
        _notebook(lambda notebook: None)(folder)

    return both


_LINK, _FILE = stat.S_IFLNK | 0o777, stat.S_IFREG | 0o644
_FDS = "import os\nfor fd in range(3, 64):\n    try:\n        os.write(fd, {bytes})\n    except OSError:\n        pass"

SUBMISSIONS = (
    answering("sys.exit", "sys.exit(0)", "import sys"),
    answering("os._exit", "os._exit(0)", "import os"),
    answering("exit where it is defined", "return 0, 0", "import os\nos._exit(0)"),
    answering("endless loop", "while True:\n    pass"),
    answering("loop that ignores signals", "while True:\n    pass",
              "import signal\nfor s in (2, 15, 24):\n    signal.signal(s, signal.SIG_IGN)"),
    answering("fork bomb", "while True:\n    os.fork()", "import os"),
    answering("50 GB", "return bytearray(50 << 30), 0"),
    answering("memory in steps", "kept = []\nwhile True:\n    kept.append(bytearray(10**8))"),
    answering("a gigabyte of output", "for _ in range(1000):\n    for fd in range(3, 64):\n        try:\n"
              "            os.write(fd, b'x' * 10**6)\n        except OSError:\n            pass", "import os"),
    answering("fills the disk",
              "with open('/tmp/full', 'wb') as file:\n    while True:\n        file.write(b'x' * 10**7)"),
    answering("loopback", "socket.create_connection(('127.0.0.1', 22), 3)", "import socket"),
    answering("outside", "socket.create_connection(('192.0.2.1', 80), 3)", "import socket"),
    answering("reads the key", "from workshop.exercises.references.label_quality import bill\n"
              "return bill(objects, first, price)"),
    answering("reads the home", "return [n for n in os.listdir('/root')], 0", "import os"),
    answering("reads a neighbour's work", "return len(glob.glob('/**/*.ipynb', recursive=True)[0]), 0", "import glob"),
    answering("writes outside", "open('/usr/mine', 'w').close()\nreturn 0, 0"),
    answering("always equal", "return Equal(), Equal()",
              "class Equal(float):\n    def __eq__(self, o): return True\n    def __sub__(self, o): return 0.0"),
    answering("patched numpy", "return 0, 0", "import numpy as np\nnp.allclose = lambda *a, **k: True"),
    answering("monkey-patched torch", "return 0, 0", "import torch\ntorch.Tensor.numpy = lambda *a, **k: 0"),
    answering("patched json", "return 0, 0", "import json\njson.dumps = lambda *a, **k: '{\"passed\": 10}'"),
    answering("patched traceback", "assert False",
              "import sys\nsys.excepthook = lambda *a: None\n"
              "try:\n    get_ipython().showtraceback = lambda *a, **k: None\n"
              "except NameError:\n    pass"),
    answering("nan", "return float('nan'), float('nan')"),
    answering("inf", "return float('inf'), float('inf')"),
    answering("a huge array", "return np.zeros(10**8), 0", "import numpy as np"),
    answering("a deep list", "kept = []\nfor _ in range(10**5):\n    kept = [kept]\nreturn kept, 0"),
    answering("forged verdicts", "return 0, 0", _FDS.format(bytes="b'{\"earned\": 12, \"passed\": 10}\\n'")),
    answering("a daemon left behind", "if not os.fork():\n    os.setsid()\n    time.sleep(60)\nreturn 0, 0",
              "import os, time"),
    answering("ends all it can", "os.kill(-1, 9)", "import os"),
    answering("nested namespaces", "subprocess.run(['unshare', '-Urm', 'true'], check=True)\nreturn 0, 0",
              "import subprocess"),
    Hostile("deleted check cells", _notebook(_drop_checks)),
    Hostile("altered check cells", _notebook(_alter_checks)),
    Hostile("two cells of one id", _notebook(_twice)),
    Hostile("invalid JSON", _bytes(b"{"), deserves="nothing"),
    Hostile("not UTF-8", _bytes(b"\xff\xfe\x00"), deserves="nothing"),
    Hostile("nbformat 3", _bytes(_older), deserves="all"),
    Hostile("nested JSON", _bytes(b"[" * 10**6), deserves="nothing"),
    Hostile("a notebook of 100 MB", _bytes(lambda: b" " * (100 << 20)), deserves="nothing"),
    Hostile("a link in a zip", _beside(_zip(("mine.ipynb", b"/etc/passwd", _LINK))), deserves="all"),
    Hostile(".. in a zip", _beside(_zip((f"../../{LESSON}.ipynb", b"{}", _FILE))), deserves="all"),
    Hostile("a zip bomb", _beside(_zip(("mine.ipynb", b"\0" * (300 << 20), _FILE))), deserves="all"),
    Hostile("only a zip bomb", _zip((f"{LESSON}.ipynb", b"\0" * (300 << 20), _FILE)), deserves="nothing"),
    Hostile("an honest neighbour", _notebook(lambda notebook: None), deserves="all"),
)  # fmt: skip
