"""Data sets of features and targets, with the names that anomed-challenge gave them."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np


class NumpyDataset(ABC):
    """Features and targets of a supervised learning problem.

    Subclasses need to provide `get` only.
    """

    @abstractmethod
    def get(self) -> tuple[np.ndarray, np.ndarray]:
        """Return features and targets.

        Returns
        -------
        (X, y) : tuple of ndarray
            X of shape (n_records, ...), y of shape (n_records, ...), or (0,) if it was discarded.
        """

    def fingerprint(self) -> str:
        """Return text that changes when the data change; by default a digest of both arrays."""
        digest = hashlib.sha256()
        for array in self.get():
            digest.update(f"{array.dtype.str} {array.shape} ".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NumpyDataset):
            return NotImplemented
        return all(map(np.array_equal, self.get(), other.get()))

    __hash__ = None  # type: ignore[assignment]  # equal by content, and arrays can change

    def __repr__(self) -> str:
        X, y = self.get()
        return f"{type(self).__name__}(X={X.dtype}{X.shape}, y={y.dtype}{y.shape})"

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Shapes of X and y."""
        return [array.shape for array in self.get()]

    @property
    def dtypes(self) -> list[np.dtype]:
        """Dtypes of X and y."""
        return [array.dtype for array in self.get()]


class InMemoryNumpyArrays(NumpyDataset):
    """A data set of arrays that are there already.

    Parameters
    ----------
    X
        Features, one row a record.
    y
        Targets, one a record; or empty if they are not to be given away.
    """

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self._X = X
        self._y = y

    def get(self) -> tuple[np.ndarray, np.ndarray]:
        """See `NumpyDataset.get`."""
        return self._X, self._y


class NpzFromDisk(NumpyDataset):
    """A data set in an npz file, read when it is needed.

    Parameters
    ----------
    npz_filepath
        Path of the file; it is read without pickle.
    X_label, y_label
        Names of the two arrays in it; others are ignored.
    """

    def __init__(self, npz_filepath: str | Path, X_label: str = "X", y_label: str = "y") -> None:
        self._path = Path(npz_filepath)
        self._labels = (X_label, y_label)

    def get(self) -> tuple[np.ndarray, np.ndarray]:
        """See `NumpyDataset.get`.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        KeyError
            If it lacks one of the arrays.
        """
        with np.load(self._path, allow_pickle=False) as file:
            return file[self._labels[0]], file[self._labels[1]]

    def fingerprint(self) -> str:
        """Return path, size and time of the file: cheaper than reading it in every worker."""
        facts = self._path.stat()
        return f"{self._path.resolve()} {facts.st_size} {facts.st_mtime_ns} {self._labels}"


def discard_targets(data: NumpyDataset) -> InMemoryNumpyArrays:
    """Return a data set with the same features and no targets.

    Parameters
    ----------
    data
        Any data set.

    Returns
    -------
    InMemoryNumpyArrays
        Its `y` is float64 of shape (0,).
    """
    return InMemoryNumpyArrays(data.get()[0], np.empty(0))
