"""CPU seconds of fitting detectors block by block, beside a naive implementation.

    python -m benchmarks.anomaly_detectors [--rows 60000]

Both sides run the same network (784-256-256-10) on one thread. The naive one does what a script
does: activations of the whole pool, in batches of 32 as a data loader has them, kept and
concatenated, then ``numpy.cov`` and an inverse; the entropy by ``scipy.linalg.expm``.
"""

import argparse
import itertools
import time
import tracemalloc

import numpy as np
import scipy.linalg
from anomed_anomaly_detection.interface import Batch, DetectionTask, TaskFacts
from anomed_anomaly_detection.network import MLP
from anomed_anomaly_detection.registry import detector
from threadpoolctl import threadpool_limits

WIDTHS = (784, 256, 256, 10)
LOADER_ROWS = 32
N_TESTED = 10_000


def network(rng):
    pairs = itertools.pairwise(WIDTHS)
    return MLP(
        [
            (
                (rng.standard_normal(s) / np.sqrt(s[0])).astype(np.float32),
                np.zeros(s[1], np.float32),
            )
            for s in pairs
        ]
    )


def naive_activations(model, X):
    parts = [model.activations(X[i : i + LOADER_ROWS]) for i in range(0, len(X), LOADER_ROWS)]
    return {
        layer: np.concatenate([part[layer] for part in parts]).astype(np.float64)
        for layer in model.layers
    }


def naive_mahalanobis(model, trusted, _untrusted):
    for rows in naive_activations(model, trusted).values():
        np.linalg.pinv(np.cov(rows.T), rcond=1e-5, hermitian=True)


def naive_entropy(model, trusted, untrusted):
    mix = naive_activations(model, untrusted)
    for layer, rows in naive_activations(model, trusted).items():
        values, vectors = np.linalg.eigh(np.cov(rows.T))
        whitening = vectors / np.sqrt(np.maximum(values, 1e-5 * values[-1]))
        spread = whitening.T @ np.cov(mix[layer].T) @ whitening - np.eye(len(values))
        scipy.linalg.expm(4 * spread / np.linalg.norm(spread, 2))


def seconds(function, repeats=3):
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        function()
        best = min(best, time.process_time() - start)
    return best


def peak_mb(function):
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return peak


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=60_000)
    n = parser.parse_args().rows
    rng = np.random.default_rng(0)
    model = network(rng)
    trusted, untrusted = (rng.random((rows, WIDTHS[0]), dtype=np.float32) for rows in (n, n // 10))
    task = DetectionTask(
        model=model,
        trusted=Batch(trusted),
        untrusted=Batch(untrusted),
        facts=TaskFacts(task="speed", shape=(28, 28)),
    )
    print(f"{n} trusted rows, network {WIDTHS}, float32, one thread; CPU seconds, best of 3")
    for name, naive in (("mahalanobis", naive_mahalanobis), ("que", naive_entropy)):
        fit = lambda name=name: detector(name).fit(task, np.random.default_rng(0))  # noqa: E731
        ours, theirs = seconds(fit), seconds(lambda naive=naive: naive(model, trusted, untrusted))
        peak = peak_mb(fit)
        fitted = fit()
        scoring = seconds(lambda fitted=fitted: fitted.scores(model, trusted[:N_TESTED]))
        print(
            f"{name}: fit {ours:.2f}, naive {theirs:.2f} ({theirs / ours:.1f} x); peak {peak:.0f} "
            f"MB over the data; scoring {N_TESTED} inputs {scoring:.2f}"
        )


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
