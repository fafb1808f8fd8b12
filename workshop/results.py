"""A finished result, saved and found again: what a panel replays and a slow machine shows.

Any frozen dataclass of numbers, strings, arrays and other such dataclasses can be stored. It lies in two
files: ``<name>.json`` to read and to compare, ``<name>.npz`` for its arrays. It is found again only under
the key it was saved with: the same code, the same data, the same parameters. Anything else is a stale
result, and a stale result is no result.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import io
import json
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import cattrs
import numpy as np

from workshop import settings
from workshop.errors import WorkshopError
from workshop.files import write_whole

T = TypeVar("T")


@dataclass(frozen=True)
class Key:
    """What a result was made from. Two results with the same key are the same result.

    Args:
        lesson: the folder it lies in, for example ``03_domain_adaptation``.
        name: its file name within the folder; it says which result, the rest says which version of it.
        code: of :func:`code_version`.
        data: fingerprint of the data.
        parameters: every number that the result depends on; must go into JSON.
    """

    lesson: str
    name: str
    code: str
    data: str
    parameters: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """12 hexadecimal digits of code, data and parameters."""
        text = json.dumps([self.code, self.data, self.parameters], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def code_version(modules: Iterable[ModuleType]) -> str:
    """12 hexadecimal digits of what ``modules`` compute: their source without comments and docstrings."""
    sources = sorted(_bare(inspect.getsource(module)) for module in modules)
    return hashlib.sha256("\0".join(sources).encode()).hexdigest()[:12]


def _bare(source: str) -> str:
    """``source`` without comments, docstrings and blank lines; the same text on every version of Python."""
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
    return "\n".join(line.rstrip() for line in lines if line.strip())


def save(result: Any, key: Key, folder: Path | None = None) -> Path:
    """Store ``result`` under ``key``; returns the path of its JSON file. Either all of it is there, or nothing new.

    Args:
        folder: where the lessons' folders lie; ``data/results`` by default.
    """
    arrays: dict[str, np.ndarray] = {}

    def set_aside(array: np.ndarray) -> dict[str, str]:
        name = f"a{len(arrays)}"
        arrays[name] = array
        return {"array": name}

    converter = cattrs.Converter()
    converter.register_unstructure_hook(np.ndarray, set_aside)
    content = converter.unstructure(result)
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    document = {
        "key": key.digest,
        "code": key.code,
        "data": key.data,
        "parameters": key.parameters,
        "arrays": hashlib.sha256(packed.getvalue()).hexdigest(),
        "result": content,
    }
    text = json.dumps(document, indent=1, default=_plain) + "\n"
    json_file, npz_file = _files(key, folder)
    json_file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(npz_file, packed.getvalue())
    write_whole(json_file, text)
    return json_file


def find(kind: type[T], key: Key, folder: Path | None = None) -> T | None:
    """The stored ``kind`` under ``key``; None when there is none, or only one of another key.

    Raises:
        WorkshopError: the files are there but damaged.
    """
    json_file, npz_file = _files(key, folder)
    if not json_file.exists():
        return None
    try:
        document = json.loads(json_file.read_text(encoding="utf-8"))
        if document["key"] != key.digest:
            return None
        packed = npz_file.read_bytes()
        if hashlib.sha256(packed).hexdigest() != document["arrays"]:
            raise ValueError("the arrays do not have the recorded checksum")
        with np.load(io.BytesIO(packed), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        converter = cattrs.Converter(detailed_validation=False)
        converter.register_structure_hook(np.ndarray, lambda value, _: arrays[value["array"]])
        return converter.structure(document["result"], kind)
    except (OSError, ValueError, KeyError, TypeError, cattrs.BaseValidationError) as problem:
        raise WorkshopError(
            f"The stored result {json_file.name} is damaged ({problem}). "
            "Restore the file from git, or make it anew with `python -m workshop results`."
        ) from problem


def _files(key: Key, folder: Path | None) -> tuple[Path, Path]:
    place = (folder or settings.data_folder() / "results") / key.lesson
    return place / f"{key.name}.json", place / f"{key.name}.npz"


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(
        f"A result may hold numbers, strings, arrays and dataclasses, not {type(value).__name__}."
    )
