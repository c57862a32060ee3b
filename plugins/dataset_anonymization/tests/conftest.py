"""Public tables that are not part of the repository."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def public_tables():
    """The folder of public test tables."""
    folder = os.environ.get("ANOMED_TEST_DATA")
    if folder is None:
        pytest.skip("set ANOMED_TEST_DATA to the folder of public test tables")
    return Path(folder)
