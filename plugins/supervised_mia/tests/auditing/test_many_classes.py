"""An audit of many classes takes little memory beyond what it is given."""

import tracemalloc

import numpy as np
import pytest
from anomed_supervised_mia import Signals, audit

N_CLASSES = 10_000


@pytest.mark.parametrize("n_records", [2_000, pytest.param(50_000, marks=pytest.mark.slow)])
def test_the_peak_is_at_most_twice_the_input_beyond_it(n_records):
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((n_records, N_CLASSES), dtype=np.float32)
    labels = rng.integers(0, N_CLASSES, n_records)
    half = n_records // 2
    logits[np.arange(half), labels[:half]] += 1
    tracemalloc.start()
    try:
        sides = [
            Signals.from_logits(logits[part], labels[part])
            for part in (slice(half), slice(half, n_records))
        ]
        results = audit(*sides)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= 2 * logits.nbytes
    assert results.find("loss-threshold").auc.value == pytest.approx(0.76, abs=0.02)
    assert all(np.shares_memory(side.logits, logits) for side in sides)
