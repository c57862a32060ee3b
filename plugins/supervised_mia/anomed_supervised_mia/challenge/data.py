"""The data of a challenge: training, tuning, validation, and separate non-members."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from anomed_core import ConfigError, CreationContext, Lottery
from anomed_supervised_mia.challenge.config import DataSettings


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


NAMES = ("training", "tuning", "validation", "non_members")
"""Parts in the order of the shares of a split; the last one is optional."""

Pair = tuple[np.ndarray, np.ndarray]


@attrs.frozen(kw_only=True)
class Parts:
    """Data that is loaded when it is needed.

    Attributes
    ----------
    key
        Text that changes when the data change.
    load
        Returns features and targets by the name of the part.
    """

    key: str
    load: Callable[[], Mapping[str, Pair]]

    def flat(self) -> dict[str, np.ndarray]:
        """Load and judge all parts; return arrays by ``"part X"`` and ``"part y"``.

        Raises
        ------
        ConfigError
            If features and targets do not fit each other, or the parts do not.
        """
        loaded = {name: _judged(name, *pair) for name, pair in self.load().items()}
        X_training, y_training = loaded["training"]
        for name, (X, y) in loaded.items():
            if X.shape[1:] != X_training.shape[1:] or y.shape[1:] != y_training.shape[1:]:
                raise ConfigError(
                    "data",
                    f"{name} records have another shape than training records: "
                    f"{X.shape[1:]} against {X_training.shape[1:]}",
                )
            if X.dtype.kind != X_training.dtype.kind or y.dtype.kind != y_training.dtype.kind:
                raise ConfigError(
                    "data",
                    f"{name} records have another dtype than training records: X is "
                    f"{X.dtype} against {X_training.dtype}, y is {y.dtype} against "
                    f"{y_training.dtype}; memberships would show",
                )
        return {
            f"{name} {label}": array
            for name, pair in loaded.items()
            for label, array in zip(("X", "y"), pair, strict=True)
        }


def parts_of_datasets(datasets: Mapping[str, NumpyDataset | None]) -> Parts:
    """Return parts that are given as data sets."""
    given = {name: data for name, data in datasets.items() if data is not None}
    return Parts(
        key=" | ".join(f"{name} {data.fingerprint()}" for name, data in given.items()),
        load=lambda: {name: data.get() for name, data in given.items()},
    )


def parts_of_settings(settings: DataSettings, context: CreationContext) -> Parts:
    """Return parts that are named in the configuration."""
    labels = f"{settings.target!r} {settings.X!r} {settings.y!r}"
    sources = {name: getattr(settings, name) for name in NAMES if getattr(settings, name)}
    fingerprints = " | ".join(context.source_fingerprint(source) for source in sources.values())

    def load_parts() -> dict[str, Pair]:
        return {name: _pair(source, settings, context) for name, source in sources.items()}

    if not settings.source:
        return Parts(key=fingerprints + labels, load=load_parts)
    lottery = context.lottery if settings.seed is None else Lottery.seeded(settings.seed, "split")
    whole = f"{context.source_fingerprint(settings.source)} {settings.split} {lottery.fingerprint}"
    return Parts(
        key=f"{whole} {labels}{fingerprints and f' non-members {fingerprints}'}",
        load=lambda: (
            _split(_pair(settings.source, settings, context), settings, lottery) | load_parts()
        ),
    )


def _pair(source: str, settings: DataSettings, context: CreationContext) -> Pair:
    if settings.target:
        return _pair_of_table(context.load(source, "table"), settings.target)
    arrays = context.load(source, "arrays")
    missing = [name for name in (settings.X, settings.y) if name not in arrays]
    if missing:
        raise ConfigError(
            "data",
            f"{source} has no array {missing[0]!r}, only {', '.join(sorted(arrays))}; name "
            "the arrays with X and y",
        )
    return arrays[settings.X], arrays[settings.y]


def _pair_of_table(table: Any, target: str) -> Pair:
    if target not in table.columns:
        raise ConfigError(
            "data.target",
            f"there is no column {target!r}; columns are {', '.join(map(str, table.columns))}",
        )
    features = table.drop(columns=[target])
    wordy = [str(name) for name in features.columns if features[name].dtype.kind not in "biuf"]
    if wordy:
        raise ConfigError(
            "data.source",
            f"features must be numbers, but these columns are not: {', '.join(wordy)}; encode "
            f"them, or write behind the path which to leave out (?drop={wordy[0]}) or to take for "
            f"numbers all the same (?kind:{wordy[0]}=number)",
        )
    n_missing = int(table[target].isna().sum())
    if n_missing and table[target].dtype.kind != "f":
        raise ConfigError(
            "data.target", f"{target!r} is missing in {n_missing} records; leave these out"
        )
    has_gaps = not all(isinstance(kind, np.dtype) for kind in features.dtypes)
    X = features.to_numpy(np.float64, na_value=np.nan) if has_gaps else features.to_numpy()
    return X, table[target].to_numpy()


def _split(pair: Pair, settings: DataSettings, lottery: Lottery) -> dict[str, Pair]:
    X, y = pair
    n = len(X)
    sizes = [int(share * n + 1e-9) for share in settings.split]
    if abs(sum(settings.split) - 1) < 1e-9:
        sizes[2] += n - sum(sizes)
    if min(sizes) < 1:
        raise ConfigError("data.split", f"{n} records are too few for {list(settings.split)}")
    *drawn, _ = lottery.partition(n, (*sizes, n - sum(sizes)), "split")
    return {name: (X[rows], y[rows]) for name, rows in zip(NAMES, drawn, strict=False)}


def _judged(name: str, X: np.ndarray, y: np.ndarray) -> Pair:
    X, y = _plain(X, f"{name} X"), _plain(y, f"{name} y")
    if X.ndim == 0 or y.ndim == 0 or len(X) != len(y):
        raise ConfigError(
            "data",
            f"{name} has {X.shape} features and {y.shape} targets; both need one row for "
            "each record",
        )
    if len(X) == 0:
        raise ConfigError("data", f"{name} has no records")
    return X, y


def _plain(array: np.ndarray, label: str) -> np.ndarray:
    array = np.asarray(array)
    if array.dtype.kind == "O":
        array = np.array(array.tolist())
    if array.dtype.kind not in "biufU":
        raise ConfigError("data", f"{label} has dtype {array.dtype}; use numbers, bools or text")
    return array
