"""Every figure, of much, of little and of nothing."""

from collections.abc import Callable

import numpy as np

from anomed_core.report import (
    Chart,
    Standing,
    budget_chart,
    differences_chart,
    epochs_chart,
    histogram_chart,
    marginals_chart,
    roc_chart,
    slices_chart,
    utility_risk_chart,
)

NAN = float("nan")
RATES = np.linspace(0, 1, 201)
LEVELS = np.geomspace(0.01, 1, 20)


def standings(n: int, risk: float | None = None) -> list[Standing]:
    return [
        Standing(name=f"team {i}", utility=0.5 + i / 100, risk=i / 100 if risk is None else risk)
        for i in range(n)
    ]


def lines(n: int) -> dict[str, tuple[list[float], ...]]:
    return {
        f"model {i}": ([1, 2, 4], [0.5, 0.6, 0.7 + i / 500], [0.4] * 3, [0.8] * 3) for i in range(n)
    }


def roc(n: int) -> Chart:
    curves = {f"attack {i}": (RATES, RATES ** (0.5 + i / 200)) for i in range(n)}
    return roc_chart(
        curves,
        n_non_members=200,
        band=(LEVELS, LEVELS**0.6, LEVELS**0.4),
        ceiling=(LEVELS, np.minimum(1, 3 * LEVELS)),
        ceiling_name="epsilon 1.1",
    )


def slices(n: int) -> Chart:
    value = np.linspace(0.5, 0.9, n)
    return slices_chart([f"class {i}" for i in range(n)], value, value - 0.1, value + 0.1)


def marginals(n: int) -> Chart:
    shares = {f"table {i}": np.full(n, 1 / n) for i in range(n)} if n else {}
    return marginals_chart([f"value {i}" for i in range(n)], shares, column="age")


def differences(n: int) -> Chart:
    table = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) / 50
    return differences_chart([f"column {i}" for i in range(n)], table)


def budgets(n: int) -> Chart:
    errors = {f"mechanism {i}": ([0.1, 1, 2], [1.0, 0.1, 0.05 / (i + 1)]) for i in range(n)}
    return budget_chart(errors, budget=1.5, reference="mechanism 0")


BY_NUMBER: dict[str, Callable[[int], Chart]] = {
    "roc": roc,
    "slices": slices,
    "epochs": lambda n: epochs_chart(lines(n)),
    "utility-risk": lambda n: utility_risk_chart(standings(n), gate=0.55, chance=0.1),
    "marginals": marginals,
    "differences": differences,
    "histogram": lambda n: histogram_chart(np.arange(n) / 7, np.arange(n) / 5),
    "budget": budgets,
}
"""Figures of so many series, slices, entries, columns or records."""

DEGENERATE: dict[str, Chart] = {
    "roc of nan": roc_chart({"a": ([NAN, 1], [0, NAN])}, n_non_members=0),
    "roc of a constant": roc_chart({"a": ([0, 1], [0, 1])}, n_non_members=1),
    "slices of nan": slices_chart(["a", "b"], [NAN, 0.5], [NAN, 0.5], [NAN, 0.5]),
    "epochs of nan": epochs_chart({"a": ([1, 2], [NAN, NAN], [NAN, 0], [NAN, 1])}),
    "one epoch": epochs_chart({"a": ([7], [0.5], [0.5], [0.5])}),
    "entries of nan": utility_risk_chart([Standing(name="a", utility=NAN, risk=NAN)], gate=0.5),
    "equal entries": utility_risk_chart(standings(5, risk=0.0), gate=0.5),
    "shares of nan": marginals_chart(["a", "b"], {"one": [NAN, 1], "two": [NAN] * 2}, column="c"),
    "nothing in a table": marginals_chart(["a"], {"one": [0], "two": [0]}, column="c"),
    "differences of nan": differences_chart(["a", "b"], np.full((2, 2), NAN)),
    "histogram of nan": histogram_chart([NAN, np.inf], [2, 2]),
    "histogram of a constant": histogram_chart([1, 1, 1], [1, 1]),
    "budget of nothing above 0": budget_chart({"a": ([0, NAN], [1, 1])}, budget=1),
    "budget of a constant": budget_chart({"a": ([1, 1], [1, 1])}, budget=1),
}

ALL = {f"{name} of {n}": draw(n) for name, draw in BY_NUMBER.items() for n in (0, 1, 2, 50)}
ALL |= DEGENERATE
