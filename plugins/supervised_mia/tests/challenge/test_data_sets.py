"""Data sets with the names of anomed-challenge."""

from pathlib import Path

import numpy as np
import pytest
from anomed_supervised_mia import InMemoryNumpyArrays, NpzFromDisk, NumpyDataset, discard_targets

X, y = np.arange(6.0).reshape(3, 2), np.array([0, 1, 1])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    np.savez(tmp_path / "data.npz", X=X, y=y, other=X)
    return tmp_path / "data.npz"


def test_arrays_come_out_as_they_went_in() -> None:
    assert InMemoryNumpyArrays(X, y).get() == (X, y)


def test_an_npz_file_is_read(path: Path) -> None:
    features, targets = NpzFromDisk(path).get()

    np.testing.assert_array_equal(features, X)
    np.testing.assert_array_equal(targets, y)


def test_arrays_of_an_npz_file_are_chosen_by_their_labels(path: Path) -> None:
    features, targets = NpzFromDisk(str(path), X_label="other", y_label="X").get()

    assert (features.shape, targets.shape) == ((3, 2), (3, 2))


def test_a_missing_file_and_a_missing_array_are_errors(path: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        NpzFromDisk(tmp_path / "nowhere.npz").get()
    with pytest.raises(KeyError, match="nothing"):
        NpzFromDisk(path, X_label="nothing").get()


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", X=np.array([object()]), y=y)

    with pytest.raises(ValueError, match="allow_pickle"):
        NpzFromDisk(tmp_path / "data.npz").get()


def test_data_sets_are_equal_by_content(path: Path) -> None:
    assert InMemoryNumpyArrays(X, y) == NpzFromDisk(path)
    assert InMemoryNumpyArrays(X, y) != InMemoryNumpyArrays(X, 1 - y)
    assert InMemoryNumpyArrays(X, y) != 3


def test_shapes_and_dtypes_are_told() -> None:
    data = InMemoryNumpyArrays(X, y)

    assert data.shapes == [(3, 2), (3,)]
    assert data.dtypes == [np.float64, np.int64]
    assert repr(data) == "InMemoryNumpyArrays(X=float64(3, 2), y=int64(3,))"


def test_discarded_targets_are_empty_floats() -> None:
    features, targets = discard_targets(InMemoryNumpyArrays(X, y)).get()

    np.testing.assert_array_equal(features, X)
    assert (targets.dtype, targets.shape) == (np.float64, (0,))


@pytest.mark.parametrize(
    "other",
    [
        InMemoryNumpyArrays(X + 1, y),
        InMemoryNumpyArrays(X, 1 - y),
        InMemoryNumpyArrays(X.astype(np.float32), y),
        InMemoryNumpyArrays(X.reshape(3, 2, 1), y),
    ],
    ids=["features", "targets", "dtype", "shape"],
)
def test_fingerprints_tell_contents_dtypes_and_shapes_apart(other: NumpyDataset) -> None:
    assert InMemoryNumpyArrays(X, y).fingerprint() == InMemoryNumpyArrays(X.copy(), y).fingerprint()
    assert InMemoryNumpyArrays(X, y).fingerprint() != other.fingerprint()


def test_a_file_that_is_written_again_has_another_fingerprint(path: Path) -> None:
    before = NpzFromDisk(path).fingerprint()
    np.savez(path, X=np.zeros((9, 9)), y=y)

    assert NpzFromDisk(path).fingerprint() != before


def test_a_data_set_of_ones_own_needs_get_only() -> None:
    class Mine(NumpyDataset):
        def get(self) -> tuple[np.ndarray, np.ndarray]:
            return X, y

    assert Mine() == InMemoryNumpyArrays(X, y)
    assert len(Mine().fingerprint()) == 64
