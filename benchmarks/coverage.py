"""Measure how often the intervals and bounds of the supervised MIA metrics miss the truth.

Scores are drawn from populations whose AUC, TPR at each FPR, advantage and epsilon are known, so
that a miss is a fact. Each method may miss in 5 % of the repetitions; the last columns of a row are
the rate at which it did, on either side, and what it gave on average. Methods marked with a star
are textbook methods that this package does not use, for comparison.

    python benchmarks/coverage.py --repetitions 2000

takes a few minutes on one core. The exit status is 1 if any method of ours misses significantly
more often than it may, or the bounds of epsilon are weaker than they should be.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator

import attrs
import numpy as np
from anomed_supervised_mia.metrics import (
    Estimate,
    Roc,
    auc,
    clopper_pearson,
    confusion,
    delong_variance,
    epsilon_of_decision,
    epsilon_of_one_run,
    epsilon_of_scores,
    epsilon_of_split,
    estimate_advantage,
    estimate_auc,
    estimate_max_advantage,
    estimate_tpr_at_fpr,
    roc_curve,
    tpr_at_fpr,
)
from numpy.typing import NDArray
from scipy.stats import binom, norm

Scores = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Scores]

ERROR = 0.05
LEVELS = (0.001, 0.01, 0.1)
#: Means that the bounds at epsilon 1 and 1000 records a side must reach.
LEAST_MEAN_BOUND = 0.82


@attrs.frozen(kw_only=True)
class Population:
    """Scores whose properties are known exactly."""

    name: str
    members: Draw
    non_members: Draw
    area: float
    max_advantage: float
    tpr: Callable[[float], float]


def shifted_normal(shift: float) -> Population:
    return Population(
        name=f"normal, shift {shift:g}",
        members=lambda rng, n: rng.normal(size=n) + shift,
        non_members=lambda rng, n: rng.normal(size=n),
        area=float(norm.cdf(shift / np.sqrt(2))),
        max_advantage=float(2 * norm.cdf(shift / 2) - 1),
        tpr=lambda level: float(norm.sf(norm.isf(level) - shift)),
    )


def exposed_share(share: float) -> Population:
    """Build a population where some members are beyond doubt, and the others are hidden."""
    return Population(
        name=f"{share:.0%} exposed",
        members=lambda rng, n: rng.normal(size=n) + 50 * (rng.random(n) < share),
        non_members=lambda rng, n: rng.normal(size=n),
        area=0.5 + share / 2,
        max_advantage=share,
        tpr=lambda level: share + (1 - share) * level,
    )


def levels_of(name: str, members: Scores, non_members: Scores) -> Population:
    """Build a population with few levels of the score, given their probabilities."""
    sure_tpr, sure_fpr = (np.append(0, np.cumsum(p[::-1])) for p in (members, non_members))
    ordered = np.outer(members, non_members)
    return Population(
        name=name,
        members=lambda rng, n: rng.choice(members.size, n, p=members).astype(np.float64),
        non_members=lambda rng, n: rng.choice(non_members.size, n, p=non_members).astype(float),
        area=float(np.tril(ordered, -1).sum() + np.trace(ordered) / 2),
        max_advantage=float(np.abs(sure_tpr - sure_fpr).max()),
        tpr=lambda level: float(sure_tpr[sure_fpr <= level + 1e-12].max()),
    )


def populations() -> list[Population]:
    votes = np.arange(51)
    return [
        shifted_normal(0.0),
        shifted_normal(0.5),
        shifted_normal(1.8),
        shifted_normal(3.3),
        shifted_normal(4.37),
        exposed_share(0.1),
        levels_of("50 votes", binom.pmf(votes, 50, 0.6), binom.pmf(votes, 50, 0.55)),
        levels_of("0/1 confidences", np.array([0.0, 1.0]), np.array([0.15, 0.85])),
        levels_of("three levels", np.array([0.1, 0.2, 0.7]), np.array([0.9, 0.095, 0.005])),
    ]


@attrs.frozen(kw_only=True)
class Row:
    """How one method did in one experiment."""

    method: str
    setting: str
    truth: float
    n_below: int
    n_above: int
    n_repetitions: int
    mean: float
    ours: bool

    @property
    def exceeds(self) -> bool:
        """Whether the misses prove that the error is above the nominal one."""
        n_missed = self.n_below + self.n_above
        return clopper_pearson(n_missed, self.n_repetitions, confidence=0.998)[0] > ERROR

    def __str__(self) -> str:
        flag = " EXCEEDS" if self.exceeds else ""
        below, above = (100 * n / self.n_repetitions for n in (self.n_below, self.n_above))
        return (
            f"{self.method:38} {self.setting:34} {self.truth:7.4f} {below:8.2f} {above:8.2f} "
            f"{self.mean:8.4f}{flag}"
        )


def row(
    method: str, setting: str, *, truth: float, limits: list[tuple[float, float]], bound: bool
) -> Row:
    """Count the misses; the mean is that of the bounds, or else of the widths."""
    low, high = np.array(limits).T
    return Row(
        method=method,
        setting=setting,
        truth=truth,
        n_below=int(np.count_nonzero(low > truth + 1e-12)),
        n_above=int(np.count_nonzero(high < truth - 1e-12)),
        n_repetitions=low.size,
        mean=float(np.mean(low if bound else high - low)),
        ours=not method.startswith("*"),
    )


def textbook_auc(roc: Roc) -> tuple[float, float]:
    half = norm.isf(ERROR / 2) * np.sqrt(delong_variance(roc))
    return auc(roc) - half, auc(roc) + half


def textbook_tpr(roc: Roc, level: float) -> tuple[float, float]:
    point = tpr_at_fpr(roc, level)
    return clopper_pearson(point.n_true_positives, point.n_members, confidence=1 - ERROR)


def limits_of(estimate: Estimate) -> tuple[float, float]:
    return estimate.low, estimate.high


def interval_rows(
    population: Population, *, sizes: tuple[int, int], repetitions: int, rng: np.random.Generator
) -> Iterator[Row]:
    """Run every interval on samples of one population."""
    n_members, n_non_members = sizes
    truth = np.repeat([True, False], sizes)
    measured: dict[tuple[str, float], list[tuple[float, float]]] = {}
    for _ in range(repetitions):
        scores = np.append(
            population.members(rng, n_members), population.non_members(rng, n_non_members)
        )
        roc = roc_curve(truth, scores)
        outcome = confusion(truth, scores >= 1.0)
        found = {
            ("AUC", population.area): limits_of(estimate_auc(roc)),
            ("* AUC, DeLong and Wald", population.area): textbook_auc(roc),
            ("max advantage", population.max_advantage): limits_of(
                estimate_max_advantage(roc).estimate
            ),
        }
        if population.name == "0/1 confidences":
            found["advantage", population.max_advantage] = limits_of(estimate_advantage(outcome))
        for level in LEVELS:
            name = f"TPR at {100 * level:g} % FPR"
            known = population.tpr(level)
            found[name, known] = limits_of(estimate_tpr_at_fpr(roc, level).estimate)
            found[f"* {name}, Clopper-Pearson", known] = textbook_tpr(roc, level)
        for key, limits in found.items():
            measured.setdefault(key, []).append(limits)
    setting = f"{population.name}, n={n_members}/{n_non_members}"
    for (method, known), intervals in sorted(measured.items(), key=lambda m: m[0][0].strip("* ")):
        yield row(method, setting, truth=known, limits=intervals, bound=False)


def randomised_response(
    epsilon: float, is_member: NDArray[np.bool_], *, rng: np.random.Generator
) -> Scores:
    """Report membership truly with probability ``e^eps / (1 + e^eps)``."""
    truthful = rng.random(is_member.size) < 1 / (1 + np.exp(-epsilon))
    reported: Scores = (is_member == truthful).astype(np.float64)
    return reported


def jittered_response(
    epsilon: float, is_member: NDArray[np.bool_], *, rng: np.random.Generator
) -> Scores:
    """Add noise that says nothing, so that every record has a threshold of its own."""
    return randomised_response(epsilon, is_member, rng=rng) + rng.random(is_member.size) / 2


def laplace_response(
    epsilon: float, is_member: NDArray[np.bool_], *, rng: np.random.Generator
) -> Scores:
    """Report membership with Laplace noise; for epsilon 0 with noise alone."""
    noise = rng.laplace(size=is_member.size)
    return epsilon * is_member + noise


MECHANISMS = {
    "randomised response": randomised_response,
    "jittered response": jittered_response,
    "Laplace response": laplace_response,
}


def naive_epsilon(roc: Roc) -> float:
    """Take the best of all thresholds as if it had been the only one."""
    from anomed_core.statistics import lower_limit, upper_limit

    tpr = lower_limit(roc.n_true_positives[1:], roc.n_members, ERROR / 2)
    fpr = upper_limit(roc.n_false_positives[1:], roc.n_non_members, ERROR / 2)
    with np.errstate(divide="ignore"):
        return float(np.log(np.fmax(np.fmax(tpr / fpr, (1 - fpr) / (1 - tpr)), 1)).max())


def epsilon_rows(
    mechanism: str, epsilon: float, *, n: int, repetitions: int, rng: np.random.Generator
) -> Iterator[Row]:
    """Run every bound of epsilon against a mechanism of known epsilon."""
    halves = np.repeat([True, False], n)
    measured: dict[str, list[float]] = {}
    for _ in range(repetitions):
        scores = MECHANISMS[mechanism](epsilon, halves, rng=rng)
        coins = rng.random(2 * n) < 0.5
        coined = roc_curve(coins, MECHANISMS[mechanism](epsilon, coins, rng=rng))
        middle = epsilon / 2 if mechanism == "Laplace response" else 0.75
        roc = roc_curve(halves, scores)
        found = {
            "fixed threshold": epsilon_of_decision(confusion(halves, scores >= middle)),
            "disjoint split": epsilon_of_split(halves, scores, rng=rng),
            "Bonferroni": epsilon_of_scores(roc),
            "Bonferroni, delta 1e-5": epsilon_of_scores(roc, delta=1e-5),
            "one run, all guessed": epsilon_of_one_run(coined, n_guesses=2 * n),
            "one run, Bonferroni": epsilon_of_one_run(coined),
            "one run, all guessed, delta 1e-5": epsilon_of_one_run(
                coined, n_guesses=2 * n, delta=1e-5
            ),
        }
        for method, bound in found.items():
            measured.setdefault(method, []).append(bound.estimate.low)
        measured.setdefault("* Clopper-Pearson, best threshold", []).append(naive_epsilon(roc))
    for method, bounds in measured.items():
        limits = [(bound, np.inf) for bound in bounds]
        setting = f"{mechanism}, n={n}/{n}"
        yield row(method, setting, truth=epsilon, limits=limits, bound=True)


def too_weak(result: Row) -> bool:
    """Tell whether a bound misses the mean it must reach at epsilon 1 and 1000 records a side."""
    # The Laplace mechanism reveals its epsilon at rare scores only, and less of it is provable.
    mechanism, _, size = result.setting.partition(", ")
    compared = mechanism != "Laplace response" and size == "n=1000/1000"
    return result.ours and result.truth == 1.0 and compared and result.mean < LEAST_MEAN_BOUND


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20240229)
    arguments = parser.parse_args()
    seeds = iter(np.random.SeedSequence(arguments.seed).spawn(1000))
    failures = []

    def show(rows: Iterator[Row]) -> None:
        for result in rows:
            weak = too_weak(result)
            print(f"{result}{' WEAK' if weak else ''}", flush=True)
            if result.ours and (result.exceeds or weak):
                failures.append(result)

    heads = ("method", "population", "truth", "above %", "below %")
    head = "{:38} {:34} {:>7} {:>8} {:>8} ".format(*heads)
    print(head + "mean bound\n" + "-" * 110)
    for mechanism in MECHANISMS:
        for epsilon in (0.0, 1.0, 3.0):
            for n in (200, 1000):
                rng = np.random.default_rng(next(seeds))
                show(
                    epsilon_rows(
                        mechanism, epsilon, n=n, repetitions=arguments.repetitions, rng=rng
                    )
                )
    print("\n" + head + "mean width\n" + "-" * 110)
    for population in populations():
        for sizes in ((100, 100), (200, 1000), (1000, 1000)):
            rng = np.random.default_rng(next(seeds))
            show(interval_rows(population, sizes=sizes, repetitions=arguments.repetitions, rng=rng))
    for failure in failures:
        print(f"not as it should be: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
