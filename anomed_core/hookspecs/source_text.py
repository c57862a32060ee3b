"""Which code it was: a digest that changes with the source text behind a function."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from anomed_core.wire.digests import digest_file, digest_value


def source_digest(function: Callable[..., Any]) -> str:
    """Return a digest of the Python files of the package that defines a function.

    Parameters
    ----------
    function
        Written in Python; of a partial function, the whole one counts.

    Returns
    -------
    str
        Hexadecimal; of the one file, if the function's module is in no package.

    Raises
    ------
    ValueError
        If there is no source text.
    """
    while isinstance(function, functools.partial):
        function = function.func
    code = getattr(inspect.unwrap(function), "__code__", None)
    file = Path(code.co_filename) if code is not None else Path()
    if not file.is_file():
        raise ValueError(
            f"{function!r} has no source text that would tell when it changes; give a key"
        )
    return _digest_of(file, getattr(function, "__module__", None) or "")


def plugin_digest(plugin: Any) -> str:
    """Return a digest of the Python files of the package, or the file, that a plugin is of.

    Parameters
    ----------
    plugin
        A module, or an object.

    Returns
    -------
    str
        Hexadecimal; empty if there is no source text.
    """
    module = plugin if inspect.ismodule(plugin) else sys.modules.get(type(plugin).__module__)
    file = Path(getattr(module, "__file__", None) or "")
    return _digest_of(file, module.__name__) if module is not None and file.is_file() else ""


def _digest_of(file: Path, module_name: str) -> str:
    folder = _package_folder(module_name)
    if folder is None or not file.is_relative_to(folder):
        return digest_file(file)
    files = sorted(folder.rglob("*.py"))
    return digest_value([[str(path.relative_to(folder)), digest_file(path)] for path in files])


def _package_folder(module_name: str) -> Path | None:
    top = sys.modules.get(module_name.partition(".")[0])
    paths = list(getattr(top, "__path__", ()))
    return Path(paths[0]) if len(paths) == 1 else None
