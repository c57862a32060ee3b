"""Read the noised figures of a plan."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from anomed_dp_query.libraries.library import QueryRefused
from anomed_dp_query.libraries.opendp.plans.model import Constant, Figure, Row
from anomed_dp_query.libraries.opendp.plans.nodes import fields, flags, items, refusal, variant
from anomed_dp_query.libraries.opendp.plans.rows import (
    NUMBER,
    Known,
    alias,
    name_of,
    read_literal,
    read_row,
)

_MOST_FIGURES = 100
_LARGEST = 1e100
_ARGUMENTS = {
    "dp_frame_len": ("len", ("scale",)),
    "dp_len": ("len", ("row", "scale")),
    "dp_count": ("count", ("row", "scale")),
    "dp_null_count": ("null_count", ("row", "scale")),
    "dp_n_unique": ("n_unique", ("row", "scale")),
    "dp_sum": ("sum", ("row", "lower", "upper", "scale")),
    "dp_mean": ("mean", ("row", "lower", "upper", "scale")),
    "dp_median": ("quantile", ("row", "candidates", "scale")),
    "dp_quantile": ("quantile", ("row", "alpha", "candidates", "scale")),
}
_LIBRARY = re.compile(r"(?:^|[/\\])(?:lib)?opendp[A-Za-z0-9_.\-]*\.(?:so|dylib|dll|pyd)\Z")


def read_figures(
    node: Any, columns: Mapping[str, Known], *, taken: tuple[str, ...] = ()
) -> tuple[Figure, ...]:
    """Read what a plan releases.

    Parameters
    ----------
    node
        The expressions of Select, or the aggregations of GroupBy.
    columns
        What is there at this point of the plan.
    taken
        Names that the answer has already.

    Raises
    ------
    QueryRefused
        If something in it is not allowed, or two have one name.
    """
    figures = tuple(
        _figure(expression, columns)
        for expression in items(node, "expressions", most=_MOST_FIGURES)
    )
    if not figures:
        raise refusal("no expression", allowed=f"1 to {_MOST_FIGURES}")
    names = [*taken, *(figure.name for figure in figures)]
    for name in names:
        if names.count(name) > 1:
            raise refusal(f"two columns {name!r} in the answer", allowed="different names (alias)")
    return figures


def _figure(node: Any, columns: Mapping[str, Known]) -> Figure:
    where = "an expression outside of rows: use OpenDP's methods, as in .dp.sum"
    named = ""
    name, content = variant(node, where, ("Function", "Alias"))
    if name == "Alias":
        inner, named = alias(content)
        _, content = variant(inner, where, ("Function",))
    parts = fields(content, "Function", ("input", "function"))
    _, plugin = variant(parts["function"], "a function outside of rows", ("FfiPlugin",))
    symbol = _symbol(plugin)
    kind, names = _ARGUMENTS[symbol]
    inputs = items(parts["input"], f"input of {symbol}", most=4)
    if symbol == "dp_len" and len(inputs) == 1:
        names = ("scale",)
    if len(inputs) != len(names):
        raise refusal(f"{len(inputs)} inputs of {symbol}", allowed=", ".join(names))
    given = dict(zip(names, inputs, strict=True))
    return _checked(kind, symbol, named, given, columns)


def _symbol(plugin: Any) -> str:
    parts = fields(plugin, "FfiPlugin", ("flags", "lib", "symbol", "kwargs"))
    flags(parts["flags"], "flags", ("check_lengths", "flags"))
    if parts["kwargs"] not in ([], b""):
        raise refusal("kwargs of FfiPlugin", allowed="none, as OpenDP's methods leave them")
    # nobody ever opens it: a plan that names another library was not made by OpenDP's methods
    if not isinstance(parts["lib"], str) or not _LIBRARY.search(parts["lib"]):
        raise refusal(f"{str(parts['lib'])[:60]!r} as lib", allowed="OpenDP's own library")
    return variant(parts["symbol"], "a symbol", _ARGUMENTS)[0]


def _checked(
    kind: str, symbol: str, named: str, given: dict[str, Any], columns: Mapping[str, Known]
) -> Figure:
    row: Row | None = None
    name, whole = "len", False
    if "row" in given:
        row, known = read_row(given["row"], columns)
        whole = known.whole
        name = name_of(given["row"])
        if kind in {"sum", "mean", "quantile"}:
            _check_numbers(symbol, row, known)
    lower = upper = alpha = 0.0
    if kind in {"sum", "mean"}:
        lower, upper = (_number(given[end], f"{end} of {symbol}") for end in ("lower", "upper"))
        if not -_LARGEST <= lower < upper <= _LARGEST:
            raise refusal(f"bounds {lower:g}, {upper:g} of {symbol}", allowed="lower < upper")
    candidates: tuple[float, ...] = ()
    if kind == "quantile":
        alpha = _number(given["alpha"], "alpha") if "alpha" in given else 0.5
        if not 0 <= alpha <= 1:
            raise refusal(f"the quantile {alpha:g}", allowed="0 to 1")
        candidates = _candidates(given["candidates"])
    scale = _scale(given["scale"], symbol)
    return Figure(
        kind=kind,
        name=named or name,
        row=row,
        lower=lower,
        upper=upper,
        alpha=alpha,
        candidates=candidates,
        scale=scale,
        whole=whole and lower == int(lower) and upper == int(upper),
    )


def _check_numbers(symbol: str, row: Row, known: Known) -> None:
    if known.kind != NUMBER or isinstance(row, Constant):
        raise refusal(f"{symbol} of a {known.kind or 'constant'}", allowed="a column of numbers")
    if known.nullable:
        raise QueryRefused(
            f"the plan has {symbol} over cells that may be missing; fill them first, as in "
            ".fill_null(0.0)"
        )


def _literal(node: Any, where: str) -> Any:
    return read_literal(variant(node, where, ("Literal",))[1])


def _number(node: Any, where: str) -> float:
    value = _literal(node, where)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refusal(f"{str(value)[:40]!r} as {where}", allowed="a number")
    return float(value)


def _scale(node: Any, symbol: str) -> float | None:
    value = _literal(node, f"scale of {symbol}")
    if value is None:
        return None
    is_odd = isinstance(value, bool) or not isinstance(value, int | float)
    if is_odd or not 1e-9 <= value <= 1e15:
        raise refusal(f"{str(value)[:40]} as scale of {symbol}", allowed="1e-9 to 1e15, or none")
    return float(value)


def _candidates(node: Any) -> tuple[float, ...]:
    values = _literal(node, "candidates")
    if not isinstance(values, tuple) or not all(
        type(value) in {int, float} and math.isfinite(value) for value in values
    ):
        raise refusal("candidates that are no series of numbers", allowed="finite numbers")
    numbers = tuple(float(value) for value in values)
    if len(numbers) < 2 or any(low >= high for low, high in pairwise(numbers)):
        raise refusal(f"{len(numbers)} candidates", allowed="at least 2, in ascending order")
    return numbers
