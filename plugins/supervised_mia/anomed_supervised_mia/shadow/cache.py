"""A directory of shadow models' results, so that interrupted or repeated training resumes."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

import attrs
import numpy as np
import numpy.typing as npt

from anomed_supervised_mia.attacks.arrays import FloatArray


@attrs.frozen
class ShadowCache:
    """Keep one array for each key; a key names everything that the array depends on.

    Several processes may share a directory: files appear whole or not at all.

    Parameters
    ----------
    directory
        Where the files are; it is made on the first write.
    """

    directory: Path = attrs.field(converter=Path)

    def get(self, key: str) -> FloatArray | None:
        """Return the array, float64 (n_records,), or `None` where it is missing or damaged."""
        path = self._path(key)
        try:
            stored = np.load(path, allow_pickle=False)
        except FileNotFoundError:
            return None
        except (ValueError, EOFError):
            # A machine that lost power may leave a file without its content: train again.
            return None
        return np.asarray(stored, dtype=np.float64)

    def put(self, key: str, values: npt.ArrayLike) -> None:
        """Write an array, float64 (n_records,), in place of what the key had."""
        self.directory.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.directory, suffix=".partial")
        partial = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                np.save(file, np.asarray(values, dtype=np.float64), allow_pickle=False)
            partial.replace(self._path(key))
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                partial.unlink()
            raise

    def _path(self, key: str) -> Path:
        return self.directory / f"{key}.npy"
