"""Read a pipeline of DiffPrivLib as its logger writes it: JSON of names and numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs

from anomed_dp_query.libraries.library import QueryRefused
from anomed_dp_query.libraries.models.parameters import TRANSFORMERS, Step, read_step
from anomed_dp_query.metadata.model import TableMetadata

_LONGEST = 100_000
_VERSION = re.compile(r"0\.6\.\d{1,3}")
_MOST_FEATURES = 50
_MOST_STEPS = 4
_KNOWN_STRATEGIES = ("mean", "median", "most_frequent")


@attrs.frozen(kw_only=True)
class ModelQuestion:
    """A pipeline, and what it learns.

    Attributes
    ----------
    steps
        Transformers, and a classifier at the end.
    features
        Columns of numbers.
    target
        A column of public categories.
    classes
        These.
    test_size
        Share of rows that are not learnt from.
    seed
        Decides together with a row's place on which side it is.
    """

    steps: tuple[Step, ...]
    features: tuple[str, ...]
    target: str
    classes: tuple[Any, ...]
    test_size: float
    seed: int

    library = "diffprivlib"
    kind = "diffprivlib"


def read_model(body: Mapping[str, Any], table: TableMetadata) -> ModelQuestion:
    """Read a request for a model.

    Raises
    ------
    QueryRefused
        Naming what is not allowed.
    """
    strategy = body.get("imputer_strategy")
    if strategy in _KNOWN_STRATEGIES:
        raise QueryRefused(
            f"Imputation strategy {strategy} is computed from private rows; take drop"
        )
    if strategy != "drop":
        raise QueryRefused(f"Imputation strategy {str(strategy)[:40]} not supported.")
    features = _features(body.get("feature_columns"), table)
    target, classes = _target(body.get("target_columns"), features, table)
    test_size, seed = body.get("test_size"), body.get("test_train_split_seed")
    if type(test_size) not in {Decimal, int, float} or not 0 < test_size < 1:  # type: ignore[operator]
        raise QueryRefused(f"test_size must be between 0 and 1, got {str(test_size)[:40]}")
    if type(seed) is not int or not 0 <= seed < 2**32:
        raise QueryRefused(f"test_train_split_seed must be from 0 to 2^32, got {str(seed)[:40]}")
    return ModelQuestion(
        steps=_steps(body.get("diffprivlib_json"), features, classes, table),
        features=features,
        target=target,
        classes=classes,
        test_size=float(test_size),  # type: ignore[arg-type]
        seed=seed,
    )


def _features(given: Any, table: TableMetadata) -> tuple[str, ...]:
    if not isinstance(given, list) or not 1 <= len(given) <= _MOST_FEATURES:
        raise QueryRefused(f"feature_columns must be a list of 1 to {_MOST_FEATURES} columns")
    for name in given:
        if not isinstance(name, str) or name not in table:
            raise QueryRefused(f"feature_columns: there is no column {str(name)[:60]!r}")
        if not table.column(name).kind.is_number or not table.column(name).has_bounds:
            raise QueryRefused(f"feature_columns: {name} is no column of numbers with bounds")
    if len(set(given)) < len(given):
        raise QueryRefused("feature_columns name a column twice; name each once")
    return tuple(given)


def _target(
    given: Any, features: tuple[str, ...], table: TableMetadata
) -> tuple[str, tuple[Any, ...]]:
    if not isinstance(given, list) or len(given) != 1 or given[0] not in table:
        raise QueryRefused("target_columns must be a list of one column of the metadata")
    column = table.column(given[0])
    if column.name in features:
        raise QueryRefused(f"{column.name} is a feature and the target; leave one out")
    if not column.exhaustive or not column.categories or len(column.categories) < 2:
        raise QueryRefused(
            f"the classes of {column.name} are private, and a class that one row has would tell of "
            "it; take a target whose metadata list all categories"
        )
    return column.name, column.categories


def _steps(
    document: Any, features: tuple[str, ...], classes: tuple[Any, ...], table: TableMetadata
) -> tuple[Step, ...]:
    content = _parsed(document)
    nodes = content.get("pipeline")
    if content.get("module") != "diffprivlib" or not _VERSION.fullmatch(
        str(content.get("version"))
    ):
        raise QueryRefused("the pipeline must be of the module diffprivlib, version 0.6")
    if not isinstance(nodes, list) or not 1 <= len(nodes) <= _MOST_STEPS:
        raise QueryRefused(f"the pipeline must have 1 to {_MOST_STEPS} steps")
    steps: list[Step] = []
    n_features = len(features)
    for node in nodes:
        step = read_step(node, n_features=n_features, classes=classes)
        n_features = step.parameters.get("n_components", n_features)
        steps.append(step)
    if len({step.name for step in steps}) < len(steps):
        raise QueryRefused("two steps of the pipeline have one name; give each another")
    if any(step.model not in TRANSFORMERS for step in steps[:-1]) or (
        steps[-1].model in TRANSFORMERS
    ):
        raise QueryRefused(
            f"the pipeline must be {' and '.join(TRANSFORMERS)}, if any, and one classifier last"
        )
    _check_first(steps[0], features, table)
    return tuple(steps)


def _check_first(step: Step, features: tuple[str, ...], table: TableMetadata) -> None:
    """Check that bounds of rows as they are lie inside the metadata's."""
    if "bounds" not in step.parameters:
        return
    for name, low, high in zip(features, *step.parameters["bounds"], strict=True):
        column = table.column(name)
        if not column.lower <= low < high <= column.upper:
            raise QueryRefused(
                f"{step.model}: bounds of {name} must be inside {column.lower} to {column.upper}, "
                f"got {low} to {high}"
            )


def _parsed(document: Any) -> dict[str, Any]:
    if not isinstance(document, str) or len(document) > _LONGEST:
        raise QueryRefused(f"diffprivlib_json must be a text of at most {_LONGEST} characters")
    try:
        content = json.loads(
            document, object_pairs_hook=_object, parse_float=Decimal, parse_constant=_no_constant
        )
    except (json.JSONDecodeError, RecursionError):
        raise QueryRefused(
            "diffprivlib_json is no JSON; send what diffprivlib_logger writes"
        ) from None
    if not isinstance(content, dict):
        raise QueryRefused("diffprivlib_json must be an object with module, version and pipeline")
    return content


def _object(pairs: list[tuple[str, Any]]) -> Any:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise QueryRefused("diffprivlib_json has an object with a key twice; write each once")
    if set(content) == {"_tuple", "_items"} and isinstance(content["_items"], list):
        return tuple(content["_items"])
    return content


def _no_constant(name: str) -> Any:
    raise QueryRefused(f"diffprivlib_json has the number {name}; give finite ones")
