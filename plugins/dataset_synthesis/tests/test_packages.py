"""What the packages export."""

from importlib import import_module

import pytest

PACKAGES = ("attacks", "neighbours", "report", "threat", "utility")


@pytest.mark.parametrize("name", PACKAGES)
def test_exports_are_sorted_and_there(name):
    package = import_module(f"anomed_dataset_synthesis.{name}")
    assert package.__all__ == sorted(package.__all__)
    assert package.__doc__
    assert [exported for exported in package.__all__ if not hasattr(package, exported)] == []
