"""Metadata as SmartNoise writes them, and as Lomas up to 0.4 tells them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from anomed_dp_query.metadata.fields import as_mapping, as_value, read, refuse_unknown
from anomed_dp_query.metadata.model import Column, Kind, MetadataError, TableMetadata

_TABLE = {"max_ids", "rows", "row_privacy", "censor_dims", "columns"}
_PARTITIONS = {
    "max_partition_length": "max_length",
    "max_influenced_partitions": "max_groups",
    "max_partition_contributions": "max_contributions",
}
_COLUMN = {
    "type", "private_id", "nullable", "precision", "lower", "upper", "cardinality", "categories",
    *_PARTITIONS,
}  # fmt: skip
_KINDS = {
    "string": Kind.STRING,
    "boolean": Kind.BOOLEAN,
    "int": Kind.INTEGER,
    "integer": Kind.INTEGER,
    "float": Kind.FLOAT,
    "datetime": Kind.DATETIME,
}


def read_smartnoise(document: Any) -> TableMetadata:
    """Read metadata of SmartNoise.

    Parameters
    ----------
    document
        Decoded YAML or JSON: ``max_ids``, ``rows``, ``row_privacy``, ``censor_dims`` and
        ``columns`` by name.

    Returns
    -------
    TableMetadata

    Raises
    ------
    MetadataError
        Naming the column and the field that are wrong.
    """
    table = as_mapping(document, "metadata")
    refuse_unknown(table, _TABLE, "metadata")
    columns = as_mapping(table.get("columns"), "columns")
    return TableMetadata(
        columns=[
            _column(name, as_mapping(column, f"column {name!r}"))
            for name, column in columns.items()
        ],
        max_contributions=read(table, "max_ids", int, "metadata") or _required("max_ids"),
        rows=read(table, "rows", int, "metadata"),
        row_privacy=_flag(table, "row_privacy", "metadata", default=True),
        censor_dims=_flag(table, "censor_dims", "metadata", default=False),
    )


def _required(key: str) -> int:
    raise MetadataError(
        f"metadata: {key} is missing; say how many rows one person has at most, as in {key}: 1"
    )


def _flag(document: Mapping[str, Any], key: str, where: str, *, default: bool) -> bool:
    value = read(document, key, bool, where)
    return default if value is None else value


def _column(name: str, fields: Mapping[str, Any]) -> Column:
    where = f"column {name!r}"
    refuse_unknown(fields, _COLUMN, where)
    kind = _KINDS.get(str(fields.get("type")))
    if kind is None:
        raise MetadataError(
            f"{where}: has the type {fields.get('type')!r}; give one of {', '.join(_KINDS)}"
        )
    categories = read(fields, "categories", list, where)
    _check_cardinality(read(fields, "cardinality", int, where), categories, where)
    limits: dict[str, Any] = {
        ours: read(fields, theirs, int, where) for theirs, ours in _PARTITIONS.items()
    }
    return Column(
        name=name,
        kind=kind,
        bits=read(fields, "precision", int, where) or 64,
        lower=None if fields.get("lower") is None else as_value(fields["lower"], kind),
        upper=None if fields.get("upper") is None else as_value(fields["upper"], kind),
        categories=None if categories is None else [as_value(one, kind) for one in categories],
        exhaustive=categories is not None,
        nullable=_flag(fields, "nullable", where, default=False),
        private_id=_flag(fields, "private_id", where, default=False),
        **limits,
    )


def _check_cardinality(cardinality: int | None, categories: list[Any] | None, where: str) -> None:
    if cardinality is not None and categories is None:
        raise MetadataError(
            f"{where}: cardinality came without categories; list them, or leave it out"
        )
    if cardinality is not None and categories is not None and cardinality != len(categories):
        raise MetadataError(
            f"{where}: cardinality is {cardinality}, but {len(categories)} categories came; "
            "make them agree"
        )


def smartnoise_document(metadata: TableMetadata) -> dict[str, Any]:
    """Return metadata as Lomas 0.4 tells them: every optional field is there, perhaps as null.

    Returns
    -------
    dict
        JSON values; times are texts without a zone.
    """
    return {
        "max_ids": metadata.max_contributions,
        "rows": metadata.rows or metadata.public_length,
        "row_privacy": metadata.row_privacy,
        "censor_dims": metadata.censor_dims,
        "columns": {column.name: _told(column) for column in metadata.columns},
    }


def _told(column: Column) -> dict[str, Any]:
    document: dict[str, Any] = {"private_id": column.private_id, "nullable": column.nullable}
    document |= {theirs: getattr(column, ours) for theirs, ours in _PARTITIONS.items()}
    document["type"] = column.kind.value
    if column.kind.is_number:
        document["precision"] = column.bits
    if column.categories is not None and column.kind in {Kind.STRING, Kind.INTEGER}:
        document["cardinality"] = len(column.categories)
        document["categories"] = list(column.categories)
    elif column.has_bounds:
        document["lower"], document["upper"] = map(_plain, (column.lower, column.upper))
    return document


def _plain(bound: Any) -> Any:
    return bound.isoformat() if isinstance(bound, datetime) else bound
