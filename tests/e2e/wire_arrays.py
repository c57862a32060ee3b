"""Encode and decode arrays as the published clients do."""

import io
import zipfile
from collections import Counter

import httpx
import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[np.generic]]


def npz(**arrays: NDArray[np.generic]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]  # its stubs mistake names for options
    return buffer.getvalue()


def arrays_of(response: httpx.Response) -> Arrays:
    """Decode an answer as the published clients do, and check what they rely on."""
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert int(response.headers["Content-Length"]) == len(response.content)
    assert zipfile.ZipFile(io.BytesIO(response.content)).namelist() == ["X.npy", "y.npy"]
    with np.load(io.BytesIO(response.content), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def kinds(arrays: Arrays) -> list[str]:
    """Name the dtypes and shapes of the arrays in their order."""
    return [f"{array.dtype} {array.shape}" for array in arrays.values()]


def records(arrays: Arrays) -> Counter[tuple[float, ...]]:
    """Count the records of a data set: iris holds some of them twice."""
    return Counter(
        (*map(float, row), float(label)) for row, label in zip(*arrays.values(), strict=True)
    )
