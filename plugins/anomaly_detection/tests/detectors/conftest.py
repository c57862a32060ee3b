"""Every installed detector, and a small task that has all that any of them needs."""

import itertools

import numpy as np
import pytest
from anomed_anomaly_detection.interface import Batch, DetectionTask, FlaggedTask, TaskFacts
from anomed_anomaly_detection.network import MLP


@pytest.fixture(scope="session")
def small() -> FlaggedTask:
    """Return a task on random inputs, of which some are moved."""
    rng = np.random.default_rng(0)
    widths = (6, 9, 8, 3)
    model = MLP(
        [
            (rng.standard_normal((a, b)), rng.standard_normal(b))
            for a, b in itertools.pairwise(widths)
        ]
    )
    trusted, untrusted = rng.random((150, 6)), rng.random((120, 6))
    flags = np.arange(120) % 8 == 0
    untrusted[flags] = np.clip(untrusted[flags] + [0.9, 0, 0, 0, 0, 0], 0, 1)
    return FlaggedTask(
        model=model,
        trusted=Batch(trusted, model.predict(trusted)),
        untrusted=Batch(untrusted),
        untrusted_flags=flags,
        facts=TaskFacts(task="small", shape=(6,)),
    )


@pytest.fixture(scope="session")
def golden(reference_folder):
    """Return a stored task on digits and what an independent program scored, by its name."""

    def read(name):
        with np.load(reference_folder / f"golden_digits_{name}.npz") as file:
            arrays = {key: file[key] for key in file.files}
        weights = {key: value for key, value in arrays.items() if key[1:].isdigit()}
        task = DetectionTask(
            model=MLP.from_arrays(weights),
            trusted=Batch(arrays["trusted_X"], arrays["trusted_y"]),
            untrusted=Batch(arrays["untrusted_X"]),
            facts=TaskFacts(task=name, shape=(8, 8)),
        )
        return task, arrays

    return read
