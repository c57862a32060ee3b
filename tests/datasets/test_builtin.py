"""What the built-in data sources say about files that are not what they should be."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from anomed_core.datasets.builtin import _npz_arrays
from anomed_core.errors import UsageError


def cut(path: Path) -> None:
    np.savez(path, X=np.arange(1000))
    path.write_bytes(path.read_bytes()[:200])


def garbled(path: Path) -> None:
    np.savez_compressed(path, X=np.arange(1000))
    content = bytearray(path.read_bytes())
    content[60:90] = bytes(30)
    path.write_bytes(content)


def unknown_compression(path: Path) -> None:
    np.savez(path, X=np.arange(10))
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\x01\x02") + 10
    content[place : place + 2] = (99).to_bytes(2, "little")
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def one_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.arange(3))


def pickled(path: Path) -> None:
    np.savez(path, X=np.array([{}], dtype=object))


@pytest.mark.parametrize(
    "spoil",
    [cut, garbled, unknown_compression, empty, one_array, pickled],
    ids=lambda spoil: spoil.__name__,
)
def test_a_file_that_is_no_npz_is_the_organisers_to_mend(
    spoil: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "data.npz"
    spoil(path)

    with pytest.raises(UsageError, match=r"data\.npz is not an npz file of plain arrays: "):
        _npz_arrays(str(path))
