"""Read expressions over one row: which columns, which operators, which constants."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import attrs

from anomed_dp_query.libraries.opendp.arrow_literals import column_values
from anomed_dp_query.libraries.opendp.plans.model import (
    ARITHMETIC,
    COMPARISONS,
    OPERATORS,
    Binary,
    ColumnOf,
    Constant,
    Cut,
    Filled,
    Row,
)
from anomed_dp_query.libraries.opendp.plans.nodes import fields, items, refusal, text, variant

NUMBER, TEXT, TRUTH, TIME = "number", "text", "truth value", "time"
_MOST_BREAKS = 100


@attrs.frozen(kw_only=True)
class Known:
    """What is public about an expression.

    Attributes
    ----------
    kind
        `NUMBER`, `TEXT`, `TRUTH` or `TIME`; empty for a missing constant.
    nullable
        Whether cells may be missing.
    keys
        All values there can be, where that is public.
    whole
        Whether its numbers are whole.
    """

    kind: str
    whole: bool = False
    nullable: bool = False
    keys: tuple[Any, ...] | None = None


def read_row(node: Any, columns: Mapping[str, Known]) -> tuple[Row, Known]:
    """Read an expression over one row.

    Parameters
    ----------
    node
        As decoded.
    columns
        What is there at this point of the plan.

    Raises
    ------
    QueryRefused
        If something in it is not allowed, or does not fit its neighbour.
    """
    names = ("Column", "Literal", "BinaryExpr", "Function", "Alias")
    name, content = variant(node, "an expression over rows", names)
    if name == "Column":
        return _column(content, columns)
    if name == "Literal":
        value = read_literal(content)
        if isinstance(value, tuple):
            raise refusal("a list of values over rows", allowed="one value")
        whole = isinstance(value, int)
        return Constant(value), Known(kind=_kind_of(value), nullable=value is None, whole=whole)
    if name == "BinaryExpr":
        return _binary(content, columns)
    if name == "Alias":
        inner, _ = alias(content)
        return read_row(inner, columns)
    return _function(content, columns)


def alias(content: Any) -> tuple[Any, str]:
    """Return what is named, and its name.

    Raises
    ------
    QueryRefused
        If it is no pair of an expression and a name.
    """
    pair = items(content, "Alias", most=2)
    if len(pair) != 2:
        raise refusal(f"{len(pair)} items as Alias", allowed="an expression and a name")
    return pair[0], text(pair[1], "a name")


def name_of(node: Any) -> str:
    """Return what Polars calls a row's expression: its alias, or its leftmost column.

    Raises
    ------
    QueryRefused
        If it has neither.
    """
    name, content = variant(
        node, "an expression over rows", ("Column", "Literal", "BinaryExpr", "Function", "Alias")
    )
    if name == "Column":
        return text(content, "a column")
    if name == "Alias":
        return alias(content)[1]
    if name == "BinaryExpr":
        return name_of(fields(content, "BinaryExpr", ("left", "op", "right"))["left"])
    if name == "Function":
        inputs = items(fields(content, "Function", ("input", "function"))["input"], "input", most=2)
        if inputs:
            return name_of(inputs[0])
    return "literal"


def read_literal(node: Any) -> Any:
    """Return a constant: a number, text or truth value, ``None``, or a tuple of a series' values.

    Raises
    ------
    QueryRefused
        If it is another one, or not finite.
    """
    name, content = variant(node, "a constant", ("Dyn", "Scalar", "Series"))
    if name == "Series":
        if not isinstance(content, bytes):
            raise refusal(f"{type(content).__name__} as a series", allowed="an Arrow stream")
        return tuple(column_values(content, what="a series"))
    if name == "Dyn":
        kind, value = variant(content, "a constant", ("Int", "Float", "Str"))
    else:
        kinds = ("Null", "Boolean", "String", "Int32", "Int64", "Float32", "Float64")
        kind, value = variant(content, "a constant", kinds)
    if kind == "Null":
        return None
    if kind in {"Str", "String"}:
        return text(value, "a constant")
    if kind == "Boolean" and isinstance(value, bool):
        return value
    if kind.startswith("Int"):
        return _whole(value)
    if kind.startswith("Float") and isinstance(value, float) and math.isfinite(value):
        return value
    raise refusal(f"{str(value)[:40]!r} as a constant", allowed="a finite value of its type")


def _whole(value: Any) -> int:
    if isinstance(value, bytes):
        if len(value) != 16:
            raise refusal(f"a whole number of {len(value)} bytes", allowed="16 bytes")
        value = int.from_bytes(value, "big", signed=True)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**53:
        raise refusal(f"{str(value)[:40]!r} as a whole number", allowed="at most 2^53 in size")
    return value


def _column(content: Any, columns: Mapping[str, Known]) -> tuple[Row, Known]:
    name = text(content, "a column")
    if name not in columns:
        raise refusal(f"the column {name!r}", allowed=", ".join(columns))
    return ColumnOf(name), columns[name]


def _binary(content: Any, columns: Mapping[str, Known]) -> tuple[Row, Known]:
    parts = fields(content, "BinaryExpr", ("left", "op", "right"))
    operator, _ = variant(parts["op"], "an operator over rows", OPERATORS)
    left, about_left = read_row(parts["left"], columns)
    right, about_right = read_row(parts["right"], columns)
    kinds = {about_left.kind, about_right.kind} - {""}
    if operator in ARITHMETIC:
        needed, result = {NUMBER}, NUMBER
    elif operator in COMPARISONS:
        needed, result = kinds if len(kinds) == 1 else {NUMBER}, TRUTH
    else:
        needed, result = {TRUTH}, TRUTH
    if not kinds <= needed:
        raise refusal(
            f"{operator} between {about_left.kind} and {about_right.kind}",
            allowed=" or ".join(sorted(needed)),
        )
    nullable = about_left.nullable or about_right.nullable
    keys = (False, True) if result == TRUTH else None
    whole = about_left.whole and about_right.whole
    known = Known(kind=result, nullable=nullable, keys=keys, whole=whole)
    return Binary(operator, left, right), known


def _function(content: Any, columns: Mapping[str, Known]) -> tuple[Row, Known]:
    parts = fields(content, "Function", ("input", "function"))
    name, options = variant(parts["function"], "a function over rows", ("FillNull", "Cut"))
    inputs = items(parts["input"], f"input of {name}", most=2)
    if len(inputs) != (2 if name == "FillNull" else 1):
        raise refusal(f"{len(inputs)} inputs of {name}", allowed="as Polars writes it")
    inner, about = read_row(inputs[0], columns)
    if name == "Cut":
        return _cut(inner, about, options)
    value = read_row(inputs[1], columns)[0]
    if not isinstance(value, Constant) or value.value is None:
        raise refusal("FillNull with something that is no constant", allowed="a constant")
    if _kind_of(value.value) != about.kind:
        raise refusal(f"FillNull of a {about.kind} with {value.value!r}", allowed=about.kind)
    keys = about.keys
    if about.nullable and keys is not None and value.value not in keys:
        keys = (*keys, value.value)
    whole = about.whole and isinstance(value.value, int)
    return Filled(inner, value.value), Known(kind=about.kind, keys=keys, whole=whole)


def _cut(inner: Row, about: Known, options: Any) -> tuple[Row, Known]:
    parts = fields(options, "Cut", ("breaks", "labels", "left_closed", "include_breaks"))
    breaks = items(parts["breaks"], "breaks of Cut", most=_MOST_BREAKS)
    if about.kind != NUMBER:
        raise refusal(f"Cut of a {about.kind}", allowed=NUMBER)
    if not all(isinstance(value, float) and math.isfinite(value) for value in breaks) or any(
        low >= high for low, high in pairwise(breaks)
    ):
        raise refusal("breaks of Cut that do not ascend", allowed="finite numbers in order")
    only_flags = (parts["left_closed"], parts["include_breaks"])
    if not all(isinstance(flag, bool) for flag in only_flags) or parts["include_breaks"]:
        raise refusal("include_breaks in Cut", allowed="false")
    left_closed = bool(parts["left_closed"])
    if parts["labels"] is None:
        labels = _intervals(breaks, left_closed=left_closed)
    else:
        labels = [
            text(label, "a label")
            for label in items(parts["labels"], "labels", most=_MOST_BREAKS + 1)
        ]
    if len(labels) != len(breaks) + 1 or len(set(labels)) < len(labels):
        raise refusal(f"{len(labels)} labels of Cut", allowed=f"{len(breaks) + 1} different ones")
    known = Known(kind=TEXT, nullable=about.nullable, keys=tuple(labels))
    return Cut(inner, tuple(breaks), tuple(labels), left_closed), known


def _intervals(breaks: list[float], *, left_closed: bool) -> list[str]:
    ends = ["-inf", *(_shortest(value) for value in breaks), "inf"]
    shape = "[{}, {})" if left_closed else "({}, {}]"
    return [shape.format(low, high) for low, high in pairwise(ends)]


def _shortest(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _kind_of(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return TRUTH
    return TEXT if isinstance(value, str) else NUMBER
