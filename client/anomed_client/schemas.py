"""What travels, as ``challenge.json`` declares it: arrays, tables, documents, texts and forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Array:
    """One array of an npz file.

    Attributes
    ----------
    name, description
        For people, and the name of the file's member.
    kinds
        Accepted families of dtypes, of ``bool``, ``int``, ``float``, ``str``, ``bytes``; empty for
        any.
    shape
        Length of each axis; ``None`` where any length is fine.
    dtype
        The exact one, where there is one.
    required, finite
        Whether it may be left out, and whether NaN and infinities are refused.
    low, high
        Smallest and largest allowed value; ``None`` for no bound.
    """

    name: str
    kinds: tuple[str, ...] = ()
    shape: tuple[int | None, ...] | None = None
    dtype: str | None = None
    required: bool = True
    finite: bool = True
    low: float | None = None
    high: float | None = None
    description: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column of a table; see `Array`.

    Of ``date`` and ``date-time``, which are families beside those of arrays, the bounds are texts
    such as ``2024-12-31`` and ``2024-12-31T23:59:00``.
    """

    name: str
    kinds: tuple[str, ...] = ()
    nullable: bool = False
    low: float | str | None = None
    high: float | str | None = None
    categories: tuple[str, ...] = ()
    required: bool = True
    description: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ArraysSchema:
    """An npz file."""

    arrays: tuple[Array, ...]

    format = "npz"
    suffix = ".npz"


@dataclass(frozen=True, kw_only=True, slots=True)
class TableSchema:
    """A parquet file.

    Attributes
    ----------
    columns
        ``None`` if they are not declared.
    min_rows, max_rows
        Allowed numbers of rows.
    """

    columns: tuple[Column, ...] | None = None
    min_rows: int = 0
    max_rows: int | None = None

    format = "parquet"
    suffix = ".parquet"


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentSchema:
    """A JSON document, and the JSON Schema that it follows."""

    schema: Mapping[str, Any] = field(default_factory=dict)

    format = "json"
    suffix = ".json"


@dataclass(frozen=True, kw_only=True, slots=True)
class TextSchema:
    """A short text, one of some words if there are choices."""

    choices: tuple[str, ...] = ()
    max_length: int | None = None

    format = "text"
    suffix = ".txt"


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One named part of a form."""

    name: str
    schema: Schema
    required: bool = True
    description: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FormSchema:
    """A multipart form."""

    parts: tuple[Part, ...]

    format = "multipart"
    suffix = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownSchema:
    """A format that a newer server knows: its bytes can be downloaded and sent, not read."""

    format: str

    suffix = ".bin"


Schema = ArraysSchema | TableSchema | DocumentSchema | TextSchema | FormSchema | UnknownSchema


def schema_of(told: Mapping[str, Any]) -> Schema:
    """Return a schema as ``challenge.json`` tells it; members that nobody knows are passed over."""
    kind = str(told.get("format", ""))
    if kind == "npz":
        return ArraysSchema(arrays=tuple(_array(array) for array in told.get("arrays", ())))
    if kind == "parquet":
        columns = told.get("columns") or None
        return TableSchema(
            columns=None if columns is None else tuple(_column(column) for column in columns),
            min_rows=told.get("min_rows") or 0,
            max_rows=told.get("max_rows"),
        )
    if kind == "json":
        return DocumentSchema(schema=told.get("schema") or {})
    if kind == "text":
        return TextSchema(
            choices=tuple(told.get("choices") or ()), max_length=told.get("max_length")
        )
    if kind == "multipart":
        return FormSchema(parts=tuple(_part(part) for part in told.get("parts", ())))
    return UnknownSchema(format=kind)


def _array(told: Mapping[str, Any]) -> Array:
    shape = told.get("shape")
    return Array(
        name=told["name"],
        kinds=tuple(told.get("kinds") or ()),
        shape=None if shape is None else tuple(shape),
        dtype=told.get("dtype"),
        required=told.get("required", True),
        finite=told.get("finite", True),
        low=told.get("low"),
        high=told.get("high"),
        description=told.get("description", ""),
    )


def _column(told: Mapping[str, Any]) -> Column:
    return Column(
        name=told["name"],
        kinds=tuple(told.get("kinds") or ()),
        nullable=told.get("nullable", False),
        low=told.get("low"),
        high=told.get("high"),
        categories=tuple(told.get("categories") or ()),
        required=told.get("required", True),
        description=told.get("description", ""),
    )


def _part(told: Mapping[str, Any]) -> Part:
    return Part(
        name=told["name"],
        schema=schema_of(told.get("schema") or {}),
        required=told.get("required", True),
        description=told.get("description", ""),
    )
