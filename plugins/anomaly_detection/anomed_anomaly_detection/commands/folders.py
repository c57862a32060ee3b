"""Folders of runs: what is in them, when they are used again, and when they are refused."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from anomed_anomaly_detection.commands.options import DirOptions, as_plain
from anomed_anomaly_detection.evaluation.files import write_beside
from anomed_core import UsageError

_NOT_COMPARED = ("dir", "save_config", "overwrite", "pbar")


def folder_of(options: DirOptions, *, is_dry: bool) -> Path | None:
    """Return where results go: the full path, else base and run, else nowhere."""
    if is_dry:
        return None
    if options.full is not None:
        return Path(options.full)
    if options.base is None:
        return None
    return Path(options.base) / (options.run or time.strftime("%Y-%m-%d_%H-%M-%S"))


def settings_of(config: Any) -> dict[str, Any]:
    """Return what decides a result, as plain values."""
    plain = as_plain(config)
    return {name: value for name, value in plain.items() if name not in _NOT_COMPARED}


def is_done(
    settings: Mapping[str, Any], there: Mapping[str, Any] | None, *, result: Path, overwrite: bool
) -> bool:
    """Return whether a result is there already, of the same settings.

    Raises
    ------
    UsageError
        If it is there, of others; the first that differs is named.
    """
    if not result.exists() or overwrite:
        return False
    if there is None:
        raise UsageError(f"{result} is there, and nothing says of which settings; add --overwrite")
    differing = first_difference(there, settings)
    if differing is None:
        return True
    key, old, new = differing
    raise UsageError(
        f"{result} was made with --{key} {_said(old)}, and now it is {_said(new)}; name another "
        "folder, or add --overwrite"
    )


def first_difference(
    old: Mapping[str, Any], new: Mapping[str, Any], above: str = ""
) -> tuple[str, Any, Any] | None:
    """Return the first key whose values differ, with both; ``None`` if all are equal."""
    for key in dict.fromkeys([*new, *old]):
        before, after = old.get(key), new.get(key)
        path = above if key == "name" and above else f"{above}.{key}".strip(".")
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            if (inner := first_difference(before, after, path)) is not None:
                return inner
        elif before != after:
            return path, before, after
    return None


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("name", "set"))
    return "not set" if value is None else str(value)


def read_settings(path: Path) -> dict[str, Any] | None:
    """Return the settings in a ``config.yaml``, without building any object that it names.

    Raises
    ------
    UsageError
        If it is no mapping of plain values.
    """
    if not path.exists():
        return None
    try:
        plain = yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not plain YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(plain, dict):
        raise UsageError(f"{path} must hold names and values")
    return plain


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Write ``config.yaml``."""
    text = yaml.safe_dump(dict(settings), sort_keys=False)
    write_beside(folder / "config.yaml", lambda path: path.write_text(text, "utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write plain values."""
    text = json.dumps(value, indent=2) + "\n"
    write_beside(path, lambda beside: beside.write_text(text, "utf-8"))


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays without pickle."""
    plain: dict[str, Any] = dict(arrays)
    write_beside(path, lambda beside: np.savez(beside, **plain))


def read_arrays(path: Path, what: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file.

    Raises
    ------
    UsageError
        If there is none, or it holds something else than plain arrays.
    """
    if not path.is_file():
        raise UsageError(f"{path.parent.parent} holds no {what}: there is no file {path}")
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, OSError, EOFError) as error:
        raise UsageError(f"{path} is not an npz file of plain arrays") from error


def digest_of(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return the SHA-256 of arrays with their names, dtypes and shapes."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Return the generator of a purpose, which does not depend on what else is drawn."""
    number = int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8], "big")
    return np.random.default_rng([seed, number])
