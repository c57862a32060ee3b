"""Arrays of a source, without a challenge."""

import numpy as np
import pytest

from anomed_core import UsageError, load_arrays


def test_arrays_of_a_file_are_loaded(tmp_path):
    np.savez(tmp_path / "data.npz", X=np.eye(3), y=np.arange(3))

    arrays = load_arrays(f"npz:{tmp_path / 'data.npz'}")
    assert sorted(arrays) == ["X", "y"]
    np.testing.assert_array_equal(arrays["X"], np.eye(3))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("iris", "'iris' names no known source; write scheme:reference with one of csv, npz"),
        ("nowhere:iris", "'nowhere:iris' names no known source"),
        ("csv:people.csv", "csv: offers tables, and no arrays"),
        ("sklearn:roses", "scikit-learn bundles no data set 'roses'"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_one_sentence(text, message):
    with pytest.raises(UsageError, match=message):
        load_arrays(text)
