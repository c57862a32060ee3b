"""Read the text of a pipeline into a list of named steps with their arguments."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import attrs

from anomed_dp_query.libraries.library import QueryRefused

_LONGEST = 20_000
_DEEPEST = 40
_MOST_NODES = 500
_PARAMETERS: dict[str, dict[str, tuple[str, ...]]] = {
    "transformations": {
        "split_dataframe": ("separator", "col_names", "K"),
        "select_column": ("key", "TOA", "K"),
        "cast": ("TOA",),
        "cast_default": ("TOA",),
        "impute_constant": ("constant",),
        "clamp": ("bounds",),
        "resize": ("size", "constant", "MO"),
        "is_equal": ("value",),
        "count": ("TO",),
        "count_distinct": ("TO",),
        "count_by_categories": ("categories", "null_category", "MO", "TOA"),
        "sum": (),
        "mean": (),
        "variance": ("ddof", "S"),
        "quantile_score_candidates": ("candidates", "alpha"),
    },
    "measurements": {
        "laplace": ("scale", "k", "MO"),
        "gaussian": ("scale", "k", "MO"),
        "geometric": ("scale", "bounds", "MO"),
    },
    "combinators": {
        "chain_tt": ("transformation1", "transformation0"),
        "zCDP_to_approxDP": ("measurement",),
    },
}
_WITHOUT_SPACE = {"split_dataframe", "select_column"}


@attrs.frozen
class Step:
    """A constructor of OpenDP by its bare name, such as ``clamp``, and its arguments."""

    name: str
    arguments: dict[str, Any]


def read_steps(document: Any) -> list[Step]:
    """Return the steps of a pipeline, the table's first.

    Parameters
    ----------
    document
        Text of JSON: ``{"version", "ast"}``.

    Raises
    ------
    QueryRefused
        Naming what is not allowed.
    """
    if not isinstance(document, str) or len(document) > _LONGEST:
        raise QueryRefused(
            f"the pipeline must be a text of at most {_LONGEST} characters; shorten its lists"
        )
    content = _parsed(document)
    if not isinstance(content, dict) or not {"version", "ast"} >= set(content) >= {"ast"}:
        raise QueryRefused(
            "the pipeline must be an object with the keys version and ast; send what opendp_logger "
            "writes"
        )
    _check_size(content["ast"])
    return list(_steps(content["ast"]))


def _parsed(document: str) -> Any:
    try:
        return json.loads(document, object_pairs_hook=_object, parse_constant=_no_constant)
    except (json.JSONDecodeError, RecursionError):
        raise QueryRefused(
            "the pipeline is no JSON of at most 40 levels; send what opendp_logger writes"
        ) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise QueryRefused("the pipeline has an object with a key twice; write each once")
    return content


def _no_constant(name: str) -> Any:
    raise QueryRefused(f"the pipeline has the number {name}; give finite ones")


def _check_size(node: Any) -> None:
    level, n_nodes, depth = [node], 0, 0
    while level:
        n_nodes += sum(1 for item in level if isinstance(item, dict))
        depth += 1
        if depth > _DEEPEST or n_nodes > _MOST_NODES:
            raise QueryRefused(
                f"the pipeline is too large: {_DEEPEST} levels and {_MOST_NODES} nodes are allowed"
            )
        level = [inner for item in level for inner in _inner(item)]


def _inner(item: Any) -> list[Any]:
    if isinstance(item, dict):
        return list(item.values())
    return item if isinstance(item, list) else []


def _steps(node: Any) -> Iterator[Step]:
    kind = node.get("_type") if isinstance(node, dict) else None
    if kind == "partial_chain" and set(node) == {"_type", "lhs", "rhs"}:
        yield from _steps(node["lhs"])
        yield from _steps(node["rhs"])
        return
    allowed = {"_type", "module", "func", "args", "kwargs"}
    if kind != "constructor" or not allowed >= set(node) >= {"_type", "module", "func"}:
        raise QueryRefused(
            "the pipeline has a node that is neither a constructor nor a partial_chain; send what "
            "opendp_logger writes"
        )
    name, arguments = _called(node)
    if name == "chain_tt":
        yield from _steps(arguments.get("transformation0"))
        yield from _steps(arguments.get("transformation1"))
        return
    if name == "zCDP_to_approxDP":
        yield from _steps(arguments.get("measurement"))
        yield Step(name, {})
        return
    yield Step(name, {key: _value(argument) for key, argument in arguments.items()})


def _called(node: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    module, function = str(node["module"]), str(node["func"])
    prefix, _, name = function.partition("_")
    known = _PARAMETERS.get(module, {})
    if prefix not in {"make", "then"} or name not in known:
        names = ", ".join(name for group in _PARAMETERS.values() for name in group)
        raise QueryRefused(
            f"the pipeline calls {module[:40]}.{function[:60]}, which is not allowed here; allowed "
            f"are make_ and then_ of {names}"
        )
    if prefix == "make" and module != "combinators" and name not in _WITHOUT_SPACE:
        raise QueryRefused(
            f"the pipeline calls {function}, which names a domain of its own; write then_{name}"
        )
    parameters = known[name]
    positional, named = node.get("args", []), node.get("kwargs", {})
    if not isinstance(positional, list) or not isinstance(named, dict):
        raise QueryRefused(f"{function}: args must be a list, and kwargs an object")
    arguments = dict(zip(parameters, positional, strict=False))
    if (
        len(positional) > len(parameters)
        or set(named) - set(parameters)
        or set(arguments) & set(named)
    ):
        raise QueryRefused(
            f"{function} takes {', '.join(parameters) or 'no arguments'}; give each once and no "
            "others"
        )
    return name, arguments | named


def _value(node: Any) -> Any:
    if isinstance(node, dict):
        if node.get("_type") in {"list", "tuple"} and set(node) == {"_type", "_items"}:
            node = node["_items"]
        else:
            raise QueryRefused(
                "the pipeline has an argument that is an object; give numbers, texts and lists"
            )
    if isinstance(node, list):
        if any(isinstance(item, dict | list) for item in node):
            raise QueryRefused("the pipeline has a list of lists; give a plain one")
        return tuple(_value(item) for item in node)
    if isinstance(node, float) and not math.isfinite(node):
        raise QueryRefused("the pipeline has a number that is not finite; give finite ones")
    if isinstance(node, int) and not isinstance(node, bool) and abs(node) > 2**53:
        raise QueryRefused("the pipeline has a number above 2^53; give smaller ones")
    return node
