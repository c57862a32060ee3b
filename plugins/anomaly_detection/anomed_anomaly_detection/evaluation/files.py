"""Files that are there as a whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def write_beside(path: Path, write: Callable[[Path], Any]) -> Path:
    """Let a function write a file beside a place, then rename it to there.

    Parameters
    ----------
    path
        Where the file shall be.
    write
        Takes the path to write to, which ends alike.

    Returns
    -------
    Path
        Where the file is.
    """
    beside = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        write(beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path
