"""Measure how often intervals of the residual risk (p - q) / (1 - q) miss, and how wide they are.

An attack succeeds on k of n members and l of n non-members. Both counts are binomial, so that for
given p and q the probability of every pair of counts is known, and with it the exact error of a
method: nothing is simulated. Each limit may err in half of one minus the confidence.

    python -m benchmarks.residual_risk

takes about 20 seconds on one core. Methods marked with a star are what this project does not use.
A row says, over the grid of rates with q <= p: by how much the worst lower limit and the worst
upper limit err, how often a lower limit errs more than it may (share of the grid), the mean error
of both, and the mean width. The exit status is 1 if a limit of ours errs more than it may.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import binom

from anomed_core.statistics import lower_limit, residual_risk, upper_limit, wilson_interval
from anomed_core.statistics._region import corner_errors, line_errors

Floats = NDArray[np.float64]
Limits = tuple[Floats, Floats]
Method = Callable[[int, float], Limits]

RATES = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
#: The second is what a risk over twenty attackers asks of each piece of evidence.
CONFIDENCES = (0.95, 0.9975)


def _wilson(n: int, confidence: float) -> tuple[Floats, Floats, Floats]:
    """Return centre, lower and upper end for 0 to n hits."""
    hits = np.arange(n + 1)
    squared = float(ndtri((1 - confidence) / 2)) ** 2
    centre = (hits + squared / 2) / (n + squared)
    half = np.sqrt(squared * hits * (n - hits) / n + squared**2 / 4) / (n + squared)
    return centre, centre - half, centre + half


def _cut(low: Floats, high: Floats) -> Limits:
    """Cut to [0, 1] and hold the measured value, as every method did."""
    n = len(low) - 1
    p, q = np.arange(n + 1)[:, np.newaxis] / n, np.arange(n + 1)[np.newaxis] / n
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(q >= 1, 0.0, np.clip((p - q) / (1 - q), 0, 1))
    return np.minimum(np.clip(low, 0, 1), value), np.maximum(np.clip(high, 0, 1), value)


def fieller(n: int, confidence: float) -> Limits:
    """Work out Fieller's interval of the ratio of failures, from the centres of Wilson's."""
    centre, low, high = _wilson(n, confidence)
    failure, other = (1 - centre)[:, np.newaxis], (1 - centre)[np.newaxis]
    bounds = ((1 - high) * (1 - low))[:, np.newaxis]
    others = np.maximum((1 - high) * (1 - low), 0)[np.newaxis]
    middle = failure * other
    spread = np.sqrt(np.maximum(0, middle**2 - bounds * others))
    with np.errstate(divide="ignore", invalid="ignore"):
        least = np.where(others > 1e-15, 1 - (middle + spread) / others, 0.0)
        most = np.where(others > 1e-15, 1 - (middle - spread) / others, 1.0)
    return _cut(least, most)


def propagation(n: int, confidence: float) -> Limits:
    """Propagate half the widths of Wilson's intervals about their centres."""
    centre, low, high = _wilson(n, confidence)
    half = (high - low) / 2
    p, q = centre[:, np.newaxis], centre[np.newaxis]
    room = 1 - q
    error = np.hypot(half[:, np.newaxis] / room, (p - 1) / room**2 * half[np.newaxis])
    middle = (p - q) / room
    return _cut(middle - error, middle + error)


def mover(n: int, confidence: float) -> Limits:
    """Recover variances from Wilson's limits about the measured rates (Donner and Zou 2012)."""
    _, low, high = _wilson(n, confidence)
    shares = np.arange(n + 1) / n
    a, b = (1 - shares)[:, np.newaxis], (1 - shares)[np.newaxis]
    a_low, a_high = (1 - high)[:, np.newaxis], (1 - low)[:, np.newaxis]
    b_low, b_high = (1 - high)[np.newaxis], (1 - low)[np.newaxis]
    with np.errstate(divide="ignore", invalid="ignore"):
        below = b_high * (2 * b - b_high)
        smallest = a * b - np.sqrt(
            np.maximum((a * b) ** 2 - a_low * b_high * (2 * a - a_low) * (2 * b - b_high), 0)
        )
        above = b_low * (2 * b - b_low)
        largest = a * b + np.sqrt(
            np.maximum((a * b) ** 2 - a_high * b_low * (2 * a - a_high) * (2 * b - b_low), 0)
        )
        ratio_low = np.where(np.abs(below) > 1e-15, smallest / below, 0.0)
        ratio_high = np.where(above > 1e-15, largest / above, np.inf)
    return _cut(1 - ratio_high, 1 - ratio_low)


def score(n: int, confidence: float) -> Limits:
    """Invert the score test of the ratio of failures (Koopman 1984) by bisection."""
    failures = np.arange(n, -1, -1, dtype=np.float64)
    x, y = failures[:, np.newaxis], failures[np.newaxis]
    z = -float(ndtri((1 - confidence) / 2))

    def distance(ratio: Floats) -> Floats:
        """Return by how many standard errors the failures of the attack are too many."""
        b = n * ratio + x + n + y * ratio
        other = (b - np.sqrt(np.maximum(b * b - 8 * n * ratio * (x + y), 0))) / (4 * n * ratio)
        rate = ratio * other
        variance = rate * (1 - rate) / n + ratio**2 * other * (1 - other) / n
        difference = x / n - ratio * y / n
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(
                difference == 0, 0.0, difference / np.sqrt(np.maximum(variance, 1e-300))
            )

    ends = []
    for sign in (-1, 1):
        low = np.full((n + 1, n + 1), -30.0)
        high = np.full((n + 1, n + 1), 30.0)
        for _ in range(45):
            middle = (low + high) / 2
            # The distance falls as the ratio grows.
            is_below = distance(np.exp(middle)) > -sign * z
            low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
        ends.append(np.exp((low + high) / 2))
    return _cut(1 - ends[1], 1 - ends[0])


def separate(n: int, confidence: float) -> Limits:
    """Take two Clopper-Pearson limits with half of the error each."""
    return _of_corners(n, np.array([(1 - confidence) / 4]), np.array([(1 - confidence) / 4]))


def region(n: int, confidence: float) -> Limits:
    """Take the extremes over the joint region of ADR 0015."""
    return _of_corners(n, *corner_errors((1 - confidence) / 2))


def line(n: int, confidence: float) -> Limits:
    """Do what `residual_risk` does, for all counts at once."""
    limits = _of_corners(n, *line_errors((1 - confidence) / 2))
    rng = np.random.default_rng(0)
    for k, m in rng.integers(0, n + 1, (50, 2)):
        rates = [wilson_interval(int(hits), n, confidence=confidence) for hits in (k, m)]
        risk = residual_risk(*rates)
        np.testing.assert_allclose(
            [risk.low, risk.high], [ends[k, m] for ends in limits], atol=1e-9
        )
    return limits


def _of_corners(n: int, first: Floats, second: Floats) -> Limits:
    hits = np.arange(n + 1)
    low = np.full((n + 1, n + 1), np.inf)
    high = np.full((n + 1, n + 1), -np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        for error, other_error in zip(first, second, strict=True):
            p = lower_limit(hits, n, error)[:, np.newaxis]
            q = upper_limit(hits, n, other_error)[np.newaxis]
            low = np.fmin(low, np.where(q >= 1, -np.inf, (p - q) / (1 - q)))
            p = upper_limit(hits, n, error)[:, np.newaxis]
            q = lower_limit(hits, n, other_error)[np.newaxis]
            high = np.fmax(high, np.where(q >= 1, -np.inf, (p - q) / (1 - q)))
    return _cut(low, high)


METHODS: dict[str, Method] = {
    "Fieller, Wilson's centres *": fieller,
    "propagated error *": propagation,
    "MOVER, Wilson's limits *": mover,
    "score test (Koopman) *": score,
    "two Clopper-Pearson limits *": separate,
    "joint region (ADR 0015) *": region,
    "straight line (ADR 0019)": line,
}


def measure(method: Method, n: int, confidence: float) -> tuple[Floats, Floats, Floats]:
    """Return the errors of both limits and the mean width, for each pair of the grid."""
    low, high = method(n, confidence)
    hits = np.arange(n + 1)
    chances = {rate: binom.pmf(hits, n, rate) for rate in RATES}
    rows = []
    for p, q in product(RATES, RATES):
        if q > p:
            continue
        truth = (p - q) / (1 - q)
        some = [np.flatnonzero(chances[rate] > 1e-9) for rate in (p, q)]
        window = tuple(slice(int(s[0]), int(s[-1]) + 1) for s in some)
        weights = np.outer(chances[p][window[0]], chances[q][window[1]])
        too_high = float(weights[low[window] > truth + 1e-12].sum())
        too_low = float(weights[high[window] < truth - 1e-12].sum())
        rows.append((too_high, too_low, float((weights * (high - low)[window]).sum())))
    return tuple(np.array(rows).T)  # type: ignore[return-value]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 100, 1000])
    options = parser.parse_args()
    print(
        f"{'method':30} {'n':>5} {'level':>7} {'may err':>8} {'worst low':>10} {'worst high':>10} "
        f"{'exceeds':>8} {'mean low':>9} {'mean high':>9} {'width':>7}"
    )
    fails = False
    for n, confidence in product(options.sizes, CONFIDENCES):
        nominal = (1 - confidence) / 2
        for name, method in METHODS.items():
            below, above, width = measure(method, n, confidence)
            exceeds = float((np.maximum(below, above) > nominal * (1 + 1e-6)).mean())
            fails = fails or (exceeds > 0 and not name.endswith("*"))
            print(
                f"{name:30} {n:5} {confidence:7.2%} {nominal:8.3%} {below.max():10.3%} "
                f"{above.max():10.3%} {exceeds:8.0%} {below.mean():9.3%} {above.mean():9.3%} "
                f"{width.mean():7.3f}"
            )
    return int(fails)


if __name__ == "__main__":
    sys.exit(main())
