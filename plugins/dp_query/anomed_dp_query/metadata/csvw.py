"""Metadata in CSVW-EO: CSV on the Web with bounds on what one person contributes.

Documents are written in camelCase; on the wire, Lomas 0.5 speaks snake_case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from anomed_dp_query.metadata.fields import as_mapping, as_value, read
from anomed_dp_query.metadata.model import Column, Kind, MetadataError, TableMetadata

DATATYPES: Mapping[str, Kind] = {
    "string": Kind.STRING,
    "boolean": Kind.BOOLEAN,
    "integer": Kind.INTEGER,
    "long": Kind.INTEGER,
    "int": Kind.INTEGER,
    "short": Kind.INTEGER,
    "byte": Kind.INTEGER,
    "unsignedLong": Kind.INTEGER,
    "unsignedInt": Kind.INTEGER,
    "unsignedShort": Kind.INTEGER,
    "unsignedByte": Kind.INTEGER,
    "nonNegativeInteger": Kind.INTEGER,
    "positiveInteger": Kind.INTEGER,
    "nonPositiveInteger": Kind.INTEGER,
    "negativeInteger": Kind.INTEGER,
    "decimal": Kind.FLOAT,
    "double": Kind.FLOAT,
    "float": Kind.FLOAT,
    "number": Kind.FLOAT,
    "date": Kind.DATETIME,
    "dateTime": Kind.DATETIME,
    "dateTimeStamp": Kind.DATETIME,
    "duration": Kind.STRING,
    "dayTimeDuration": Kind.STRING,
    "yearMonthDuration": Kind.STRING,
}
"""Words of CSVW for the kinds of columns; durations are texts, which nobody adds up."""

_USUAL = {
    Kind.STRING: "string",
    Kind.BOOLEAN: "boolean",
    Kind.INTEGER: "integer",
    Kind.FLOAT: "double",
    Kind.DATETIME: "dateTime",
}
_SMALL = {"int", "short", "byte", "unsignedInt", "unsignedShort", "unsignedByte", "float"}


def read_csvw(document: Any) -> TableMetadata:
    """Read metadata in CSVW-EO.

    Parameters
    ----------
    document
        Decoded JSON, in camelCase, or in snake_case as `csvw_document` writes it. Annotations that
        say nothing about privacy, such as titles, are ignored.

    Returns
    -------
    TableMetadata

    Raises
    ------
    MetadataError
        Naming the column and the field that are wrong.
    """
    table = _in_snake_case(as_mapping(document, "metadata"))
    schema = table.get("table_schema")
    if schema is not None:
        table = {**table, **_in_snake_case(as_mapping(schema, "tableSchema"))}
    columns = read(table, "columns", list, "metadata")
    if not columns:
        raise MetadataError("metadata: tableSchema has no columns; list the table's columns")
    groups = read(table, "additional_information", list, "metadata")
    if groups is None:
        groups = read(table, "column_groups", list, "metadata") or []
    return TableMetadata(
        columns=[_column(as_mapping(column, "a column")) for column in columns],
        max_contributions=read(table, "max_contributions", int, "metadata") or 1,
        max_length=read(table, "max_length", int, "metadata"),
        public_length=read(table, "public_length", int, "metadata"),
        privacy_unit=read(table, "privacy_unit", str, "metadata") or "",
        groups=tuple(dict(as_mapping(group, "a group of columns")) for group in groups),
    )


def _in_snake_case(document: Mapping[str, Any]) -> dict[str, Any]:
    names = (_snake(name.rpartition(":")[2]) for name in document)
    return dict(zip(names, document.values(), strict=True))


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _column(document: Mapping[str, Any]) -> Column:
    fields = _in_snake_case(document)
    name = read(fields, "name", str, "a column")
    if not name:
        raise MetadataError("a column has no name; give each column its name")
    where = f"column {name!r}"
    datatype = read(fields, "datatype", str, where) or "string"
    kind = DATATYPES.get(datatype)
    if kind is None:
        raise MetadataError(
            f"{where}: has the datatype {datatype!r}; give one of {', '.join(DATATYPES)}"
        )
    keys = _keys(fields, where)
    required = read(fields, "required", bool, where)
    share = read(fields, "nullable_proportion", float, where)
    return Column(
        name=name,
        kind=kind,
        datatype=datatype,
        bits=32 if datatype in _SMALL else 64,
        lower=_bound(fields, "minimum", kind),
        upper=_bound(fields, "maximum", kind),
        categories=None if keys is None else [as_value(key, kind) for key in keys],
        exhaustive=read(fields, "exhaustive_keys", bool, where) or False,
        invariant=read(fields, "invariant_public_keys", bool, where) or False,
        nullable=not required,
        nullable_share=0.0 if required and share is None else share,
        private_id=read(fields, "privacy_id", bool, where) or False,
        max_length=read(fields, "max_length", int, where),
        max_groups=read(fields, "max_groups_per_unit", int, where),
        max_contributions=read(fields, "max_contributions", int, where),
        max_partitions=read(fields, "max_num_partitions", int, where),
        depends_on=_depends_on(fields, where),
    )


def _bound(fields: Mapping[str, Any], key: str, kind: Kind) -> Any:
    return None if fields.get(key) is None else as_value(fields[key], kind)


def _keys(fields: Mapping[str, Any], where: str) -> list[Any] | None:
    """Return public keys: plain values, or partitions that say by which value they are known."""
    for name in ("key_values", "public_keys_values"):
        keys = read(fields, name, list, where)
        if keys is not None:
            return [_key(key, where) for key in keys]
    return None


def _key(key: Any, where: str) -> Any:
    if not isinstance(key, Mapping):
        return key
    predicate = _in_snake_case(as_mapping(key.get("predicate"), f"{where}, a public key"))
    if "partition_value" not in predicate:
        raise MetadataError(
            f"{where}: a public key has no partition value; write "
            '{"predicate": {"partitionValue": ...}}, or the value alone'
        )
    return predicate["partition_value"]


def _depends_on(fields: Mapping[str, Any], where: str) -> tuple[str, ...]:
    names = []
    for one in read(fields, "dependencies", list, where) or []:
        named = _in_snake_case(one).get("depends_on") if isinstance(one, Mapping) else one
        if not isinstance(named, str):
            raise MetadataError(f"{where}: a dependency names no column; give its name")
        names.append(named)
    return tuple(names)


def csvw_document(metadata: TableMetadata) -> dict[str, Any]:
    """Return metadata as Lomas 0.5 tells them, in snake_case; what nobody says is left out.

    Returns
    -------
    dict
        JSON values; times are texts without a zone.
    """
    table = {
        "privacy_unit": metadata.privacy_unit or None,
        "max_contributions": metadata.max_contributions,
        "max_length": metadata.max_length,
        "public_length": metadata.public_length,
        "columns": [_told(column) for column in metadata.columns],
        "column_groups": list(metadata.groups) or None,
    }
    return _given(table)


def _told(column: Column) -> dict[str, Any]:
    keys = [{"predicate": {"partition_value": _plain(key)}} for key in column.categories or ()]
    share = column.nullable_share
    if share is None and not column.nullable:
        share = 0.0
    fields = {
        "name": column.name,
        "datatype": column.datatype or _USUAL[column.kind],
        "required": not column.nullable,
        "nullable_proportion": share,
        "minimum": _plain(column.lower),
        "maximum": _plain(column.upper),
        "public_keys_values": keys or None,
        "exhaustive_keys": column.exhaustive if keys else None,
        "invariant_public_keys": column.invariant or None,
        "max_num_partitions": column.max_partitions,
        "max_length": column.max_length,
        "max_groups_per_unit": column.max_groups,
        "max_contributions": column.max_contributions,
        "dependencies": [{"depends_on": name} for name in column.depends_on] or None,
    }
    return _given(fields)


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
