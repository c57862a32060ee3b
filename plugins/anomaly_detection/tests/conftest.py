"""Digits, divided once, and tasks on them."""

import os
from pathlib import Path

import numpy as np
import pytest
from anomed_anomaly_detection.interface import Batch, LabelledPools
from anomed_anomaly_detection.network import Recipe
from anomed_anomaly_detection.tasks import Backdoor
from sklearn.datasets import load_digits


@pytest.fixture(scope="session")
def digits() -> LabelledPools:
    """Return handwritten digits in five pools, values in [0, 1]."""
    X, y = load_digits(return_X_y=True)
    rows = np.random.default_rng(7).permutation(len(X))
    parts = np.split(rows, [700, 1000, 1250, 1500])
    batches = [Batch((X[part] / 16).astype(np.float32), y[part]) for part in parts]
    names = ("training", "trusted", "untrusted", "tuning", "validation")
    return LabelledPools(**dict(zip(names, batches, strict=True)), shape=(8, 8), n_classes=10)


@pytest.fixture(scope="session")
def corner(digits):
    """Return a backdoor task whose trigger is a corner pixel."""
    source = Backdoor(recipe=Recipe(hidden=(32, 32), epochs=60))
    return source.build(digits, np.random.default_rng(0))


@pytest.fixture(scope="session")
def reference_folder() -> Path:
    """Return the folder of published scores, and skip without it."""
    folder = os.environ.get("ANOMED_TEST_DATA")
    if folder is None:
        pytest.skip("set ANOMED_TEST_DATA to the folder of public reference data")
    return Path(folder) / "anomaly_detection"
