"""Which models there are, and what each parameter may be."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs

from anomed_dp_query.accounting import AmountError, exact
from anomed_dp_query.libraries.library import QueryRefused

_ACCOUNTANTS = (None, "_dpl_instance:BudgetAccountant")
_REFUSED = {
    "LinearRegression": "its noise is too small where bounds are far from 0",
    "KMeans": "its accounting is doubted",
}


@attrs.frozen(kw_only=True)
class Step:
    """A model or transformer with parameters that are checked.

    Attributes
    ----------
    model
        Name of its class in DiffPrivLib.
    name
        Its name in the pipeline.
    epsilon
        What it spends.
    parameters
        JSON values; bounds are two lists of one number per feature.
    """

    model: str
    name: str
    epsilon: Decimal
    parameters: dict[str, Any]


Check = Callable[[Any], bool]


def _whole(low: int, high: int) -> Check:
    return lambda value: type(value) is int and low <= value <= high


def _number(low: float, high: float) -> Check:
    return lambda value: _is_number(value) and low <= value <= high


def _one_of(*values: Any) -> Check:
    return lambda value: any(value is one or value == one for one in values)


def _is_number(value: Any) -> bool:
    return type(value) in {int, float, Decimal} and math.isfinite(value)


_FLAG = _one_of(True, False)
_COMMON: dict[str, Check] = {
    "random_state": _one_of(None),
    "verbose": _one_of(None, 0, False),
    "warm_start": _one_of(None, False),
    "n_jobs": _one_of(None, 1),
}
_MODELS: dict[str, dict[str, Check]] = {
    "StandardScaler": {"with_mean": _FLAG, "with_std": _FLAG, "copy": _FLAG},
    "PCA": {
        "n_components": _whole(1, 50),
        "copy": _FLAG,
        "whiten": _FLAG,
        "svd_solver": _one_of("auto", "full"),
        "tol": _number(0, 1),
        "iterated_power": _one_of("auto"),
        "centered": _one_of(False),
        "data_norm": _number(1e-9, 1e12),
    },
    "GaussianNB": {"priors": _one_of(None), "var_smoothing": _number(0, 1)},
    "LogisticRegression": {
        "data_norm": _number(1e-9, 1e12),
        "tol": _number(1e-12, 1),
        "C": _number(1e-9, 1e9),
        "fit_intercept": _FLAG,
        "max_iter": _whole(1, 10_000),
    },
    "RandomForestClassifier": {
        "n_estimators": _whole(1, 100),
        "max_depth": _whole(1, 15),
        "shuffle": _FLAG,
        "classes": lambda _: True,
    },
    "DecisionTreeClassifier": {
        "max_depth": _whole(1, 15),
        "criterion": _one_of(None),
        "classes": lambda _: True,
    },
}
TRANSFORMERS = ("StandardScaler", "PCA")
_BOUNDED = {
    "StandardScaler", "PCA", "GaussianNB", "RandomForestClassifier", "DecisionTreeClassifier",
}  # fmt: skip
_NORMED = {"PCA", "LogisticRegression"}


def read_step(node: Any, *, n_features: int, classes: tuple[Any, ...]) -> Step:
    """Read one step of a pipeline.

    Parameters
    ----------
    node
        ``{"type": "_dpl_type:NAME", "name", "params"}``.
    n_features
        How many columns it gets.
    classes
        All values of the target, from metadata.

    Raises
    ------
    QueryRefused
        Naming the model or parameter that is not allowed.
    """
    if not isinstance(node, dict) or set(node) != {"type", "name", "params"}:
        raise QueryRefused("a step of the pipeline has the keys type, name and params, no others")
    model = str(node["type"]).removeprefix("_dpl_type:")
    if model not in _MODELS:
        why = _REFUSED.get(model, "it is not known to be private")
        raise QueryRefused(f"{model[:60]} is not offered: {why}; take one of {', '.join(_MODELS)}")
    given, name = node["params"], node["name"]
    if not isinstance(given, dict) or not isinstance(name, str) or not 1 <= len(name) <= 60:
        raise QueryRefused(f"{model}: params must be an object, and name a short text")
    parameters = _checked(model, given)
    if "classes" in _MODELS[model]:
        # metadata's, so that they are the same whoever is in the table
        if parameters.get("classes") is not None and set(parameters["classes"]) != set(classes):
            raise QueryRefused(f"{model}: classes must be those of the metadata: {list(classes)}")
        parameters["classes"] = list(classes)
    if model in _BOUNDED:
        parameters["bounds"] = _bounds(model, given.get("bounds"), n_features)
    if model in _NORMED and parameters.get("data_norm") is None:
        raise QueryRefused(f"{model}: data_norm is missing, and would be read from private rows")
    if model == "PCA" and not 1 <= (parameters.get("n_components") or 0) <= n_features:
        raise QueryRefused(f"PCA: n_components must be a number from 1 to {n_features}")
    try:
        epsilon = exact(given.get("epsilon"), f"epsilon of {model}")
    except AmountError as error:
        raise QueryRefused(str(error)) from error
    return Step(model=model, name=name, epsilon=epsilon, parameters=parameters)


def _checked(model: str, given: dict[str, Any]) -> dict[str, Any]:
    allowed = _MODELS[model] | _COMMON
    parameters: dict[str, Any] = {}
    for key, value in given.items():
        if key in {"epsilon", "bounds"}:
            continue
        if key == "accountant":
            if value not in _ACCOUNTANTS:
                raise QueryRefused(f"{model}: accountant may be null or a fresh BudgetAccountant")
            continue
        if key not in allowed:
            raise QueryRefused(f"{model} takes no parameter {key[:60]!r}; leave it out")
        plain = list(value) if isinstance(value, tuple) else value
        is_left_open = value is None and key not in _COMMON
        if not is_left_open and not allowed[key](plain):
            raise QueryRefused(f"{model}: {key} may not be {str(value)[:60]!r}; leave it out")
        if key in _MODELS[model] and not is_left_open:
            parameters[key] = float(plain) if isinstance(plain, Decimal) else plain
    return parameters


def _bounds(model: str, given: Any, n_features: int) -> list[list[float]]:
    sentence = (
        f"{model}: bounds are missing, and would be read from private rows; give lower and upper "
        f"ones of all {n_features} features, as metadata have them"
    )
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise QueryRefused(sentence)
    ends = []
    for end in given:
        numbers = list(end) if isinstance(end, tuple | list) else [end] * n_features
        if len(numbers) != n_features or not all(map(_is_number, numbers)):
            raise QueryRefused(sentence)
        ends.append([float(number) for number in numbers])
    if any(low >= high for low, high in zip(*ends, strict=True)):
        raise QueryRefused(f"{model}: a lower bound is not below its upper one; exchange them")
    return ends
