"""Stores of either sort."""

from pathlib import Path

import pytest

from anomed_core.state import Store, store_at
from tests.s3 import bucket, s3

__all__ = ["bucket", "s3"]


@pytest.fixture(params=["directory", "s3"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Return an empty store."""
    if request.param == "directory":
        url = str(tmp_path / "shared")
    else:
        url = f"{request.getfixturevalue('bucket')}/some/prefix"
    store = store_at(url)
    assert store is not None
    return store
