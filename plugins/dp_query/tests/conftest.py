"""Recorded exchanges with other servers, and a made-up table."""

import importlib.util
import json
import os
from pathlib import Path

import pytest


def _load(name, folder="."):
    path = Path(__file__).parent / folder / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def penguins():
    """The module with the table and its metadata."""
    return _load("penguins")


@pytest.fixture(scope="session")
def plans():
    """The module that writes plans as OpenDP does."""
    return _load("written_plans", "libraries")


@pytest.fixture(scope="session")
def pipelines():
    """The module that writes pipelines as opendp_logger does."""
    return _load("written_pipelines", "libraries")


@pytest.fixture(scope="session")
def recorded():
    """Return a recorded document by its path below the folder of test data."""

    def read(name):
        folder = os.environ.get("ANOMED_TEST_DATA")
        path = Path(folder or "") / "dp_query" / name
        if not folder or not path.exists():
            pytest.skip("ANOMED_TEST_DATA names no folder with recorded exchanges of dp_query")
        return json.loads(path.read_text(encoding="utf-8"))

    return read


@pytest.fixture(scope="session")
def exchange(recorded):
    """Return an exchange with Lomas 0.4.1 by its name."""

    def named(name):
        return next(one for one in recorded("wire_0_4/exchanges.json") if one["name"] == name)

    return named


@pytest.fixture(scope="session")
def register():
    """The module with simulated patients and their metadata."""
    return _load("register")
