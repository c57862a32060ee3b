"""Judge what hooks return before anything relies on it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from anomed_core.errors import ContractError
from anomed_core.model import HouseAttack, Metric

Item = TypeVar("Item")

_ROUNDING = 1e-12
"""How far beyond a bound a value may lie: a mean of ones can come out as 1.0000000000000002."""


def collected(results: Iterable[Any], expected: type[Item], hook: str) -> list[Item]:
    """Flatten what a collecting hook returned.

    Parameters
    ----------
    results
        One iterable per implementation.
    expected
        Class of every item.
    hook
        Name of the hook, for messages.

    Returns
    -------
    list
        All items, in the order of the implementations.

    Raises
    ------
    ContractError
        If a result is not an iterable of the expected class.
    """
    items: list[Item] = []
    for result in results:
        if isinstance(result, (str, bytes, Mapping)) or not isinstance(result, Iterable):
            raise ContractError(
                f"{hook} must return a list of {expected.__name__}, got {type(result).__name__}"
            )
        for item in result:
            if not isinstance(item, expected):
                raise ContractError(
                    f"{hook} must return a list of {expected.__name__}, "
                    f"got a {type(item).__name__} in it"
                )
            items.append(item)
    return items


def checked_metrics(result: Any, declared: Sequence[Metric], hook: str) -> dict[str, float]:
    """Return metrics as plain floats in declared order.

    Parameters
    ----------
    result
        What an evaluation hook returned.
    declared
        Metrics of the submission kind.
    hook
        Name of the hook, for messages.

    Returns
    -------
    dict of str to float
        Exactly the declared names; optional ones as far as there are any.

    Raises
    ------
    ContractError
        If a name is missing or undeclared, or a value is not a finite number within its bounds.
    """
    if not isinstance(result, Mapping):
        raise ContractError(f"{hook} must return a mapping, got {type(result).__name__}")
    names = [metric.name for metric in declared]
    missing = [m.name for m in declared if m.name not in result and not m.optional]
    extra = [str(name) for name in result if name not in names]
    if missing or extra:
        raise ContractError(
            f"{hook} must return exactly the declared metrics {names}; "
            f"missing {missing}, undeclared {extra}"
        )
    return {
        metric.name: checked_value(result[metric.name], metric, hook)
        for metric in declared
        if metric.name in result
    }


def attack_metrics(result: Any, attack: HouseAttack) -> dict[str, float] | None:
    """Return what a house attack found as plain floats.

    Parameters
    ----------
    result
        What it returned.
    attack
        The attack; if it declares no metrics, any finite ones are taken.

    Returns
    -------
    dict of str to float or None
        The declared metrics in declared order; ``None`` if there was nothing to attack.

    Raises
    ------
    ContractError
        If a metric is missing or undeclared, or a value is not a finite number within its bounds.
    """
    if result is None:
        return None
    source = f"house attack {attack.name!r}"
    if not attack.metrics:
        return _finite_metrics(result, source)
    return checked_metrics(result, attack.metrics, source)


def _finite_metrics(result: Any, source: str) -> dict[str, float]:
    """Return undeclared metrics as plain floats."""
    if not isinstance(result, Mapping) or not result:
        raise ContractError(f"{source} must return a mapping of metrics, got {result!r}"[:200])
    return {
        str(name): checked_value(value, Metric(name=str(name), kind="house"), source)
        for name, value in result.items()
    }


def checked_value(value: Any, metric: Metric, hook: str) -> float:
    """Return a metric as a plain float.

    Parameters
    ----------
    value
        What was returned for it.
    metric
        Its declaration.
    hook
        Name of the hook, for messages.

    Raises
    ------
    ContractError
        If it is not a finite number within the declared bounds.
    """
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    if isinstance(value, (bool, complex)) or not isinstance(value, (int, float)):
        raise ContractError(f"{hook}: {metric.name} must be a number, got {type(value).__name__}")
    low, high = metric.bounds
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not (math.isfinite(number) and low - _ROUNDING <= number <= high + _ROUNDING):
        raise ContractError(
            f"{hook}: {metric.name} must be finite and within [{low}, {high}], got {number}"
        )
    return float(min(max(number, low), high)) + 0.0  # no negative zero
